"""What becomes known of a call after a sweep has closed it: added as a correction, once, and never written over.

A process that stood still for longer than its lease is taken for dead, and its call is settled with what was stored of
it. If it lives after all, it knows better: the sums and the budget then follow what it says.
"""

from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.types import db_now, new_id
from moorage.usage.budgets import Budgets
from moorage.usage.closed import add_late
from moorage.usage.outcomes import Outcome, charge
from moorage.usage.rollups import EventKind, add_to_day, day_of, figures_of
from moorage.usage.tables import ByomCorrectionRow, ByomUsageRow, StandardCorrectionRow, StandardUsageRow

Reason = Literal["late"]
_KNOWS_BETTER: Final = frozenset({"reported", "estimated"})
_TABLES: Final[tuple[tuple[EventKind, Any, Any], ...]] = (
    ("standard", StandardUsageRow, StandardCorrectionRow),
    ("byom", ByomUsageRow, ByomCorrectionRow),
)


async def correct(
    tx: AsyncConnection, budgets: Budgets, call_id: UUID, outcome: Outcome, reason: Reason = "late"
) -> bool:
    """Add what is known now of a call that was settled as an orphan. False: there was nothing to add."""
    if outcome.count.source not in _KNOWS_BETTER:
        return False
    for kind, events, corrections in _TABLES:
        orphan = select(*events.__table__.c).where(events.call_id == call_id, events.count_source == "orphan")
        # Held, so that whoever gives the event another id meanwhile finds the day's sum under the same.
        found = await tx.execute(orphan.with_for_update())
        event = found.mappings().first()
        if event is not None:
            return await _add(tx, budgets, kind, corrections, dict(event), outcome, reason)
    return False


async def _add(
    tx: AsyncConnection,
    budgets: Budgets,
    kind: EventKind,
    corrections: Any,
    event: dict[str, Any],
    outcome: Outcome,
    reason: Reason,
) -> bool:
    count, period_start = outcome.count, event.get("period_start")
    values: dict[str, Any] = {
        "id": new_id(),
        "call_id": event["call_id"],
        "team_id": event["team_id"],
        "reason": reason,
        "tokens_in": count.tokens_in,
        "tokens_out": count.tokens_out,
        "count_source": count.source,
        "ended": outcome.ended,
        "ttft_ms": outcome.ttft_ms,
        "at": db_now(),
    }
    delta = 0
    if kind == "standard":
        delta = charge(count, outcome.ended, event["tokens_in"] or 0, None) - event["charged_tokens"]
        values |= {"period_start": period_start, "charged_delta": delta}
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    once = insert(corrections).values(values).on_conflict_do_nothing(index_elements=["call_id", "reason"])
    now_at = await tx.scalar(once.returning(corrections.at))
    if now_at is None:
        return False
    if period_start is not None:
        await budgets.settle(tx, event["team_id"], period_start, 0, delta)
    before = figures_of(
        event["count_source"], event["tokens_in"], event["tokens_out"], event["ended"], event["ttft_ms"]
    )
    now = figures_of(count.source, count.tokens_in, count.tokens_out, outcome.ended, outcome.ttft_ms)
    # Of today's calls only: yesterday's day may be closed before this is committed.
    is_open = day_of(event["at"]) >= day_of(now_at)
    await (add_to_day if is_open else add_late)(tx, kind, event, event["at"], now - before)
    return True
