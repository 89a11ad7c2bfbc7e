"""What use would have cost by a team's own contracts: exact, on record, for owners and admins, each log by itself."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.usage.costs import Cost, Price, decimal_of, sum_up
from moorage.usage.statistics import TokenSum
from tests.api.office import RANGE, Office, office
from tests.support.running import Person

__all__ = ["office"]

EUROS = {"currency": "EUR", "per_million_in": "0.15", "per_million_out": "0.600001"}
prices = st.decimals(0, 9_999_999, places=6)
counts = st.integers(0, 10**15)


@given(prices, prices, counts, counts)
def test_a_cost_is_exact_to_the_last_place(price_in: Decimal, price_out: Decimal, used_in: int, used_out: int) -> None:
    cost = Price("EUR", price_in, price_out).of(TokenSum(used_in, used_out, 1, 0, 0))
    # In whole numbers: a float, or a decimal of 28 digits, would lose the end.
    units = used_in * int(price_in * 10**6) + used_out * int(price_out * 10**6)
    whole, _, places = cost.amount.partition(".")
    assert int(whole) * 10**12 + int(places.ljust(12, "0")) == units
    assert not cost.amount.endswith(".")
    assert Decimal(decimal_of(price_in)) == price_in


def test_currencies_stay_apart() -> None:
    costs = [Cost("EUR", 10**12, 1, 0), Cost("USD", 5, 0, 2), Cost("EUR", 1, 0, 1)]
    assert [(one.currency, one.amount, one.estimated_calls, one.missing_calls) for one in sum_up(costs)] == [
        ("EUR", "1.000000000001", 1, 1),
        ("USD", "0.000000000005", 0, 2),
    ]
    with pytest.raises(ValueError, match="two currencies"):
        costs[0] + costs[1]


async def enter(office: Office, person: Person, price: Any = EUROS, model_id: str = "steady") -> Any:
    """Enter a price for a model of the team's connection."""
    return await person.call("PUT", f"/api/usage/prices/{office.connection}", {"model_id": model_id, "price": price})


async def test_a_price_tells_what_use_would_have_cost_and_stands_in_the_trail(office: Office) -> None:
    await office.put(
        office.row(office.olga, reported_in=1_000_000, reported_out=2_000_000),
        office.row(office.mia, model_id="unpriced"),
        office.row(office.olga, kind="standard", provider="mistral", model_id="steady", reported_in=1_000_000),
    )
    assert (await enter(office, office.adam)).json() == {"price": EUROS}
    usage = await office.olga.get(f"/api/usage{RANGE}")
    row = next(row for row in usage["byom"]["rows"] if row["model_id"] == "steady")
    assert (row["price"], row["cost"]["amount"]) == (EUROS, "1.350002")
    assert [(one["currency"], one["amount"]) for one in usage["byom"]["costs"]] == [("EUR", "1.350002")]
    assert usage["byom"]["unpriced_calls"] == 1
    assert usage["standard"]["costs"] == [], "a price of an own model is none of a standard model of the same name"
    [entry, *_] = (await office.olga.get("/api/audit"))["entries"]
    assert (entry["action"], entry["actor"], entry["details"]["before"]) == ("price.set", "Adam", None)
    assert "0.15 / 0.600001 EUR" in entry["sentence"]

    assert (await enter(office, office.olga, {**EUROS, "currency": "CHF"})).is_success
    assert (await enter(office, office.olga, {**EUROS, "currency": "CHF"})).is_success, "the same again is no change"
    assert (await enter(office, office.olga, None)).json() == {"price": None}
    acts = [one["action"] for one in (await office.olga.get("/api/audit"))["entries"]]
    assert acts[:3] == ["price.removed", "price.set", "price.set"]
    assert (await office.olga.get(f"/api/usage{RANGE}"))["byom"]["costs"] == []


async def test_a_standard_model_has_a_price_of_its_own(office: Office) -> None:
    await office.put(office.row(office.olga, kind="standard", provider="mistral", model_id="m", reported_in=3_000_000))
    wish = {"provider": "mistral", "model_id": "m", "price": {**EUROS, "currency": "USD", "per_million_in": "2"}}
    assert (await office.olga.call("PUT", "/api/usage/standard-prices", wish)).is_success
    usage = await office.olga.get(f"/api/usage{RANGE}")
    assert [one["currency"] for one in usage["standard"]["costs"]] == ["USD"]
    assert usage["standard"]["costs"][0]["amount"] == "6.000003000005"
    assert usage["byom"]["costs"] == []
    unknown = await office.olga.call("PUT", "/api/usage/standard-prices", {**wish, "provider": "nobody"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "standard_provider_gone")
    unknown = await office.olga.call("PUT", "/api/usage/standard-prices", {**wish, "model_id": "other"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "priced_model_gone")


async def test_members_neither_enter_prices_nor_learn_them_and_nobody_reaches_another_team(office: Office) -> None:
    await office.put(office.row(office.mia), office.row(office.eve))
    assert (await enter(office, office.olga)).is_success
    assert (await enter(office, office.mia)).status_code == 403
    assert (await enter(office, office.eve)).json()["error"]["code"] == "connection_gone"
    assert (await enter(office, office.olga, model_id="never heard of")).json()["error"]["code"] == "priced_model_gone"
    told = await office.mia.call("GET", f"/api/usage{RANGE}")
    assert told.json()["byom"]["rows"][0]["cost"] is None
    assert "0.15" not in told.text
    assert (await office.eve.get(f"/api/usage{RANGE}"))["byom"]["costs"] == []


@pytest.mark.parametrize("wrong", ["-1", "1e3", "0.1234567", "12345678", "", "1,5", 0.15, "NaN", "٣"])
async def test_a_price_is_written_as_an_exact_decimal_or_refused(office: Office, wrong: Any) -> None:
    assert (await enter(office, office.olga, {**EUROS, "per_million_in": wrong})).status_code == 422
    assert (await enter(office, office.olga, {**EUROS, "currency": "euro"})).status_code == 422


async def test_a_figure_keeps_its_price_when_its_connection_is_deleted(office: Office) -> None:
    await office.put(office.row(office.olga))
    assert (await enter(office, office.olga)).is_success
    assert (await office.olga.call("DELETE", f"/api/connections/{office.connection}")).is_success
    assert (await office.olga.get(f"/api/usage{RANGE}"))["byom"]["rows"][0]["price"] == EUROS
    assert (await enter(office, office.olga, None)).is_success
