"""A model that somebody may write with, and what is needed to reach it; nothing in here prints an address or a key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from moorage.accounts.access import Admission
from moorage.connections.clearance import Clearance
from moorage.connections.cleared import Reached, own_place, provider_place
from moorage.connections.uses import KeyUse

ModelKind = Literal["byom", "standard", "scripted"]


@dataclass(frozen=True, slots=True)
class OwnOpening:
    """A team's own endpoint, still sealed; `use` was counted and opens it once.

    `key_number` tells which key was current when it was chosen; `rests`: it is not tried now (resting.py).
    """

    team_id: UUID
    connection_id: UUID
    use: KeyUse = field(repr=False, compare=False)
    key_number: int
    sealed_base_url: bytes = field(repr=False)
    sealed_key: bytes | None = field(repr=False)
    sealed_trust: bytes | None = field(repr=False)
    quirks: Mapping[str, Any] = field(repr=False)
    rests: bool = False


@dataclass(frozen=True, slots=True)
class StandardOpening:
    """A provider of the operator's catalogue, by its id there."""

    provider: str
    use: KeyUse = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ScriptedOpening:
    """The model that recites: nothing is reached."""


Opening = OwnOpening | StandardOpening | ScriptedOpening


@dataclass(frozen=True, slots=True)
class UsedAlias:
    """The team's own name under which a model was asked for."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """One model, admitted for one person of one team and cleared for one conversation.

    `ref` is what was asked for. With an `alias` that is `alias:<id>`, and `target_ref` the model it stood for then;
    everything else is that model's. `origin` says who answers for it, `zone` and `data_location` where words go that
    are sent to it. `context_length` is in tokens; None: not known.

    `inputs` of "text", "image", "file": what it takes beside words. `answer_tokens`: the most that the plan lets it
    answer, of a standard model; None: nobody limits it.
    """

    admission: Admission
    clearance: Clearance
    ref: str
    target_ref: str
    kind: ModelKind
    provider: str
    model_id: str
    model_name: str
    connection_id: UUID | None
    connection_name: str
    origin: str
    zone: str
    data_location: str
    context_length: int | None
    opening: Opening = field(repr=False)
    alias: UsedAlias | None = None
    inputs: tuple[str, ...] = ("text",)
    answer_tokens: int | None = None

    @property
    def reached(self) -> Reached:
        """Whom words reach that are sent to it, as undertakings name them."""
        own = None if self.connection_id is None else own_place(self.connection_id)
        return Reached(self.admission.team_id, own or provider_place(self.provider), self.zone)
