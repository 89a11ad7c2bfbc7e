"""Statistics: own and standard models side by side and never added up (P15), every figure with its source (P16)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import Day, Input, Shape

Kind = Literal["byom", "standard"]
PriceText = Annotated[str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,6})?$", max_length=14)]
"""A price as an exact decimal: never a number of JSON, which programs read as a float."""


class Tokens(Shape):
    """A sum of tokens and how much of it rests on what (P16): calls by the source of their count."""

    tokens_in: int
    tokens_out: int
    reported_calls: int
    estimated_calls: int
    missing_calls: int


class PriceView(Shape):
    """What a million tokens cost by the team's own contract, as exact decimals. `currency` by ISO 4217."""

    currency: str
    per_million_in: str
    per_million_out: str


class CostView(Shape):
    """What use would have cost, as an exact decimal. Calls without figures are not in it, estimated ones are."""

    currency: str
    amount: str
    estimated_calls: int
    missing_calls: int


class UsageRow(Shape):
    """Usage of one model of one connection (or standard provider) in the range. Times are means in milliseconds.

    `price` and `cost` are for owners and admins; null where no price was entered.
    """

    connection_id: str | None
    provider: str | None
    connection_name: str
    model_id: str
    calls: int
    failed_calls: int
    tokens: Tokens
    ttft_ms: float | None
    price: PriceView | None
    cost: CostView | None


class UsageSource(Shape):
    """Usage of one connection, or of one standard provider, whatever the model. Times are means in milliseconds."""

    connection_id: str | None
    provider: str | None
    name: str
    calls: int
    failed_calls: int
    tokens: Tokens
    ttft_ms: float | None


class UsageDay(Shape):
    """Usage of one day, UTC, `YYYY-MM-DD`."""

    day: str
    calls: int
    failed_calls: int
    tokens: Tokens


class UsageLog(Shape):
    """One of the two logs. They are never added up (P15).

    `costs`: an amount for each currency in which prices were entered. `unpriced_calls` are of models without a price.
    """

    kind: Kind
    total: Tokens
    calls: int
    failed_calls: int
    ttft_ms: float | None
    sources: list[UsageSource]
    rows: list[UsageRow]
    days: list[UsageDay]
    costs: list[CostView]
    unpriced_calls: int


class BudgetView(Shape):
    """The plan's budget of standard models in this month, in tokens. `resets_on` (UTC): when the next one begins.

    `used`: settled, without calls whose figures are held back until a blind comparison is judged.
    """

    limit: int
    used: int
    resets_on: str
    is_spent: bool


class UsageView(Shape):
    """Statistics for the days `from_day` to `to_day`, inclusive: of the whole team, or of oneself alone.

    `undecided_calls` of one's own are left out until their blind comparisons are judged: figures would tell the models.
    """

    from_day: str
    to_day: str
    whose: Literal["team", "own"]
    undecided_calls: int
    byom: UsageLog
    standard: UsageLog
    budget: BudgetView


class PersonUsageView(Shape):
    """Usage of one person. `name` is empty for who is no member now: they left, or were erased."""

    user_id: UUID
    name: str
    email: str
    calls: int
    failed_calls: int
    tokens: Tokens


class PeopleLog(Shape):
    """What each person used of one log, most first. `left_out`: how many more there are; an export has all."""

    kind: Kind
    people: list[PersonUsageView]
    left_out: int


class PeopleUsageView(Shape):
    """Usage by person for the days `from_day` to `to_day`, inclusive."""

    from_day: str
    to_day: str
    byom: PeopleLog
    standard: PeopleLog


class PriceGiven(Input):
    """A price for a million tokens in, and for a million out."""

    currency: str = Field(pattern=r"^[A-Z]{3}$", max_length=3, description="ISO 4217, for instance EUR")
    per_million_in: PriceText
    per_million_out: PriceText


class PriceSet(Input):
    """The price of a model of a connection; null takes it away."""

    model_id: str = Field(min_length=1, max_length=256)
    price: PriceGiven | None


class StandardPriceSet(PriceSet):
    """The price of a standard model."""

    provider: str = Field(min_length=1, max_length=40)


class PriceDone(Shape):
    """The price as it is now."""

    price: PriceView | None


class UsageExport(Input):
    """An export of one of the two logs, a line for each day, model and person; days UTC, both included."""

    kind: Kind
    format: Literal["csv", "ndjson"] = "csv"
    from_day: Day
    to_day: Day
