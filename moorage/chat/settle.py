"""Settle: one transaction with the final text, the receipt and the usage. Tried until the database takes it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Act, Detail, record
from moorage.chat.facts import Decision, ReplyFacts
from moorage.chat.generate import Finished, Generation
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow
from moorage.connections.opening import ProviderDesk
from moorage.storage.types import db_now
from moorage.usage.estimates import Count, CountSource, count_call
from moorage.usage.ledger import Ledger, Outcome

# Failures that say something about the endpoint. A question that is too long says nothing about its health.
_ABOUT_THE_QUESTION: Final = frozenset(
    {"context_too_long", "content_filtered", "unsupported_parameter", "body_too_large", "unexpected", "empty_answer"}
)


def count_of(decision: Decision, finished: Finished, text: str, reasoning: str) -> Count:
    """Decide the token count of a finished run."""
    usage = finished.usage
    return count_call(
        usage.tokens_in if usage else None,
        usage.tokens_out if usage else None,
        prompt_estimate=decision.prompt_estimate,
        written=text + reasoning,
        begun=bool(text or reasoning),
    )


class Settler:
    """Writes the end of a reply."""

    def __init__(self, ledger: Ledger, desk: ProviderDesk) -> None:
        self._ledger = ledger
        self._desk = desk

    async def settle(
        self, tx: AsyncConnection, generation: Generation, finished: Finished, text: str, reasoning: str
    ) -> ReplyFacts:
        """Store text, receipt, usage, and what was learned of the endpoint. Returns the receipt as stored."""
        decision = generation.decision
        reply = decision.answer.reply
        if reply is None:
            raise ValueError(decision.answer.id)
        count = count_of(decision, finished, text, reasoning)
        facts = dataclasses.replace(
            reply,
            state=finished.state,
            model_reported=(finished.model_reported or "")[:256] or None,
            tokens_in=count.tokens_in,
            tokens_out=count.tokens_out,
            count_source=count.source,
            ttft_ms=finished.ttft_ms,
            duration_ms=finished.duration_ms,
            finish_reason=(finished.finish_reason or "")[:60] or None,
            problem_code=finished.problem_code,
            problem_params=finished.problem_params,
        )
        outcome = Outcome(count, finished.ended, finished.ttft_ms, finished.duration_ms)
        if not await self._ledger.settle(tx, facts.id, outcome) and facts.origin != "scripted":
            facts = await _with_stored_counts(tx, facts)
        await store_text(tx, facts.message_id, text, reasoning)
        await tx.execute(_END_REPLY, {"reply_id": facts.id, **_columns(facts)})
        await tx.execute(_TOUCH, {"conversation_id": decision.conversation_id})
        await self._note_endpoint(tx, decision, finished)
        if finished.refused and decision.chosen is not None:
            details: dict[str, Detail] = {"code": finished.problem_code, "purpose": "reply"}
            connection = (str(decision.chosen.connection_id or ""), decision.chosen.connection_name)
            act = Act("egress.refused", "connection", *connection, "refused", details)
            await record(tx, decision.team_id, generation.actor, act)
        return facts

    async def _note_endpoint(self, tx: AsyncConnection, decision: Decision, finished: Finished) -> None:
        chosen = decision.chosen
        if chosen is None or chosen.connection_id is None:
            return
        if finished.quirks is not None:
            await self._desk.remember(tx, chosen, finished.quirks)
        if finished.state == "done" or (
            finished.state == "failed" and finished.problem_code not in _ABOUT_THE_QUESTION
        ):
            await self._desk.note_health(tx, chosen, finished.problem_code)


async def _with_stored_counts(tx: AsyncConnection, facts: ReplyFacts) -> ReplyFacts:
    # The call was settled before, by a sweep that took us for dead: its receipt must say what the ledger says.
    row = (
        await tx.execute(
            select(ReplyRow.tokens_in, ReplyRow.tokens_out, ReplyRow.count_source).where(ReplyRow.id == facts.id)
        )
    ).one_or_none()
    if row is None:
        return facts
    return dataclasses.replace(
        facts, tokens_in=row.tokens_in, tokens_out=row.tokens_out, count_source=cast("CountSource", row.count_source)
    )


async def store_text(tx: AsyncConnection, message_id: UUID, text: str, reasoning: str) -> None:
    """Store what a reply has written so far."""
    await tx.execute(
        _STORE_TEXT, {"message_id": message_id, "new_text": storable(text), "new_reasoning": storable(reasoning)}
    )


def storable(text: str) -> str:
    """Make a text that both engines can store: no NUL (PostgreSQL), no lone surrogate (UTF-8)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _columns(facts: ReplyFacts) -> Mapping[str, Any]:
    return {
        "new_state": facts.state,
        "new_model_reported": facts.model_reported,
        "new_tokens_in": facts.tokens_in,
        "new_tokens_out": facts.tokens_out,
        "new_count_source": facts.count_source,
        "new_ttft_ms": facts.ttft_ms,
        "new_duration_ms": facts.duration_ms,
        "new_finish_reason": facts.finish_reason,
        "new_problem_code": facts.problem_code,
        "new_problem_params": dict(facts.problem_params),
    }


async def text_of(tx: AsyncConnection, message_id: UUID) -> tuple[str, str]:
    """Read what is stored of a message: text and reasoning."""
    row = (
        await tx.execute(select(MessageRow.text, MessageRow.reasoning).where(MessageRow.id == message_id))
    ).one_or_none()
    return ("", "") if row is None else (row[0], row[1])


# Built once: building a statement takes several times as long as running it.
_STORE_TEXT: Final = (
    update(MessageRow)
    .where(MessageRow.id == bindparam("message_id"))
    .values(text=bindparam("new_text"), reasoning=bindparam("new_reasoning"))
)
_TOUCH: Final = (
    update(ConversationRow).where(ConversationRow.id == bindparam("conversation_id")).values(updated_at=db_now())
)
_END_REPLY: Final = (
    update(ReplyRow)
    .where(ReplyRow.id == bindparam("reply_id"))
    .values(
        state=bindparam("new_state"),
        model_reported=bindparam("new_model_reported"),
        tokens_in=bindparam("new_tokens_in"),
        tokens_out=bindparam("new_tokens_out"),
        count_source=bindparam("new_count_source"),
        ttft_ms=bindparam("new_ttft_ms"),
        duration_ms=bindparam("new_duration_ms"),
        finish_reason=bindparam("new_finish_reason"),
        problem_code=bindparam("new_problem_code"),
        problem_params=bindparam("new_problem_params"),
        ended_at=db_now(),
    )
)
