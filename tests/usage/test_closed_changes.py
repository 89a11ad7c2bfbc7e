"""What changes of days that are closed changes in what was made of them, and what differs is found (P15)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.privacy.carrying_out import erase_some_of_person, finish_person, finish_team, shut_doors_of_team
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage import closing
from moorage.usage.closed import CLOSED_DAYS, FORTNIGHT, FORTNIGHTS, NOTHING_CLOSED, hold_closing
from moorage.usage.closing import Closing, close_days
from moorage.usage.day_rows import DAY_TABLES
from moorage.usage.drift import find_closed_drift
from moorage.usage.ledger import Call
from moorage.usage.people import PeopleReport
from moorage.usage.rollups import FIGURES, EventKind, date_of
from moorage.usage.statistics import UsageReport
from moorage.usage.tables import ByomUsageRow, ClosingRow
from tests.support.kept_rows import change
from tests.usage.over import DAY_US, KINDS, PEOPLE, PLACES, TODAY, Told, closed_drift, forget, put, told
from tests.usage.quayside import Quayside, add_team, quayside, used

__all__ = ["quayside"]


async def _orphan(quayside: Quayside, kind: str, back: int) -> Call:
    """Let a call be swept, so many days ago."""
    call = quayside.own_call() if kind == "byom" else quayside.call()
    await quayside.announce(call)
    await quayside.settle(call, used(100, None, "orphan", "crashed"))
    if back:
        await change(
            quayside.database,
            f"UPDATE {kind}_usage_event SET at = at - {back * DAY_US} WHERE call_id = '{call.call_id}'",
            f"UPDATE {kind}_usage_day SET day = day - {back} WHERE day = {TODAY}",
        )
    return call


def _tokens(said: Told, kind: str) -> tuple[int, int, int]:
    report, people = said[KINDS.index(kind) * 2 :][:2]
    assert isinstance(report, UsageReport)
    assert isinstance(people, PeopleReport)
    [person] = people.people
    assert person.tokens == report.total
    return report.calls, report.total.tokens_in, report.total.tokens_out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("back", [1, 2, 3, 21])
async def test_what_becomes_known_of_a_closed_day_is_added_to_both(
    quayside: Quayside, kind: EventKind, back: int
) -> None:
    early, late, new = [await _orphan(quayside, kind, days) for days in (20, back, 0)]
    await quayside.settle(early, used(80, 20))
    await close_days(quayside.database, rests=False)
    whole = await told(quayside.database, quayside.team_id, 0, TODAY)
    assert _tokens(whole, kind) == (3, 280, 20)
    for call in (late, new):
        await quayside.settle(call, used(70, 30))
    whole = await told(quayside.database, quayside.team_id, 0, TODAY)
    assert _tokens(whole, kind) == (3, 220, 80)
    assert await closed_drift(quayside.database) == await quayside.drift() == []
    await forget(quayside.database)
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("correction_is_first", [True, False])
async def test_a_day_is_not_closed_while_a_truth_about_it_is_on_its_way(
    quayside: Quayside, database_url: str, kind: str, correction_is_first: bool
) -> None:
    """Whichever holds the row lets the other wait, or go away, until it has committed."""
    if quayside.database.is_sqlite:
        pytest.skip("SQLite's writers stand in line anyway")
    call, other = await _orphan(quayside, kind, 20), Database(database_url)

    async def correct(tx: AsyncConnection) -> bool:
        return await quayside.ledger.settle(tx, call.call_id, used(80, 20))

    try:
        if correction_is_first:
            async with quayside.database.write() as tx:
                assert await hold_closing(tx) == NOTHING_CLOSED
            async with quayside.database.write() as tx:
                assert await correct(tx)
                assert await close_days(other, rests=False) == Closing(0)
            assert await close_days(other, rests=False) == Closing(1)
        else:
            async with other.write() as tx:
                assert await closing._close_one(tx)
                late = asyncio.create_task(quayside.writer.do(correct))
                done, _ = await asyncio.wait([late], timeout=0.5)
                assert done == set()
            assert await late
    finally:
        await other.close()
    assert _tokens(await told(quayside.database, quayside.team_id, 0, TODAY), kind) == (1, 80, 20)
    assert await closed_drift(quayside.database) == await quayside.drift() == []


async def test_todays_calls_do_not_ask_what_is_closed(quayside: Quayside) -> None:
    """Not a statement more on the path of a message, nor where its truth comes a moment later."""
    first, call, asked = quayside.own_call(), quayside.own_call(), list[str]()
    for one in (first, call):
        await quayside.announce(one)
    # Only the first of a process asks.
    await quayside.settle(first, used(3, 4))

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        asked.append(statement)

    engine = quayside.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        for outcome in (used(100, None, "orphan", "crashed"), used(80, 20)):
            assert await quayside.settle(call, outcome)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert any("byom_usage_day" in one for one in asked)
    assert [one for one in asked if "closing" in one or "closed" in one or "fortnight" in one] == []


async def test_a_clock_that_was_set_back_adds_to_days_that_are_closed(quayside: Quayside) -> None:
    await put(quayside, [("byom", 5, str(quayside.team_id), 0, "gpt", {})])
    await close_days(quayside.database, rests=False)
    async with quayside.database.write() as tx:
        await tx.execute(update(ClosingRow).values(day=TODAY))
    # By a process that has not seen the clock before.
    call = quayside.own_call(user_id=quayside.team_id)
    await quayside.announce(call)
    await quayside.settle(call, used(3, 4))
    assert await quayside.count(CLOSED_DAYS["byom"], CLOSED_DAYS["byom"].day == TODAY) == 1
    assert await closed_drift(quayside.database) == []


async def test_calls_that_are_hidden_are_taken_off_closed_days(quayside: Quayside) -> None:
    calls = [quayside.own_call(connection_id=UUID(PLACES["byom"][0])) for _ in range(2)]
    for call in calls:
        await quayside.announce(call)
        await quayside.settle(call, used(3, 4))
    await change(
        quayside.database,
        f"UPDATE byom_usage_event SET at = at - {20 * DAY_US}",
        "UPDATE byom_usage_day SET day = day - 20",
    )
    without = select(ByomUsageRow.call_id).where(ByomUsageRow.call_id == calls[0].call_id)
    before = await told(quayside.database, quayside.team_id, 0, TODAY, without=without)
    await close_days(quayside.database, rests=False)
    assert await told(quayside.database, quayside.team_id, 0, TODAY, without=without) == before
    assert _tokens(before, "byom") == (1, 3, 4)


async def test_an_erased_person_is_in_no_fortnight_though_a_day_was_closed_meanwhile(quayside: Quayside) -> None:
    """Days are closed between any two batches of the erasure; nothing is lost, and no id comes back."""
    person, pseudonym = UUID(PEOPLE[0]), new_id()
    await put(
        quayside, [(kind, back, one, 0, "kimi", {}) for kind in KINDS for back in (40, 20, 5, 0) for one in PEOPLE[:2]]
    )
    before = await _in_all(quayside.database)
    who = PersonScope(person, quayside.team_id, whole_account=False)
    while True:
        async with quayside.database.write() as tx:
            await closing._close_one(tx)
        async with quayside.database.write() as tx:
            if not await erase_some_of_person(tx, who, pseudonym):
                break
    await close_days(quayside.database, rests=False)
    async with quayside.database.write() as tx:
        await finish_person(tx, who, pseudonym)
    for kind in KINDS:
        for table in (DAY_TABLES[kind], FORTNIGHTS[kind]):
            assert await quayside.count(table, table.user_id == person) == 0
            assert await quayside.count(table, table.user_id == pseudonym) > 0
    assert await _in_all(quayside.database) == before
    assert await closed_drift(quayside.database) == []


async def _in_all(database: Database) -> list[int]:
    """Add up calls, as they are told of the whole team."""
    async with database.read() as tx:
        team_id = (await tx.execute(select(DAY_TABLES["byom"].team_id).limit(1))).scalar_one()
    said = await told(database, team_id, 0, TODAY)
    return [sum(p.calls for p in one.people) if isinstance(one, PeopleReport) else one.calls for one in said]


async def test_a_fortnight_is_not_handed_over_while_a_day_of_it_is_closed(
    quayside: Quayside, database_url: str
) -> None:
    """Of a day that was read before it had the other id; that one would come back."""
    if quayside.database.is_sqlite:
        pytest.skip("SQLite's writers stand in line anyway")
    person, pseudonym, other = UUID(PEOPLE[0]), new_id(), Database(database_url)
    await put(quayside, [(kind, 20, PEOPLE[0], 0, "kimi", {}) for kind in KINDS])
    who = PersonScope(person, quayside.team_id, whole_account=False)

    async def finish() -> None:
        async with quayside.database.write() as tx:
            await finish_person(tx, who, pseudonym)

    try:
        async with other.write() as tx:
            assert await closing._close_one(tx)
            finishing = asyncio.create_task(finish())
            done, _ = await asyncio.wait([finishing], timeout=0.5)
            assert done == set()
        await finishing
    finally:
        await other.close()
    for kind in KINDS:
        assert await quayside.count(FORTNIGHTS[kind], FORTNIGHTS[kind].user_id == person) == 0
    assert await closed_drift(quayside.database) == []


async def test_an_erased_team_leaves_what_has_to_be_billed_and_nobody_in_it(quayside: Quayside) -> None:
    eves = await add_team(quayside.database)
    mine = quayside.team_id
    for team_id in (eves, mine):
        quayside.team_id = team_id
        await put(quayside, [(kind, 20, one, 0, "kimi", {}) for kind in KINDS for one in PEOPLE])
    await close_days(quayside.database, rests=False)
    async with quayside.database.write() as tx:
        await shut_doors_of_team(tx, TeamScope(mine))
        await finish_team(tx, TeamScope(mine), new_id())
    for table, count in (
        (CLOSED_DAYS["byom"], 0), (FORTNIGHTS["byom"], 0), (CLOSED_DAYS["standard"], 1), (FORTNIGHTS["standard"], 1),
    ):  # fmt: skip
        assert await quayside.count(table, table.team_id == mine) == count
        assert await quayside.count(table, table.team_id == eves) > 0
    people = FORTNIGHTS["standard"]
    assert await quayside.count(people, people.team_id == mine, people.user_id.in_(map(UUID, PEOPLE))) == 0
    assert await quayside.count(people, people.team_id == mine, people.calls == 3) == 1
    assert await closed_drift(quayside.database) == []


async def test_a_team_is_not_erased_while_a_day_of_it_is_closed(quayside: Quayside, database_url: str) -> None:
    if quayside.database.is_sqlite:
        pytest.skip("SQLite's writers stand in line anyway")
    await put(quayside, [("byom", 20, PEOPLE[0], 0, "kimi", {})])
    other = Database(database_url)

    async def finish() -> None:
        async with quayside.database.write() as tx:
            await finish_team(tx, TeamScope(quayside.team_id), new_id())

    try:
        async with other.write() as tx:
            assert await closing._close_one(tx)
            finishing = asyncio.create_task(finish())
            done, _ = await asyncio.wait([finishing], timeout=0.5)
            assert done == set()
        await finishing
    finally:
        await other.close()
    assert await quayside.count(CLOSED_DAYS["byom"]) == await quayside.count(FORTNIGHTS["byom"]) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FIGURES)
async def test_each_figure_of_what_is_closed_is_looked_at(quayside: Quayside, kind: EventKind, name: str) -> None:
    await put(quayside, [(kind, 20, PEOPLE[0], 0, "kimi", {})])
    await close_days(quayside.database, rests=False)
    for table, of, day in (
        (f"{kind}_usage_closed_day", "kimi", TODAY - 20),
        (f"{kind}_usage_fortnight", PEOPLE[0], (TODAY - 20) // FORTNIGHT * FORTNIGHT),
    ):
        await change(quayside.database, f"UPDATE {table} SET {name} = {name} + 2")
        [drift] = await closed_drift(quayside.database)
        assert (drift.kind, drift.team_id, drift.of, drift.day) == (kind, quayside.team_id, of, date_of(day))
        assert {one: getattr(drift.apart, one) for one in FIGURES} == {one: 2 * (one == name) for one in FIGURES}
        await change(quayside.database, f"UPDATE {table} SET {name} = {name} - 2")
    assert await closed_drift(quayside.database) == []


async def test_what_is_closed_in_the_wrong_place_or_not_at_all_is_found(quayside: Quayside) -> None:
    await put(quayside, [(kind, 20, PEOPLE[0], 0, "kimi", {}) for kind in KINDS])
    await close_days(quayside.database, rests=False)
    async with quayside.database.write() as tx:
        await tx.execute(update(ClosingRow).values(day=TODAY - 21))
    # What is not closed by the row, and is there.
    assert [one.apart.calls for one in await closed_drift(quayside.database)] == [1] * 4
    await forget(quayside.database)
    async with quayside.database.write() as tx:
        await tx.execute(insert(ClosingRow).values(id=1, day=TODAY - 2))
    assert [one.apart.calls for one in await closed_drift(quayside.database)] == [-1] * 4
    async with quayside.database.read() as tx:
        assert len(await find_closed_drift(tx, 3)) == 3
