"""A model that somebody may write with, and what is needed to reach it; nothing in here prints an address or a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

ModelKind = Literal["byom", "standard", "scripted"]


@dataclass(frozen=True, slots=True)
class OwnOpening:
    """A team's own endpoint, still sealed. `key_number` tells which key was current when it was chosen."""

    team_id: UUID
    connection_id: UUID
    key_number: int
    sealed_base_url: bytes = field(repr=False)
    sealed_key: bytes | None = field(repr=False)
    sealed_trust: bytes | None = field(repr=False)
    quirks: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StandardOpening:
    """A provider of the operator's catalogue, by its id there."""

    provider: str


@dataclass(frozen=True, slots=True)
class ScriptedOpening:
    """The model that recites: nothing is reached."""


Opening = OwnOpening | StandardOpening | ScriptedOpening


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """One model, admitted for one team at one moment. `context_length` is in tokens; None = not known."""

    ref: str
    kind: ModelKind
    provider: str
    model_id: str
    model_name: str
    connection_id: UUID | None
    connection_name: str
    origin: str
    context_length: int | None
    opening: Opening = field(repr=False)
