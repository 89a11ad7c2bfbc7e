"""P17: the trail is chained per team, refuses change, and finds what was changed all the same."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditRow
from moorage.audit.trail import ACTIONS, Act, Actor, Check, begin_trail, check, read, record
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import new_id

OLGA = Actor(new_id(), "Olga", "req-1")


def act(name: str = "Werft", **changes: object) -> Act:
    return Act("connection.created", "connection", "c-1", name, **changes)  # type: ignore[arg-type]


async def begin(database: Database, entries: int = 0) -> UUID:
    team_id = new_id()
    async with database.write() as tx:
        await begin_trail(tx, team_id)
        for number in range(entries):
            await record(tx, team_id, OLGA, act(f"Werft {number + 1}"))
    return team_id


async def checked(database: Database, team_id: UUID) -> Check:
    async with database.read() as tx:
        return await check(tx, team_id)


async def without_guard(tx: AsyncConnection) -> None:
    """Do as somebody does who has the whole database in their hands."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        return
    for name in ("keeps_rows", "keeps_values", "replaces_nothing"):
        await tx.execute(text(f"DROP TRIGGER audit_entry_{name}"))


async def test_entries_are_read_newest_first_and_page_by_page(database: Database) -> None:
    team_id = await begin(database, 5)
    async with database.read() as tx:
        page = await read(tx, team_id, None, 2, None)
        rest = await read(tx, team_id, page[-1].seq, 10, None)
    assert [entry.object_name for entry in page + rest] == [f"Werft {number}" for number in (5, 4, 3, 2, 1)]
    assert [entry.seq for entry in page + rest] == [5, 4, 3, 2, 1]


async def test_one_action_can_be_picked_out(database: Database) -> None:
    team_id = await begin(database, 1)
    async with database.write() as tx:
        await record(tx, team_id, OLGA, Act("person.signed_in", "person", "p", "Olga"))
    async with database.read() as tx:
        found = await read(tx, team_id, None, 10, "person.signed_in")
    assert [entry.action for entry in found] == ["person.signed_in"]


async def test_an_entry_keeps_all_it_was_told(database: Database) -> None:
    team_id = await begin(database)
    async with database.write() as tx:
        await record(tx, team_id, OLGA, act("Ä €", outcome="failed", details={"stage": "tls", "n": 2, "x": None}))
    async with database.read() as tx:
        (entry,) = await read(tx, team_id, None, 10, None)
    assert (entry.actor_id, entry.actor_name, entry.request_id) == (OLGA.id, "Olga", "req-1")
    assert (entry.object_name, entry.outcome, entry.details) == ("Ä €", "failed", {"stage": "tls", "n": 2, "x": None})


async def test_a_name_no_database_would_store_is_recorded_readably(database: Database) -> None:
    team_id = await begin(database)
    async with database.write() as tx:
        await record(tx, team_id, Actor(None, "\0\ud800" + "x" * 500, "r" * 99), act("a\nb"))
    async with database.read() as tx:
        (entry,) = await read(tx, team_id, None, 10, None)
    assert entry.object_name == "a\N{REPLACEMENT CHARACTER}b"
    assert len(entry.actor_name) == 120
    assert (await checked(database, team_id)).intact


async def test_eves_team_sees_nothing_of_ours(database: Database) -> None:
    ours, eves = await begin(database, 2), await begin(database)
    async with database.read() as tx:
        assert await read(tx, eves, None, 10, None) == []
    assert await checked(database, eves) == Check(intact=True, checked=0, broken_at=None)
    assert await checked(database, ours) == Check(intact=True, checked=2, broken_at=None)


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
    assert await checked(database, team_id) == Check(intact=True, checked=1, broken_at=None)


async def test_twenty_at_once_make_one_chain(database: Database) -> None:
    team_id = await begin(database)

    async def one(number: int) -> None:
        async with database.write() as tx:
            await record(tx, team_id, OLGA, act(str(number)))

    await asyncio.gather(*(one(number) for number in range(20)))
    assert await checked(database, team_id) == Check(intact=True, checked=20, broken_at=None)


