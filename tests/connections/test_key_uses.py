"""Every use of a stored key is counted before it can happen, by hour and purpose, in the deciding transaction."""

import ast
import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from moorage.connections.chosen import OwnOpening
from moorage.connections.old_uses import UseCleaner, delete_all_old
from moorage.connections.tables import KeyUseRow
from moorage.connections.uses import KeyUse, UseCounter, read_hours, read_standard_uses, read_uses
from moorage.errors import NotAllowed, NotFound
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace
from moorage.storage.database import Database
from moorage.storage.types import new_id
from tests.connections.quay import Quay, finish
from tests.support.codebase import python_sources


async def uses_of(quay: Quay, connection_id: object) -> dict[str, int]:
    uses = await quay.connections.key_uses(quay.olga, connection_id)  # type: ignore[arg-type]
    return {purpose: count for day in uses.days for purpose, count in day.uses.items()}


async def test_replies_tests_and_discoveries_are_counted_apart(quay: Quay) -> None:
    connection_id = await quay.connect()
    assert await uses_of(quay, connection_id) == {}
    for _ in range(3):
        await quay.reply(await quay.ref())
    await quay.connections.discover(quay.olga, connection_id)
    await finish(quay.connections.test_stored(quay.olga, connection_id))
    assert await uses_of(quay, connection_id) == {"reply": 3, "discovery": 1, "test": 1}
    uses = await quay.connections.key_uses(quay.olga, connection_id)
    assert uses.last_at is not None
    assert datetime.now(UTC) - uses.last_at < timedelta(minutes=1)


async def test_a_decision_that_is_taken_back_counts_nothing(quay: Quay) -> None:
    connection_id = await quay.connect()

    async def decide_and_fail() -> None:
        async with quay.database.write() as tx:
            await quay.picker.choose(tx, quay.olga.asker, await quay.ref(), quay.unsealed())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await decide_and_fail()
    assert await uses_of(quay, connection_id) == {}


async def test_a_counted_use_opens_once_and_nothing_else(quay: Quay) -> None:
    """By construction: opening asks for a use, and a use is good for one opening of one credential."""
    await quay.connect()
    chosen = await quay.choose(await quay.ref())
    await quay.open(chosen)
    with pytest.raises(ValueError, match=str(chosen.connection_id)):
        await quay.open(chosen)
    opening = (await quay.choose(await quay.ref())).opening
    assert isinstance(opening, OwnOpening)
    for team_id, credential in ((new_id(), str(opening.connection_id)), (opening.team_id, str(new_id()))):
        with pytest.raises(ValueError, match=credential):
            opening.use.spend(team_id, credential)


def test_only_counting_gives_a_use_and_only_a_use_opens_a_key() -> None:
    sources = list(python_sources("moorage"))
    makers = {
        str(source.path)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == KeyUse.__name__
    }
    assert makers == {"moorage/connections/uses.py"}
    places = {
        str(source.path)
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "of_key" and not source.path.name.startswith("test")
    }
    assert places == {"moorage/connections/credentials.py"}


async def test_eve_and_mia_see_nothing_of_it(quay: Quay) -> None:
    connection_id = await quay.connect()
    with pytest.raises(NotFound):
        await quay.connections.key_uses(quay.eve, connection_id)
    with pytest.raises(NotAllowed):
        await quay.connections.key_uses(quay.mia, connection_id)


async def test_processes_that_count_at_once_lose_nothing(database: Database, database_url: str) -> None:
    team_id, first, second = new_id(), str(new_id()), str(new_id())
    other = Database(database_url)

    async def count(where: Database, name: str, credentials: tuple[str, str]) -> None:
        counter = UseCounter(name)
        for _ in range(10):
            async with where.write() as tx:
                for credential in credentials:
                    await counter.count(tx, team_id, credential, "reply")

    try:
        # In opposite orders: rows that both wrote to would lock each other out.
        await asyncio.gather(count(database, "a", (first, second)), count(other, "b", (second, first)))
    finally:
        await other.close()
    async with database.read() as tx:
        for credential in (first, second):
            uses = await read_uses(tx, team_id, credential)
            assert sum(count for day in uses.days for count in day.uses.values()) == 20
        hours = await read_hours(tx, team_id, None, 1)
        rest = await read_hours(tx, team_id, (hours[0].hour, hours[0].credential, hours[0].purpose), 9)
    assert {one.credential for one in [*hours, *rest]} == {first, second}


async def test_the_operators_keys_are_counted_for_all_teams_together(database: Database) -> None:
    async with database.write() as tx:
        for credential in ("standard:mistral", "standard:mistral", "standard:open", str(new_id())):
            await UseCounter("a").count(tx, new_id(), credential, "reply")
    async with database.read() as tx:
        told = await read_standard_uses(tx, datetime.now(UTC) - timedelta(hours=2))
    assert [(provider, uses) for provider, uses, _ in told] == [("mistral", 2), ("open", 1)]


async def plant(database: Database, team_id: UUID, ages: Sequence[timedelta]) -> None:
    """Write an hour of each of these ages, of two processes that counted."""
    async with database.write() as tx:
        for age in ages:
            hour = (datetime.now(UTC) - age).replace(minute=0, second=0, microsecond=0)
            row = {"team_id": team_id, "credential": "c", "hour": hour, "purpose": "reply", "uses": 2, "last_at": hour}
            await tx.execute(insert(KeyUseRow), [{**row, "counted_by": name} for name in "ab"])


async def test_hours_older_than_400_days_go_and_no_count_that_is_shown_changes(database: Database) -> None:
    team_id = new_id()
    kept = [timedelta(days=days) for days in (0, 1, 29, 31, 200, 399)]
    gone = [timedelta(days=days) for days in (401, 500, 900)]
    await plant(database, team_id, [*kept, *gone])
    async with database.read() as tx:
        shown = await read_uses(tx, team_id, "c")
    assert await delete_all_old(database, batch=4) == len(gone) * 2
    async with database.read() as tx:
        assert await read_uses(tx, team_id, "c") == shown
        hours = await read_hours(tx, team_id, None, 99)
    assert [one.uses for one in hours] == [4] * len(kept)
    assert await delete_all_old(database) == 0


async def test_the_server_deletes_them_by_itself(database: Database) -> None:
    team_id = new_id()
    await plant(database, team_id, [timedelta(days=500)])
    cleaner = UseCleaner(database, Reports(), pace=Pace(0.01))
    cleaner.start()
    try:
        async with asyncio.timeout(10):
            while True:
                async with database.read() as tx:
                    if not await read_hours(tx, team_id, None, 1):
                        break
                await asyncio.sleep(0.01)
    finally:
        await cleaner.aclose()
