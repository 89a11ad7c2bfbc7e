"""What was used, from the two logs, which are never added up (P15), with the source of every figure (P16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.tables import ByomUsageRow, StandardUsageRow

DAY_US = 86_400_000_000


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
    """Usage of one model. `source_id` is the connection's id, or the provider's name for standard models."""

    source_id: str
    model_id: str
    calls: int
    failed_calls: int
    tokens: TokenSum
    ttft_ms: float | None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """One log over a range of days."""

    calls: int
    total: TokenSum
    rows: Sequence[ModelUsage]
    days: Sequence[tuple[str, TokenSum]]


class Statistics:
    """Reads the logs of one team; with `user_id`, only that person's calls."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, user_id: UUID | None = None) -> None:
        self._tx = tx
        self._team_id = team_id
        self._user_id = user_id

    async def report(self, kind: Literal["byom", "standard"], first: date, last: date) -> UsageReport:
        """Sum up the days from `first` to `last` (UTC, inclusive). The median time to first token is in ms."""
        table: Any = ByomUsageRow if kind == "byom" else StandardUsageRow
        source = table.connection_id if kind == "byom" else table.provider
        wanted = self._within(table, first, last)
        medians = await self._median_ttft_ms(table, source, wanted)
        per_model = await self._tx.execute(
            select(source, table.model_id, func.count(), _failed(table), *_sums(table))
            .where(wanted)
            .group_by(source, table.model_id)
            .order_by(func.count().desc(), table.model_id)
        )
        rows = [
            ModelUsage(
                source_id=str(row[0]),
                model_id=row[1],
                calls=row[2],
                failed_calls=int(row[3] or 0),
                tokens=_token_sum(row[4:]),
                ttft_ms=medians.get((str(row[0]), row[1])),
            )
            for row in per_model
        ]
        day = _day(table)
        per_day = await self._tx.execute(select(day, *_sums(table)).where(wanted).group_by(day).order_by(day))
        days = [((date(1970, 1, 1) + timedelta(days=int(row[0]))).isoformat(), _token_sum(row[1:])) for row in per_day]
        return UsageReport(sum(row.calls for row in rows), _add(row.tokens for row in rows), rows, days)

    def _within(self, table: Any, first: date, last: date) -> ColumnElement[bool]:
        start = datetime.combine(first, time(), UTC)
        end = datetime.combine(last + timedelta(days=1), time(), UTC)
        wanted: ColumnElement[bool] = (table.team_id == self._team_id) & (table.at >= start) & (table.at < end)
        # Asking for a model list writes nothing and costs nothing: it is in the log, but it is no usage.
        wanted = wanted & (table.purpose != "discovery")
        return wanted if self._user_id is None else wanted & (table.user_id == self._user_id)

    async def _median_ttft_ms(
        self, table: Any, source: Any, wanted: ColumnElement[bool]
    ) -> dict[tuple[str, str], float]:
        # Neither engine has a median that the other knows; the middle row of a window is one on both.
        window = {"partition_by": (source, table.model_id), "order_by": table.ttft_ms}
        ranked = (
            select(
                source.label("source"),
                table.model_id.label("model_id"),
                table.ttft_ms.label("ttft_ms"),
                func.row_number().over(**window).label("place"),
                func.count().over(partition_by=(source, table.model_id)).label("places"),
            )
            .where(wanted, table.ttft_ms.is_not(None))
            .subquery()
        )
        rows = await self._tx.execute(
            select(ranked.c.source, ranked.c.model_id, ranked.c.ttft_ms).where(
                ranked.c.place == (ranked.c.places + 1) // 2
            )
        )
        return {(str(row[0]), row[1]): row[2] for row in rows}


def _day(table: Any) -> ColumnElement[int]:
    return type_coerce(table.at, BigInteger) // DAY_US


def _failed(table: Any) -> ColumnElement[int]:
    return func.sum(case((table.ended.in_(("upstream_error", "timeout")), 1), else_=0))


def _sums(table: Any) -> list[ColumnElement[Any]]:
    def calls(*sources: str) -> ColumnElement[Any]:
        return func.sum(case((table.count_source.in_(sources), 1), else_=0))

    return [
        func.sum(table.tokens_in),
        func.sum(table.tokens_out),
        calls("reported"),
        calls("estimated", "orphan"),
        calls("missing"),
    ]


def _token_sum(figures: Any) -> TokenSum:
    return TokenSum(*(int(figure or 0) for figure in figures))


def _add(sums: Any) -> TokenSum:
    columns = [0, 0, 0, 0, 0]
    for one in sums:
        for place, figure in enumerate(
            (one.tokens_in, one.tokens_out, one.reported_calls, one.estimated_calls, one.missing_calls)
        ):
            columns[place] += figure
    return TokenSum(*columns)
