"""Usage events lie by month on PostgreSQL: made ahead by one process, and where none is made, nothing is lost."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace
from moorage.storage.database import Database
from moorage.storage.shapes import find_shapes, find_tables
from moorage.storage.types import Row, new_id
from moorage.usage.months import (
    AHEAD,
    LEADER_LOCK,
    TABLES,
    MonthMaker,
    find_held,
    find_wanted,
    first_id,
    make_months,
    month_after,
    partition_of,
)
from moorage.usage.tables import ByomCorrectionRow, ByomUsageRow, StandardUsageRow
from tests.usage.monthly import LONG_AGO, NOW, add_event, drop_months, id_in, lies_in, months_ahead, run, split
from tests.usage.quayside import Quayside, quayside, used

__all__ = ["quayside", "split"]

pytestmark = pytest.mark.usefixtures("everything_is_logged")


async def test_a_new_database_has_this_month_and_those_ahead(split: Database) -> None:
    async with split.read() as tx:
        assert await find_wanted(tx) == []
        found = await tx.scalars(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"))
        ahead = {partition_of(table, month) for table in TABLES for month in months_ahead(AHEAD)}
        assert set(found) == {*ahead, *(f"{table}_rest" for table in TABLES)}
    assert await make_months(split) == {}


async def test_a_partition_is_a_part_and_no_table(database: Database) -> None:
    async with database.read() as tx:
        names = {name for name in await find_tables(tx) if not name.startswith("search_index")}
        assert names == {*Row.metadata.tables, "alembic_version"}
        shapes = [shape.name for shape in await find_shapes(tx)]
    assert sorted(shapes) == sorted(Row.metadata.tables)


async def test_a_month_begins_where_the_database_says(split: Database) -> None:
    """The bounds are reckoned twice, here and in the function that makes a month."""
    for month in (LONG_AGO, date(2024, 2, 1), date(2025, 12, 1)):
        async with split.write() as tx:
            assert await tx.scalar(text(f"SELECT make_usage_month('byom_usage_event', '{month}')")) == "made"
            bounds = await tx.scalar(
                text("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = :name"),
                {"name": partition_of("byom_usage_event", month)},
            )
        assert bounds == f"FOR VALUES FROM ('{first_id(month)}') TO ('{first_id(month_after(month))}')"


async def test_a_call_is_settled_into_its_month_or_beside_it(split: Database, quayside: Quayside) -> None:
    """Whatever clock made its id, it is counted once, found and corrected."""
    database = split
    calls = [quayside.own_call(call_id=id_in(month)) for month in (NOW, month_after(NOW), LONG_AGO)]
    calls.append(quayside.own_call(call_id=UUID(int=0xF << 124 | new_id().int)))
    for call in calls:
        await quayside.announce(call)
        assert await quayside.settle(call, used(None, None, "orphan", "crashed"))
    assert await lies_in(database, "byom_usage_event") == {
        partition_of("byom_usage_event", NOW): 1,
        partition_of("byom_usage_event", month_after(NOW)): 1,
        "byom_usage_event_rest": 2,
    }
    for call in calls:
        assert await quayside.settle(call, used(10, 20)), "what is known better comes late"
        assert not await quayside.settle(call, used(10, 20))
    assert await quayside.count(ByomCorrectionRow) == len(calls)
    standard = quayside.call(call_id=id_in(LONG_AGO))
    await quayside.begin(standard)
    assert await quayside.settle(standard, used(10, 20))
    assert await quayside.count(StandardUsageRow, StandardUsageRow.charged_tokens == 30) == 1
    assert await quayside.drift() == []
    assert (await make_months(database)) == {"made": 2}
    assert await quayside.drift() == []
    assert await lies_in(database, "standard_usage_event") == {partition_of("standard_usage_event", LONG_AGO): 1}


async def test_an_id_is_unique_over_all_months(split: Database) -> None:
    call_id = id_in(LONG_AGO)
    await add_event(split, call_id)
    assert await make_months(split) == {"made": 1}
    with pytest.raises(Exception, match="UniqueViolation"):
        await add_event(split, call_id)


async def test_what_lay_beside_is_moved_when_its_month_is_made(split: Database) -> None:
    """A month that nobody made: its calls are counted meanwhile, and come into it."""
    await drop_months(split, NOW)
    ids = [id_in(NOW), id_in(NOW), id_in(LONG_AGO), UUID(int=1)]
    for call_id in ids:
        await add_event(split, call_id)
    assert await lies_in(split, "byom_usage_event") == {"byom_usage_event_rest": 4}
    assert await make_months(split) == {"made": 3}
    assert await lies_in(split, "byom_usage_event") == {
        partition_of("byom_usage_event", NOW): 2,
        partition_of("byom_usage_event", LONG_AGO): 1,
        "byom_usage_event_rest": 1,
    }
    async with split.read() as tx:
        assert sorted(await tx.scalars(text("SELECT call_id FROM byom_usage_event"))) == sorted(map(str, ids))
        indexes = set(await tx.scalars(text("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%connection_id%'")))
    assert partition_of("byom_usage_event", LONG_AGO) in indexes
    assert await make_months(split) == {}


async def test_a_month_with_too_many_rows_beside_it_stays_there_until_somebody_moves_them(split: Database) -> None:
    for _ in range(3):
        await add_event(split, id_in(LONG_AGO))
    assert await make_months(split, at_most=2) == {"full": 1}
    assert await lies_in(split, "byom_usage_event") == {"byom_usage_event_rest": 3}
    await run(split, f"SELECT make_usage_month('byom_usage_event', '{LONG_AGO}')")
    assert await lies_in(split, "byom_usage_event") == {partition_of("byom_usage_event", LONG_AGO): 3}


async def test_two_processes_make_each_month_once(split: Database, database_url: str) -> None:
    await drop_months(split, *months_ahead(AHEAD))
    await add_event(split, id_in(NOW))
    others = [Database(database_url) for _ in range(3)]
    try:
        outcomes = await asyncio.gather(*(make_months(one) for one in (split, *others)))
        # Whoever finds another at it leaves the rest to that one.
        again = await make_months(split)
    finally:
        for other in others:
            await other.close()
    made = sum(one.get("made", 0) for one in (*outcomes, again))
    assert made == len(TABLES) * (AHEAD + 1)
    assert await lies_in(split, "byom_usage_event") == {partition_of("byom_usage_event", NOW): 1}


async def test_the_function_itself_lets_two_wait_for_each_other(split: Database) -> None:
    """Whoever calls it past the leader's lock, an operator for instance, finds the month that the other made."""
    await drop_months(split, NOW)
    asked = text(f"SELECT make_usage_month('byom_usage_event', '{NOW}')")

    async def ask() -> str:
        async with split.write() as tx:
            return str(await tx.scalar(asked))

    assert sorted(await asyncio.gather(ask(), ask(), ask())) == ["made", "there", "there"]


