"""The standard models that this deployment offers: a provider without a key or an address is simply absent (P1)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moorage.errors import Unavailable
from moorage.providers.protocol import Quirks
from moorage.vault.secret import Secret

MAX_CATALOGUE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StandardModel:
    """One model of a standard provider. `context_length` is in tokens."""

    id: str
    name: str
    context_length: int | None
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandardProvider:
    """A provider that the operator holds a key for."""

    id: str
    name: str
    base_url: str = field(repr=False)
    data_location: str
    quirks: Quirks
    models: tuple[StandardModel, ...]
    key: Secret = field(repr=False)

    def find(self, model_id: str) -> StandardModel | None:
        """Give the model with this id."""
        return next((model for model in self.models if model.id == model_id), None)


class Catalogue:
    """The providers that can be used, by id."""

    def __init__(self, providers: Mapping[str, StandardProvider]) -> None:
        self.providers = dict(providers)

    @classmethod
    def load(cls, path: Path | None, keys: Mapping[str, Secret]) -> "Catalogue":
        """Read the shipped list; the operator's file at `path` replaces whole providers by name.

        Raises Unavailable("catalogue_unreadable") or Unavailable("catalogue_invalid", place=<provider>).
        """
        shipped = (resources.files("moorage.connections") / "standard.toml").read_text("utf-8")
        tables = tomllib.loads(shipped) | (_read_file(path) if path is not None else {})
        return cls(
            {
                name: provider
                for name, table in tables.items()
                if (key := keys.get(name)) is not None and (provider := _read_provider(name, table, key)) is not None
            }
        )


class _ModelEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=256)
    name: str = Field(default="", max_length=120)
    context_length: int | None = Field(default=None, gt=0)
    inputs: list[str] = ["text"]


class _ProviderEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    base_url: str = Field(max_length=2048)
    data_location: str = Field(default="", max_length=120)
    limit_field: str = "max_tokens"
    stream_usage: bool | None = None
    auth: str = "bearer"
    models: list[_ModelEntry] = Field(max_length=2000)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(MAX_CATALOGUE_BYTES).decode("utf-8"))
    except (OSError, ValueError):
        raise Unavailable("catalogue_unreadable") from None


def _read_provider(name: str, table: Any, key: Secret) -> StandardProvider | None:
    try:
        entry = _ProviderEntry.model_validate(table)
    except ValidationError:
        # The library's text repeats what stands in the file, addresses included.
        raise Unavailable("catalogue_invalid", place=name[:40]) from None
    if not entry.base_url:
        return None
    quirks = Quirks.from_json(
        {"auth": entry.auth, "limit_field": entry.limit_field, "stream_usage": entry.stream_usage}
    )
    models = tuple(
        StandardModel(model.id, (model.name or model.id)[:120], model.context_length, tuple(model.inputs))
        for model in entry.models
    )
    return StandardProvider(name, entry.name, entry.base_url, entry.data_location, quirks, models, key)
