"""Settle: one transaction with the final text, the receipt and the usage. Tried until the database takes it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Act, Detail, record
from moorage.chat.facts import Decision, ReplyFacts
from moorage.chat.findable import index_ended
from moorage.chat.generate import Finished, Generation
from moorage.chat.journal import Written
from moorage.chat.search_index import Place
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow
from moorage.connections.opening import ProviderDesk
from moorage.providers.beside import Beside
from moorage.storage.soon import soon
from moorage.storage.types import db_now
from moorage.usage.counting import Told, count_told
from moorage.usage.estimates import CountSource, estimate_tokens
from moorage.usage.ledger import Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.scales import Key

# Failures that say something about the endpoint. A question that is too long says nothing about its health.
ABOUT_THE_QUESTION: Final = frozenset(
    {
        "context_too_long",
        "content_filtered",
        "declined",
        "unsupported_parameter",
        "body_too_large",
        "empty_answer",
        # Nothing was sent: the conversation's seal said no, the conversation is gone, or too much was under way.
        "outside_seal",
        "zone_restated",
        "conversation_gone",
        "attachment_gone",
        "attachments_busy",
    }
)


def told_of(decision: Decision, finished: Finished, whole: Written) -> Told:
    """Say what is known of the tokens of a finished run."""
    usage = finished.usage
    written = written_of(whole.text.removeprefix(decision.begun), whole.reasoning, whole.beside)
    return Told(
        usage.tokens_in if usage else None,
        usage.tokens_out if usage else None,
        decision.prompt_estimate,
        estimate_tokens(written),
        begun=bool(written),
        is_words=not decision.pieces,
    )


def written_of(text: str, reasoning: str, beside: Beside) -> str:
    """Give everything that a model had to write, for an estimate of its tokens."""
    return "".join((text, reasoning, *(call.name + call.arguments for call in beside.calls)))


class Settler:
    """Writes the end of a reply."""

    def __init__(self, ledger: Ledger, desk: ProviderDesk) -> None:
        self._ledger = ledger
        self._desk = desk

    async def settle(
        self, tx: AsyncConnection, generation: Generation, finished: Finished, written: Written
    ) -> ReplyFacts:
        """Store text, receipt, usage, and what was learned of the endpoint. Returns the receipt as stored."""
        decision = generation.decision
        reply = decision.answer.reply
        if reply is None:
            raise ValueError(decision.answer.id)
        count = await count_told(tx, self._ledger.scales, _key_of(decision), told_of(decision, finished, written))
        facts = dataclasses.replace(
            reply,
            state=finished.state,
            model_reported=(finished.model_reported or "")[:256] or None,
            tokens_in=count.tokens_in,
            tokens_out=count.tokens_out,
            count_source=count.source,
            ttft_ms=finished.ttft_ms,
            duration_ms=finished.duration_ms,
            finish_reason=finished.finish_reason,
            finish_stated=finished.finish_stated,
            thought_ms=finished.thought_ms,
            problem_code=finished.problem_code,
            problem_params=finished.problem_params,
        )
        outcome = Outcome(count, finished.ended, finished.ttft_ms, finished.duration_ms)
        if not await self._ledger.settle(tx, facts.id, outcome) and facts.origin != "scripted":
            facts = await _with_stored_counts(tx, facts)
        if await store_written(tx, facts.message_id, written):
            place = Place(decision.team_id, decision.owner_id, decision.conversation_id)
            await index_ended(tx, place, facts.message_id, written.text)
        await soon(tx, _END_REPLY, {"reply_id": facts.id, **_columns(facts)})
        await soon(tx, _TOUCH, {"conversation_id": decision.conversation_id})
        await self._note_endpoint(tx, decision, finished)
        if finished.refused and decision.chosen is not None:
            details: dict[str, Detail] = {"code": finished.problem_code, "purpose": "reply"}
            connection = (str(decision.chosen.connection_id or ""), decision.chosen.connection_name)
            act = Act("egress.refused", "connection", *connection, "refused", details)
            await record(tx, decision.team_id, generation.actor, act)
        return facts

    async def _note_endpoint(self, tx: AsyncConnection, decision: Decision, finished: Finished) -> None:
        chosen = decision.chosen
        if chosen is None:
            return
        if finished.quirks is not None:
            await self._desk.remember(tx, chosen, finished.quirks)
        if finished.state == "done" or (finished.state == "failed" and finished.problem_code not in ABOUT_THE_QUESTION):
            # An answer with something to say beside it is an answer.
            told = None if finished.state == "done" else finished.problem_code
            await self._desk.note_health(tx, chosen, told, finished.problem_params)


def _key_of(decision: Decision) -> Key:
    chosen = decision.chosen
    return Key("", "") if chosen is None else Key.of(chosen.connection_id, chosen.provider, chosen.model_id)


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


async def store_written(tx: AsyncConnection, message_id: UUID, written: Written) -> bool:
    """Store what a reply has written so far. False: its conversation was deleted meanwhile."""
    values = {
        "message_id": message_id,
        "new_text": storable(written.text),
        "new_reasoning": storable(written.reasoning),
        "new_beside": written.beside.to_json(),
    }
    done = await tx.execute(_STORE_WRITTEN, values)
    return done.rowcount > 0


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
        "new_finish_stated": facts.finish_stated,
        "new_thought_ms": facts.thought_ms,
        "new_problem_code": facts.problem_code,
        "new_problem_params": dict(facts.problem_params),
    }


async def stored_of(tx: AsyncConnection, message_id: UUID) -> Written:
    """Read what is stored of a message."""
    columns = select(MessageRow.text, MessageRow.reasoning, MessageRow.beside)
    row = (await tx.execute(columns.where(MessageRow.id == message_id))).one_or_none()
    return Written("", "") if row is None else Written(row.text, row.reasoning, Beside.from_json(row.beside))


# Built once: building a statement takes several times as long as running it.
_STORE_WRITTEN: Final = (
    update(MessageRow)
    .where(MessageRow.id == bindparam("message_id"))
    .values(text=bindparam("new_text"), reasoning=bindparam("new_reasoning"), beside=bindparam("new_beside"))
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
        finish_stated=bindparam("new_finish_stated"),
        thought_ms=bindparam("new_thought_ms"),
        problem_code=bindparam("new_problem_code"),
        problem_params=bindparam("new_problem_params"),
        ended_at=db_now(),
    )
)
