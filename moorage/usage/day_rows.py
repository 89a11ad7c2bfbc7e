"""The sums of single days as they are stored: whose, of what, in which order; and what of them must not be told yet.

No event is read but those few that have to be taken off the sums.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.rollups import FIGURES, UNCOUNTED_PURPOSES, EventKind, Figures, day_of, figures_of
from moorage.usage.tables import (
    ByomCorrectionRow,
    ByomDayRow,
    ByomUsageRow,
    StandardCorrectionRow,
    StandardDayRow,
    StandardUsageRow,
)

_IDS_AT_ONCE: Final = 500
DAY_TABLES: Final[dict[EventKind, Any]] = {"byom": ByomDayRow, "standard": StandardDayRow}
EVENT_TABLES: Final[dict[EventKind, tuple[Any, Any]]] = {
    "byom": (ByomUsageRow, ByomCorrectionRow),
    "standard": (StandardUsageRow, StandardCorrectionRow),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose calls: of one team, with `user_id` only that person's. `without` selects calls to leave out."""

    team_id: UUID
    user_id: UUID | None = None
    without: Select[UUID] | None = None


@dataclass(frozen=True, slots=True)
class DayPart:
    """What one person used of one model on one day. `source_id`: the connection's id, or the provider's name."""

    day: int
    source_id: str
    model_id: str
    user_id: UUID
    figures: Figures

    @property
    def key(self) -> tuple[int, str, str, UUID]:
        """What tells it apart from all others, in the order in which they are stored."""
        return self.day, self.source_id, self.model_id, self.user_id


def source_of(kind: EventKind, table: Any) -> Any:
    """Give the column that says where the calls of a log went: the connection, or the standard provider."""
    return table.connection_id if kind == "byom" else table.provider


def numbers_of(first: date, last: date) -> tuple[int, int]:
    """Give the numbers of two days, UTC."""
    return day_of(datetime.combine(first, time(), UTC)), day_of(datetime.combine(last, time(), UTC))


def days_within(kind: EventKind, scope: Scope, first: date, last: date) -> list[ColumnElement[bool]]:
    """Give the conditions for the days from `first` to `last` (UTC, inclusive)."""
    table = DAY_TABLES[kind]
    start, end = numbers_of(first, last)
    wanted = [table.team_id == scope.team_id, table.day >= start, table.day <= end]
    return wanted if scope.user_id is None else [*wanted, table.user_id == scope.user_id]


def read_figures(sums: Iterable[Any]) -> Figures:
    """Read figures in the order of FIGURES, as either engine gives them."""
    # PostgreSQL adds whole numbers up to decimals.
    *whole, ttft_ms_sum = sums
    counted = {name: int(one) for name, one in zip(FIGURES, whole, strict=False)}
    return Figures(**counted, ttft_ms_sum=float(ttft_ms_sum))


async def hidden_parts(
    tx: AsyncConnection, kind: EventKind, scope: Scope, first: date, last: date
) -> Sequence[DayPart]:
    """Give what has to be taken off: each of the calls to leave out, as the sums hold it."""
    if scope.without is None:
        return []
    event, correction = EVENT_TABLES[kind]
    known = (event.count_source, event.tokens_in, event.tokens_out, event.ended, event.ttft_ms)
    better = (correction.count_source, *(getattr(correction, one.key) for one in known[1:]))
    told = (event.at, source_of(kind, event), event.model_id, event.user_id, *known, *better)
    counted = (event.team_id == scope.team_id) & event.purpose.not_in(UNCOUNTED_PURPOSES)
    start, end = numbers_of(first, last)
    parts = []
    async for some in ids_of(tx, scope.without):
        query = select(*told).outerjoin(correction, correction.call_id == event.call_id)
        rows = await tx.execute(query.where(event.call_id.in_(some), counted))
        parts += [DayPart(day_of(row[0]), str(row[1]), row[2], row[3], _figures_now(row)) for row in rows]
    return [one for one in parts if start <= one.day <= end and scope.user_id in {None, one.user_id}]


async def ids_of(tx: AsyncConnection, calls: Select[UUID]) -> AsyncIterator[Sequence[UUID]]:
    """Give the ids of a few calls, some at a time.

    A condition with the selection itself, beside one on time, lets SQLite walk through all events of that time.
    """
    ids = (await tx.scalars(calls)).all()
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[start : start + _IDS_AT_ONCE]


async def read_batch(
    tx: AsyncConnection, kind: EventKind, scope: Scope, first: date, last: date, after: DayPart | None, most: int
) -> tuple[Sequence[DayPart], DayPart | None]:
    """Give the next rows after one, as they may be told, and the last one that was read; None: there are no more.

    A row of which nothing may be told is left out.
    """
    table = DAY_TABLES[kind]
    source = source_of(kind, table)
    order = (table.day, source, table.model_id, table.user_id)
    wanted = days_within(kind, scope, first, last)
    if after is not None:
        source_id = UUID(after.source_id) if kind == "byom" else after.source_id
        values = (after.day, source_id, after.model_id, after.user_id)
        bound = [literal(value, column.type) for value, column in zip(values, order, strict=True)]
        wanted.append(tuple_(*order) > tuple_(*bound))
    sums = [getattr(table, name) for name in FIGURES]
    found = (await tx.execute(select(*order, *sums).where(*wanted).order_by(*order).limit(most))).all()
    parts = [DayPart(row[0], str(row[1]), row[2], row[3], read_figures(row[4:])) for row in found]
    hidden: dict[Any, Figures] = {}
    for part in await hidden_parts(tx, kind, scope, first, last):
        hidden[part.key] = hidden.get(part.key, Figures()) + part.figures
    told = [replace(part, figures=part.figures - hidden.get(part.key, Figures())) for part in parts]
    return [part for part in told if part.figures.calls], parts[-1] if len(parts) == most else None


def _figures_now(row: ResultRow[Any]) -> Figures:
    values: Sequence[Any] = row
    count_source, tokens_in, tokens_out, ended, ttft_ms = values[4:9] if values[9] is None else values[9:14]
    return figures_of(count_source, tokens_in, tokens_out, ended, ttft_ms)
