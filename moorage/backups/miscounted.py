"""Holds the ledger against what it records: each call that ended is counted once, with the figures its receipt shows.

What a crash leaves under way is not miscounted: a start closes it. Where an event was corrected, the receipt shows what
the newest correction says. Whether counters are what their rows add up to: usage/drift.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from moorage.accounts.tables import TeamRow
from moorage.chat.tables import ReplyRow, TitleRunRow
from moorage.usage.tables import (
    BudgetPeriodRow,
    ByomCorrectionRow,
    ByomUsageRow,
    ReservationRow,
    StandardCorrectionRow,
    StandardUsageRow,
)

_Run = type[ReplyRow] | type[TitleRunRow]
_Event = type[ByomUsageRow] | type[StandardUsageRow]
_Correction = type[ByomCorrectionRow] | type[StandardCorrectionRow]
_RUNS: Final[tuple[_Run, ...]] = (ReplyRow, TitleRunRow)
_EVENTS: Final[Mapping[_Event, _Correction]] = {
    ByomUsageRow: ByomCorrectionRow,
    StandardUsageRow: StandardCorrectionRow,
}


@dataclass(frozen=True, slots=True)
class Miscounted:
    """How many calls are wrong, by what is wrong; see `_QUESTIONS`."""

    by_kind: Mapping[str, int]

    @property
    def calls(self) -> int:
        """All of them together."""
        return sum(self.by_kind.values())


def _ended(run: _Run) -> ColumnElement[bool]:
    # A scripted answer costs nobody anything and is not counted.
    return (run.state != "running") & (run.origin != "scripted")


def _count(table: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).select_from(table).where(*conditions)


def _others(run: _Run, event: _Event) -> Select[Any]:
    correction, later = _EVENTS[event], aliased(_EVENTS[event])
    newest = (correction.call_id == event.call_id) & ~exists().where(
        later.call_id == correction.call_id, later.id > correction.id
    )
    joined = run.__table__.join(event.__table__, event.call_id == run.id).outerjoin(correction.__table__, newest)
    differs = or_(
        *(
            getattr(run, name).is_distinct_from(
                case((correction.id.is_(None), getattr(event, name)), else_=getattr(correction, name))
            )
            for name in ("tokens_in", "tokens_out", "count_source")
        )
    )
    return _count(joined, _ended(run), differs)


def _without_counters() -> Select[Any]:
    theirs = (BudgetPeriodRow.team_id == StandardUsageRow.team_id) & (
        BudgetPeriodRow.period_start == StandardUsageRow.period_start
    )
    # The counters of an erased team went with it; what its operator has to bill did not.
    is_there = exists().where(TeamRow.id == StandardUsageRow.team_id)
    return _count(StandardUsageRow, StandardUsageRow.period_start.is_not(None), is_there, ~exists().where(theirs))


_QUESTIONS: Final[Mapping[str, Sequence[Select[Any]]]] = {
    # Counted, and still held for.
    "open_and_counted": [
        _count(ReservationRow, or_(*(exists().where(event.call_id == ReservationRow.call_id) for event in _EVENTS)))
    ],
    # Own and standard at once.
    "counted_twice": [_count(ByomUsageRow, exists().where(StandardUsageRow.call_id == ByomUsageRow.call_id))],
    # Over, and nowhere counted.
    "not_counted": [
        _count(run, _ended(run), *(~exists().where(event.call_id == run.id) for event in _EVENTS)) for run in _RUNS
    ],
    # The receipt says one thing, the ledger another.
    "other_figures": [_others(run, event) for run in _RUNS for event in _EVENTS],
    # It took of a budget that is not there.
    "without_budget": [_without_counters()],
}


async def find_miscounted(tx: AsyncConnection) -> Miscounted:
    """Ask all questions, as this transaction sees the database."""
    found = {
        kind: sum([int(await tx.scalar(question) or 0) for question in questions])
        for kind, questions in _QUESTIONS.items()
    }
    return Miscounted(found)
