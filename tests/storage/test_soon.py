"""What is put off is stored with its transaction or not at all, in its order; a glance is one SELECT and no more."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.database import Database, GroupWriter
from moorage.storage.one_hop import OneHopConnection
from moorage.storage.soon import soon

PUT = text("INSERT INTO berth (name) VALUES (:name)")
RENAME = text("UPDATE berth SET name = :after WHERE name = :before")


@pytest_asyncio.fixture
async def berths(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE berth (name VARCHAR PRIMARY KEY)"))
    yield database
    await database.close()


async def names_in(database: Database) -> list[str]:
    async with database.read() as tx:
        return list(await tx.scalars(text("SELECT name FROM berth ORDER BY name")))


async def put_in_one(database: Database, *names: str, breaks: bool = False) -> None:
    async with database.write() as tx:
        for name in names:
            await soon(tx, PUT, {"name": name})
        if breaks:
            raise LookupError


def visits_of(tx: AsyncConnection) -> int | None:
    raw: Any = tx.sync_connection.connection.driver_connection if tx.sync_connection is not None else None
    return raw.visits if isinstance(raw, OneHopConnection) else None


async def test_what_is_put_off_is_stored_by_the_commit_and_needs_no_visit_before(berths: Database) -> None:
    async with berths.write() as tx:
        before = visits_of(tx)
        await soon(tx, PUT, {"name": "north"})
        await soon(tx, RENAME, {"before": "north", "after": "south"})
        assert visits_of(tx) == before
    assert await names_in(berths) == ["south"]


async def test_what_is_read_afterwards_sees_it(berths: Database) -> None:
    async with berths.write() as tx:
        await soon(tx, PUT, {"name": "north"})
        assert await tx.scalar(text("SELECT count(*) FROM berth")) == 1


async def test_a_transaction_that_breaks_stores_nothing_of_it(berths: Database) -> None:
    with pytest.raises(LookupError):
        await put_in_one(berths, "north", breaks=True)
    assert await names_in(berths) == []
    # Nothing of it is left on the connection for whoever has it next.
    async with berths.write() as tx:
        await tx.execute(PUT, {"name": "east"})
    assert await names_in(berths) == ["east"]


async def test_one_that_fails_lets_nothing_of_its_transaction_be_stored(berths: Database) -> None:
    with pytest.raises(IntegrityError):
        await put_in_one(berths, "north", "north", "west")
    assert await names_in(berths) == []


async def test_a_work_that_fails_late_takes_no_other_work_of_its_group_with_it(berths: Database) -> None:
    writer = GroupWriter(berths)

    async def put(name: str) -> None:
        await writer.do(lambda tx: soon(tx, PUT, {"name": name}))

    async def put_and_break() -> None:
        async def work(tx: AsyncConnection) -> None:
            await soon(tx, PUT, {"name": "lost"})
            raise LookupError

        await writer.do(work)

    async def put_twice() -> None:
        async def work(tx: AsyncConnection) -> None:
            await soon(tx, PUT, {"name": "twice"})
            await soon(tx, PUT, {"name": "twice"})

        await writer.do(work)

    begun = [asyncio.ensure_future(one) for one in (put("north"), put_twice(), put_and_break(), put("south"))]
    # Queued before it begins, so that they are one group.
    await asyncio.sleep(0)
    writer.start()
    done = await asyncio.gather(*begun, return_exceptions=True)
    await writer.close()
    assert [type(one) for one in done] == [type(None), IntegrityError, LookupError, type(None)]
    assert await names_in(berths) == ["north", "south"]


async def test_a_savepoint_that_is_taken_back_takes_back_what_is_put_off_in_it(berths: Database) -> None:
    async with berths.write() as tx:
        await soon(tx, PUT, {"name": "north"})
        savepoint = await tx.begin_nested()
        # SQLite has not executed it yet: were that done first now, it would fail, and nothing could be taken back.
        with contextlib.nullcontext() if berths.is_sqlite else pytest.raises(IntegrityError):
            await soon(tx, PUT, {"name": "north"})
        await savepoint.rollback()
    assert await names_in(berths) == ["north"]


async def test_a_glance_is_one_select(berths: Database) -> None:
    async with berths.glance() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM berth")) == 0
        # Another one could see another moment.
        with pytest.raises(RuntimeError, match="one SELECT"):
            await tx.scalar(text("SELECT count(*) FROM berth"))
    with pytest.raises(RuntimeError, match="one SELECT"):
        async with berths.glance() as tx:
            await tx.execute(PUT, {"name": "north"})
    # The connection goes back as it was: what is written over it next is a transaction again.
    with pytest.raises(LookupError):
        await put_in_one(berths, "north", breaks=True)
    async with berths.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM berth")) == 0
        assert await tx.scalar(text("SELECT count(*) FROM berth")) == 0
