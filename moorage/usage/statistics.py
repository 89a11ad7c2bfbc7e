"""What was used, from the sums of each day; own and standard models are never added up (P15), every source told (P16).

A whole team's days are read without their people where they are closed (closed.py). Costs are not known here
(costs.py), and no name of a person or a connection is.
"""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, String, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.closed import CLOSED_DAYS, NOTHING_CLOSED, Span, read_closed_until, split_days
from moorage.usage.day_rows import DAY_TABLES, Scope, hidden_parts, ids_of, numbers_of, read_figures, source_of
from moorage.usage.rollups import FIGURES, EventKind, Figures, date_of
from moorage.usage.tables import StandardUsageRow

_SourceModel = tuple[str, str]
_Key = TypeVar("_Key")
# In the order of FIGURES, as the engine gives them.
_Sums = list[Any]


@dataclass(frozen=True, slots=True)
class TokenSum:
    """Tokens of some calls, and how many of the calls rest on which source."""

    tokens_in: int
    tokens_out: int
    reported_calls: int
    estimated_calls: int
    missing_calls: int


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Usage of one model. `source_id` is the connection's id, or the provider's name for standard models.

    `ttft_ms` is the mean time to the first token; None where no call had one.
    """

    source_id: str
    model_id: str
    calls: int
    failed_calls: int
    tokens: TokenSum
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class SourceUsage:
    """Usage of one connection or standard provider, whatever the model."""

    source_id: str
    calls: int
    failed_calls: int
    tokens: TokenSum
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class DayUsage:
    """Usage of one day, UTC, `YYYY-MM-DD`."""

    day: str
    calls: int
    failed_calls: int
    tokens: TokenSum


@dataclass(frozen=True, slots=True)
class UsageReport:
    """One log over a range of days. What was used most comes first; days in their order, without empty ones."""

    calls: int
    failed_calls: int
    total: TokenSum
    ttft_ms: float | None
    sources: Sequence[SourceUsage]
    rows: Sequence[ModelUsage]
    days: Sequence[DayUsage]


class Statistics:
    """Reads the sums of one team; with `user_id`, only that person's calls. `without` selects calls to leave out."""

    def __init__(
        self, tx: AsyncConnection, team_id: UUID, user_id: UUID | None = None, without: Select[UUID] | None = None
    ) -> None:
        self._tx = tx
        self._scope = Scope(team_id, user_id, without)

    async def report(self, kind: EventKind, first: date, last: date) -> UsageReport:
        """Sum up the days from `first` to `last` (UTC, inclusive). The mean time to the first token is in ms."""
        models: dict[_SourceModel, _Sums] = {}
        days: dict[int, _Sums] = {}
        for day, source_id, model_id, *sums in await self._rows(kind, first, last):
            _add(models, (source_id, model_id), sums)
            _add(days, day, sums)
        for part in await hidden_parts(self._tx, kind, self._scope, first, last):
            off = [-getattr(part.figures, name) for name in FIGURES]
            _add(models, (part.source_id, part.model_id), off)
            _add(days, part.day, off)
        return _report(
            {model: read_figures(sums) for model, sums in models.items()},
            {day: read_figures(sums) for day, sums in days.items()},
        )

    async def _rows(self, kind: EventKind, first: date, last: date) -> Sequence[Any]:
        # Closed days have lost whose they are.
        closed_until = await read_closed_until(self._tx) if self._scope.user_id is None else NOTHING_CLOSED
        closed, as_they_are = split_days(*numbers_of(first, last), closed_until)
        rows: list[Any] = []
        for table, span in ((CLOSED_DAYS[kind], closed), (DAY_TABLES[kind], as_they_are)):
            if span is not None:
                rows += await self._sums(kind, table, span)
        return rows

    async def _sums(self, kind: EventKind, table: Any, span: Span) -> Sequence[Any]:
        key = (table.day, source_of(kind, table), table.model_id)
        sums = [func.sum(getattr(table, name)) for name in FIGURES]
        within = [table.team_id == self._scope.team_id, table.day.between(*span)]
        if self._scope.user_id is not None:
            within.append(table.user_id == self._scope.user_id)
        # Only ids as they are stored: a year of many models is thousands of groups.
        told = (key[0], type_coerce(key[1], String), key[2])
        return (await self._tx.execute(select(*told, *sums).where(*within).group_by(*key))).all()


def _add(to: dict[_Key, _Sums], key: _Key, sums: _Sums) -> None:
    before = to.get(key)
    to[key] = sums if before is None else list(map(operator.add, before, sums))


def _report(models: Mapping[_SourceModel, Figures], days: Mapping[int, Figures]) -> UsageReport:
    sources: dict[str, Figures] = {}
    for (source_id, _), figures in models.items():
        sources[source_id] = sources.get(source_id, Figures()) + figures
    rows = [_model_usage(model, figures) for model, figures in models.items() if figures.calls]
    rows.sort(key=lambda row: (-row.calls, row.model_id, row.source_id))
    by_source = [_source_usage(source, figures) for source, figures in sources.items() if figures.calls]
    by_source.sort(key=lambda one: (-one.calls, one.source_id))
    told = [_day_usage(day, days[day]) for day in sorted(days) if days[day].calls]
    whole = sum(models.values(), Figures())
    return UsageReport(whole.calls, whole.failed_calls, token_sum(whole), mean_ttft_ms(whole), by_source, rows, told)


async def charged_for(tx: AsyncConnection, team_id: UUID, period_start: datetime, calls: Select[UUID]) -> int:
    """Give what some standard calls took of a month's budget, in tokens."""
    event, taken = StandardUsageRow, 0
    async for some in ids_of(tx, calls):
        its = select(func.sum(event.charged_tokens)).where(
            event.call_id.in_(some), event.team_id == team_id, event.period_start == period_start
        )
        taken += int(await tx.scalar(its) or 0)
    return taken


def _model_usage(model: _SourceModel, figures: Figures) -> ModelUsage:
    return ModelUsage(*model, figures.calls, figures.failed_calls, token_sum(figures), mean_ttft_ms(figures))


def _source_usage(source_id: str, figures: Figures) -> SourceUsage:
    return SourceUsage(source_id, figures.calls, figures.failed_calls, token_sum(figures), mean_ttft_ms(figures))


def _day_usage(day: int, figures: Figures) -> DayUsage:
    return DayUsage(date_of(day).isoformat(), figures.calls, figures.failed_calls, token_sum(figures))


def mean_ttft_ms(figures: Figures) -> float | None:
    """Give the mean time to the first token in ms; None where no call had one."""
    return figures.ttft_ms_sum / figures.ttft_calls if figures.ttft_calls else None


def token_sum(figures: Figures) -> TokenSum:
    """Add up what was reported and what was estimated."""
    return TokenSum(
        figures.reported_in + figures.estimated_in,
        figures.reported_out + figures.estimated_out,
        figures.reported_calls,
        figures.estimated_calls,
        figures.missing_calls,
    )
