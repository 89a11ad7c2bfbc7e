"""From sums to what the API shows of one log: names, and what it would have cost at the prices that were entered."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from moorage.api.schemas.usage import CostView, Kind, Tokens, UsageDay, UsageLog, UsageRow, UsageSource
from moorage.api.usage_prices import price_view
from moorage.connections.cleared import own_place, provider_place
from moorage.usage.costs import Cost, Price, sum_up
from moorage.usage.statistics import ModelUsage, SourceUsage, TokenSum, UsageReport


@dataclass(frozen=True, slots=True)
class LogTeller:
    """Tells one of the two logs. `names` by connection or provider; `prices` by place and model, none for members."""

    kind: Kind
    names: Mapping[str, str]
    prices: Mapping[tuple[str, str], Price]

    def tell(self, report: UsageReport) -> UsageLog:
        """Give a log as it is shown."""
        costs = [(row, self.cost_of(row.source_id, row.model_id, row.tokens)) for row in report.rows]
        return UsageLog(
            kind=self.kind,
            total=tokens_view(report.total),
            calls=report.calls,
            failed_calls=report.failed_calls,
            ttft_ms=report.ttft_ms,
            sources=[self._source(one) for one in report.sources],
            rows=[self._row(row, cost) for row, cost in costs],
            days=[
                UsageDay(day=one.day, calls=one.calls, failed_calls=one.failed_calls, tokens=tokens_view(one.tokens))
                for one in report.days
            ],
            costs=[_cost_view(cost) for cost in sum_up(cost for _, cost in costs if cost is not None)],
            unpriced_calls=sum(row.calls for row, cost in costs if cost is None),
        )

    def name_of(self, source_id: str) -> str:
        """Give the name of a connection or a provider; one that the operator offers no more keeps its id."""
        return self.names.get(source_id, source_id if self.kind == "standard" else "–")

    def cost_of(self, source_id: str, model_id: str, tokens: TokenSum) -> Cost | None:
        """Give what use of a model would have cost; None without a price."""
        price = self._price_of(source_id, model_id)
        return None if price is None else price.of(tokens)

    def _price_of(self, source_id: str, model_id: str) -> Price | None:
        place = own_place(UUID(source_id)) if self.kind == "byom" else provider_place(source_id)
        return self.prices.get((place, model_id))

    def _row(self, row: ModelUsage, cost: Cost | None) -> UsageRow:
        return UsageRow(
            connection_id=row.source_id if self.kind == "byom" else None,
            provider=row.source_id if self.kind == "standard" else None,
            connection_name=self.name_of(row.source_id),
            model_id=row.model_id,
            calls=row.calls,
            failed_calls=row.failed_calls,
            tokens=tokens_view(row.tokens),
            ttft_ms=row.ttft_ms,
            price=price_view(self._price_of(row.source_id, row.model_id)),
            cost=None if cost is None else _cost_view(cost),
        )

    def _source(self, one: SourceUsage) -> UsageSource:
        return UsageSource(
            connection_id=one.source_id if self.kind == "byom" else None,
            provider=one.source_id if self.kind == "standard" else None,
            name=self.name_of(one.source_id),
            calls=one.calls,
            failed_calls=one.failed_calls,
            tokens=tokens_view(one.tokens),
            ttft_ms=one.ttft_ms,
        )


def tokens_view(total: TokenSum) -> Tokens:
    """Give a sum of tokens with its sources."""
    return Tokens(
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        reported_calls=total.reported_calls,
        estimated_calls=total.estimated_calls,
        missing_calls=total.missing_calls,
    )


def _cost_view(cost: Cost) -> CostView:
    return CostView(
        currency=cost.currency,
        amount=cost.amount,
        estimated_calls=cost.estimated_calls,
        missing_calls=cost.missing_calls,
    )
