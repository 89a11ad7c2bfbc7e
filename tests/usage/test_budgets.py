"""A budget is held exactly, shortens answers before it refuses, and never touches own models (P15)."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from moorage.accounts.tables import TeamRow
from moorage.errors import BudgetSpent, TooMany
from moorage.plans.catalogue import carry_plans
from moorage.storage.types import db_now
from moorage.usage.budgets import resets_on
from moorage.usage.ledger import Ledger
from moorage.usage.plan_change import change_plan
from moorage.usage.tables import (
    BudgetPeriodRow,
    ByomCorrectionRow,
    ByomDayRow,
    ByomUsageRow,
    ReservationRow,
    StandardUsageRow,
)
from tests.usage.quayside import ANSWER, LIMIT, Quayside, add_team, month, plans_with, quayside, used

__all__ = ["quayside"]

NOVEMBER, DECEMBER = month(2026, 11), month(2026, 12)


async def test_what_a_call_may_take_is_held_and_what_it_took_is_settled(quayside: Quayside) -> None:
    call = quayside.call(100)
    grant = await quayside.begin(call)
    assert (grant.held_tokens, grant.max_tokens, grant.is_shortened) == (100 + ANSWER, ANSWER, False)
    budget = await quayside.budget()
    assert (budget.limit, budget.reserved, budget.settled) == (LIMIT, 100 + ANSWER, 0)
    await quayside.settle(call, used(90, 40))
    budget = await quayside.budget()
    assert (budget.reserved, budget.settled, budget.left) == (0, 130, LIMIT - 130)
    assert await quayside.drift() == []


async def test_near_the_end_answers_are_shortened_and_then_refused_with_the_day_it_begins_anew(
    quayside: Quayside,
) -> None:
    ledger = Ledger("here", "boot1", NOVEMBER)
    first = quayside.call(100)
    await quayside.begin(first, ledger)
    await quayside.settle(first, used(100, LIMIT - 100 - 700), ledger)  # 700 are left
    second = quayside.call(100)
    grant = await quayside.begin(second, ledger)
    assert (grant.max_tokens, grant.is_shortened) == (600, True)
    await quayside.settle(second, used(100, 500), ledger)  # 100 are left
    with pytest.raises(BudgetSpent) as refused:
        await quayside.begin(quayside.call(1), ledger)
    assert (refused.value.code, refused.value.params) == ("budget_spent", {"left": 100, "resets_on": "2026-12-01"})
    assert (await quayside.budget(ledger)).is_spent
    assert await quayside.count(ReservationRow) == 0


async def test_what_answers_under_way_hold_is_another_refusal_than_a_spent_budget(quayside: Quayside) -> None:
    under_way = [quayside.call(0, most=LIMIT // 2) for _ in range(2)]
    await quayside.announce(*under_way)
    with pytest.raises(TooMany) as refused:
        await quayside.begin(quayside.call(1))
    assert refused.value.code == "budget_held"
    await quayside.settle(under_way[0], used(1, 1))
    assert (await quayside.begin(quayside.call(1))).max_tokens == ANSWER


async def test_own_models_go_on_at_a_budget_of_zero(quayside: Quayside) -> None:
    carry_plans(quayside.database, plans_with(0))
    with pytest.raises(BudgetSpent):
        await quayside.begin(quayside.call())
    own = quayside.own_call()
    assert list(await quayside.announce(own)) == [None]
    assert await quayside.settle(own, used(5, 5))
    assert await quayside.count(ByomUsageRow) == 1
    assert (await quayside.budget()).settled == 0


async def test_a_row_of_an_own_model_can_not_name_a_budget(quayside: Quayside) -> None:
    """By schema: no column, no foreign key, and the one table that both share refuses it."""
    for table in (ByomUsageRow, ByomDayRow, ByomCorrectionRow):
        names = {column.name for column in table.__table__.columns}
        assert not any(word in name for name in names for word in ("budget", "price", "period", "charged", "held"))
        assert all(key.column.table.name != "budget_period" for key in table.__table__.foreign_keys)
    await quayside.begin(quayside.call())
    own = quayside.own_call()
    await quayside.announce(own)

    async def forge(*names: str) -> None:
        async with quayside.database.write() as tx:
            period = await tx.scalar(select(BudgetPeriodRow.period_start))
            taken = {"period_start": period, "held_tokens": 5}
            its = update(ReservationRow).where(ReservationRow.call_id == own.call_id)
            await tx.execute(its.values({name: taken[name] for name in names}))

    for forged in (["period_start"], ["held_tokens"], ["period_start", "held_tokens"]):
        with pytest.raises(IntegrityError):
            await forge(*forged)


async def test_a_standard_call_can_not_be_announced_without_a_limit(quayside: Quayside) -> None:
    with pytest.raises(TypeError):
        await quayside.announce(quayside.call(most=None))
    assert await quayside.count(ReservationRow) == 0


async def test_several_calls_are_held_for_all_together_or_not_at_all(quayside: Quayside) -> None:
    """A comparison: what is left is shared alike; what one does not need is for the others."""
    carry_plans(quayside.database, plans_with(2000))
    grants = await quayside.announce(quayside.call(100, most=300), quayside.call(100), quayside.call(100))
    assert [grant.max_tokens for grant in grants] == [300, 700, 700]
    assert (await quayside.budget()).reserved == 2000
    with pytest.raises(TooMany):
        await quayside.announce(quayside.call(1), quayside.call(1))
    assert await quayside.count(ReservationRow) == 3
    assert await quayside.drift() == []


async def test_of_several_calls_of_which_one_is_too_many_none_is_announced(quayside: Quayside) -> None:
    carry_plans(quayside.database, plans_with(700))
    with pytest.raises(BudgetSpent):
        await quayside.announce(quayside.call(100), quayside.call(100), quayside.call(100))
    assert await quayside.count(ReservationRow) == 0
    assert (await quayside.budget()).reserved == 0


async def test_what_began_in_one_month_counts_in_that_month(quayside: Quayside) -> None:
    before, after = Ledger("here", "boot1", NOVEMBER), Ledger("here", "boot1", DECEMBER)
    call = quayside.call(100)
    await quayside.begin(call, before)
    await quayside.settle(call, used(100, 200), after)
    november, december = await quayside.budget(before), await quayside.budget(after)
    assert (november.settled, november.reserved, november.resets_on.isoformat()) == (300, 0, "2026-12-01")
    assert (december.settled, december.reserved, december.resets_on.isoformat()) == (0, 0, "2027-01-01")
    await quayside.begin(quayside.call(100), after)
    assert (await quayside.budget(before)).settled == 300
    assert await quayside.drift() == []


async def test_the_month_is_that_of_the_databases_clock_in_utc(quayside: Quayside) -> None:
    call = quayside.call()
    grant = await quayside.begin(call)
    async with quayside.database.read() as tx:
        now = (await tx.execute(select(db_now()))).scalar_one()
    start = grant.period_start
    assert (start.year, start.month, start.day, start.hour, start.minute, start.microsecond) == (
        now.year,
        now.month,
        1,
        0,
        0,
        0,
    )
    assert resets_on(start) > now.date()


async def test_a_provider_that_ignores_the_limit_is_charged_in_full_and_flagged(quayside: Quayside) -> None:
    kept, broken = quayside.call(100), quayside.call(100)
    await quayside.announce(kept, broken)
    await quayside.settle(kept, used(100, ANSWER))
    await quayside.settle(broken, used(100, ANSWER + 1))
    async with quayside.database.read() as tx:
        rows = await tx.execute(
            select(StandardUsageRow.charged_tokens, StandardUsageRow.overrun).order_by(StandardUsageRow.overrun)
        )
        found = [tuple(row) for row in rows]
    assert found == [(100 + ANSWER, False), (101 + ANSWER, True)]
    assert (await quayside.budget()).settled == 2 * (100 + ANSWER) + 1
    assert await quayside.drift() == []


@pytest.mark.parametrize(
    ("outcome", "charged"),
    [
        (used(3, 4), 7),
        (used(100, 20, "estimated", "stopped"), 120),
        (used(None, None, "missing", "upstream_error"), 0),  # refused: nothing was taken
        (used(None, None, "missing", "timeout"), 100),  # the words had gone out
        (used(100, 7, "orphan", "crashed"), 107),
        (used(100, None, "orphan", "crashed"), 100 + ANSWER),  # nothing is known: all that was held
    ],
)
async def test_what_an_end_takes_is_never_nothing_because_nothing_is_known(
    quayside: Quayside, outcome: object, charged: int
) -> None:
    """P16."""
    call = quayside.call(100)
    await quayside.begin(call)
    await quayside.settle(call, outcome)  # type: ignore[arg-type]
    budget = await quayside.budget()
    assert (budget.settled, budget.reserved) == (charged, 0)
    assert await quayside.drift() == []


async def test_another_plan_holds_for_this_month_at_once_and_is_in_the_trail(quayside: Quayside) -> None:
    call = quayside.call(100)
    await quayside.begin(call)
    await quayside.settle(call, used(100, 8000))
    async with quayside.database.write() as tx:
        await change_plan(tx, quayside.team_id, plan="business_pro", standing=None)
    budget = await quayside.budget()
    assert (budget.limit, budget.settled) == (LIMIT * 10, 8100)
    async with quayside.database.write() as tx:
        await change_plan(tx, quayside.team_id, plan="free", standing=None)
    assert (await quayside.budget()).limit == LIMIT


async def test_a_change_of_plan_that_is_not_recorded_changes_no_limit(quayside: Quayside) -> None:
    await quayside.begin(quayside.call(100))

    async def change_and_fail() -> None:
        async with quayside.database.write() as tx:
            await change_plan(tx, quayside.team_id, plan="enterprise", standing=None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert (await quayside.budget()).limit == LIMIT


async def test_a_change_of_plan_and_the_first_call_of_a_month_come_one_after_the_other(quayside: Quayside) -> None:
    """Whichever is first: the month has the limit of the plan that the team has now."""

    async def change() -> None:
        async with quayside.database.write() as tx:
            await change_plan(tx, quayside.team_id, plan="enterprise", standing=None)
            await asyncio.sleep(0.05)

    async def begin() -> None:
        async with quayside.database.write() as tx:
            await quayside.ledger.announce(tx, quayside.call(1))

    await asyncio.gather(change(), begin(), begin(), begin())
    assert (await quayside.budget()).limit == LIMIT * 10
    assert await quayside.drift() == []


async def test_a_changed_file_of_plans_holds_from_the_next_start_on(quayside: Quayside) -> None:
    await quayside.begin(quayside.call(100))
    carry_plans(quayside.database, plans_with(1200))
    async with quayside.database.write() as tx:
        await quayside.ledger.budgets.follow_plans(tx)
    assert (await quayside.budget()).limit == 1200
    with pytest.raises(TooMany):
        await quayside.begin(quayside.call(100))


async def test_a_changed_file_of_plans_holds_teams_in_one_order_whatever_their_plans(quayside: Quayside) -> None:
    """Whoever holds the first of them waits for the second: one that held that already would wait in a circle."""
    first = await add_team(quayside.database, "enterprise", UUID(int=1))
    for team_id in (first, quayside.team_id):
        await quayside.begin(quayside.call(100, team_id=team_id))
    carry_plans(quayside.database, plans_with(1200))
    holds_first = asyncio.Event()

    async def follow() -> None:
        await holds_first.wait()
        async with quayside.database.write() as tx:
            await quayside.ledger.budgets.follow_plans(tx)

    async def hold_both() -> None:
        async with quayside.database.write() as tx:
            await quayside.ledger.announce(tx, quayside.call(100, team_id=first))
            holds_first.set()
            await asyncio.sleep(0.5)  # the other comes as far as it can
            await quayside.ledger.announce(tx, quayside.call(100))

    await asyncio.gather(follow(), hold_both())
    assert (await quayside.budget()).limit == 1200


async def test_that_a_budget_is_spent_is_news_once_a_month_and_again_after_a_new_limit(quayside: Quayside) -> None:
    async def is_news(ledger: Ledger) -> bool:
        async with quayside.database.write() as tx:
            return await ledger.budgets.is_news(tx, quayside.team_id)

    november, december = Ledger("here", "boot1", NOVEMBER), Ledger("here", "boot1", DECEMBER)
    assert [await is_news(november), await is_news(november), await is_news(december)] == [True, False, True]
    async with quayside.database.write() as tx:
        await tx.execute(update(TeamRow).values(plan="enterprise"))
        await november.budgets.follow_plan(tx, quayside.team_id, "enterprise")
    assert await is_news(november)
