"""Recover: replies and calls whose process is gone are closed with what had been stored, and marked as such."""

from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.findable import index_ended
from moorage.chat.journal import Written
from moorage.chat.search_index import Place
from moorage.chat.settle import stored_of, written_of
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow, TitleRunRow
from moorage.storage.types import db_now
from moorage.usage.estimates import Count, estimate_tokens
from moorage.usage.ledger import Ledger, Orphan
from moorage.usage.outcomes import Outcome
from moorage.usage.tables import ReservationRow

log = structlog.get_logger(__name__)


async def close_orphans(tx: AsyncConnection, ledger: Ledger) -> int:
    """Settle every orphaned call and mark its reply interrupted. Returns how many there were."""
    orphans = await ledger.find_orphans(tx)
    for orphan in orphans:
        await _close(tx, ledger, orphan)
    stranded = await _mark_stranded(tx, ledger)
    if orphans or stranded:
        log.warning("orphans_closed", count=len(orphans) + stranded)
    return len(orphans) + stranded


async def _close(tx: AsyncConnection, ledger: Ledger, orphan: Orphan) -> None:
    reply = await tx.execute(select(ReplyRow.message_id, ReplyRow.continues_id).where(ReplyRow.id == orphan.call_id))
    message_id, continues_id = reply.one_or_none() or (None, None)
    whole = Written("", "") if message_id is None else await stored_of(tx, message_id)
    begun = "" if continues_id is None else (await stored_of(tx, continues_id)).text
    written = written_of(whole.text.removeprefix(begun), whole.reasoning, whole.beside)
    scale = await ledger.scales.of(tx, orphan.key)
    tokens_out = scale.answer(estimate_tokens(written)) if written else None
    count = Count(scale.prompt(orphan.tokens_in_estimate), tokens_out, "orphan")
    if not await ledger.settle(tx, orphan.call_id, Outcome(count, "crashed")):
        return
    if message_id is not None:
        await _mark_interrupted(tx, [orphan.call_id], count)
    elif orphan.purpose == "title":
        await _close_title(tx, orphan.call_id, count)


async def _close_title(tx: AsyncConnection, call_id: UUID, count: Count) -> None:
    await tx.execute(
        update(TitleRunRow)
        .where(TitleRunRow.id == call_id, TitleRunRow.state == "running")
        .values(
            state="interrupted",
            problem_code="reply_interrupted",
            tokens_in=count.tokens_in,
            tokens_out=count.tokens_out,
            count_source=count.source,
            ended_at=db_now(),
        )
    )


async def _index(tx: AsyncConnection, reply_ids: list[UUID]) -> None:
    rows = await tx.execute(
        select(ConversationRow.team_id, ConversationRow.owner_id, ConversationRow.id, MessageRow.id, MessageRow.text)
        .join(MessageRow, MessageRow.conversation_id == ConversationRow.id)
        .join(ReplyRow, ReplyRow.message_id == MessageRow.id)
        .where(ReplyRow.id.in_(reply_ids))
    )
    for team_id, owner_id, conversation_id, message_id, text in rows.all():
        await index_ended(tx, Place(team_id, owner_id, conversation_id), message_id, text)


async def _mark_interrupted(tx: AsyncConnection, reply_ids: list[UUID], count: Count | None) -> int:
    figures = (
        {}
        if count is None
        else {"tokens_in": count.tokens_in, "tokens_out": count.tokens_out, "count_source": count.source}
    )
    done = await tx.execute(
        update(ReplyRow)
        .where(ReplyRow.id.in_(reply_ids), ReplyRow.state == "running")
        .values(state="interrupted", problem_code="reply_interrupted", ended_at=db_now(), **figures)
    )
    await _index(tx, reply_ids)
    return done.rowcount


async def _mark_stranded(tx: AsyncConnection, ledger: Ledger) -> int:
    # Scripted replies have no reservation; they are stranded when their process is another boot of this instance.
    instance = ledger.owner.partition(":")[0]
    reserved = select(ReservationRow.call_id)
    rows = await tx.execute(
        select(ReplyRow.id).where(
            ReplyRow.state == "running",
            ReplyRow.owner != ledger.owner,
            ReplyRow.owner.like(f"{instance}:%"),
            ReplyRow.id.not_in(reserved),
        )
    )
    ids = [row[0] for row in rows]
    return await _mark_interrupted(tx, ids, None) if ids else 0
