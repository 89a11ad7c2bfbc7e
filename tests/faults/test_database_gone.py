"""PostgreSQL restarts, falls silent, is slow, or breaks off at any one statement: the books stay right (P15).

A fault proxy stands between Moorage and the database; the test itself looks past it.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.rig import Rig, make_rig
from tests.support.databases import PostgresCluster, chosen_databases
from tests.support.fault_proxy import FaultProxy, Moment
from tests.support.nursery import Nursery

MODELS = ("standard/burst-300", "own/paced-200", "standard/no-usage")
OUTAGES = {"database_gone", "database_crowded"}
RESTARTS = 3
PATIENCE_S = 40
DELAY_S = 0.01
AT_ONCE = 9


@pytest.fixture(scope="module", autouse=True)
def postgresql_is_chosen(request: pytest.FixtureRequest) -> None:
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresCluster]:
    """Give a PostgreSQL of these tests' own, which keeps what it acknowledged when it is ended in the middle."""
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir="/tmp"))
    cluster = PostgresCluster(folder, {"synchronous_commit": "on"})
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def proxy(cluster: PostgresCluster) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(cluster.socket) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def rig(
    request: pytest.FixtureRequest, cluster: PostgresCluster, proxy: FaultProxy, tmp_path: Path, nursery: Nursery
) -> AsyncIterator[Rig]:
    name = f"t_{request.node.name[:40].lower()}_{id(request)}".replace("[", "_").replace("]", "").replace("-", "_")
    cluster.create(name)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(make_rig(cluster.url(name), tmp_path, nursery, by_way_of=proxy.url(name)))


async def test_a_database_that_restarts_loses_no_accepted_question_and_comes_back_by_itself(
    rig: Rig, cluster: PostgresCluster
) -> None:
    serving = rig.process()
    await serving.start()
    olga, pid = await rig.sign_up(serving), serving.pid
    over = asyncio.Event()
    asking = [asyncio.create_task(rig.keep_asking(olga, MODELS, over.is_set)) for _ in range(4)]
    for _ in range(RESTARTS):
        await asyncio.sleep(0.6)
        await asyncio.to_thread(cluster.stop)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.start_again)
        told = len(rig.told.accepted)
        async with asyncio.timeout(30):
            while len(rig.told.accepted) < told + 4:
                await asyncio.sleep(0.05)
    over.set()
    await asyncio.gather(*asking)
    assert serving.pid == pid
    assert set(rig.told.refused) <= OUTAGES
    assert rig.told.refused
    assert await serving.stop() == 0
    await rig.start_again(serving)
    books = await rig.is_true()
    assert books.kinds["reported", "ok"] > RESTARTS


async def test_a_database_that_says_nothing_keeps_nobody_waiting_for_ever(rig: Rig, proxy: FaultProxy) -> None:
    """No reset, no goodbye, every byte taken: what only a limit of our own ends."""
    serving = rig.process()
    await serving.start()
    olga = await rig.sign_up(serving)
    held = [await rig.ask(olga, model) for model in ("standard/held", "own/held")]
    place = str((await olga.post("/api/conversations", {}))["id"])
    await rig.until_sent(2)
    sent = len(rig.truth.sent)
    proxy.silence()
    async with asyncio.timeout(PATIENCE_S):
        refused = await rig.ask(olga, "standard/steady", place)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] in OUTAGES
    assert (await olga.call("GET", "/api/health/live")).status_code == 200
    # What is being written needs no database to go on. It is settled when there is one.
    rig.truth.release()
    assert len(rig.truth.sent) == sent
    proxy.heal()
    for said in held:
        assert (await rig.follow(olga, said))["state"] == "done"
    assert (await rig.follow(olga, await rig.ask(olga, "standard/steady")))["state"] == "done"
    assert await serving.stop() == 0
    await rig.start_again(serving)
    await rig.is_true()


async def test_a_slow_database_makes_everything_slow_and_nothing_wrong(rig: Rig, proxy: FaultProxy) -> None:
    serving = rig.process()
    await serving.start()
    olga = await rig.sign_up(serving)
    proxy.delay_s = DELAY_S
    said = await asyncio.gather(*(rig.ask(olga, MODELS[number % 3]) for number in range(AT_ONCE)))
    receipts = await asyncio.gather(*(rig.follow(olga, one) for one in said))
    assert {receipt["state"] for receipt in receipts} == {"done"}
    await rig.until_settled()
    await rig.is_true()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_connection_that_breaks_at_any_statement_leaves_nothing_half_done(
    rig: Rig, proxy: FaultProxy, moment: Moment
) -> None:
    """One question for each statement that a question and its answer take: the n-th breaks, n = 1 … N."""
    serving = rig.process()
    await serving.start()
    olga = await rig.sign_up(serving)
    places = [str((await olga.post("/api/conversations", {}))["id"]) for _ in range(100)]
    proxy.cut_at(None)
    await rig.follow(olga, await rig.ask(olga, "standard/steady", places.pop()))
    statements = proxy.statements
    assert statements > 20
    broken = 0
    for number in range(1, statements + 1):
        proxy.cut_at(number, moment)
        said = await rig.ask(olga, "standard/steady", places.pop())
        if said.status_code == 201:
            reply_id = said.json()["answer"]["reply"]["reply_id"]
            async with asyncio.timeout(20):
                while await rig.rows(f"SELECT 1 FROM reservation WHERE call_id = '{reply_id}'"):
                    await asyncio.sleep(0.02)
        broken += proxy.has_cut
    proxy.cut_at(None)
    assert broken > statements // 2
    assert set(rig.told.refused) <= OUTAGES
    assert await serving.stop() == 0
    # A question that was stored, but whose "stored" got lost, runs nowhere: the next start closes it.
    await rig.start_again(serving)
    books = await rig.is_true()
    assert books.kinds["reported", "ok"] >= broken // 2
