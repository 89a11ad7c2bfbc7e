"""The standard models that this deployment offers: a provider without a key or an address is simply absent (P1)."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Final, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field

from moorage.connections.zones import UNSTATED, SealZone
from moorage.errors import Unavailable
from moorage.operator_files import Misfit, read_table, read_tables, read_text
from moorage.providers.protocol import Dialect, ModelFacts, Quirks, Thinking
from moorage.vault.secret import Secret

Input = Literal["text", "image", "audio", "video", "file"]
_MADE_ON: Final = "made_on"


@dataclass(frozen=True, slots=True)
class StandardModel:
    """One model of a standard provider. Lengths in tokens, prices in US dollars per million tokens; None: not known."""

    id: str
    name: str
    context_length: int | None
    inputs: tuple[str, ...]
    facts: ModelFacts
    price_in: float | None = None
    price_out: float | None = None
    retires_on: date | None = None

    def is_retired(self, today: date) -> bool:
        """Whether its provider has said that it is gone by now."""
        return self.retires_on is not None and self.retires_on <= today


@dataclass(frozen=True, slots=True)
class StandardProvider:
    """A provider that the operator holds a key for. `zone`: as the operator states it; unstated, no seal admits it."""

    id: str
    name: str
    base_url: str = field(repr=False)
    data_location: str
    speaks: Dialect
    quirks: Quirks
    models: tuple[StandardModel, ...]
    key: Secret = field(repr=False)
    zone: str = UNSTATED

    def find(self, model_id: str) -> StandardModel | None:
        """Give the model with this id."""
        return next((model for model in self.models if model.id == model_id), None)


@dataclass(frozen=True, slots=True)
class AbsentProvider:
    """A listed provider that nobody can use, because the operator has given no key for it, or no address."""

    id: str
    name: str
    models: int
    has_key: bool


class Catalogue:
    """The providers that can be used, by id. `made_on`: the day of the shipped list; `absent`: the other providers."""

    def __init__(
        self, providers: Mapping[str, StandardProvider], made_on: date, absent: Sequence[AbsentProvider] = ()
    ) -> None:
        self.providers = dict(providers)
        self.made_on = made_on
        self.absent = tuple(absent)

    @classmethod
    def load(cls, path: Path | None, keys: Mapping[str, Secret]) -> "Catalogue":
        """Read the shipped list; the operator's file at `path` replaces whole providers by name.

        Raises Unavailable("catalogue_unreadable"), ("catalogue_syntax", line), or one of ("catalogue_unknown",
        "catalogue_missing", "catalogue_invalid") with `line` and `place`, e.g. 12 and "anthropic.models.2.price_in".
        """
        shipped = (resources.files("moorage.connections") / "standard.toml").read_text("utf-8")
        made_on = tomllib.loads(shipped)[_MADE_ON]
        try:
            entries = _read_entries(shipped) | ({} if path is None else _read_entries(read_text(path)))
        except Misfit as misfit:
            raise _problem(misfit) from None
        providers = {
            name: _make_provider(name, entry, keys[name])
            for name, entry in entries.items()
            if name in keys and entry.base_url
        }
        absent = [
            AbsentProvider(name, entry.name, len(entry.models), name in keys)
            for name, entry in entries.items()
            if name not in providers
        ]
        return cls(providers, made_on, absent)


class _ModelEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1, max_length=256)
    name: str = Field(default="", max_length=120)
    context_length: int | None = Field(default=None, gt=0)
    max_output: int | None = Field(default=None, gt=0)
    inputs: list[Input] = ["text"]
    thinking: Thinking = "unset"
    price_in: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    price_out: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    retires_on: date | None = None


class _ProviderEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=80)
    base_url: str = Field(max_length=2048)
    speaks: Dialect = "openai"
    zone: SealZone | None = None
    data_location: str = Field(default="", max_length=120)
    limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_usage: bool | None = None
    auth: Literal["bearer", "api_key"] = "bearer"
    models: list[_ModelEntry] = Field(max_length=2000)


def _read_entries(text: str) -> dict[str, _ProviderEntry]:
    tables = read_tables(text)
    tables.pop(_MADE_ON, None)
    return {name: read_table(text, name, table, _ProviderEntry) for name, table in tables.items()}


def _problem(misfit: Misfit) -> Unavailable:
    match misfit.kind:
        case "unreadable":
            return Unavailable("catalogue_unreadable")
        case "syntax":
            return Unavailable("catalogue_syntax", line=misfit.line)
        case "unknown":
            return Unavailable("catalogue_unknown", line=misfit.line, place=misfit.place)
        case "missing":
            return Unavailable("catalogue_missing", line=misfit.line, place=misfit.place)
        case "invalid":
            return Unavailable("catalogue_invalid", line=misfit.line, place=misfit.place)
        case _:
            assert_never(misfit.kind)


def _make_provider(name: str, entry: _ProviderEntry, key: Secret) -> StandardProvider:
    quirks = Quirks(auth=entry.auth, limit_field=entry.limit_field, stream_usage=entry.stream_usage)
    models = tuple(
        StandardModel(
            model.id,
            (model.name or model.id)[:120],
            model.context_length,
            tuple(model.inputs),
            ModelFacts(model.max_output, model.thinking),
            model.price_in,
            model.price_out,
            model.retires_on,
        )
        for model in entry.models
    )
    return StandardProvider(
        name,
        entry.name,
        entry.base_url,
        entry.data_location,
        entry.speaks,
        quirks,
        models,
        key,
        entry.zone or UNSTATED,
    )
