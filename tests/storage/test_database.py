"""The database keeps every update, on both engines."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Conflict, Unavailable
from moorage.storage.database import Database, GroupWriter, ping
from moorage.storage.engines import sqlite_url
from moorage.storage.types import db_now, new_id


@pytest_asyncio.fixture
async def counter(database_url: str) -> AsyncIterator[Database]:
    """Give a database with one counter at zero."""
    database = Database(database_url)
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE counter (value INTEGER)"))
        await tx.execute(text("INSERT INTO counter VALUES (0)"))
    yield database
    await database.close()


async def _read(database: Database) -> int:
    async with database.read() as tx:
        return int((await tx.execute(text("SELECT value FROM counter"))).scalar_one())


async def _add_one(tx: AsyncConnection) -> int:
    # Read, then write what was read: the pattern that loses updates under a deferred BEGIN.
    value = (await tx.execute(text("SELECT value FROM counter"))).scalar_one()
    await tx.execute(text("UPDATE counter SET value = :value"), {"value": value + 1})
    return int(value + 1)


async def test_no_update_is_lost_when_transactions_read_and_then_write(counter: Database) -> None:
    async def add_many() -> None:
        for _ in range(30):
            async with counter.write() as tx:
                if not counter.is_sqlite:
                    await tx.execute(text("LOCK TABLE counter IN EXCLUSIVE MODE"))
                await _add_one(tx)

    await asyncio.gather(*(add_many() for _ in range(5)))
    assert await _read(counter) == 150


async def test_a_second_process_on_the_same_sqlite_file_loses_nothing_either(
    counter: Database, database_url: str
) -> None:
    if not counter.is_sqlite:
        database_url = "not needed: PostgreSQL has no file to share"
        assert await _read(counter) == 0
        return
    other = Database(database_url)

    async def add_many(database: Database) -> None:
        for _ in range(40):
            async with database.write() as tx:
                await _add_one(tx)

    await asyncio.gather(add_many(counter), add_many(other))
    await other.close()
    assert await _read(counter) == 80


async def test_a_read_transaction_can_not_write_on_postgresql(counter: Database) -> None:
    if counter.is_sqlite:
        assert await _read(counter) == 0
        return
    async with counter.read() as tx:
        with pytest.raises(DBAPIError, match="read-only"):
            await tx.execute(text("UPDATE counter SET value = 7"))
        await tx.rollback()
    assert await _read(counter) == 0


async def test_a_failed_write_leaves_nothing_behind(counter: Database) -> None:
    async def add_and_fail() -> None:
        async with counter.write() as tx:
            await _add_one(tx)
            raise Conflict("reply_running")

    with pytest.raises(Conflict):
        await add_and_fail()
    assert await _read(counter) == 0


async def test_the_group_writer_commits_many_writes_and_loses_none(counter: Database) -> None:
    writer = GroupWriter(counter)
    writer.start()
    results = await asyncio.gather(*(writer.do(_add_one) for _ in range(200)))
    await writer.close()
    assert sorted(results) == list(range(1, 201))
    assert await _read(counter) == 200


async def test_the_works_of_a_group_run_in_one_order_of_whose_rows_they_hold(counter: Database) -> None:
    """Two processes that hold the rows of the same teams never wait for each other in a circle."""
    ran: list[str] = []
    writer = GroupWriter(counter)

    def work(name: str) -> Callable[[AsyncConnection], Awaitable[None]]:
        async def run(_tx: AsyncConnection) -> None:
            ran.append(name)

        return run

    waiting = [
        asyncio.ensure_future(writer.do(work(name), place)) for name, place in (("c", "c"), ("a", "a"), ("b", "b"))
    ]
    waiting += [asyncio.ensure_future(writer.do(work(name), "a")) for name in ("later", "last")]
    await asyncio.sleep(0)
    writer.start()
    await asyncio.gather(*waiting)
    await writer.close()
    assert ran == ["a", "later", "last", "b", "c"]


async def test_one_failing_write_of_a_group_takes_no_other_with_it(counter: Database) -> None:
    async def fail(tx: AsyncConnection) -> int:
        await _add_one(tx)
        raise Conflict("reply_running")

    writer = GroupWriter(counter)
    writer.start()
    works = [fail if place % 5 == 0 else _add_one for place in range(50)]
    results = await asyncio.gather(*(writer.do(work) for work in works), return_exceptions=True)
    await writer.close()
    assert sum(isinstance(result, Conflict) for result in results) == 10
    assert await _read(counter) == 40


async def test_a_write_that_the_database_gives_up_takes_no_other_of_its_group_with_it(counter: Database) -> None:
    async def wait_in_vain(tx: AsyncConnection) -> None:
        if counter.is_sqlite:
            await tx.execute(text("SELECT * FROM nowhere"))
        await tx.execute(text("SET LOCAL statement_timeout = 20"))
        await tx.execute(text("SELECT pg_sleep(5)"))

    writer = GroupWriter(counter)
    writer.start()
    works = [wait_in_vain if place == 3 else _add_one for place in range(10)]
    results = await asyncio.gather(*(writer.do(work) for work in works), return_exceptions=True)
    await writer.close()
    # SQLite's driver calls a missing table operational: no outage, and like one it ends the whole group's transaction.
    given_up = OperationalError if counter.is_sqlite else Unavailable
    assert [isinstance(result, given_up) for result in results] == [place == 3 for place in range(10)]
    assert await _read(counter) == 9


async def test_a_write_that_lost_against_a_rival_is_done_again(counter: Database) -> None:
    """On SQLite writers stand in line; on PostgreSQL the database ends one of two that wait in a circle."""
    if counter.is_sqlite:
        pytest.skip("no two writers at once")
    async with counter.write() as tx:
        await tx.execute(text("CREATE TABLE pair (id INTEGER PRIMARY KEY, value INTEGER)"))
        await tx.execute(text("INSERT INTO pair VALUES (1, 0), (2, 0)"))
    add = "UPDATE pair SET value = value + 1 WHERE id = :id"
    has_first, tries = asyncio.Event(), 0

    async def work(tx: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        await tx.execute(text("SET LOCAL deadlock_timeout = '100ms'"))
        await tx.execute(text(add), {"id": 1})
        has_first.set()
        await asyncio.sleep(0.3)  # the rival asks for the first row meanwhile
        await tx.execute(text(add), {"id": 2})

    async def rival() -> None:
        async with counter.write() as tx:
            await tx.execute(text("SET LOCAL deadlock_timeout = '30s'"))
            await tx.execute(text(add), {"id": 2})
            await has_first.wait()
            await tx.execute(text(add), {"id": 1})

    writer = GroupWriter(counter)
    writer.start()
    competing = asyncio.create_task(rival())
    await asyncio.sleep(0.2)
    await writer.do(work)
    await competing
    await writer.close()
    assert tries == 2
    async with counter.read() as tx:
        assert (await tx.scalars(text("SELECT value FROM pair"))).all() == [2, 2]


@pytest.mark.parametrize("others", [0, 3])
async def test_a_write_that_loses_every_time_is_told_so_in_the_end(counter: Database, others: int) -> None:
    if counter.is_sqlite:
        pytest.skip("SQLite has no such code")
    tries = 0

    async def work(tx: AsyncConnection) -> None:
        nonlocal tries
        tries += 1
        await tx.execute(text("DO $$ BEGIN RAISE EXCEPTION 'rival' USING ERRCODE = '40001'; END $$"))

    writer = GroupWriter(counter)
    writer.start()
    works = [*[_add_one] * others, work]
    *_, refused = await asyncio.gather(*(writer.do(one) for one in works), return_exceptions=True)
    await writer.close()
    assert isinstance(refused, Unavailable)
    assert (refused.code, tries) == ("database_busy", 3)
    assert await _read(counter) == others


async def test_a_lone_failing_write_is_rolled_back(counter: Database) -> None:
    async def fail(tx: AsyncConnection) -> None:
        await _add_one(tx)
        raise Conflict("reply_running")

    writer = GroupWriter(counter)
    writer.start()
    with pytest.raises(Conflict):
        await writer.do(fail)
    await writer.close()
    assert await _read(counter) == 0


async def test_work_whose_caller_left_is_done_all_the_same(counter: Database) -> None:
    writer = GroupWriter(counter)
    writer.start()
    leaving = asyncio.create_task(writer.do(_add_one))
    await asyncio.sleep(0)
    leaving.cancel()
    await writer.close()
    assert await _read(counter) == 1


SLOW = """WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 200000)
UPDATE counter SET value = value + (SELECT count(*) FROM number)"""


@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 20])
async def test_a_write_that_is_cancelled_midway_leaves_no_transaction_open(counter: Database, turns: int) -> None:
    async def write_slowly() -> None:
        async with counter.write() as tx:
            await tx.execute(text(SLOW))
            await asyncio.Event().wait()

    leaving = asyncio.create_task(write_slowly())
    for _ in range(turns):
        await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    for _ in range(12):  # every connection of the pool gets its turn
        async with counter.write() as tx:
            await _add_one(tx)
    assert await _read(counter) == 12


async def test_a_database_that_is_gone_is_named_as_such() -> None:
    gone = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as caught:
        await ping(gone)
    await gone.close()
    assert caught.value.code == "database_gone"


async def test_a_crowd_is_told_as_a_crowd_and_not_as_an_outage(counter: Database) -> None:
    """Every connection is in use: the database is well, and whoever reads "it can't be reached" looks elsewhere."""
    async with contextlib.AsyncExitStack() as crowd:
        for _ in range(12 if counter.is_sqlite else 10):
            _ = await crowd.enter_async_context(counter.read())
        with pytest.raises(Unavailable) as caught:
            async with counter.read():
                pass
    assert caught.value.code == "database_crowded"
    assert await _read(counter) == 0


async def test_the_database_tells_the_time_in_utc(counter: Database) -> None:
    async with counter.read() as tx:
        first = (await tx.execute(select(db_now()))).scalar_one()
    assert first.utcoffset() == timedelta(0)


def test_ids_are_version_7_and_sort_by_age() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}
    assert ids == sorted(ids), "those of one millisecond, too"
    assert len(set(ids)) == 1000


async def test_a_read_transaction_sees_one_moment_whatever_is_written_meanwhile(counter: Database) -> None:
    async with counter.read() as reader:
        before = (await reader.execute(text("SELECT value FROM counter"))).scalar_one()
        async with counter.write() as writer:
            await _add_one(writer)
        assert (await reader.execute(text("SELECT value FROM counter"))).scalar_one() == before
    assert await _read(counter) == before + 1


async def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(counter: Database) -> None:
    """P12, P13."""
    async with counter.read() as tx:
        with pytest.raises(DBAPIError) as refused:
            await tx.execute(text("SELECT nonsense FROM counter WHERE value = :value"), {"value": "what Olga wrote"})
        await tx.rollback()
    assert "what Olga wrote" not in str(refused.value)


async def test_a_table_that_does_not_exist_is_no_outage(counter: Database) -> None:
    """Somebody who reads "the database can't be reached" would look in the wrong place."""
    for opening in (counter.read, counter.write):
        with pytest.raises(DBAPIError):
            async with opening() as tx:
                await tx.execute(text("SELECT value FROM no_such_table"))


async def test_a_file_that_can_not_be_opened_is_an_outage(tmp_path: Path) -> None:
    gone, threads = Database(sqlite_url(tmp_path / "no such folder" / "moorage.db")), threading.enumerate()
    with pytest.raises(Unavailable) as caught:
        await ping(gone)
    await gone.close()
    assert caught.value.code == "database_gone"
    # A thread that is left behind would answer to the loop of this test when that is gone.
    assert [one for one in threading.enumerate() if one not in threads and "_connection_worker" in one.name] == []
