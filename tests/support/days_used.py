"""Sums of days as calls leave them behind, put into the database as they are: years of use in a moment."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.database import Database
from moorage.usage.closed import CLOSED_DAYS, FORTNIGHTS, NOTHING_CLOSED
from moorage.usage.rollups import FIGURES, EventKind, day_of
from moorage.usage.tables import ByomDayRow, ClosingRow, StandardDayRow


def day_used(
    team_id: str, user_id: str, source: str, model_id: str, day: date, *, kind: EventKind = "byom", **figures: float
) -> dict[str, Any]:
    """Give one row: one call that was reported, unless `figures` say otherwise."""
    one_call = {"calls": 1, "reported_calls": 1, "reported_in": 10, "reported_out": 5, "ttft_calls": 1}
    return {
        **dict.fromkeys(FIGURES, 0),
        **one_call,
        "ttft_ms_sum": 120.0,
        **figures,
        "team_id": UUID(team_id),
        "user_id": UUID(user_id),
        "model_id": model_id,
        "day": day_of(datetime.combine(day, time(), UTC)),
        **({"connection_id": UUID(source)} if kind == "byom" else {"provider": source}),
    }


async def put_days(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows of either kind, of days that a server may have closed already: it makes all closed days anew."""
    async with database.write() as tx:
        await tx.execute(update(ClosingRow).values(day=NOTHING_CLOSED))
        for table in (*CLOSED_DAYS.values(), *FORTNIGHTS.values()):
            await tx.execute(delete(table))
        await add_days(tx, rows)


async def add_days(tx: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows of either kind, of days that are not closed."""
    for table, column in ((ByomDayRow, "connection_id"), (StandardDayRow, "provider")):
        its = [row for row in rows if column in row]
        if its:
            await tx.execute(insert(table), its)
