"""Conversations, messages and replies."""

from typing import Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from moorage.api.schemas.attachments import AttachmentView, WithheldView
from moorage.api.schemas.base import FreeText, Input, Problem, Shape
from moorage.api.schemas.connections import OriginName, PlaceZoneName, SealZoneName

ReplyState = Literal["running", "done", "stopped", "interrupted", "failed"]
CountSource = Literal["reported", "estimated", "missing", "orphan"]
ComparisonOutcome = Literal["better", "tie", "none"]


class ConversationLine(Shape):
    """One line of the list. `running` is true while a reply is being written, `shared` while others may read it.

    `sealed_to`: the zones its words may reach, null: not sealed.
    """

    id: UUID
    title: str
    updated_at: str
    running: bool
    pinned: bool
    archived: bool
    shared: bool
    sealed_to: list[SealZoneName] | None


class ConversationList(Shape):
    """A page of the list. `next` is the cursor of the following page, null at the end.

    What is pinned stands in `pinned` of the first page, in the order of pinning, and in no `conversations`.
    """

    pinned: list[ConversationLine]
    conversations: list[ConversationLine]
    next: str | None


class ConversationMake(Input):
    """A new, empty conversation. A title is made from the first words when none is given.

    `sealed_to` null: as the team's rule says.
    """

    title: FreeText = Field(default="", max_length=200)
    sealed_to: list[SealZoneName] | None = Field(default=None, min_length=1, max_length=8)


class ConversationChange(Input):
    """Rename, pin or archive; what is null stays. Pinning takes out of the archive, archiving unpins."""

    title: FreeText | None = Field(default=None, min_length=1, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None


class UsedAlias(Shape):
    """The team's own name that was asked for, and the model it stood for then."""

    id: UUID
    name: str
    target_ref: str


class Receipt(Shape):
    """What is known of one run of a model (P21). Times in milliseconds; null means: not known.

    `continues_id` is the message whose text the run was given to go on from; `withheld` null: it was given all.
    `model_ref` is what was asked for: where that was a name of the team's own, `alias` says so; model, connection and
    zone are those that answered. Zone, location and seal are as they were then; `sealed_to` null: it was not sealed.
    `finish_reason` is why it ended: stop, length, pause, refusal, content_filter, tool_calls or other; `finish_stated`
    is the endpoint's own word for it. `thought_ms`: from the first word of its reasoning to the first of its answer.
    Of an answer in a blind comparison that is not judged, `model_name` is a letter, `origin` is hidden, and nothing
    else is told.
    """

    reply_id: UUID
    state: ReplyState
    model_ref: str
    model_name: str
    model_id: str
    model_reported: str | None
    connection_name: str
    origin: OriginName | Literal["hidden"]
    tokens_in: int | None
    tokens_out: int | None
    count_source: CountSource
    ttft_ms: float | None
    duration_ms: float | None
    finish_reason: str | None
    problem: Problem | None = None
    continues_id: UUID | None = None
    zone: PlaceZoneName
    data_location: str
    sealed_to: list[SealZoneName] | None
    withheld: WithheldView | None = None
    alias: UsedAlias | None = None
    finish_stated: str | None = None
    thought_ms: float | None = None


class ToolCallView(Shape):
    """A tool that the model wanted called. `arguments` is text, mostly JSON. `ran`: its provider ran it itself.

    Moorage runs none.
    """

    name: str
    arguments: str
    ran: bool


class SourceView(Shape):
    """A page that the answer stands on; `title` may be empty."""

    url: str
    title: str


class BesideView(Shape):
    """What an answer has beside its words."""

    calls: list[ToolCallView]
    sources: list[SourceView]


class MessageView(Shape):
    """One message. `parent_id` makes the tree: siblings are edits and regenerations.

    `unasked`: a question that was saved without being asked, and has gone nowhere since.
    """

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str
    reasoning: str
    created_at: str
    author: str | None = None
    reply: Receipt | None = None
    beside: BesideView | None = None
    attachments: list[AttachmentView]
    unasked: bool = False


class ComparisonView(Shape):
    """Several answers to one question, `answer_ids` in the order they are shown. `outcome` is null until it is judged.

    `better_id` is the answer that was found better, `chosen_id` the one that the conversation goes on from.
    """

    id: UUID
    question_id: UUID
    answer_ids: list[UUID]
    blind: bool
    outcome: ComparisonOutcome | None
    better_id: UUID | None
    chosen_id: UUID | None


class ConversationView(Shape):
    """A conversation with all its messages; `head_id` is the newest message of the branch that is shown.

    `sealed_to`: the zones its words may reach, null: not sealed; `sealed_at`: since when it counts.
    """

    id: UUID
    title: str
    head_id: UUID | None
    messages: list[MessageView]
    created_at: str
    updated_at: str
    pinned: bool
    archived: bool
    shared: bool
    sealed_to: list[SealZoneName] | None
    sealed_at: str | None
    comparisons: list[ComparisonView]


class WordsAndFiles(Input):
    """What a question has: words, files, or both."""

    # Before the text, which may only be empty beside some.
    attachments: list[UUID] = Field(default_factory=list, max_length=100)
    text: FreeText = Field(max_length=400_000)

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str, info: ValidationInfo) -> str:
        if not text and not info.data.get("attachments"):
            raise PydanticKnownError("string_too_short", {"min_length": 1})
        return text


class MessageSend(WordsAndFiles):
    """Ask. `client_id` is a UUID made by the client: sent again, it returns the same message, not a second one.

    `may_leave`: the words so far may leave own hardware; asked once in a conversation (409 leaves_own_hardware).
    """

    client_id: UUID
    parent_id: UUID | None = None
    model_ref: str = Field(min_length=1, max_length=320)
    may_leave: bool = False


class VersionKeep(WordsAndFiles):
    """Save a version of a question without asking it. `client_id` as in MessageSend."""

    client_id: UUID


class Regenerate(Input):
    """Ask again for an answer to the same message; `model_ref` null means: the same model."""

    model_ref: str | None = Field(default=None, max_length=320)
    may_leave: bool = False


class Continue(Input):
    """Go on with an answer that broke off; `model_ref` null means: the same model."""

    model_ref: str | None = Field(default=None, max_length=320)
    may_leave: bool = False


class Exchange(Shape):
    """A question as stored, and the reply that is now being written. The text comes from /api/replies/{id}/events."""

    question: MessageView
    answer: MessageView


class HeadMove(Input):
    """Show the branch that ends with this message."""

    message_id: UUID


# ── events of GET /api/replies/{id}/events (text/event-stream); each has an id that Last-Event-ID resumes from ──


class SnapshotEvent(Shape):
    """`event: snapshot`: the whole text so far; replaces what the client has. Without `beside` there is nothing."""

    text: str
    reasoning: str
    beside: BesideView | None = None


class CallPieceView(Shape):
    """More of the answer's call number `at`, from 0; `name` comes once, `arguments` get appended."""

    at: int
    name: str
    arguments: str
    ran: bool


class BesidePiecesView(Shape):
    """What came beside words: pieces of calls, further sources."""

    calls: list[CallPieceView]
    sources: list[SourceView]


class DeltaEvent(Shape):
    """`event: delta`: append. Without `beside` only words came."""

    text: str = ""
    reasoning: str = ""
    beside: BesidePiecesView | None = None


class EndEvent(Shape):
    """`event: end`: the reply is over; the receipt says how. The stream closes after it."""

    receipt: Receipt
