"""Recover: replies and calls whose process is gone are closed with what had been stored, and marked as such."""

from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.settle import text_of
from moorage.chat.tables import ReplyRow
from moorage.storage.types import db_now
from moorage.usage.estimates import Count, estimate_tokens
from moorage.usage.ledger import Ledger, Orphan, Outcome
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
    message_id = await tx.scalar(select(ReplyRow.message_id).where(ReplyRow.id == orphan.call_id))
    text, reasoning = ("", "") if message_id is None else await text_of(tx, message_id)
    written = text + reasoning
    count = Count(orphan.tokens_in_estimate, estimate_tokens(written) if written else None, "orphan")
    if await ledger.settle(tx, orphan.call_id, Outcome(count, "crashed")) and message_id is not None:
        await _mark_interrupted(tx, [orphan.call_id], count)


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
