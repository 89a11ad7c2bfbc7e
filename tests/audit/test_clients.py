"""What is recorded of where people come from: as coarse as the team wants it, and never what is no address."""

import asyncio

import pytest

from moorage.audit.client_address import tell_client
from moorage.audit.reading import NOBODY, Filter, read
from moorage.audit.rules import change_clients
from moorage.audit.trail import Act, Actor, record
from moorage.storage.database import Database
from moorage.storage.types import new_id
from tests.audit.attacking import OLGA, act, add, begin, checked

CLIENTS = [
    ("203.0.113.77", "203.0.113.0/24", "203.0.113.77"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48", "2001:db8:1:2:3:4:5:6"),
    ("::ffff:203.0.113.77", "203.0.113.0/24", "203.0.113.77"),
    ("fe80::1%eth0", "fe80::/48", "fe80::1"),
    ("testclient", "", ""),
    ("", "", ""),
    ("203.0.113.77, 10.0.0.1", "", ""),
    ("203.0.113.077", "", ""),
]


@pytest.mark.parametrize(("client", "coarse", "full"), CLIENTS)
def test_an_address_is_told_as_the_rule_says(client: str, coarse: str, full: str) -> None:
    assert [tell_client(client, rule) for rule in ("none", "coarse", "full", "?")] == ["", coarse, full, ""]


async def test_a_team_chooses_and_the_choice_holds_from_the_next_entry_on(database: Database) -> None:
    team_id, eves = await begin(database, 1), await begin(database, 1)
    for rule in ("none", "full"):
        async with database.write() as tx:
            await change_clients(tx, team_id, OLGA, rule)
        await add(database, team_id)
    await add(database, eves)
    async with database.read() as tx:
        told = [entry.client for entry in reversed(await read(tx, team_id, None, 10))]
        assert {entry.client for entry in await read(tx, eves, None, 10)} == {"203.0.113.0/24"}
    assert told == ["203.0.113.0/24", "", "", "203.0.113.77", "203.0.113.77"]
    assert (await checked(database, team_id)).intact


async def test_entries_are_found_by_who_what_how_when_and_name(database: Database) -> None:
    team_id = await begin(database, 1)
    adam = Actor(new_id(), "Adam", "req-2")
    async with database.write() as tx:
        await record(tx, team_id, adam, act("100% Köln_1", outcome="failed"))
        await asyncio.sleep(0.002)  # a moment is told in milliseconds, and these are to be two
        await record(tx, team_id, Actor(None, "operator", ""), Act("team.plan_changed", "team", "t", "Brandt"))
        await record(tx, team_id, adam, Act("connection.tested", "connection", "c-2", "Kiel"))
    async with database.read() as tx:
        everything = await read(tx, team_id, None, 10)
        at = everything[1].at

        async def found(**wanted: object) -> list[int]:
            return [entry.seq for entry in await read(tx, team_id, None, 10, Filter(**wanted))]  # type: ignore[arg-type]

        assert await found(actor=adam.id) == [4, 2]
        assert await found(actor=NOBODY) == [3]
        assert await found(action="connection") == [4, 2, 1]
        assert await found(action="connection.tested") == [4]
        assert await found(action="connectio") == []
        assert await found(object_id="c-1") == [2, 1]
        assert await found(outcome="failed") == [2]
        assert await found(since=at) == [4, 3]
        assert await found(until=at) == [2, 1]
        assert await found(text="100% k") == [2]
        assert await found(text="%") == [2]
        assert await found(text="_") == [2]
        assert await found(text="werft", outcome="failed") == []
        assert await found(actor=adam.id, action="connection", outcome="done") == [4]
