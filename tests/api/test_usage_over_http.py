"""Statistics over HTTP: who sees whose figures, which days, and what is never added up (P15, P16)."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from moorage.api.usage import MAX_PEOPLE
from moorage.storage.types import new_id
from moorage.usage.rollups import add_to_day, figures_of
from tests.api.office import RANGE, Office, office

__all__ = ["office"]


async def test_owner_and_admin_see_the_team_a_member_themselves_and_nobody_another_team(office: Office) -> None:
    await office.put(
        office.row(office.olga, calls=2),
        office.row(office.mia, calls=3),
        office.row(office.eve, calls=40),
        office.row(office.mia, kind="standard", provider="mistral", calls=5),
    )
    seen = {
        name: await person.get(f"/api/usage{RANGE}")
        for name, person in (("olga", office.olga), ("adam", office.adam), ("mia", office.mia), ("eve", office.eve))
    }
    assert {name: usage["byom"]["calls"] for name, usage in seen.items()} == {"olga": 5, "adam": 5, "mia": 3, "eve": 40}
    assert {name: usage["whose"] for name, usage in seen.items()} == {
        "olga": "team",
        "adam": "team",
        "mia": "own",
        "eve": "team",
    }
    assert seen["mia"]["standard"]["calls"] == seen["olga"]["standard"]["calls"] == 5
    assert "Eve" not in json.dumps(seen["olga"])
    by_person = await office.adam.get(f"/api/usage/people{RANGE}")
    assert {one["name"]: one["calls"] for one in by_person["byom"]["people"]} == {"Mia": 3, "Olga": 2}
    assert {one["email"] for one in by_person["standard"]["people"]} == {"mia@example.com"}
    refused = await office.mia.call("GET", f"/api/usage/people{RANGE}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_allowed")


async def test_the_two_logs_are_never_added_up(office: Office) -> None:
    """P15: whatever number there is in the answer, none is the sum of both."""
    await office.put(
        office.row(office.olga, calls=1_000, reported_calls=1_000, reported_in=3_000_017, reported_out=500_029),
        office.row(
            office.olga,
            kind="standard",
            provider="mistral",
            calls=20_000,
            reported_calls=20_000,
            reported_in=7_000_019,
            reported_out=900_037,
        ),
    )
    numbers: set[float] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                collect(one)
        elif isinstance(value, int | float):
            numbers.add(value)

    collect(await office.olga.get(f"/api/usage{RANGE}"))
    collect(await office.olga.get(f"/api/usage/people{RANGE}"))
    assert {1_000, 3_000_017, 500_029, 20_000, 7_000_019, 900_037} <= numbers
    sums = {21_000, 10_000_036, 1_400_066, 3_500_046 + 7_900_056}
    assert numbers & sums == set()


async def test_speed_and_failures_are_told_for_each_connection_and_share_and_source_for_each_figure(
    office: Office,
) -> None:
    """P16."""
    await office.put(
        office.row(
            office.olga, calls=4, failed_calls=1, reported_calls=3, missing_calls=1, ttft_calls=2, ttft_ms_sum=300
        ),
        office.row(office.mia, model_id="glm", reported_calls=0, estimated_calls=1, estimated_in=7, reported_in=0),
    )
    usage = await office.olga.get(f"/api/usage{RANGE}")
    [source] = usage["byom"]["sources"]
    assert (source["name"], source["calls"], source["failed_calls"]) == ("Kanzlei GPU", 5, 1)
    assert source["ttft_ms"] == pytest.approx((300 + 120) / 3)
    told = source["tokens"]
    assert (told["reported_calls"], told["estimated_calls"], told["missing_calls"]) == (3, 1, 1)
    assert usage["byom"]["failed_calls"] == 1
    [day] = usage["byom"]["days"]
    assert (day["day"], day["calls"], day["failed_calls"]) == ("2026-03-14", 5, 1)


async def test_a_range_holds_both_of_its_ends_and_ends_where_the_month_does(office: Office) -> None:
    ends = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    await office.put(*(office.row(office.olga, day, calls=10**place) for place, day in enumerate(ends)))
    assert (await office.olga.get(f"/api/usage{RANGE}"))["byom"]["calls"] == 110
    assert (await office.olga.get("/api/usage?from=2026-04-01&to=2026-04-01"))["byom"]["calls"] == 1000
    assert (await office.olga.get("/api/usage?from=2026-04-02&to=2026-04-03"))["byom"]["days"] == []
    # Four hundred days, both ends included, and one more.
    longest, wrong_by_one = "?from=2025-02-26&to=2026-04-01", "?from=2025-02-25&to=2026-04-01"
    paths = ("/api/usage", "/api/usage/people", "/api/comparisons/tally")
    for path in paths:
        assert (await office.olga.call("GET", path + longest)).status_code == 200
    for wrong in ("?from=2026-04-02&to=2026-04-01", wrong_by_one, "?from=2024-01-01&to=2026-04-01"):
        for path in paths:
            answer = await office.olga.call("GET", path + wrong)
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "range_invalid")


@pytest.mark.parametrize("path", ["/api/usage", "/api/usage/people", "/api/comparisons/tally"])
async def test_a_range_has_four_hundred_days_and_no_day_more(office: Office, path: str) -> None:
    last = date(2026, 4, 1)
    for days, status in ((400, 200), (401, 422)):
        first = last - timedelta(days=days - 1)
        answer = await office.olga.call("GET", f"{path}?from={first}&to={last}")
        assert answer.status_code == status, days


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC), "03"),
        (datetime(2026, 4, 1, tzinfo=UTC), "04"),
        (datetime(2026, 4, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "03"),  # April in Berlin, March in UTC
        (datetime(2026, 3, 31, 20, 30, tzinfo=timezone(timedelta(hours=-7))), "04"),  # March in Denver
    ],
)
async def test_a_month_is_that_of_utc_whatever_zone_a_moment_was_written_in(
    office: Office, at: datetime, month: str
) -> None:
    event = {**office.row(office.olga), "purpose": "reply"}
    async with office.harbour.built.parts.database.write() as tx:
        await add_to_day(tx, "byom", event, at, figures_of("reported", 1, 1, "ok", 5.0))
    march = (await office.olga.get("/api/usage?from=2026-03-01&to=2026-03-31"))["byom"]["calls"]
    april = (await office.olga.get("/api/usage?from=2026-04-01&to=2026-04-30"))["byom"]["calls"]
    assert (march, april) == ((1, 0) if month == "03" else (0, 1))


async def test_who_is_no_member_any_more_is_counted_without_a_name_and_many_are_cut_short(office: Office) -> None:
    strangers = [
        {**office.row(office.mia), "user_id": new_id(), "reported_in": 1000 + place} for place in range(MAX_PEOPLE)
    ]
    await office.put(*strangers, office.row(office.mia, reported_in=1))
    by_person = await office.olga.get(f"/api/usage/people{RANGE}")
    assert len(by_person["byom"]["people"]) == MAX_PEOPLE
    assert by_person["byom"]["left_out"] == 1
    assert {one["name"] for one in by_person["byom"]["people"]} == {""}
    assert (await office.olga.get(f"/api/usage{RANGE}"))["byom"]["calls"] == MAX_PEOPLE + 1
    me = office.mia.session["me"]["id"]
    assert (await office.olga.call("DELETE", f"/api/team/members/{me}")).is_success
    await office.put(office.row(office.mia, day=date(2026, 5, 1)))
    left = await office.olga.get("/api/usage/people?from=2026-05-01&to=2026-05-01")
    assert [one["name"] for one in left["byom"]["people"]] == [""]