async def test_while_another_process_makes_them_this_one_does_not_wait(split: Database) -> None:
    await drop_months(split, NOW)
    async with split.write() as leader:
        await leader.execute(text(f"SELECT pg_advisory_xact_lock({LEADER_LOCK})"))
        assert await make_months(split) == {}
    assert await make_months(split) == {"made": len(TABLES)}


async def test_somebody_in_the_way_is_no_trouble_and_the_next_turn_makes_it(split: Database) -> None:
    """A backup that reads for minutes holds what a new month needs for a moment."""
    await drop_months(split, NOW)
    maker = MonthMaker(split, Reports(), pace=Pace(0.01))
    with capture_logs() as lines:
        async with split.read() as reader:
            await reader.execute(text("SELECT count(*) FROM byom_usage_event"))
            with pytest.raises(Unavailable, match="database_busy"):
                await make_months(split)
            maker.start()
            await until(lines, "usage_months_not_made")
            await add_event(split, id_in(NOW))
        await until(lines, "usage_months_made")
        await maker.aclose()
    assert await lies_in(split, "byom_usage_event") == {partition_of("byom_usage_event", NOW): 1}


async def until(lines: Sequence[Mapping[str, object]], event: str) -> None:
    async with asyncio.timeout(30):
        while event not in {line["event"] for line in lines}:
            await asyncio.sleep(0.02)


async def test_the_server_says_when_a_month_is_full(split: Database) -> None:
    ids = "SELECT left(:first, 24) || lpad(to_hex(one), 12, '0') FROM generate_series(1, 50001) AS one"
    async with split.write() as tx:
        await tx.execute(
            text(
                "INSERT INTO byom_usage_event (call_id, team_id, user_id, purpose, model_id, count_source, ended,"
                f" started_at, at, connection_id) SELECT call, 't', 'u', 'r', 'm', 'ok', 'ok', 0, 0, 'c'"
                f" FROM ({ids}) AS made (call)"
            ),
            {"first": first_id(LONG_AGO)},
        )
    maker = MonthMaker(split, Reports(), pace=Pace(0.01))
    with capture_logs() as lines:
        maker.start()
        await until(lines, "usage_months_full")
        await maker.aclose()
    assert lines[0] == {"event": "usage_months_full", "log_level": "warning", "count": 1}


@pytest.mark.parametrize(
    ("table", "month"),
    [
        ("audit_entry", NOW),
        ("byom_usage_event_rest", NOW),
        ("byom_usage_event", NOW.replace(day=2)),
        ("byom_usage_event", date(2019, 12, 1)),
        ("byom_usage_event", date(NOW.year + 2, 1, 1)),
    ],
)
async def test_the_function_makes_nothing_else(split: Database, table: str, month: date) -> None:
    """A server's user who owns nothing may call it."""
    with pytest.raises(Exception, match="no month of usage events"):
        await run(split, f"SELECT make_usage_month('{table}', '{month}')")


async def test_months_that_are_held_are_found_on_either_engine(database: Database) -> None:
    for month in (LONG_AGO, LONG_AGO, NOW, date(2025, 4, 1), month_after(NOW)):
        await add_event(database, id_in(month))
    await add_event(database, UUID(int=1))
    async with database.read() as tx:
        assert await find_held(tx, ByomUsageRow.__tablename__, month_after(NOW)) == [LONG_AGO, date(2025, 4, 1), NOW]
        assert await find_held(tx, StandardUsageRow.__tablename__, month_after(NOW)) == []


async def test_on_sqlite_nothing_is_made(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL has months")
    maker = MonthMaker(database, Reports(), pace=Pace(0.01))
    with capture_logs() as lines:
        maker.start()
        await asyncio.sleep(0.05)
        await maker.aclose()
    assert lines == []
