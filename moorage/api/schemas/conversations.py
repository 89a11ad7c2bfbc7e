"""Conversations, messages and replies."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import FreeText, Input, Problem, Shape
from moorage.api.schemas.connections import OriginName

ReplyState = Literal["running", "done", "stopped", "interrupted", "failed"]
CountSource = Literal["reported", "estimated", "missing", "orphan"]


class ConversationLine(Shape):
    """One line of the list, newest first. `running` is true while a reply is being written."""

    id: UUID
    title: str
    updated_at: str
    running: bool


class ConversationList(Shape):
    """A page of the list. `next` is the cursor of the following page, null at the end."""

    conversations: list[ConversationLine]
    next: str | None


class ConversationMake(Input):
    """A new, empty conversation. A title is made from the first words when none is given."""

    title: FreeText = Field(default="", max_length=200)


class ConversationChange(Input):
    """Rename."""

    title: FreeText = Field(min_length=1, max_length=200)


class Receipt(Shape):
    """What is known of one run of a model (P21). Times in milliseconds; null means: not known."""

    reply_id: UUID
    state: ReplyState
    model_ref: str
    model_name: str
    model_id: str
    model_reported: str | None
    connection_name: str
    origin: OriginName
    tokens_in: int | None
    tokens_out: int | None
    count_source: CountSource
    ttft_ms: float | None
    duration_ms: float | None
    finish_reason: str | None
    problem: Problem | None = None


class MessageView(Shape):
    """One message. `parent_id` makes the tree: siblings are edits and regenerations."""

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str
    reasoning: str
    created_at: str
    author: str | None = None
    reply: Receipt | None = None


class ConversationView(Shape):
    """A conversation with all its messages; `head_id` is the newest message of the branch that is shown."""

    id: UUID
    title: str
    head_id: UUID | None
    messages: list[MessageView]
    created_at: str
    updated_at: str


class MessageSend(Input):
    """Ask. `client_id` is a UUID made by the client: sent again, it returns the same message, not a second one."""

    client_id: UUID
    parent_id: UUID | None = None
    text: FreeText = Field(min_length=1, max_length=400_000)
    model_ref: str = Field(min_length=1, max_length=320)


class Regenerate(Input):
    """Ask again for an answer to the same message; `model_ref` null means: the same model."""

    model_ref: str | None = Field(default=None, max_length=320)


class Exchange(Shape):
    """A question as stored, and the reply that is now being written. The text comes from /api/replies/{id}/events."""

    question: MessageView
    answer: MessageView


class HeadMove(Input):
    """Show the branch that ends with this message."""

    message_id: UUID


# ── events of GET /api/replies/{id}/events (text/event-stream); each has an id that Last-Event-ID resumes from ──


class SnapshotEvent(Shape):
    """`event: snapshot`: the whole text so far; replaces what the client has."""

    text: str
    reasoning: str


class DeltaEvent(Shape):
    """`event: delta`: append."""

    text: str = ""
    reasoning: str = ""


class EndEvent(Shape):
    """`event: end`: the reply is over; the receipt says how. The stream closes after it."""

    receipt: Receipt
