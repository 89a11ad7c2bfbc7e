"""Finding conversations by their words."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import FreeText, Input, Shape


class SearchAsk(Input):
    """Words that all must be there, each as the beginning of one; in quotes: whole, one after the other."""

    text: FreeText = Field(min_length=1, max_length=200)


class TextPiece(Shape):
    """A piece of text; `marked` where it is what was looked for. It is text, never markup."""

    text: str
    marked: bool


class HitView(Shape):
    """A message that fits, and what stands around its first hit."""

    message_id: UUID
    role: Literal["user", "assistant"]
    snippet: list[TextPiece]


class ResultView(Shape):
    """A conversation that fits. `more_hits` of its messages fit beside those that are shown."""

    conversation_id: UUID
    title: list[TextPiece]
    archived: bool
    updated_at: str
    hits: list[HitView]
    more_hits: int


class SearchView(Shape):
    """What was found, last changed first. `more`: there is more than is shown; another word would narrow it."""

    results: list[ResultView]
    more: bool
