"""Whether what is added up on the way is what the rows say: counters of budgets, and the sums of each day.

Settled = events and corrections, reserved = open calls; a day = its events, each as its newest correction has it; what
is closed = its days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from moorage.usage.closed import CLOSED_DAYS, FORTNIGHT, FORTNIGHTS, NOTHING_CLOSED, THE_ROW
from moorage.usage.day_rows import DAY_TABLES, EVENT_TABLES, read_figures, source_of
from moorage.usage.rollups import FAILED, FIGURES, UNCOUNTED_PURPOSES, EventKind, Figures, date_of
from moorage.usage.tables import BudgetPeriodRow, ClosingRow, ReservationRow, StandardCorrectionRow, StandardUsageRow

_DAY_US: Final = 86_400_000_000
# Floats that are added up in another order differ by less than so many milliseconds.
_SAME_MS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Drift:
    """One month of one team whose counters and rows differ, in tokens; each difference is counter minus rows."""

    team_id: UUID
    period_start: datetime
    settled: int
    reserved: int


@dataclass(frozen=True, slots=True)
class DayDrift:
    """A day of one person's calls of one model whose sums and events differ; `apart` is sums minus events."""

    kind: EventKind
    team_id: UUID
    day: date
    source_id: str
    model_id: str
    user_id: UUID
    apart: Figures


@dataclass(frozen=True, slots=True)
class ClosedDrift:
    """A closed day of a team, or a closed fortnight of a person, that is not what its days add up to.

    `of`: the model, or the person; `days`: one, or fourteen, from `day` on; `apart`: what is closed minus the days.
    """

    kind: EventKind
    team_id: UUID
    day: date
    days: int
    of: str
    apart: Figures


async def find_drift(tx: AsyncConnection) -> Sequence[Drift]:
    """Give every month that does not add up; none is what there should be. Adds up all rows: not for a page."""
    row = BudgetPeriodRow
    charged = _sum_of(StandardUsageRow, StandardUsageRow.charged_tokens)
    corrected = _sum_of(StandardCorrectionRow, StandardCorrectionRow.charged_delta)
    held = _sum_of(ReservationRow, ReservationRow.held_tokens)
    settled = (row.settled - charged - corrected).label("settled_apart")
    reserved = (row.reserved - held).label("reserved_apart")
    found = await tx.execute(
        select(row.team_id, row.period_start, settled, reserved)
        .where((settled != 0) | (reserved != 0))
        .order_by(row.period_start, row.team_id)
    )
    return [Drift(one.team_id, one.period_start, int(one.settled_apart), int(one.reserved_apart)) for one in found]


async def find_day_drift(tx: AsyncConnection, most: int = 1000) -> Sequence[DayDrift]:
    """Give the first `most` days that do not add up; none is what there should be. Adds up all rows: not for a page.

    While an erasure is under way, the events of whoever it is about may have another id already and the sums not yet.
    """
    found: list[DayDrift] = []
    for kind in DAY_TABLES:
        for row in await tx.execute(_apart(kind).limit(most - len(found))):
            team_id, day, source, model_id, user_id, *sums = row
            apart = read_figures(sums)
            found.append(DayDrift(kind, team_id, date_of(day), str(source), model_id, user_id, apart))
    return found


async def find_closed_drift(tx: AsyncConnection, most: int = 1000) -> Sequence[ClosedDrift]:
    """Give the first `most` sums of what is closed that do not add up. Adds up all days: not for a page.

    While an erasure is under way, days may have gone to another id, or may be gone, and what is closed not yet.
    """
    closed_until = await tx.scalar(select(ClosingRow.day).where(ClosingRow.id == THE_ROW))
    until = NOTHING_CLOSED if closed_until is None else closed_until
    found: list[ClosedDrift] = []
    for kind in DAY_TABLES:
        for query, length in ((_closed_apart(kind, until), 1), (_fortnights_apart(kind, until), FORTNIGHT)):
            for team_id, number, of, *sums in await tx.execute(query.limit(most - len(found))):
                found.append(ClosedDrift(kind, team_id, date_of(number * length), length, str(of), read_figures(sums)))
    return found


async def count_days(tx: AsyncConnection) -> int:
    """Count the sums of days that there are."""
    return sum([await tx.scalar(select(func.count()).select_from(table)) or 0 for table in DAY_TABLES.values()])


async def count_periods(tx: AsyncConnection) -> int:
    """Count the months of all teams that there are counters of."""
    return await tx.scalar(select(func.count()).select_from(BudgetPeriodRow)) or 0


