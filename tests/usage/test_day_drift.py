"""A sum of a day that is not what its calls come to is found and told apart, on either engine (P15)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from moorage.storage.types import db_now, new_id
from moorage.usage.drift import DayDrift, count_days, find_day_drift
from moorage.usage.rollups import FIGURES, figures_of
from moorage.usage.tables import StandardCorrectionRow
from tests.support.kept_rows import change
from tests.usage.quayside import Quayside, quayside, used

__all__ = ["quayside"]

OUTCOMES = (
    used(3, 4),
    used(5, 6, "estimated"),
    used(7, None, "orphan", "crashed"),
    used(None, None, "missing", "upstream_error"),
    used(1, 1, "reported", "timeout"),
    replace(used(2, 2), ttft_ms=None),
)


async def use(quayside: Quayside) -> None:
    """Use an own and a standard model in every way, for two people; one call was corrected later."""
    connection_id = new_id()
    for kind in ("byom", "standard"):
        for user_id in (quayside.team_id, new_id()):
            for outcome in OUTCOMES:
                call = quayside.call(user_id=user_id)
                if kind == "byom":
                    call = quayside.own_call(connection_id=connection_id, user_id=user_id)
                await quayside.announce(call)
                await quayside.settle(call, outcome)
        late = quayside.own_call(connection_id=connection_id) if kind == "byom" else quayside.call()
        await quayside.announce(late)
        await quayside.settle(late, used(100, None, "orphan", "crashed"))
        await quayside.settle(late, used(80, 20))
    unsaid = quayside.own_call(purpose="discovery")
    await quayside.announce(unsaid)
    await quayside.settle(unsaid, used(3, 4))


async def found(quayside: Quayside, most: int = 1000) -> list[DayDrift]:
    async with quayside.database.read() as tx:
        return list(await find_day_drift(tx, most))


async def test_days_are_what_the_ledger_wrote_whatever_became_of_the_calls(quayside: Quayside) -> None:
    await use(quayside)
    assert await found(quayside) == []
    async with quayside.database.read() as tx:
        assert await count_days(tx) == 4


@pytest.mark.parametrize("kind", ["byom", "standard"])
@pytest.mark.parametrize("name", FIGURES)
async def test_each_figure_of_a_day_is_looked_at(quayside: Quayside, kind: str, name: str) -> None:
    await use(quayside)
    mine = f"user_id = '{quayside.team_id}'"
    await change(quayside.database, f"UPDATE {kind}_usage_day SET {name} = {name} + 2 WHERE {mine}")
    [drift] = await found(quayside)
    assert (drift.kind, drift.team_id, drift.user_id) == (kind, quayside.team_id, quayside.team_id)
    assert drift.model_id == "gpt"
    assert {one: round(getattr(drift.apart, one), 3) for one in FIGURES} == {one: 2 * (one == name) for one in FIGURES}


@pytest.mark.parametrize(
    ("statement", "gone", "come"),
    [
        ("UPDATE {kind}_usage_day SET day = day + 1", 2, 2),
        ("UPDATE {kind}_usage_day SET model_id = 'other'", 2, 2),
        ("UPDATE {kind}_usage_day SET {source} = '00000000-0000-0000-0000-00000000000a'", 2, 2),
        ("UPDATE {kind}_usage_day SET team_id = '00000000-0000-0000-0000-00000000000a'", 2, 2),
        ("DELETE FROM {kind}_usage_day", 2, 0),
        ("DELETE FROM {kind}_usage_event", 0, 2),
    ],
)
@pytest.mark.parametrize(("kind", "source"), [("byom", "connection_id"), ("standard", "provider")])
async def test_a_sum_in_the_wrong_place_is_missed_in_one_and_found_in_the_other(
    quayside: Quayside, kind: str, source: str, statement: str, gone: int, come: int
) -> None:
    await use(quayside)
    await change(quayside.database, statement.format(kind=kind, source=source))
    drifts = await found(quayside)
    assert [one.kind for one in drifts] == [kind] * (gone + come)
    assert (sum(one.apart.calls < 0 for one in drifts), sum(one.apart.calls > 0 for one in drifts)) == (gone, come)
    assert await found(quayside, 1) == drifts[:1]


async def test_the_newest_correction_of_a_call_counts(quayside: Quayside) -> None:
    call = quayside.call()
    await quayside.announce(call)
    await quayside.settle(call, used(100, None, "orphan", "crashed"))
    await quayside.settle(call, used(80, 20))
    newer: dict[str, Any] = {
        "id": new_id(), "call_id": call.call_id, "team_id": call.team_id, "reason": "bill", "tokens_in": 81,
        "tokens_out": 25, "count_source": "reported", "ended": "ok", "ttft_ms": 10.0, "charged_delta": 0,
        "at": db_now(),
    }  # fmt: skip
    async with quayside.database.write() as tx:
        await tx.execute(insert(StandardCorrectionRow).values(newer))
    [drift] = await found(quayside)
    assert drift.apart == figures_of("reported", 80, 20, "ok", 10.0) - figures_of("reported", 81, 25, "ok", 10.0)


async def test_a_call_counts_on_the_day_in_utc_on_which_it_was_settled(quayside: Quayside) -> None:
    call = quayside.call()
    await quayside.announce(call)
    await quayside.settle(call, used(3, 4))
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = int(midnight.timestamp()) * 1_000_000
    for at, day in ((first, 0), (first + 86_399_999_999, 0), (first - 1, -1), (first + 86_400_000_000, 1)):
        await change(quayside.database, f"UPDATE standard_usage_event SET at = {at}")
        days = sorted((one.day, one.apart.calls) for one in await found(quayside))
        today = (midnight.date(), 1)
        there = ((midnight + timedelta(days=day)).date(), -1)
        assert days == ([] if day == 0 else sorted([today, there])), at
