"""What tokens would have cost at a price that somebody entered: exact to the last place, and per currency.

No float comes near it. Currencies are never added up, and neither are own and standard models (P15).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

from moorage.usage.statistics import TokenSum

_PLACES: Final = 12  # a price has six, and it is for a million tokens


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a million tokens in, and of a million out; at most six places. `currency` by ISO 4217."""

    currency: str
    per_million_in: Decimal
    per_million_out: Decimal

    def of(self, tokens: TokenSum) -> "Cost":
        """Give what these tokens cost. Estimates count as well, and the cost says so."""
        units = tokens.tokens_in * _millionths(self.per_million_in)
        units += tokens.tokens_out * _millionths(self.per_million_out)
        return Cost(self.currency, units, tokens.estimated_calls, tokens.missing_calls)


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount, and how many of the calls behind it were estimated, or have no figure and are not in it at all."""

    currency: str
    units: int
    estimated_calls: int
    missing_calls: int

    @property
    def amount(self) -> str:
        """The exact amount as a decimal, without zeros at its end."""
        whole, rest = divmod(self.units, 10**_PLACES)
        return f"{whole}.{rest:0{_PLACES}}".rstrip("0").rstrip(".")

    def __add__(self, other: "Cost") -> Self:
        if self.currency != other.currency:
            raise ValueError("amounts of two currencies")
        return type(self)(
            self.currency,
            self.units + other.units,
            self.estimated_calls + other.estimated_calls,
            self.missing_calls + other.missing_calls,
        )


def sum_up(costs: Iterable[Cost]) -> list[Cost]:
    """Give one amount for each currency, in their order."""
    sums: dict[str, Cost] = {}
    for cost in costs:
        sums[cost.currency] = sums[cost.currency] + cost if cost.currency in sums else cost
    return [sums[currency] for currency in sorted(sums)]


def decimal_of(number: Decimal) -> str:
    """Give a price as people write it: `0.15`, `3`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _millionths(price: Decimal) -> int:
    return int(price.scaleb(6))
