"""Slow, from what people wait: the first word takes three times as long as this model usually takes, and 2 s longer.

Usual is the median of the last seven days. Judged over the last quarter of an hour, from five answers on; each answer
is compared with its own model's usual, so that changing to a larger model is no slowness.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.tables import ConnectionRow
from moorage.storage.types import db_now
from moorage.usage.lately import read_clock, settled_within
from moorage.usage.tables import ByomUsageRow

LATELY: Final = timedelta(minutes=15)
USUALLY: Final = timedelta(days=7)
LATE_ANSWERS: Final = 5
USUAL_ANSWERS: Final = 20
TIMES_AS_LONG: Final = 3.0
LONGER_BY_MS: Final = 2000.0
_READ_AT_MOST: Final = 500


class Wait(NamedTuple):
    """How long one answer's first word took."""

    model_id: str
    ttft_ms: float


def is_slow(late: Sequence[Wait], usual: Iterable[Wait]) -> bool:
    """Compare the waits of lately with the usual ones. Too few of either say nothing: not slow."""
    usual_of: dict[str, list[float]] = defaultdict(list)
    for wait in usual:
        usual_of[wait.model_id].append(wait.ttft_ms)
    medians = {model: median(waits) for model, waits in usual_of.items() if len(waits) >= USUAL_ANSWERS}
    compared = [(wait.ttft_ms, medians[wait.model_id]) for wait in late if wait.model_id in medians]
    if len(compared) < LATE_ANSWERS:
        return False
    times = median(now / max(usually, 1.0) for now, usually in compared)
    longer_by_ms = median(now - usually for now, usually in compared)
    return times >= TIMES_AS_LONG and longer_by_ms >= LONGER_BY_MS


async def find_used_lately(tx: AsyncConnection) -> Sequence[tuple[UUID, bool]]:
    """Give the connections that were written with lately, or are called slow: (id, whether it is called slow now)."""
    event = ByomUsageRow
    its = event.connection_id == ConnectionRow.id
    lately = exists().where(its, settled_within(event, await read_clock(tx), LATELY))
    rows = await tx.execute(
        select(ConnectionRow.id, ConnectionRow.slow_since.is_not(None))
        .where(ConnectionRow.deleted_at.is_(None), or_(ConnectionRow.slow_since.is_not(None), lately))
        .limit(_READ_AT_MOST)
    )
    return [(row[0], bool(row[1])) for row in rows]


async def judge(tx: AsyncConnection, connection_id: UUID) -> bool:
    """Read a connection's waits and say whether it is slow."""
    event, now = ByomUsageRow, await read_clock(tx)
    well = (event.connection_id == connection_id, event.purpose == "reply", event.ended == "ok")
    waits: Any = select(event.model_id, event.ttft_ms).where(*well, event.ttft_ms.is_not(None))
    waits = waits.order_by(event.at.desc())
    late = await tx.execute(waits.where(settled_within(event, now, LATELY)).limit(_READ_AT_MOST))
    before = waits.where(settled_within(event, now, USUALLY), event.at < now - LATELY)
    usual = await tx.execute(before.limit(_READ_AT_MOST))
    return is_slow([Wait(*row) for row in late], [Wait(*row) for row in usual])


async def call_slow(tx: AsyncConnection, connection_id: UUID, *, slow: bool) -> None:
    """Store the judgement; the moment it began stays."""
    of_this = ConnectionRow.id == connection_id
    if slow:
        await tx.execute(
            update(ConnectionRow).where(of_this, ConnectionRow.slow_since.is_(None)).values(slow_since=db_now())
        )
    else:
        await tx.execute(update(ConnectionRow).where(of_this).values(slow_since=None))
