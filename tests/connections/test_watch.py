"""Free looks at endpoints in the background: what is asked, what never is, how often, by whom, and what it changes."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.connections.schedule import Rhythm, claim, find_due
from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionRow, KeyUseRow
from moorage.storage.database import Database
from moorage.usage.tables import ByomUsageRow, ReservationRow
from tests.connections.lookout import EVERY, Lookout, lookout_over
from tests.connections.quay import HOST, KEY, Quay, finish, open_quay
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer


async def _watched(lookout: Lookout) -> UUID:
    """Connect, let the watch begin its plan, and let enough time pass that a check is due."""
    connection_id = await lookout.quay.connect()
    assert await lookout.check() == 0
    await lookout.later(minutes=10)
    return connection_id


async def test_a_check_asks_for_the_list_and_for_nothing_that_costs(quay: Quay) -> None:
    """P22: never a billed probe. P12: the use of the key is counted."""
    lookout = lookout_over(quay)
    connection_id = await _watched(lookout)
    counts = quay.server.counts
    lists, chats = counts.list_requests, counts.chat_requests
    assert await lookout.check() == 1
    assert (counts.list_requests, counts.chat_requests) == (lists + 1, chats)
    uses = {row.purpose: row.uses for row in await quay.rows(KeyUseRow) if row.credential == str(connection_id)}
    assert uses == {"check": 1}
    assert (await quay.count(ByomUsageRow), await quay.count(ReservationRow)) == (0, 0)
    assert (await lookout.row(connection_id)).health == "healthy"
    assert await lookout.check() == 0, "and not again before its time"


async def test_of_several_processes_one_checks(quay: Quay) -> None:
    one, other = lookout_over(quay), lookout_over(quay)
    await _watched(one)
    lists = quay.server.counts.list_requests
    await asyncio.gather(one.watch.check_due(), other.watch.check_due(), one.watch.check_due())
    assert quay.server.counts.list_requests == lists + 1
    await one.later(minutes=10)
    await asyncio.gather(*(lookout.watch.judge() for lookout in (one, other)))
    await other.watch.check_due()
    assert quay.server.counts.list_requests == lists + 2


async def test_a_check_that_a_killed_process_took_is_done_by_another_when_its_lease_ends(quay: Quay) -> None:
    lookout = lookout_over(quay)
    connection_id = await _watched(lookout)
    async with quay.database.write() as tx:
        [due] = await find_due(tx, EVERY, 10)
        assert await claim(tx, due)
        assert not await claim(tx, due)
    assert await lookout.check() == 0
    await lookout.later(seconds=61)
    assert await lookout.check() == 1
    assert (await lookout.plan(connection_id)).checked_at is not None


async def test_a_team_that_the_gate_refuses_is_not_checked(quay: Quay) -> None:
    """P14."""
    lookout = lookout_over(quay)
    await _watched(lookout)
    await quay.set_standing("suspended")
    connections = quay.server.counts.connections
    assert await lookout.check() == 1
    assert await lookout.check() == 0
    assert quay.server.counts.connections == connections
    assert await quay.count(KeyUseRow) == 0
    await quay.set_standing("active")
    await lookout.later(minutes=10)
    assert await lookout.check() == 1
    assert quay.server.counts.connections == connections + 1


@pytest.mark.parametrize("reason", ["paused", "deleted", "key lost", "no list", "written with"])
async def test_what_needs_no_check_gets_none(quay: Quay, reason: str) -> None:
    lookout = lookout_over(quay)
    if reason == "no list":
        draft = quay.draft(models=[Wanted("steady", "", enabled=True)])
        connection_id = (await quay.connections.make(quay.olga, draft)).id
        await lookout.check()
        await lookout.later(minutes=10)
    else:
        connection_id = await _watched(lookout)
    if reason == "paused":
        await quay.connections.change(quay.adam, connection_id, {"enabled": False})
    elif reason == "deleted":
        await quay.connections.delete(quay.adam, connection_id)
    elif reason == "key lost":
        async with quay.database.write() as tx:
            await tx.execute(update(ConnectionRow).values(key_lost_at=ConnectionRow.created_at, sealed_base_url=b""))
    elif reason == "written with":
        chosen = await quay.choose(await quay.ref())
        async with quay.database.write() as tx:
            await quay.desk.note_health(tx, chosen, None)
    requests = quay.server.counts.requests
    assert await lookout.check() == 0
    assert quay.server.counts.requests == requests


async def test_a_refused_key_is_not_shown_again_until_it_is_replaced(quay: Quay) -> None:
    """A wrong key that is sent every five minutes gets its sender banned."""
    lookout = lookout_over(quay)
    connection_id = await _watched(lookout)
    quay.server.key = "sk-rotated"
    await lookout.check()
    row = await lookout.row(connection_id)
    assert (row.health, row.health_code, row.opened_at is not None) == ("refused", "bad_key", True)
    requests = quay.server.counts.requests
    for _ in range(5):
        await lookout.later(hours=12)
        assert await lookout.check() == 0
    assert quay.server.counts.requests == requests
    await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered(key="sk-rotated")))
    assert (await lookout.row(connection_id)).opened_at is None
    await lookout.later(minutes=10)
    assert await lookout.check() == 1
    assert (await lookout.row(connection_id)).health == "healthy"


async def test_a_dead_server_is_found_asked_less_and_less_and_found_again(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> None:
    """P22: closed, open, half open by a single free look, closed."""
    async with AsyncExitStack() as its_life:
        mortal = await its_life.enter_async_context(ModelServer(authority.server_context(HOST), name=HOST, key=KEY))
        port, url = mortal.port, mortal.base_url
        async with open_quay(database, tmp_path, server, authority, also_ports=(port,)) as quay:
            lookout = lookout_over(quay)
            finished = await quay.test(base_url=url)
            draft = quay.draft(entered=quay.entered(base_url=url), test_id=finished.test_id)
            connection_id = (await quay.connections.make(quay.olga, draft)).id
            await lookout.check()
            await its_life.aclose()
            waits = []
            for _ in range(12):
                await lookout.later(hours=1)
                assert await lookout.check() == 1
                plan = await lookout.plan(connection_id)
                waits.append(round((plan.due_at - plan.checked_at).total_seconds()))
            assert waits == [20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900, 900]
            row = await lookout.row(connection_id)
            assert (row.health, row.health_code, row.opened_at is not None) == ("unreachable", "connect_refused", True)
            async with ModelServer(authority.server_context(HOST), name=HOST, key=KEY, port=port) as risen:
                await lookout.later(hours=1)
                assert await lookout.check() == 1
                assert (risen.counts.list_requests, risen.counts.chat_requests) == (1, 0)
                row = await lookout.row(connection_id)
                assert (row.health, row.opened_at) == ("healthy", None)


async def test_a_call_that_could_not_connect_is_looked_into_at_once(quay: Quay) -> None:
    lookout = lookout_over(quay)
    connection_id = await quay.connect()
    await lookout.check()
    chosen = await quay.choose(await quay.ref())
    async with quay.database.write() as tx:
        await quay.desk.note_health(tx, chosen, "connect_timeout", {"timeout_s": 10})
    assert await lookout.check() == 1, "long before its time"
    assert (await lookout.row(connection_id)).health == "healthy"


async def test_a_list_that_fails_while_calls_go_well_is_not_believed(quay: Quay) -> None:
    lookout = lookout_over(quay)
    connection_id = await _watched(lookout)
    quay.server.listing = "html"
    await lookout.check()
    assert (await lookout.row(connection_id)).health_code == "not_api"
    await lookout.later(minutes=10)
    chosen = await quay.choose(await quay.ref())
    async with quay.database.write() as tx:
        await quay.desk.note_health(tx, chosen, None)
    await lookout.later(minutes=10)
    assert await lookout.check() == 1
    row = await lookout.row(connection_id)
    assert (row.health, row.failures) == ("healthy", 0)
    await lookout.later(minutes=10)
    assert await lookout.check() == 0


async def test_a_list_that_was_switched_off_says_nothing_about_the_model(quay: Quay) -> None:
    lookout = lookout_over(quay)
    connection_id = await _watched(lookout)
    quay.server.listing = "none"
    assert await lookout.check() == 1
    row = await lookout.row(connection_id)
    assert (row.health, row.failures) == ("healthy", 0)
    await lookout.later(hours=1)
    assert await lookout.check() == 0


async def test_a_server_that_takes_the_question_and_is_silent_does_not_answer(quay: Quay) -> None:
    lookout = lookout_over(quay, deadline_s=0.2)
    connection_id = await _watched(lookout)
    quay.server.listing = "hangs"
    assert await lookout.check() == 1
    row = await lookout.row(connection_id)
    assert (row.health, row.health_code, row.failures) == ("unreachable", "first_byte_timeout", 1)


async def test_the_watch_stops_at_once_wherever_it_is(quay: Quay) -> None:
    lookout = lookout_over(quay, deadline_s=60, look_every_s=0.01, judge_every_s=0.01)
    await _watched(lookout)
    quay.server.listing = "hangs"
    lists = quay.server.counts.list_requests
    lookout.watch.start()
    async with asyncio.timeout(10):
        while quay.server.counts.list_requests == lists:
            await asyncio.sleep(0.01)
        await lookout.watch.aclose()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("connection-")]


async def test_without_a_rhythm_nothing_is_asked(quay: Quay) -> None:
    lookout = lookout_over(quay, every=timedelta(0), look_every_s=0.01, judge_every_s=0.01)
    await quay.connect()
    requests = quay.server.counts.requests
    lookout.watch.start()
    await asyncio.sleep(0.2)
    await lookout.watch.aclose()
    assert quay.server.counts.requests == requests


def test_checks_are_spread_and_never_rarer_than_they_must() -> None:
    for chance in (0.0, 0.5, 1.0):
        rhythm = Rhythm(EVERY, lambda chance=chance: chance)  # type: ignore[misc]
        assert EVERY * 0.8 <= rhythm.after_good() <= EVERY * 1.2
        assert EVERY * 0.5 <= rhythm.first() <= EVERY
        assert timedelta(seconds=16) <= rhythm.after_miss(1) <= timedelta(seconds=24)
        assert rhythm.after_miss(1000) <= timedelta(minutes=18)
