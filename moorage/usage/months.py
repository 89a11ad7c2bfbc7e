"""On PostgreSQL, usage events lie in partitions by month, made ahead of time; SQLite keeps one table, and needs none.

The month is that of the call's id: its first 48 bits are the time, so a month is a range of ids, and an id is unique
over all of them. What belongs to no month that is there (a backup of old calls, a wrong clock) lies in one more
partition, and is moved when its month is made. docs/adr/0032 says why.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

import structlog
from sqlalchemy import column, func, select, text
from sqlalchemy import table as table_of
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database
from moorage.storage.types import db_month
from moorage.usage.lately import first_id_at
from moorage.usage.tables import ByomUsageRow, StandardUsageRow

AHEAD: Final = 3
PACE: Final = Pace(every_s=3600.0, first_after_s=10.0)
# Everybody waits for the table while rows are moved out of that partition: 2 s for so many (docs/adr/0032).
MOVED_AT_MOST: Final = 50_000
LEADER_LOCK: Final = 0x6D6F6F7261676502  # "moorage" and the number of this lock
# No id of ours is older: earlier ones were made by a wrong clock.
FIRST_MONTH: Final = date(2020, 1, 1)
TABLES: Final[tuple[str, ...]] = (ByomUsageRow.__tablename__, StandardUsageRow.__tablename__)

Became = Literal["made", "there", "full"]
"""What became of a month. `full`: more of its rows than `MOVED_AT_MOST` lie in the partition for the rest, and stay."""

_PARTITIONS: Final = text(
    "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = CAST(:parent AS regclass)"
)
_LEAD: Final = text("SELECT pg_try_advisory_xact_lock(CAST(:lock AS BIGINT))")
_MAKE: Final = text("SELECT make_usage_month(:parent, CAST(:month AS date), CAST(:at_most AS BIGINT))")

log = structlog.get_logger(__name__)


def first_id(month: date) -> str:
    """Give the least id that a call of a month can have; it is above all of the month before."""
    return str(first_id_at(datetime.combine(month, time(), UTC)))


def month_after(month: date) -> date:
    """Give the first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def partition_of(parent: str, month: date) -> str:
    """Give the name of a month's partition."""
    return f"{parent}{month:_%Y_%m}"


async def find_held(tx: AsyncConnection, table: str, until: date) -> list[date]:
    """Give the months before `until` that a table has calls of; one look into its index for each, on either engine."""
    months = _months_from(FIRST_MONTH, until)
    bounds = [first_id(month) for month in months]
    events = table_of(table, column("call_id"))
    least = select(func.min(events.c.call_id)).where(events.c.call_id < first_id(until))
    held: list[date] = []
    following = 0
    while following < len(months):
        found = await tx.scalar(least.where(events.c.call_id >= bounds[following]))
        if found is None:
            break
        which = max(bisect_right(bounds, str(found)) - 1, following)
        held.append(months[which])
        following = which + 1
    return held


async def find_wanted(tx: AsyncConnection) -> list[tuple[str, date]]:
    """Give the partitions that are to be made on PostgreSQL, as table and month, the oldest of each table first."""
    present, until = await _present(tx)
    wanted: list[tuple[str, date]] = []
    for parent in TABLES:
        there = set(await tx.scalars(_PARTITIONS, {"parent": parent}))
        due = {*_months_from(present, until), *await find_held(tx, f"{parent}_rest", until)}
        wanted += [(parent, month) for month in sorted(due) if partition_of(parent, month) not in there]
    return wanted


async def make_months(database: Database, *, at_most: int = MOVED_AT_MOST) -> Mapping[Became, int]:
    """Make what is wanted, each month in a transaction of its own; gives how many months came to which outcome.

    Does nothing where another process is making them. Raises Unavailable("database_busy") when somebody is in the way
    for longer than two seconds.
    """
    outcomes: Counter[Became] = Counter()
    async with database.read() as tx:
        wanted = await find_wanted(tx)
    for parent, month in wanted:
        async with database.write() as tx:
            if not await tx.scalar(_LEAD, {"lock": LEADER_LOCK}):
                break
            outcomes[await _make(tx, parent, month, at_most)] += 1
    return outcomes


async def make_room(source: AsyncConnection, tx: AsyncConnection) -> None:
    """Make the months of all calls of `source` in an empty schema, so that they need not be moved after they came.

    `tx` writes on PostgreSQL; on SQLite there is nothing to make.
    """
    if tx.dialect.name != "postgresql":
        return
    _, until = await _present(tx)
    for parent in TABLES:
        for month in await find_held(source, parent, until):
            await _make(tx, parent, month, None)


class MonthMaker:
    """Makes months in the background, once an hour, in whichever process comes first."""

    def __init__(self, database: Database, reports: Reports, *, pace: Pace = PACE) -> None:
        self._database = database
        self._keeper = Steady(self._turn, reports, name="usage-months", event="usage_months_not_made", pace=pace)

    def start(self) -> None:
        """Begin, on PostgreSQL. Needs a running event loop."""
        if not self._database.is_sqlite:
            self._keeper.start()

    async def aclose(self) -> None:
        """Stop; a month under way is not made."""
        await self._keeper.aclose()

    async def _turn(self) -> None:
        outcomes = await make_months(self._database)
        if made := outcomes.get("made"):
            log.info("usage_months_made", count=made)
        if full := outcomes.get("full"):
            log.warning("usage_months_full", count=full)


async def _present(tx: AsyncConnection) -> tuple[date, date]:
    """Give the month that it is by the database's clock, and the one after those that are made ahead."""
    present: date = (await tx.execute(select(db_month()))).scalar_one().date()
    until = month_after(present)
    for _ in range(AHEAD):
        until = month_after(until)
    return present, until


def _months_from(first: date, until: date) -> Sequence[date]:
    months = [first]
    while (following := month_after(months[-1])) < until:
        months.append(following)
    return months


async def _make(tx: AsyncConnection, parent: str, month: date, at_most: int | None) -> Became:
    asked: dict[str, Any] = {"parent": parent, "month": month, "at_most": at_most}
    outcome: Became = (await tx.execute(_MAKE, asked)).scalar_one()
    return outcome
