"""Whatever happens in whatever order, and at once: never above the limit, and the books are right (P15)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from moorage.errors import BudgetSpent, TooMany
from moorage.plans.catalogue import LEAST_ANSWER_TOKENS, carry_plans
from moorage.storage.database import Database, GroupWriter
from moorage.storage.types import db_now
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.tables import (
    BudgetPeriodRow,
    ByomUsageRow,
    ReservationRow,
    StandardCorrectionRow,
    StandardDayRow,
    StandardUsageRow,
)
from tests.usage.quayside import Quayside, add_team, plans_with, quayside, used

__all__ = ["quayside"]

LIMIT = 3000

acts = st.lists(
    st.one_of(
        st.tuples(st.just("announce"), st.integers(0, 900), st.integers(1, 1200)),
        st.tuples(st.just("compare"), st.integers(0, 300), st.integers(2, 4)),
        st.tuples(st.just("own"), st.integers(0, 900), st.just(0)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("settle again"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("sweep"), st.just(0), st.just(0)),
        st.tuples(st.just("late"), st.integers(0, 9), st.integers(0, 100)),
    ),
    max_size=25,
)


@dataclass
class Told:
    """What the ledger has said so far, as a plain account of it."""

    held: dict[Any, tuple[Call, int, int]] = field(default_factory=dict)  # call id → call, held, answer
    own: dict[Any, Call] = field(default_factory=dict)
    ended: list[Call] = field(default_factory=list)
    swept: dict[Any, tuple[Call, int]] = field(default_factory=dict)  # call id → call, charged
    settled: int = 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
async def test_any_order_of_acts_keeps_the_limit_and_the_books(quayside: Quayside, acts: list[Any]) -> None:
    carry_plans(quayside.database, plans_with(LIMIT))
    quayside.team_id = await add_team(quayside.database)
    told = Told()
    for act, number, more in acts:
        await _do(quayside, told, act, number, more)
        budget = await quayside.budget()
        assert budget.settled + budget.reserved <= LIMIT
        assert (budget.settled, budget.reserved) == (told.settled, sum(held for _, held, _ in told.held.values()))
    assert await quayside.drift() == []
    mine = {"team_id": quayside.team_id}
    assert await quayside.count(ReservationRow, ReservationRow.team_id == mine["team_id"]) == len(told.held) + len(
        told.own
    )
    events = await quayside.count(StandardUsageRow, StandardUsageRow.team_id == mine["team_id"])
    assert events == len(told.ended)
    async with quayside.database.read() as tx:
        days = await tx.execute(select(StandardDayRow.calls).where(StandardDayRow.team_id == mine["team_id"]))
        assert sum(row[0] for row in days) == len(told.ended)


async def _do(quayside: Quayside, told: Told, act: str, number: int, more: int) -> None:
    match act:
        case "announce":
            await _announce(quayside, told, quayside.call(number, most=more))
        case "compare":
            await _announce(quayside, told, *(quayside.call(number, most=400) for _ in range(more)))
        case "own":
            own = quayside.own_call()
            await quayside.announce(own)
            told.own[own.call_id] = own
        case "settle" if told.held:
            call, held, answer = _pick(told.held, number)
            del told.held[call.call_id]
            took = call.tokens_in_estimate, answer * more // 100
            assert await quayside.settle(call, used(*took))
            told.settled += sum(took)
            told.ended.append(call)
            assert sum(took) <= held
        case "settle again" if told.ended:
            call = told.ended[number % len(told.ended)]
            if call.call_id not in told.swept:
                assert not await quayside.settle(call, used(1, 1))
        case "sweep":
            await _sweep(quayside, told)
        case "late" if told.swept:
            call, charged = _pick(told.swept, number)
            del told.swept[call.call_id]
            took = call.tokens_in_estimate, min(more, charged - call.tokens_in_estimate)
            assert await quayside.settle(call, used(*took))
            assert not await quayside.settle(call, used(1, 1))
            told.settled += sum(took) - charged
        case _:
            pass


def _pick(among: dict[Any, Any], number: int) -> Any:
    return list(among.values())[number % len(among)]


async def _announce(quayside: Quayside, told: Told, *calls: Call) -> None:
    before = await quayside.budget()
    try:
        grants = await quayside.announce(*calls)
    except (BudgetSpent, TooMany):
        least = sum(call.tokens_in_estimate + min(call.tokens_out_most or 0, LEAST_ANSWER_TOKENS) for call in calls)
        assert before.left < least
        return
    for call, grant in zip(calls, grants, strict=True):
        assert grant.held_tokens == call.tokens_in_estimate + grant.max_tokens
        assert grant.is_shortened == (grant.max_tokens < (call.tokens_out_most or 0))
        told.held[call.call_id] = (call, grant.held_tokens, grant.max_tokens)


async def _sweep(quayside: Quayside, told: Told) -> None:
    for call, held, _ in list(told.held.values()):
        assert await quayside.settle(call, used(call.tokens_in_estimate, None, "orphan", "crashed"))
        told.swept[call.call_id] = (call, held)
        told.ended.append(call)
        told.settled += held
    told.held.clear()


@dataclass
class TwoProcesses:
    """Two sets of connections over one database, as two processes have them."""

    quayside: Quayside
    writers: list[GroupWriter]
    ledgers: list[Ledger]

    async def settle(self, side: int, call: Call, outcome: Outcome) -> bool:
        """Settle by one of the two."""
        return await self.writers[side].do(lambda tx: self.ledgers[side].settle(tx, call.call_id, outcome))


@pytest_asyncio.fixture
async def two(quayside: Quayside, database_url: str) -> AsyncIterator[TwoProcesses]:
    other = Database(database_url)
    for database in (quayside.database, other):
        carry_plans(database, plans_with(LIMIT))
    second = GroupWriter(other)
    second.start()
    yield TwoProcesses(quayside, [quayside.writer, second], [quayside.ledger, Ledger("there", "boot7")])
    await second.close()
    await other.close()


@pytest.mark.parametrize("seed", range(4))
async def test_two_processes_at_once_never_pass_the_limit_and_lose_nothing(two: TwoProcesses, seed: int) -> None:
    """Sixty a side want more than there is; each tenth is never settled. Read at every moment, it is never above."""
    moments = random.Random(seed)
    quayside, done, refused = two.quayside, asyncio.Event(), [0]
    open_ones: list[Call] = []

    async def one(place: int, number: int) -> None:
        call = quayside.call(moments.randint(0, 60), most=moments.randint(1, 600))
        try:
            [grant] = await two.writers[place].do(lambda tx: two.ledgers[place].announce_all(tx, [call]))
        except (BudgetSpent, TooMany):
            refused[0] += 1
            return
        await asyncio.sleep(moments.random() / 50)
        if number % 10 == 0:
            open_ones.append(call)
            return
        outcome = used(call.tokens_in_estimate, moments.randint(0, grant.max_tokens if grant else 0))
        # By the other one as well: a sweep that comes at the same time.
        settled = await asyncio.gather(*(two.settle(side, call, outcome) for side in (0, 1)))
        assert sorted(settled) == [False, True]

    async def watch() -> int:
        most = 0
        while not done.is_set():
            async with quayside.database.read() as tx:
                for row in await tx.execute(select(BudgetPeriodRow.settled + BudgetPeriodRow.reserved)):
                    most = max(most, row[0])
            await asyncio.sleep(0)
        return most

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(one(number % 2, number) for number in range(120)))
    done.set()
    assert LIMIT // 2 < await watching <= LIMIT
    assert refused[0]
    assert await quayside.drift() == []
    assert await quayside.count(ReservationRow) == len(open_ones)


class _NthWriteFails:
    """A transaction whose n-th statement fails, as a full disk or a lost connection lets it."""

    def __init__(self, tx: Any, fails_at: int) -> None:
        self._tx = tx
        self._left = fails_at
        self.dialect = tx.dialect
        self.sync_connection = tx.sync_connection

    async def execute(self, *asked: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            raise OSError("no space left on device")
        return await self._tx.execute(*asked)

    async def scalar(self, *asked: Any) -> Any:
        return (await self.execute(*asked)).scalar()


async def test_whichever_write_fails_nothing_is_half_done(quayside: Quayside) -> None:
    """For n = 1, 2, … until a whole life of a call, with its sweep and its correction, needs no more writes."""
    failed = lives = 0
    while failed or not lives:
        lives += 1
        before = await quayside.budget()
        failed = await _live_once(quayside, lives)
        after = await quayside.budget()
        assert (after.settled - before.settled, after.reserved) == (100, 0)
        assert await quayside.count(ReservationRow) == 0
        assert await quayside.count(StandardUsageRow) == await quayside.count(StandardCorrectionRow) == lives
        assert await quayside.count(ByomUsageRow) == lives
        assert lives < 40
    assert lives > 5


async def _live_once(quayside: Quayside, fails_at: int) -> int:
    """Let a standard call and an own one live, die and come back; gives how many steps failed at first."""
    call, own, ledger = quayside.call(100), quayside.own_call(), quayside.ledger
    steps: list[Callable[[Any], Awaitable[Any]]] = [
        lambda tx: ledger.announce_all(tx, [call, own]),
        lambda tx: ledger.settle(tx, call.call_id, used(100, None, "orphan", "crashed")),
        lambda tx: ledger.settle(tx, call.call_id, used(90, 10)),
        lambda tx: ledger.settle(tx, own.call_id, used(5, 5)),
    ]
    failed = 0
    for step in steps:
        try:
            await _do_with_a_failing_write(quayside, step, fails_at)
        except OSError:
            failed += 1
            assert await quayside.drift() == []
            # What was not stored is done again, as a reply that can't be settled is.
            await quayside.writer.do(step)
        assert await quayside.drift() == []
    return failed


async def _do_with_a_failing_write(quayside: Quayside, step: Callable[[Any], Awaitable[Any]], fails_at: int) -> None:
    await quayside.writer.do(lambda tx: step(_NthWriteFails(tx, fails_at)))


async def test_what_is_swept_is_held_team_by_team(quayside: Quayside) -> None:
    """A sweep that held the budgets of two teams in another order than a group of writes would wait in a circle."""
    dead = Ledger("elsewhere", "boot0")
    teams = [UUID(int=number) for number in (3, 1, 2)]
    for team_id in teams:
        await add_team(quayside.database, team_id=team_id)
    calls = [quayside.call(100, team_id=team_id) for team_id in teams for _ in range(2)]
    for call in calls:
        await quayside.begin(call, dead)
    async with quayside.database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
    orphans = await quayside.writer.do(quayside.ledger.find_orphans)
    in_order = sorted(calls, key=lambda call: (call.team_id, call.call_id))
    assert [orphan.call_id for orphan in orphans] == [call.call_id for call in in_order]


async def test_what_a_dead_process_held_comes_back_with_the_sweep(quayside: Quayside) -> None:
    dead = Ledger("elsewhere", "boot0")
    call = quayside.call(100)
    await quayside.begin(call, dead)
    async with quayside.database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
    orphans = await quayside.writer.do(quayside.ledger.find_orphans)
    assert [orphan.call_id for orphan in orphans] == [call.call_id]
    assert await quayside.settle(call, used(100, 12, "orphan", "crashed"))
    assert ((await quayside.budget()).reserved, (await quayside.budget()).settled) == (0, 112)
    # It lived after all, and knows better: once.
    assert await quayside.settle(call, used(100, 900), dead)
    assert not await quayside.settle(call, used(100, 901), dead)
    assert (await quayside.budget()).settled == 1000
    assert await quayside.drift() == []
