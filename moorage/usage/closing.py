"""Closes days that are over: makes the sums of closed.py from their rows, a day in a transaction, beside the work.

A killed process leaves whole days behind, and the next turn, or the next process, goes on after them. Nothing of it is
on the path of a message (docs/adr/0033).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Executable, Integer, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.answering import let_take_long
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.usage.closed import (
    CLOSED_DAYS,
    FORTNIGHT,
    FORTNIGHTS,
    NOTHING_CLOSED,
    OPEN_DAYS,
    SOURCES,
    THE_ROW,
    begin_closing,
)
from moorage.usage.day_rows import DAY_TABLES
from moorage.usage.rollups import FIGURES, EventKind, day_of
from moorage.usage.tables import ClosingRow

PACE: Final = Pace(every_s=900.0, first_after_s=20.0)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """What a turn did: how many days it closed, and from which on they had to be opened again, if so."""

    closed: int = 0
    opened_from: int | None = None


async def close_days(database: Database, *, rests: bool = True) -> Closing:
    """Close all days up to the day before yesterday, by the database's clock, each in a transaction of its own.

    Ends early where somebody else holds the row. `rests`: after each day for as long as it took, so that whoever waits
    to write comes in between.
    """
    opened_from = await _open_again(database)
    closed = 0
    while True:
        begun = time.monotonic()
        async with database.read() as tx:
            # A look, so that nobody waits for a writer that has nothing to write.
            if await _next_day(tx, await _read_row(tx)) is None:
                break
        async with database.write() as tx:
            if not await _close_one(tx):
                break
        closed += 1
        await asyncio.sleep(time.monotonic() - begun if rests else 0)
    return Closing(closed, opened_from)


class DayCloser:
    """Closes days in the background, four times an hour, in whichever process comes first."""

    def __init__(self, database: Database, reports: Reports, *, pace: Pace = PACE) -> None:
        self._database = database
        self._keeper = Steady(self._turn, reports, name="usage-days", event="usage_days_not_closed", pace=pace)

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._keeper.start()

    async def aclose(self) -> None:
        """Stop; a day under way is not closed."""
        await self._keeper.aclose()

    async def _turn(self) -> None:
        done = await close_days(self._database)
        if done.opened_from is not None:
            log.warning("usage_days_opened")
        if done.closed:
            log.info("usage_days_closed", count=done.closed)


async def _read_row(tx: AsyncConnection) -> int:
    found: int | None = await tx.scalar(select(ClosingRow.day).where(ClosingRow.id == THE_ROW))
    return NOTHING_CLOSED if found is None else found


async def _last_to_close(tx: AsyncConnection) -> int:
    return day_of((await tx.execute(select(db_now()))).scalar_one()) - OPEN_DAYS


async def _next_day(tx: AsyncConnection, after: int) -> int | None:
    found = [await tx.scalar(_NEXT[kind], {"after": after}) for kind in DAY_TABLES]
    days = [day for day in found if day is not None]
    return min(days) if days and min(days) <= await _last_to_close(tx) else None


async def _hold_alone(tx: AsyncConnection) -> int | None:
    """Hold the row against everybody; None: somebody else holds it."""
    await begin_closing(tx)
    held: int | None = await tx.scalar(_HOLD_ALONE)
    return held


async def _close_one(tx: AsyncConnection) -> bool:
    """Close the next day; False: there is none, or somebody else is at it."""
    closed_until = await _hold_alone(tx)
    day = None if closed_until is None else await _next_day(tx, closed_until)
    if day is None:
        return False
    await let_take_long(tx)
    for kind in DAY_TABLES:
        for statement in _CLOSE[kind, tx.dialect.name]:
            await tx.execute(statement, {"closing": day})
    await tx.execute(update(ClosingRow).where(ClosingRow.id == THE_ROW).values(day=day))
    return True


async def _open_again(database: Database) -> int | None:
    """Open what is closed and not over: the database's clock was ahead. Gives the first day that is open again."""
    async with database.read() as tx:
        if await _read_row(tx) <= await _last_to_close(tx):
            return None
    async with database.write() as tx:
        closed_until, last = await _hold_alone(tx), await _last_to_close(tx)
        if closed_until is None or closed_until <= last:
            return None
        await let_take_long(tx)
        # Whole fortnights: what one day has put into them can't be told apart any more.
        fortnight = (last + 1) // FORTNIGHT
        first = fortnight * FORTNIGHT
        for kind in DAY_TABLES:
            await tx.execute(delete(CLOSED_DAYS[kind]).where(CLOSED_DAYS[kind].day >= first))
            await tx.execute(delete(FORTNIGHTS[kind]).where(FORTNIGHTS[kind].fortnight >= fortnight))
        await tx.execute(update(ClosingRow).where(ClosingRow.id == THE_ROW).values(day=first - 1))
        return first


def _teams_of(kind: EventKind) -> Any:
    """Give the teams that have days of a kind, one look into the index for each: teams that are gone left some, too."""
    table = DAY_TABLES[kind]
    first = select(func.min(table.team_id).label("team_id")).cte("teams", recursive=True)
    following = select(func.min(table.team_id)).where(table.team_id > first.c.team_id).correlate(first)
    return first.union_all(select(following.scalar_subquery()).where(first.c.team_id.is_not(None)))


def _next_of(kind: EventKind) -> Executable:
    table, teams = DAY_TABLES[kind], _teams_of(kind)
    its = select(func.min(table.day)).where(table.team_id == teams.c.team_id, table.day > bindparam("after"))
    return select(func.min(its.correlate(teams).scalar_subquery())).select_from(teams)


def _closing(kind: EventKind, dialect: str) -> tuple[Executable, Executable]:
    insert = _INSERTS[dialect]
    table, days, fortnights = DAY_TABLES[kind], CLOSED_DAYS[kind], FORTNIGHTS[kind]
    sums = [func.sum(getattr(table, name)).label(name) for name in FIGURES]

    def of_the_day(*key: Any, by: list[Any]) -> Any:
        teams = _teams_of(kind)
        one = select(*key, *sums).select_from(teams).join(table, table.team_id == teams.c.team_id)
        return one.where(table.day == bindparam("closing", type_=Integer)).group_by(*by)

    names = ("team_id", "day", SOURCES[kind], "model_id")
    columns = [getattr(table, name) for name in names]
    by_model = insert(days).from_select([*names, *FIGURES], of_the_day(*columns, by=columns))
    block = (bindparam("closing", type_=Integer) // literal(FORTNIGHT, Integer)).label("fortnight")
    person = of_the_day(table.team_id, block, table.user_id, by=[table.team_id, table.user_id])
    added = insert(fortnights).from_select(["team_id", "fortnight", "user_id", *FIGURES], person)
    more = {name: getattr(fortnights, name) + added.excluded[name] for name in FIGURES}
    return by_model, added.on_conflict_do_update(index_elements=["team_id", "fortnight", "user_id"], set_=more)


_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_HOLD_ALONE: Final = select(ClosingRow.day).where(ClosingRow.id == THE_ROW).with_for_update(skip_locked=True)
_NEXT: Final = {kind: _next_of(kind) for kind in DAY_TABLES}
_CLOSE: Final = {(kind, dialect): _closing(kind, dialect) for dialect in _INSERTS for kind in DAY_TABLES}
