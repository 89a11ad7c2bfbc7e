"""Blind comparisons: until somebody has judged, nothing that is read of an answer tells which model wrote it.

Not by a name, and not by what gives one away: speed, tokens, thinking, a server's own failures and reasons to stop. So
the answers are shown together, once the last of them has ended. Whatever reads a reply for a person passes here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from moorage.chat.comparison_tables import ComparisonAnswerRow, ComparisonRow
from moorage.chat.facts import MessageFacts, ReplyFacts
from moorage.chat.tables import ReplyRow

HIDDEN: Final = "hidden"
FAILED: Final = "comparison_answer_failed"
LETTERS: Final = "ABCD"
# Of a server's own reasons to stop, those that a reader needs to judge an answer by.
_TOLD_REASONS: Final = frozenset({"length", "content_filter", "refusal"})


@dataclass(frozen=True, slots=True)
class Veil:
    """What may be told of one answer: its letter. `is_drawn`: not even its text yet, one of them is being written."""

    letter: str
    is_drawn: bool

    def over(self, text: str) -> str:
        """Give as much of an answer's text as may be read now."""
        return "" if self.is_drawn else text


async def veils_in(tx: AsyncConnection, conversation_id: UUID) -> Mapping[UUID, Veil]:
    """Give the veil of each answer of the conversation that has one, by message."""
    rows = await tx.execute(
        select(ComparisonRow.id, ComparisonAnswerRow.place, ComparisonAnswerRow.message_id, ReplyRow.state)
        .join(ComparisonAnswerRow, ComparisonAnswerRow.comparison_id == ComparisonRow.id)
        .join(ReplyRow, ReplyRow.message_id == ComparisonAnswerRow.message_id)
        .where(ComparisonRow.conversation_id == conversation_id, _UNDECIDED)
    )
    found = rows.all()
    running = {row.id for row in found if row.state == "running"}
    return {row.message_id: Veil(LETTERS[row.place], row.id in running) for row in found}


async def is_veiled(tx: AsyncConnection, message_id: UUID) -> bool:
    """Tell whether a message is an answer whose model must not be told yet."""
    veiled = (
        exists()
        .where(ComparisonAnswerRow.message_id == message_id, ComparisonAnswerRow.comparison_id == ComparisonRow.id)
        .where(_UNDECIDED)
    )
    return bool(await tx.scalar(select(veiled)))


async def siblings_of(tx: AsyncConnection, reply_id: UUID) -> Sequence[UUID]:
    """Give the replies of the comparison that a reply belongs to, itself included."""
    own, other = aliased(ComparisonAnswerRow), aliased(ComparisonAnswerRow)
    rows = await tx.execute(
        select(ReplyRow.id)
        .join(other, other.message_id == ReplyRow.message_id)
        .join(own, own.comparison_id == other.comparison_id)
        .where(own.message_id == select(ReplyRow.message_id).where(ReplyRow.id == reply_id).scalar_subquery())
    )
    return [row[0] for row in rows]


def untold_messages(team_id: UUID, user_id: UUID) -> Select[UUID]:
    """Select the answers of this person's blind comparisons that are not shown yet, because one is being written."""
    other, reply = aliased(ComparisonAnswerRow), aliased(ReplyRow)
    writing = exists().where(
        other.comparison_id == ComparisonRow.id, reply.message_id == other.message_id, reply.state == "running"
    )
    return (
        select(ComparisonAnswerRow.message_id)
        .join(ComparisonRow, ComparisonRow.id == ComparisonAnswerRow.comparison_id)
        .where(ComparisonRow.team_id == team_id, ComparisonRow.user_id == user_id, _UNDECIDED, writing)
    )


def untold_calls(team_id: UUID, user_id: UUID) -> Select[UUID]:
    """Select the calls of this person's blind comparisons that are not judged: who used how much gives them away."""
    return (
        select(ReplyRow.id)
        .join(ComparisonAnswerRow, ComparisonAnswerRow.message_id == ReplyRow.message_id)
        .join(ComparisonRow, ComparisonRow.id == ComparisonAnswerRow.comparison_id)
        .where(ComparisonRow.team_id == team_id, ComparisonRow.user_id == user_id, _UNDECIDED)
    )


async def count_untold_calls(tx: AsyncConnection, team_id: UUID, user_id: UUID) -> int:
    """Count the calls that `untold_calls` selects."""
    return await tx.scalar(select(func.count()).select_from(untold_calls(team_id, user_id).subquery())) or 0


def veiled_message(message: MessageFacts, veil: Veil) -> MessageFacts:
    """Give an answer as it may be read now."""
    reply = None if message.reply is None else veiled_reply(message.reply, veil)
    text = veil.over(message.text)
    return MessageFacts(message.id, message.parent_id, message.role, text, "", message.created_at, reply)


def veiled_reply(reply: ReplyFacts, veil: Veil) -> ReplyFacts:
    """Give a receipt as it may be read now. Built anew, so that what a receipt comes to have later stays out."""
    state = "running" if veil.is_drawn else reply.state
    has_failed = state in {"failed", "interrupted"}
    return ReplyFacts(
        id=reply.id,
        message_id=reply.message_id,
        state=state,
        model_ref="",
        model_id="",
        model_name=veil.letter,
        model_reported=None,
        connection_name="",
        origin=HIDDEN,
        tokens_in=None,
        tokens_out=None,
        count_source="missing",
        ttft_ms=None,
        duration_ms=None,
        finish_reason=reply.finish_reason if state == "done" and reply.finish_reason in _TOLD_REASONS else None,
        problem_code=FAILED if has_failed else None,
        problem_params={},
    )


_UNDECIDED: Final = ComparisonRow.is_blind & ComparisonRow.outcome.is_(None)
