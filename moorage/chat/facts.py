"""What conversations are made of, as plain values: what the stores read and the pages show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from moorage.connections.chosen import ChosenModel
from moorage.errors import Param
from moorage.providers.protocol import Turn
from moorage.usage.estimates import CountSource

ReplyState = Literal["running", "done", "stopped", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """One run of a model: its receipt (P21). Times in ms, None where not known."""

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

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "ReplyFacts":
        """Read a row of the reply table."""
        values = {name: row[name] for name in cls.__slots__ if name != "problem_params"}
        return cls(**values, problem_params=row["problem_params"] or {})


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One message; an assistant's has the reply that wrote it."""

    id: UUID
    parent_id: UUID | None
    role: Literal["user", "assistant"]
    text: str
    reasoning: str
    created_at: datetime
    reply: ReplyFacts | None


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation with all messages of its tree."""

    id: UUID
    title: str
    head_id: UUID | None
    created_at: datetime
    updated_at: datetime
    messages: list[MessageFacts]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks: by name, in which conversation, after which message, with which model."""

    team_id: UUID
    user_id: UUID
    conversation_id: UUID
    client_id: UUID
    parent_id: UUID | None
    text: str
    model_ref: str


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A wish for another answer: `message_id` is an answer, or the question itself."""

    team_id: UUID
    user_id: UUID
    conversation_id: UUID
    message_id: UUID
    model_ref: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and stored. `chosen` is None when the message had been sent before: nothing is to start."""

    team_id: UUID
    conversation_id: UUID
    question: MessageFacts
    answer: MessageFacts
    chosen: ChosenModel | None
    turns: list[Turn]
    prompt_estimate: int
