"""Seals of conversations, the team's rules for them, and receipts for whoever must show where words went (P19, P21)."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Input, Shape
from moorage.api.schemas.connections import SealZoneName

Zones = list[SealZoneName]
TitleMaker = Literal["model", "words"]


class SealSet(Input):
    """The zones that a conversation's words may reach from now on: fewer than before, or a first seal."""

    zones: Zones = Field(min_length=1, max_length=8)


class SealLift(Input):
    """Lift a seal (`zones` null), or let it admit these, as they are stated now. The reason stands in the trail."""

    zones: Zones | None = Field(default=None, min_length=1, max_length=8)
    reason: str = Field(max_length=400)


class SealView(Shape):
    """A conversation's seal as whoever may lift it sees it. Nothing of what is in the conversation."""

    conversation_id: UUID
    owner_name: str
    is_own: bool
    sealed_to: Zones | None
    sealed_at: str | None


class ConversationRulesView(Shape):
    """What the team has decided. `titles_allowed` is false where the operator wants none made by models."""

    sealed_to: Zones | None
    titles: TitleMaker
    titles_allowed: bool


class ConversationRulesSet(Input):
    """Set what new conversations are sealed to (null: to nothing), and who makes titles."""

    sealed_to: Zones | None = Field(default=None, min_length=1, max_length=8)
    titles: TitleMaker


class ReceiptsExport(Input):
    """As what the receipts are wanted."""

    format: Literal["json", "csv"] = "json"
