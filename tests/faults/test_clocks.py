"""Clocks that are wrong, jump, or pass midnight of the month's last day while an answer is written (P15).

Leases and months go by the database's clock. On SQLite that is the process's own; it may jump, too.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.clocks import WrongClock
from tests.faults.rig import Rig, make_rig
from tests.support.databases import PostgresCluster, chosen_databases
from tests.support.nursery import Nursery

DAY_S = 24 * 3600.0
# Leases are renewed, and what has none is closed, every 20 s.
SWEEP_S = 21.0
AHEAD_H, BACK_H = 25, 26
WRONG_DAYS = 40
AT_THREE = 6


@dataclass(frozen=True, slots=True)
class Clocked:
    """A rig whose database has a clock that a test sets; `wrapper` gives it to a process, too, where that is one."""

    rig: Rig
    clock: WrongClock
    wrapper: list[str]


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def clocked(request: pytest.FixtureRequest, tmp_path: Path, nursery: Nursery) -> AsyncIterator[Clocked]:
    if request.param not in chosen_databases(request.config):
        pytest.skip(f"--databases leaves {request.param} out")
    if request.param == "sqlite":
        clock = WrongClock(tmp_path)
        async with make_rig("sqlite", tmp_path, nursery) as rig:
            yield Clocked(rig, clock, list(clock.wrapper))
        return
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir="/tmp"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        clock = WrongClock(folder)
        cluster = PostgresCluster(folder, environment=clock.environment)
        stack.callback(cluster.stop)
        await asyncio.to_thread(cluster.start)
        cluster.create("clocked")
        async with make_rig(cluster.url("clocked"), tmp_path, nursery) as rig:
            yield Clocked(rig, clock, [])


async def test_an_answer_over_the_end_of_a_month_counts_in_the_month_in_which_it_began(clocked: Clocked) -> None:
    rig, now = clocked.rig, datetime.now(UTC)
    serving = rig.process(wrapper=clocked.wrapper)
    await serving.start()
    olga = await rig.sign_up(serving)
    ends = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    to_the_end = (ends - now).total_seconds()
    clocked.clock.set(to_the_end - 3600)
    await rig.sign_in(olga)
    before = await rig.ask(olga, "standard/held")
    await rig.until_sent(1)
    months = "SELECT period_start FROM budget_period ORDER BY period_start"
    assert len(await rig.rows(months)) == 1
    clocked.clock.set(to_the_end + 60)
    rig.truth.release()
    assert (await rig.follow(olga, before))["state"] == "done"
    after = await rig.ask(olga, "standard/burst-300")
    assert (await rig.follow(olga, after))["state"] == "done"
    [(old,), (new,)] = await rig.rows(months)
    assert datetime.fromtimestamp(new / 1e6, UTC) == ends
    books = await rig.is_true()
    periods = {name: one["period_start"] for name, one in books.events.items()}
    assert periods["question 1"] < periods["question 2"] == ends
    assert old < new
    assert await serving.stop() == 0


async def test_a_clock_that_jumps_forward_and_back_closes_nothing_that_lives(clocked: Clocked) -> None:
    rig, clock = clocked.rig, clocked.clock
    serving = rig.process(wrapper=clocked.wrapper)
    await serving.start()
    olga = await rig.sign_up(serving)
    held = [await rig.ask(olga, model) for model in ("standard/held", "own/held")]
    await rig.until_sent(2)
    clock.set(AHEAD_H * 3600)
    await rig.sign_in(olga)
    await asyncio.sleep(SWEEP_S)
    assert await rig.rows("SELECT COUNT(*) FROM reservation") == [(2,)]
    assert (await rig.follow(olga, await rig.ask(olga, "standard/burst-300")))["state"] == "done"
    clock.set((AHEAD_H - BACK_H) * 3600)
    assert (await rig.follow(olga, await rig.ask(olga, "own/steady")))["state"] == "done"
    rig.truth.release()
    for said in held:
        assert (await rig.follow(olga, said))["state"] == "done"
    await rig.until_settled()
    books = await rig.is_true()
    assert books.kinds == {("reported", "ok"): 4}
    assert await serving.stop() == 0


async def test_processes_whose_clocks_are_wrong_do_no_harm_beside_one_that_is_right(
    tmp_path: Path, nursery: Nursery, postgres_cluster: PostgresCluster, request: pytest.FixtureRequest
) -> None:
    """One lives forty days ahead, one forty days behind, over one PostgreSQL whose clock is right."""
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")
    postgres_cluster.create("wrong_clocks")
    async with make_rig(postgres_cluster.url("wrong_clocks"), tmp_path, nursery) as rig:
        right = rig.process("right")
        await right.start()
        olga = await rig.sign_up(right)
        people = [olga]
        servings = [right]
        for name, days in (("ahead", WRONG_DAYS), ("behind", -WRONG_DAYS)):
            (tmp_path / name).mkdir()
            clock = WrongClock(tmp_path / name)
            clock.set(days * DAY_S)
            servings.append(rig.process(name, wrapper=clock.wrapper))
            await servings[-1].start()
            people.append(rig.beside(olga, servings[-1]))
        held = [(person, await rig.ask(person, model)) for person in people for model in ("standard/held", "own/held")]
        assert {said.status_code for _, said in held} == {201}
        await rig.until_sent(AT_THREE)
        await asyncio.sleep(SWEEP_S)
        assert await rig.rows("SELECT COUNT(*) FROM reservation") == [(AT_THREE,)]
        assert len(await rig.rows("SELECT 1 FROM budget_period")) == 1
        # One that dies is closed by its own next start, whatever its clock says.
        await servings[1].kill()
        await rig.start_again(servings[1], people[1])
        rig.truth.release()
        for person, said in held[:2] + held[4:]:
            assert (await rig.follow(person, said))["state"] == "done"
        await rig.until_settled()
        books = await rig.is_true()
        assert books.kinds == {("reported", "ok"): 4, ("orphan", "crashed"): 2}
        assert len(await rig.rows("SELECT 1 FROM budget_period")) == 1
        for serving in servings:
            assert await serving.stop() == 0