def _sum_of(table: Any, column: Any) -> ScalarSelect[int]:
    summed = select(func.coalesce(func.sum(column), 0)).where(
        table.team_id == BudgetPeriodRow.team_id, table.period_start == BudgetPeriodRow.period_start
    )
    return summed.correlate(BudgetPeriodRow).scalar_subquery()


def _apart(kind: EventKind) -> Select[Any]:
    """Select the keys of days whose sums and events differ, with the differences. The engine adds up, on its disk."""
    stored = DAY_TABLES[kind]
    event, correction = EVENT_TABLES[kind]
    later = aliased(correction)
    newest = (correction.call_id == event.call_id) & ~exists().where(
        later.call_id == correction.call_id, later.id > correction.id
    )
    day_of_event = type_coerce(event.at, BigInteger) // literal(_DAY_US, BigInteger)
    figures = zip(FIGURES, _figures_of(event, correction), strict=True)
    counted = (
        select(
            *_key(event.team_id, day_of_event, source_of(kind, event), event.model_id, event.user_id),
            *((-figure).label(name) for name, figure in figures),
        )
        .select_from(event)
        .outerjoin(correction, newest)
        .where(event.purpose.not_in(UNCOUNTED_PURPOSES))
    )
    summed = select(
        *_key(stored.team_id, stored.day, source_of(kind, stored), stored.model_id, stored.user_id),
        *(getattr(stored, name) for name in FIGURES),
    )
    return _differing(counted, summed, ["team_id", "day", "source", "model_id", "user_id"])


def _closed_apart(kind: EventKind, until: int) -> Select[Any]:
    stored, closed = DAY_TABLES[kind], CLOSED_DAYS[kind]

    def rows(table: Any, sign: int) -> Select[Any]:
        key = (table.team_id, table.day, source_of(kind, table).label("source"), table.model_id)
        return select(*key, *((sign * getattr(table, name)).label(name) for name in FIGURES))

    return _differing(
        rows(stored, -1).where(stored.day <= until),
        rows(closed, 1),
        ["team_id", "day", "source", "model_id"],
        told=["team_id", "day", "model_id"],
    )


def _fortnights_apart(kind: EventKind, until: int) -> Select[Any]:
    stored, closed = DAY_TABLES[kind], FORTNIGHTS[kind]
    its = (stored.day // literal(FORTNIGHT, BigInteger)).label("fortnight")
    days = select(stored.team_id, its, stored.user_id, *((-getattr(stored, name)).label(name) for name in FIGURES))
    sums = select(closed.team_id, closed.fortnight, closed.user_id, *(getattr(closed, name) for name in FIGURES))
    return _differing(days.where(stored.day <= until), sums, ["team_id", "fortnight", "user_id"])


def _differing(one: Select[Any], other: Select[Any], names: Sequence[str], told: Sequence[str] = ()) -> Select[Any]:
    """Select the keys of which two selections, one of them negative, do not come to nothing, with the differences."""
    both = union_all(one, other).subquery()
    *whole, ttft_ms = [func.sum(both.c[name]) for name in FIGURES]
    key = [both.c[name] for name in names]
    differs = or_(*(figure != 0 for figure in whole), func.abs(ttft_ms) > _SAME_MS)
    columns = [both.c[name] for name in told or names]
    return select(*columns, *whole, ttft_ms).group_by(*key).having(differs).order_by(*key)


def _key(team_id: Any, day: Any, source: Any, model_id: Any, user_id: Any) -> list[Any]:
    return [team_id, day.label("day"), source.label("source"), model_id, user_id]


def _figures_of(event: Any, correction: Any) -> list[ColumnElement[Any]]:
    """Give what `rollups.figures_of` gives, in the order of FIGURES, of a call as its correction has it."""

    def now(name: str) -> ColumnElement[Any]:
        return case((correction.id.is_(None), getattr(event, name)), else_=getattr(correction, name))

    def only(condition: ColumnElement[bool], value: Any = 1) -> ColumnElement[Any]:
        return case((condition, value), else_=0)

    used_in, used_out, ttft_ms = func.coalesce(now("tokens_in"), 0), func.coalesce(now("tokens_out"), 0), now("ttft_ms")
    is_reported, is_missing = now("count_source") == "reported", now("count_source") == "missing"
    return [
        literal(1),
        only(now("ended").in_(FAILED)),
        only(is_reported),
        only(~is_reported & ~is_missing),
        only(is_missing),
        only(is_reported, used_in),
        only(is_reported, used_out),
        only(~is_reported, used_in),
        only(~is_reported, used_out),
        only(ttft_ms.is_not(None)),
        func.coalesce(ttft_ms, 0.0),
    ]
