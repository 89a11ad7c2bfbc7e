"""Finding conversations by their words."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import FreeText, Input, Moment, Shape


class SearchAsk(Input):
    """Words that all must be there, each as the beginning of one; in quotes: whole, one after the other.

    Narrowed, if wanted, to conversations in which a model was asked (`answered_by`, a reference), to those that
    somebody may read (`shared_with`), and to what was written from `since` on and before `until`.
    """

    text: FreeText = Field(min_length=1, max_length=200)
    answered_by: str | None = Field(default=None, max_length=320)
    shared_with: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


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
