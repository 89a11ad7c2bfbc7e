"""A PostgreSQL that answers nothing in time is hung up on, unless what was asked may take long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.storage.answering import AnsweringConnection, let_take_long
from moorage.storage.database import Database
from tests.support.databases import PostgresCluster, chosen_databases


@pytest_asyncio.fixture
async def emptied(request: pytest.FixtureRequest, postgres_cluster: PostgresCluster) -> AsyncIterator[Database]:
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")
    database = Database(postgres_cluster.url("postgres"), pool_size=1)
    yield database
    await database.close()


async def raw_of(tx: AsyncConnection) -> AnsweringConnection:
    raw = (await tx.get_raw_connection()).driver_connection
    assert isinstance(raw, AnsweringConnection)
    return raw


async def sleep(tx: AsyncConnection, seconds: float) -> None:
    await tx.execute(text(f"SELECT pg_sleep({seconds})"))


async def ask_too_much(database: Database) -> None:
    async with database.write() as tx:
        (await raw_of(tx)).answer_s = 0.2
        await sleep(tx, 8)


async def test_what_is_not_answered_in_time_is_an_outage_and_the_next_one_works(emptied: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        await asyncio.wait_for(ask_too_much(emptied), 5)
    assert refused.value.code == "database_gone"
    async with emptied.read() as tx:
        await sleep(tx, 0)


async def test_what_may_take_long_does_and_the_next_one_may_not(emptied: Database) -> None:
    async with emptied.write() as tx:
        first = await raw_of(tx)
        first.answer_s = 0.2
        await let_take_long(tx)
        await sleep(tx, 0.6)
        assert await tx.scalar(text("SHOW statement_timeout")) == "0"
    async with emptied.write() as tx:
        assert await raw_of(tx) is first
        assert not first.takes_long
        assert await tx.scalar(text("SHOW statement_timeout")) == "10s"
