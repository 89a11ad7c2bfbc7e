"""What is made of days that are over says what their rows say, whatever happens while it is made (P15)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from moorage.reports.desk import Reports
from moorage.reports.steady import Pace
from moorage.storage.database import Database
from moorage.storage.migrate import alembic_config, upgrade
from moorage.storage.types import new_id
from moorage.usage import closing
from moorage.usage.closed import CLOSED_DAYS, FORTNIGHT, FORTNIGHTS, NOTHING_CLOSED
from moorage.usage.closing import Closing, DayCloser, close_days
from moorage.usage.day_rows import DAY_TABLES
from moorage.usage.people import PeopleReport
from moorage.usage.rollups import FIGURES, EventKind, date_of
from moorage.usage.statistics import UsageReport
from moorage.usage.tables import ClosingRow
from tests.support.days_used import add_days, day_used
from tests.usage.over import KINDS, PEOPLE, PLACES, TODAY, Told, closed_drift, closed_until, forget, put, told
from tests.usage.quayside import Quayside, add_team, quayside

__all__ = ["quayside"]

figures = st.fixed_dictionaries(
    {name: st.integers(0, 50) for name in FIGURES[1:-1]} | {"calls": st.integers(1, 50), "ttft_ms_sum": st.just(0.5)}
)
rows = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 45),  # days before today
        st.sampled_from(PEOPLE),
        st.integers(0, 1),  # the place
        st.sampled_from(["kimi", "glm"]),
        figures,
    ),
    max_size=30,
    unique_by=lambda one: one[:5],
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=rows, ranges=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6))
async def test_closed_days_say_what_the_open_ones_said_whatever_is_asked(
    quayside: Quayside, made: list[Any], ranges: list[tuple[int, int]]
) -> None:
    await forget(quayside.database)
    quayside.team_id = await add_team(quayside.database)
    await put(quayside, made)
    spans = [(0, TODAY)] + [(TODAY - max(one), TODAY - min(one)) for one in ranges]
    before = [await told(quayside.database, quayside.team_id, *span) for span in spans]
    await close_days(quayside.database, rests=False)
    assert [await told(quayside.database, quayside.team_id, *span) for span in spans] == before
    assert await closed_drift(quayside.database) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_closed_is_what_is_read_and_what_is_open_is_read_beside_it(
    quayside: Quayside, kind: EventKind
) -> None:
    """Without the rows of closed days a team's figures, and its people's fortnights, are still there."""
    days = [0, 1, 2, 3, 40]
    await put(quayside, [(kind, back, PEOPLE[0], 0, "kimi", {}) for back in days])
    assert await close_days(quayside.database, rests=False) == Closing(3)
    assert await closed_until(quayside.database) == TODAY - 2
    async with quayside.database.write() as tx:
        await tx.execute(delete(DAY_TABLES[kind]).where(DAY_TABLES[kind].day <= TODAY - 2))
    whole = await told(quayside.database, quayside.team_id, 0, TODAY)
    report, people = whole[KINDS.index(kind) * 2 :][:2]
    assert isinstance(report, UsageReport)
    assert isinstance(people, PeopleReport)
    assert [one.day for one in report.days] == [date_of(TODAY - back).isoformat() for back in sorted(days)[::-1]]
    in_fortnights = [back for back in days if (TODAY - back) // FORTNIGHT < (TODAY - 1) // FORTNIGHT]
    assert sum(one.calls for one in people.people) == len({0, 1, *in_fortnights})
    # Whose they were is not in them: one's own are read as before.
    own = await told(quayside.database, quayside.team_id, 0, TODAY, user_id=UUID(PEOPLE[0]))
    assert [getattr(one, "calls", 0) for one in own[::2]][KINDS.index(kind)] == 2


async def test_closing_twice_changes_nothing_and_a_day_that_is_new_comes_to_it(quayside: Quayside) -> None:
    await put(quayside, [(kind, back, person, 0, "kimi", {}) for kind in KINDS for back in (2, 9) for person in PEOPLE])
    assert await close_days(quayside.database, rests=False) == Closing(2)
    before = await told(quayside.database, quayside.team_id, 0, TODAY)
    assert await close_days(quayside.database, rests=False) == Closing(0)
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
    assert await closed_drift(quayside.database) == []


async def test_all_teams_are_closed_and_one_that_is_gone(quayside: Quayside) -> None:
    """What an erased team used of standard models stays, and is told to the operator."""
    teams = [new_id() for _ in range(5)]
    for team_id in teams:
        quayside.team_id = team_id
        await put(quayside, [("standard", 5, PEOPLE[0], 0, "kimi", {})])
    assert await close_days(quayside.database, rests=False) == Closing(1)
    for kind in KINDS:
        count = len(teams) if kind == "standard" else 0
        assert await quayside.count(CLOSED_DAYS[kind]) == await quayside.count(FORTNIGHTS[kind]) == count


class KilledError(BaseException):
    """The process is gone."""


@contextmanager
def _killed_at(monkeypatch: pytest.MonkeyPatch, day: int) -> Iterator[None]:
    """End the process after all of that day is written, and before it is committed."""
    closing_one = closing._close_one

    async def dying(tx: AsyncConnection) -> bool:
        more = await closing_one(tx)
        if more and await tx.scalar(select(ClosingRow.day)) == day:
            raise KilledError
        return more

    with monkeypatch.context() as patched:
        patched.setattr(closing, "_close_one", dying)
        with pytest.raises(KilledError):
            yield


async def test_a_kill_while_days_are_closed_loses_nothing_and_doubles_nothing(
    quayside: Quayside, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = [
        (kind, back, person, 0, "kimi", {}) for kind in KINDS for back in (9, 8, 5, 3) for person in PEOPLE
    ]
    await put(quayside, made)
    before = await told(quayside.database, quayside.team_id, 0, TODAY)
    for dies_at, until in ((9, None), (8, TODAY - 9), (3, TODAY - 5)):
        with _killed_at(monkeypatch, TODAY - dies_at):
            await close_days(quayside.database, rests=False)
        assert await closed_until(quayside.database) == until
        assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
        assert await closed_drift(quayside.database) == []
    assert await close_days(quayside.database, rests=False) == Closing(1)
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
    assert await closed_drift(quayside.database) == []


async def test_two_processes_that_close_at_once_close_each_day_once(quayside: Quayside, database_url: str) -> None:
    await put(
        quayside, [(kind, back, person, 0, "kimi", {}) for kind in KINDS for back in range(30) for person in PEOPLE]
    )
    before, other = await told(quayside.database, quayside.team_id, 0, TODAY), Database(database_url)
    try:
        outcomes = await asyncio.gather(*(close_days(one, rests=False) for one in (quayside.database, other)))
        last = await close_days(quayside.database, rests=False)
    finally:
        await other.close()
    assert sum(one.closed for one in (*outcomes, last)) == 28
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
    assert await closed_drift(quayside.database) == []


async def test_days_that_a_wrong_clock_has_closed_are_opened_again(quayside: Quayside) -> None:
    """The clock was a month ahead: what is used until then would be in no figure."""
    await put(
        quayside,
        [(kind, back, person, 0, "kimi", {}) for kind in KINDS for back in (0, 1, 2, 9, 40) for person in PEOPLE],
    )
    before = await told(quayside.database, quayside.team_id, 0, TODAY + 40)
    await _close_all(quayside.database)
    assert await closed_until(quayside.database) == TODAY
    assert await told(quayside.database, quayside.team_id, 0, TODAY + 40) == before
    # Until the next turn what is closed too early is not read.
    await put(quayside, [(kind, 0, PEOPLE[0], 1, "glm", {}) for kind in KINDS])
    before = await _as_if_open(quayside)
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
    done = await close_days(quayside.database, rests=False)
    assert done.opened_from is not None
    assert done.opened_from % FORTNIGHT == 0
    assert await closed_until(quayside.database) == TODAY - 2
    assert await told(quayside.database, quayside.team_id, 0, TODAY) == before
    assert await closed_drift(quayside.database) == []


async def _close_all(database: Database) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(closing, "OPEN_DAYS", -30)
        await close_days(database, rests=False)


async def _as_if_open(quayside: Quayside) -> Told:
    """Say what is told where nothing is closed; what is closed is there again afterwards."""
    async with quayside.database.write() as tx:
        was = await tx.scalar(select(ClosingRow.day))
        await tx.execute(update(ClosingRow).values(day=NOTHING_CLOSED))
    said = await told(quayside.database, quayside.team_id, 0, TODAY)
    async with quayside.database.write() as tx:
        await tx.execute(update(ClosingRow).values(day=was))
    return said


async def test_years_before_the_upgrade_are_closed_by_the_first_turns_after_it(empty_database_url: str) -> None:
    database, team_id = Database(empty_database_url), new_id()

    def before(connection: Any) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0027_favourites")

    made: list[Any] = [
        day_used(str(team_id), person, PLACES[kind][0], "m", date_of(day), kind=kind)
        for kind in KINDS for day in (0, 1, 9_000, TODAY - 400, TODAY - 2, TODAY) for person in PEOPLE
    ]  # fmt: skip
    try:
        async with database.write() as tx:
            await tx.run_sync(before)
            await add_days(tx, made)
        await upgrade(database)
        said = await told(database, team_id, 0, TODAY)
        assert await close_days(database, rests=False) == Closing(5)
        assert await told(database, team_id, 0, TODAY) == said
        assert await closed_drift(database) == []
    finally:
        await database.close()


@pytest.mark.usefixtures("everything_is_logged")
async def test_the_server_closes_days_by_itself_and_says_so(quayside: Quayside) -> None:
    await put(quayside, [("byom", back, PEOPLE[0], 0, "kimi", {}) for back in (2, 3, 4)])
    with capture_logs() as lines:
        closer = DayCloser(quayside.database, Reports(), pace=Pace(0.01))
        closer.start()
        async with asyncio.timeout(20):
            while not lines:
                await asyncio.sleep(0.01)
            async with quayside.database.write() as tx:
                await tx.execute(update(ClosingRow).values(day=TODAY))
            while "usage_days_opened" not in [line["event"] for line in lines]:
                await asyncio.sleep(0.01)
        await closer.aclose()
    assert lines[0] == {"event": "usage_days_closed", "log_level": "info", "count": 3}


async def test_no_turn_walks_through_all_days(quayside: Quayside) -> None:
    """It would take seconds of a writer's time where there are years of many teams."""
    if not quayside.database.is_sqlite:
        pytest.skip("PostgreSQL plans by how many rows there are")
    statements: list[Any] = [
        *closing._NEXT.values(),
        *(one for kind in KINDS for one in closing._CLOSE[kind, "sqlite"]),
    ]
    async with quayside.database.read() as tx:
        for statement in statements:
            said = str(statement.compile(dialect=tx.dialect, compile_kwargs={"render_postcompile": True}))
            values = tuple(1 for _ in range(said.count("?")))
            steps = [row.detail for row in await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)]
            assert any("usage_day" in step for step in steps)
            assert [step for step in steps if step.startswith("SCAN") and "usage_day" in step] == []
