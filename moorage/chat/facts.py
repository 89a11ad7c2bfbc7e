"""What conversations are made of, as plain values: what the stores read and the pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from moorage.connections.chosen import ChosenModel
from moorage.errors import Param
from moorage.providers.beside import NOTHING, Beside
from moorage.providers.protocol import Turn
from moorage.usage.estimates import CountSource

ReplyState = Literal["running", "done", "stopped", "interrupted", "failed"]
ComparisonOutcome = Literal["better", "tie", "none"]
AttachmentKind = Literal["image", "pdf", "text"]
GoesAs = Literal["image", "document", "text"]
WithheldWhy = Literal["window", "no_images", "as_text", "no_text", "too_large", "request_full"]


@dataclass(frozen=True, slots=True)
class AttachmentFacts:
    """A file that goes with a message, without its contents. `size` and `text_bytes` (of its text in UTF-8) in bytes.

    `width` and `height` in pixels are a picture's, `pages` a PDF's; None for others.
    """

    id: UUID
    name: str
    kind: AttachmentKind
    media_type: str
    size: int
    text_bytes: int
    width: int | None = None
    height: int | None = None
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class WithheldFile:
    """An attachment that did not go as it is.

    `window`: with its message; `no_images`: the model takes none; `as_text`: the text of a PDF went instead of it;
    `no_text`: a PDF without any, for a model that takes no documents; `too_large`: for the model's window alone;
    `request_full`: newer attachments fill what one request may hold.
    """

    id: UUID
    name: str
    why: WithheldWhy


@dataclass(frozen=True, slots=True)
class Withheld:
    """What of a conversation a model is not sent: its oldest `messages`, up to the one before `from_id`, and `files`.

    `is_too_long`: the question alone is longer than the window by our estimate; it is sent all the same.
    """

    messages: int = 0
    from_id: UUID | None = None
    files: tuple[WithheldFile, ...] = ()
    is_too_long: bool = False

    def __bool__(self) -> bool:
        return bool(self.messages or self.files or self.is_too_long)

    def to_json(self) -> dict[str, Any] | None:
        """Give what is stored with a reply; None when nothing was withheld."""
        if not self:
            return None
        files = [{**asdict(one), "id": str(one.id)} for one in self.files]
        from_id = None if self.from_id is None else str(self.from_id)
        return {"messages": self.messages, "from_id": from_id, "files": files, "is_too_long": self.is_too_long}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Withheld":
        """Read what `to_json` gave."""
        if not stored:
            return cls()
        files = tuple(WithheldFile(UUID(one["id"]), one["name"], one["why"]) for one in stored["files"])
        from_id = stored["from_id"]
        return cls(stored["messages"], None if from_id is None else UUID(from_id), files, stored["is_too_long"])


@dataclass(frozen=True, slots=True)
class Piece:
    """An attachment's place in a request, before its contents are read: what the model gets of it, in bytes `size`."""

    id: UUID
    name: str
    goes_as: GoesAs
    size: int = 0


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """One run of a model: its receipt (P21). Times in ms, None where not known.

    `continues_id` is the message it went on from. Where a name of the team's own was asked for, `alias_name` is that
    name and `target_ref` the model it stood for. `finish_stated` is the endpoint's word for why it ended,
    `finish_reason` ours. `thought_ms`: from the first word of its reasoning to the first of its answer.
    `sealed_to`: the conversation's seal when it was asked.
    """

    id: UUID
    message_id: UUID
    state: ReplyState
    model_ref: str
    model_id: str
    model_name: str
    model_reported: str | None
    connection_name: str
    origin: str
    tokens_in: int | None
    tokens_out: int | None
    count_source: CountSource
    ttft_ms: float | None
    duration_ms: float | None
    finish_reason: str | None
    problem_code: str | None
    problem_params: Mapping[str, Param]
    continues_id: UUID | None = None
    alias_id: UUID | None = None
    alias_name: str | None = None
    target_ref: str | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    zone: str = ""
    data_location: str = ""
    sealed_to: str | None = None
    asked_by: UUID | None = None
    finish_stated: str | None = None
    thought_ms: float | None = None
    withheld: Withheld = Withheld()

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "ReplyFacts":
        """Read a row of the reply table."""
        values = {name: row[name] for name in cls.__slots__ if name not in {"problem_params", "withheld"}}
        withheld = Withheld.from_json(row["withheld"])
        return cls(**values, problem_params=row["problem_params"] or {}, withheld=withheld)


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message; an assistant's has the reply that wrote it, and what that wrote beside its words.

    `unasked`: a question that was saved without being asked, and has gone nowhere since.
    """

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str
    reasoning: str
    created_at: datetime
    reply: ReplyFacts | None
    beside: Beside = NOTHING
    attachments: tuple[AttachmentFacts, ...] = ()
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class ComparisonFacts:
    """Several answers to one question, in the order they are shown. `outcome` is None until somebody judged.

    `better_id` is the answer that was found better, `chosen_id` the one that the conversation goes on from.
    """

    id: UUID
    question_id: UUID
    answer_ids: Sequence[UUID]
    is_blind: bool
    outcome: ComparisonOutcome | None = None
    better_id: UUID | None = None
    chosen_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation with all messages of its tree. `sealed_to`: the zones its words may reach; None: all."""

    id: UUID
    title: str
    head_id: UUID | None
    created_at: datetime
    updated_at: datetime
    messages: list[MessageFacts]
    pinned: bool = False
    archived: bool = False
    shared: bool = False
    sealed_to: frozenset[str] | None = None
    sealed_at: datetime | None = None
    comparisons: Sequence[ComparisonFacts] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks: by name, in which conversation, after which message, with which model.

    `may_leave`: they have said that the words so far may leave own hardware.
    """

    team_id: UUID
    user_id: UUID
    conversation_id: UUID
    client_id: UUID
    parent_id: UUID | None
    text: str
    model_ref: str
    attachments: tuple[UUID, ...] = ()
    may_leave: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A version of a question that is saved without being asked. `version_of`: that question, or an answer to it."""

    team_id: UUID
    user_id: UUID
    conversation_id: UUID
    client_id: UUID
    version_of: UUID
    text: str
    attachments: tuple[UUID, ...] = ()
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A wish for another answer: `message_id` is an answer, or the question itself.

    `goes_on`: with the text of that answer as its beginning.
    """

    team_id: UUID
    user_id: UUID
    conversation_id: UUID
    message_id: UUID
    model_ref: str | None
    goes_on: bool = False
    may_leave: bool = False


@dataclass(frozen=True, slots=True)
class AskedSeveral:
    """A question to several models at once: a new one, or one that is stored.

    `id` is made by the client; sent again, it gives the same comparison.
    """

    id: UUID
    asked: Asked | AskedAgain
    model_refs: Sequence[str]
    is_blind: bool


class Where(NamedTuple):
    """Where words of a conversation go: the zone when that was decided, and the team's connection, if it is one."""

    conversation_id: UUID
    zone: str
    connection_id: UUID | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and stored. `chosen` is None when the message had been sent before: nothing is to start.

    `begun` is the text that the answer goes on from; it is the beginning of what gets stored. `pieces` stand before the
    texts of `turns`, by their place there; their contents are read just before they are sent.
    `wants_title`: the conversation is still called by its first words. `may_leave_to`: zones that its words may
    go to because somebody has just said that they may leave own hardware. `max_tokens`: what the answer is
    limited to; `is_shortened`: because little is left of the budget.
    """

    team_id: UUID
    conversation_id: UUID
    question: MessageFacts
    answer: MessageFacts
    chosen: ChosenModel | None
    turns: list[Turn]
    prompt_estimate: int
    owner_id: UUID
    begun: str = ""
    pieces: Mapping[int, tuple[Piece, ...]] = field(default_factory=dict)
    wants_title: bool = False
    may_leave_to: frozenset[str] = frozenset()
    max_tokens: int | None = None
    is_shortened: bool = False

    @property
    def where(self) -> "Where":
        """Where its words go."""
        if self.chosen is None:
            return Where(self.conversation_id, "", None)
        return Where(self.conversation_id, self.chosen.zone, self.chosen.connection_id)


@dataclass(frozen=True, slots=True)
class Compared:
    """What was decided for a comparison. `begun`: the decisions of this call; empty when it had been sent before."""

    comparison: ComparisonFacts
    question: MessageFacts
    answers: Sequence[MessageFacts]
    begun: Sequence[Decision]
