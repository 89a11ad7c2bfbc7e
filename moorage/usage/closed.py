"""Sums of days that are over, made from their rows: of a team's model without the person, of a person by fortnights.

One row says up to which day they are made. Who makes them holds it, and so does whoever changes something that they are
made of: a day is never closed while a part of it is on its way (docs/adr/0033).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.soon import soon
from moorage.storage.types import db_now
from moorage.usage.rollups import (
    FIGURES,
    UNCOUNTED_PURPOSES,
    EventKind,
    Figures,
    add_to_day,
    adding,
    day_of,
    hand_over_sums,
)
from moorage.usage.tables import (
    ByomClosedDayRow,
    ByomFortnightRow,
    ClosingRow,
    StandardClosedDayRow,
    StandardFortnightRow,
)

# Yesterday's calls may still be on their way into the database; those of the day before are not.
OPEN_DAYS: Final = 2
FORTNIGHT: Final = 14
NOTHING_CLOSED: Final = -1
THE_ROW: Final = 1
CLOSED_DAYS: Final[Mapping[EventKind, Any]] = {"byom": ByomClosedDayRow, "standard": StandardClosedDayRow}
FORTNIGHTS: Final[Mapping[EventKind, Any]] = {"byom": ByomFortnightRow, "standard": StandardFortnightRow}
SOURCES: Final[Mapping[EventKind, str]] = {"byom": "connection_id", "standard": "provider"}

Span = tuple[int, int]
"""Days, or fortnights, by their numbers; both included."""


async def read_closed_until(tx: AsyncConnection) -> int:
    """Give the last day that is closed.

    By the database's clock no later than the day before yesterday: where that clock was ahead, and was set right, days
    had been closed that are not over.
    """
    row = (await tx.execute(select(ClosingRow.day, db_now()))).first()
    return NOTHING_CLOSED if row is None else min(row[0], day_of(row[1]) - OPEN_DAYS)


def split_days(first: int, last: int, closed_until: int) -> tuple[Span | None, Span | None]:
    """Give which of some days are read as closed ones, and which as they are."""
    end = min(last, closed_until)
    return ((first, end) if first <= end else None), ((max(first, end + 1), last) if end < last else None)


def split_fortnights(first: int, last: int, closed_until: int) -> tuple[Span | None, Sequence[Span]]:
    """Give which fortnights lie within some days and are closed to their end, and the days beside them."""
    begin, end = -(-first // FORTNIGHT), (min(last, closed_until) + 1) // FORTNIGHT - 1
    if begin > end:
        return None, [(first, last)]
    beside = (first, begin * FORTNIGHT - 1), ((end + 1) * FORTNIGHT, last)
    return (begin, end), [(start, stop) for start, stop in beside if start <= stop]


async def begin_closing(tx: AsyncConnection) -> None:
    """Make the row that says how far days are closed, if there is none: nobody can hold what is not there."""
    await tx.execute(_BEGIN[tx.dialect.name])


async def hold_closing(tx: AsyncConnection) -> int:
    """Let no day be closed until this transaction ends; gives the last day that is."""
    await begin_closing(tx)
    closed_until: int = (await tx.execute(_HOLD)).scalar_one()
    return closed_until


async def add_late(
    tx: AsyncConnection, kind: EventKind, event: Mapping[str, Any], at: datetime, figures: Figures
) -> int:
    """Add to the day of a call, as `add_to_day`, and to what was made of that day if it is closed.

    Gives the last day that is closed.
    """
    day, closed_until = day_of(at), await hold_closing(tx)
    if event["purpose"] in UNCOUNTED_PURPOSES:
        return closed_until
    await add_to_day(tx, kind, event, at, figures)
    if day > closed_until:
        return closed_until
    key = {name: event[name] for name in ("team_id", "user_id", "model_id", SOURCES[kind])}
    values = {**key, "day": day, "fortnight": day // FORTNIGHT, **{name: getattr(figures, name) for name in FIGURES}}
    for names, statement in _ADD[kind, tx.dialect.name]:
        await soon(tx, statement, {f"add_{name}": values[name] for name in (*names, *FIGURES)})
    return closed_until


async def hand_over_fortnights(
    tx: AsyncConnection, kind: EventKind, whose: ColumnElement[bool], to: UUID, at_once: int
) -> int:
    """Give the fortnights that `whose` finds another id, as `hand_over_days`, and after it.

    While a day of theirs may still be closed under the old id, they would come back.
    """
    _ = await hold_closing(tx)
    _, (_, add) = _ADD[kind, tx.dialect.name]
    return await hand_over_sums(tx, FORTNIGHTS[kind], ("team_id", "fortnight"), add, whose, to, at_once)


def _keys_of(kind: EventKind) -> Sequence[tuple[Any, Sequence[str]]]:
    days = ("team_id", "day", SOURCES[kind], "model_id")
    return (CLOSED_DAYS[kind], days), (FORTNIGHTS[kind], ("team_id", "fortnight", "user_id"))


_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_BEGIN: Final = {
    dialect: insert(ClosingRow).values(id=THE_ROW, day=NOTHING_CLOSED).on_conflict_do_nothing()
    for dialect, insert in _INSERTS.items()
}
_HOLD: Final = select(ClosingRow.day).where(ClosingRow.id == THE_ROW).with_for_update(read=True)
_ADD: Final = {
    (kind, dialect): [(key, adding(dialect, table, key)) for table, key in _keys_of(kind)]
    for dialect in _INSERTS
    for kind in SOURCES
}
