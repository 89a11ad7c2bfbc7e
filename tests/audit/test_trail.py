"""P17: the trail is chained per team, refuses change, and finds what was changed all the same."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.checking import Check, check
from moorage.audit.deployment import record_start
from moorage.audit.pen import PEN, Pen
from moorage.audit.reading import Filter, read
from moorage.audit.trail import ACTIONS, Act, Actor, begin_trail, record
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, new_id
from tests.audit.attacking import OLGA, TABLES, act, add, begin, bury, checked, copy_pen, store_key
from tests.support.migrated import loose_pen


async def test_entries_are_read_newest_first_and_page_by_page(database: Database) -> None:
    team_id = await begin(database, 5)
    async with database.read() as tx:
        page = await read(tx, team_id, None, 2)
        rest = await read(tx, team_id, page[-1].seq, 10)
    assert [entry.object_name for entry in page + rest] == [f"Werft {number}" for number in (5, 4, 3, 2, 1)]
    assert [entry.seq for entry in page + rest] == [5, 4, 3, 2, 1]


async def test_one_action_can_be_picked_out(database: Database) -> None:
    team_id = await begin(database, 1)
    async with database.write() as tx:
        await record(tx, team_id, OLGA, Act("person.signed_in", "person", "p", "Olga"))
    async with database.read() as tx:
        found = await read(tx, team_id, None, 10, Filter(action="person.signed_in"))
    assert [entry.action for entry in found] == ["person.signed_in"]


async def test_an_entry_keeps_all_it_was_told(database: Database) -> None:
    team_id = await begin(database)
    async with database.write() as tx:
        await record(tx, team_id, OLGA, act("Ä €", outcome="failed", details={"stage": "tls", "n": 2, "x": None}))
    async with database.read() as tx:
        (entry,) = await read(tx, team_id, None, 10)
    assert (entry.actor_id, entry.actor_name, entry.request_id) == (OLGA.id, "Olga", "req-1")
    assert (entry.object_name, entry.outcome, entry.details) == ("Ä €", "failed", {"stage": "tls", "n": 2, "x": None})


async def test_a_name_no_database_would_store_is_recorded_readably(database: Database) -> None:
    team_id = await begin(database)
    async with database.write() as tx:
        await record(tx, team_id, Actor(None, "\0\ud800" + "x" * 500, "r" * 99), act("a\nb"))
    async with database.read() as tx:
        (entry,) = await read(tx, team_id, None, 10)
    assert entry.object_name == "a\N{REPLACEMENT CHARACTER}b"
    assert len(entry.actor_name) == 120
    assert (await checked(database, team_id)).intact


async def test_eves_team_sees_nothing_of_ours(database: Database) -> None:
    ours, eves = await begin(database, 2), await begin(database)
    async with database.read() as tx:
        assert await read(tx, eves, None, 10) == []
    assert await checked(database, eves) == Check(0, 0, None)
    assert await checked(database, ours) == Check(2, 0, None)


async def test_what_can_not_be_recorded_does_not_happen(database: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        async with database.write() as tx:
            await record(tx, new_id(), OLGA, act())
    assert refused.value.code == "audit_head_missing"
    team_id = await begin(database)
    with pytest.raises(ValueError, match=r"connection\.invented"):
        async with database.write() as tx:
            await record(tx, team_id, OLGA, Act("connection.invented", "", "", ""))


async def test_an_act_that_is_rolled_back_leaves_no_entry(database: Database) -> None:
    team_id = await begin(database, 1)

    async def fail_later() -> None:
        async with database.write() as tx:
            await record(tx, team_id, OLGA, act())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_later()
    assert await checked(database, team_id) == Check(1, 0, None)


async def test_twenty_at_once_make_one_chain(database: Database) -> None:
    team_id = await begin(database)

    async def one(number: int) -> None:
        async with database.write() as tx:
            await record(tx, team_id, OLGA, act(str(number)))

    await asyncio.gather(*(one(number) for number in range(20)))
    assert await checked(database, team_id) == Check(20, 0, None)


async def test_many_processes_at_once_make_one_signed_chain(database: Database, database_url: str) -> None:
    """Each with the same key and a pen of its own, as processes of one deployment have."""
    team_id = await begin(database)
    others = [Database(database_url) for _ in range(3)]
    try:
        for other in others:
            other.carry(PEN, copy_pen(database))
        everybody = [database, *others] * 5
        await asyncio.gather(*(add(one, team_id, str(number)) for number, one in enumerate(everybody)))
    finally:
        for other in others:
            await other.close()
    assert await checked(database, team_id) == Check(20, 0, None)


async def test_nothing_is_recorded_without_a_pen(database: Database) -> None:
    """P17: fail closed. What can't be signed is not recorded, and what is not recorded does not happen."""
    team_id = await begin(database, 1)
    database.carry(PEN, None)
    for work in (record_one, begin_trail):
        with pytest.raises(Unavailable) as refused:
            async with database.write() as tx:
                await work(tx, team_id)
        assert refused.value.code == "audit_pen_missing"
    database.carry(PEN, Pen(loose_pen().chest))
    with pytest.raises(Unavailable) as refused:
        await add(database, team_id)
    assert refused.value.code == "audit_key_unreadable"


async def record_one(tx: AsyncConnection, team_id: UUID) -> None:
    await record(tx, team_id, OLGA, act())


STATEMENTS = [
    "UPDATE audit_entry SET object_name = 'x'",
    "DELETE FROM audit_entry",
    "UPDATE audit_head SET seq = 1",
    "UPDATE audit_head SET team_id = 'x'",
    "DELETE FROM audit_head",
    "UPDATE audit_key SET public = sealed_public",
    "UPDATE audit_key SET number = 7",
    "DELETE FROM audit_key",
    "INSERT INTO audit_key SELECT 0, public, sealed_public, NULL, made_at FROM audit_key",
    "UPDATE audit_tombstone SET entries = 7",
    "DELETE FROM audit_tombstone",
    "INSERT INTO audit_tombstone SELECT team_id, 2, 3, 2, last_hash, at, 90, at, 1, signature FROM audit_tombstone",
    "INSERT INTO audit_tombstone SELECT team_id, 9, 9, 1, last_hash, at, 90, at, 1, signature FROM audit_tombstone",
    "INSERT INTO audit_tombstone SELECT team_id, 2, 2, 9, last_hash, at, 90, at, 1, signature FROM audit_tombstone",
    *(f"TRUNCATE {table}" for table in TABLES),
    *(f"REPLACE INTO {table} SELECT * FROM {table}" for table in TABLES),
]


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_the_database_itself_refuses_to_change_the_trail(database: Database, statement: str) -> None:
    if statement.startswith("TRUNCATE" if database.is_sqlite else "REPLACE"):
        return  # the other engine's word for it
    team_id = await begin(database, 4)
    await store_key(database)
    await bury(database, team_id, 1)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as tx:
            await tx.execute(text(statement))
    assert (await checked(database, team_id)).intact


def test_every_action_is_named_once() -> None:
    assert len(set(ACTIONS)) == len(ACTIONS)


async def test_two_first_starts_at_once_make_one_chain_of_the_deployment(database: Database) -> None:
    """P17. The second start waits for the head that the first is making, and goes on behind it."""

    async def start(version: str) -> None:
        async with database.write() as tx:
            await record_start(tx, version=version, exceptions=[])

    await asyncio.gather(*(start(str(number)) for number in range(4)))
    async with database.read() as tx:
        found = await check(tx, DEPLOYMENT)
    assert (found.intact, found.checked) == (True, 4)