CHANGES = [
    "UPDATE audit_entry SET object_name = 'x'",
    "DELETE FROM audit_entry",
]


@pytest.mark.parametrize("statement", CHANGES)
async def test_the_database_itself_refuses_to_change_the_trail(database: Database, statement: str) -> None:
    team_id = await begin(database, 2)
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as tx:
            await tx.execute(text(statement))
    assert await checked(database, team_id) == Check(intact=True, checked=2, broken_at=None)


async def test_emptying_or_replacing_is_refused_too(database: Database) -> None:
    await begin(database, 2)
    statement = "REPLACE INTO audit_entry SELECT * FROM audit_entry" if database.is_sqlite else "TRUNCATE audit_entry"
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as tx:
            await tx.execute(text(statement))


def tamperings() -> Iterator[tuple[str, str, int]]:
    for column in ("actor_name", "action", "object_type", "object_id", "object_name", "outcome", "request_id"):
        yield f"{column} edited", f"UPDATE audit_entry SET {column} = 'x' WHERE seq = 2", 2
    yield "details edited", "UPDATE audit_entry SET details = '[]' WHERE seq = 2", 2
    yield "time edited", "UPDATE audit_entry SET at = at + 1 WHERE seq = 2", 2
    yield "actor taken out", "UPDATE audit_entry SET actor_id = NULL WHERE seq = 2", 2
    yield "stored bytes edited", "UPDATE audit_entry SET canonical = prev_hash WHERE seq = 2", 2
    yield "hash edited", "UPDATE audit_entry SET hash = prev_hash WHERE seq = 2", 2
    yield "first deleted", "DELETE FROM audit_entry WHERE seq = 1", 1
    yield "middle deleted", "DELETE FROM audit_entry WHERE seq = 2", 2
    yield "end cut off", "DELETE FROM audit_entry WHERE seq > 2", 3
    yield "all deleted", "DELETE FROM audit_entry", 1
    closed = "DELETE FROM audit_entry WHERE seq = 2;UPDATE audit_entry SET seq = seq - 1 WHERE seq > 2"
    yield "middle deleted, gap closed", closed, 2
    move = "UPDATE audit_entry SET seq = {} WHERE seq = {}"
    yield "two swapped", ";".join((move.format(-2, 2), move.format(2, 3), move.format(3, -2))), 2
    yield "head turned back", "UPDATE audit_head SET seq = 3", 4
    yield "head deleted", "DELETE FROM audit_head", 5


@pytest.mark.parametrize(("statements", "broken_at"), [pytest.param(s, b, id=name) for name, s, b in tamperings()])
async def test_tampering_is_found_where_it_happened(database: Database, statements: str, broken_at: int) -> None:
    team_id = await begin(database, 4)
    async with database.write() as tx:
        await without_guard(tx)
        for statement in statements.split(";"):
            await tx.execute(text(statement))
    found = await checked(database, team_id)
    assert (found.intact, found.broken_at) == (False, broken_at)


async def test_an_entry_of_another_team_does_not_fit(database: Database) -> None:
    ours, eves = await begin(database, 1), await begin(database)
    async with database.write() as tx:
        await without_guard(tx)
        await tx.execute(text("UPDATE audit_entry SET team_id = :eves"), {"eves": str(eves)})
        await tx.execute(
            text("UPDATE audit_head SET seq = 1, hash = (SELECT hash FROM audit_entry) WHERE team_id = :eves"),
            {"eves": str(eves)},
        )
    assert (await checked(database, eves)).broken_at == 1
    assert (await checked(database, ours)).broken_at == 1


async def test_a_long_chain_is_checked_to_its_end(database: Database) -> None:
    team_id = await begin(database, 1001)
    assert await checked(database, team_id) == Check(intact=True, checked=1001, broken_at=None)
    async with database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(AuditRow)) == 1001


def test_every_action_is_named_once() -> None:
    assert len(set(ACTIONS)) == len(ACTIONS)
