"""Events lie by month on PostgreSQL, and are kept as in one table: not changed, not lost while they are moved."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from moorage.accounts.tables import TeamRow
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.months import TABLES, find_wanted, make_months, month_after, partition_of
from moorage.usage.tables import ByomUsageRow
from tests.usage.monthly import LONG_AGO, NOW, add_event, drop_months, id_in, lies_in, run, split
from tests.usage.quayside import Quayside, quayside, used

__all__ = ["quayside", "split"]

LATER = month_after(LONG_AGO)
PLACES: dict[str, date | None] = {"of this month": NOW, "made later": LONG_AGO, "for the rest": None}

T = TypeVar("T")


@pytest_asyncio.fixture
async def kept(split: Database, quayside: Quayside) -> Quayside:
    """Leave a call of each kind in this month, in one whose partition is made later, and in none."""
    for month in (NOW, LONG_AGO):
        await settle_in(quayside, month)
    assert await make_months(split) == {"made": 2}
    await settle_in(quayside, LATER)
    return quayside


async def settle_in(quayside: Quayside, month: date) -> None:
    for call in (quayside.own_call(call_id=id_in(month)), quayside.call(call_id=id_in(month))):
        await quayside.announce(call)
        assert await quayside.settle(call, used(10, 20))


def place_of(table: str, month: date | None) -> str:
    return f"{table}_rest" if month is None else partition_of(table, month)


@pytest.mark.parametrize("month", PLACES.values(), ids=list(PLACES))
@pytest.mark.parametrize("table", TABLES)
async def test_no_part_is_a_way_around_what_keeps_events(kept: Quayside, table: str, month: date | None) -> None:
    place = place_of(table, month)
    assert (await lies_in(kept.database, table))[place] == 1
    for attempt in (f"UPDATE {place} SET tokens_in = 1", f"DELETE FROM {place}", f"TRUNCATE {place}"):
        with pytest.raises(DBAPIError, match="append-only"):
            await run(kept.database, attempt)
    # Another person's id is what an erasure gives.
    await run(kept.database, f"UPDATE {place} SET user_id = '{new_id()}'")


@pytest.mark.parametrize("table", TABLES)
async def test_an_erased_team_leaves_what_it_has_to_in_every_month(kept: Quayside, table: str) -> None:
    async with kept.database.write() as tx:
        await tx.execute(update(TeamRow).values(standing="erasing"))
    if table == ByomUsageRow.__tablename__:
        await run(kept.database, f"DELETE FROM {table}")
        assert await lies_in(kept.database, table) == {}
        return
    with pytest.raises(DBAPIError, match="append-only"):
        await run(kept.database, f"DELETE FROM {table}")
    assert len(await lies_in(kept.database, table)) == len(PLACES)


async def test_what_is_moved_is_kept_again_afterwards(kept: Quayside) -> None:
    """Moving is a delete of one part, which nothing else may do, neither meanwhile nor then."""
    async with kept.database.read() as tx:
        assert await find_wanted(tx) == [(table, LATER) for table in TABLES]
    assert await make_months(kept.database) == {"made": 2}
    assert await kept.drift() == []
    await settle_in(kept, month_after(LATER))
    for place in (place_of(TABLES[1], None), partition_of(TABLES[1], LATER)):
        with pytest.raises(DBAPIError, match="append-only"):
            await run(kept.database, f"DELETE FROM {place}")


async def test_the_indexes_of_a_table_are_there_in_each_of_its_parts(kept: Quayside) -> None:
    async with kept.database.read() as tx:
        for table in TABLES:
            rows = await tx.execute(
                text(
                    "SELECT tablename, regexp_replace(indexdef, '^.* USING ', '') FROM pg_indexes"
                    f" WHERE tablename ~ '^{table}(_rest|_[0-9]{{4}}_[0-9]{{2}})?$'"
                )
            )
            found: dict[str, list[str]] = {}
            for name, index in rows:
                found.setdefault(name, []).append(index)
            assert len(found) > len(PLACES)
            assert {tuple(sorted(indexes)) for indexes in found.values()} == {tuple(sorted(found[table]))}
            assert "btree (team_id, user_id)" in found[table]


async def test_a_call_that_ends_while_its_month_is_made_is_counted(split: Database, quayside: Quayside) -> None:
    """It waits for the new place, and does not land in the old one."""
    await drop_months(split, NOW)
    call = quayside.own_call()
    await quayside.announce(call)
    async with split.write() as tx:
        await make(tx, NOW)
        settling = await begun(quayside.settle(call, used(10, 20)))
    assert await settling
    assert await lies_in(split, ByomUsageRow.__tablename__) == {partition_of("byom_usage_event", NOW): 1}


async def test_a_call_is_found_while_it_is_moved(split: Database) -> None:
    call_id = id_in(LONG_AGO)
    await add_event(split, call_id)

    async def look() -> bool:
        async with split.write() as tx:
            its = select(ByomUsageRow.call_id).where(ByomUsageRow.call_id == call_id)
            return await tx.scalar(its) == call_id

    async with split.write() as tx:
        await make(tx, LONG_AGO)
        looking = await begun(look())
    assert await looking


async def test_calls_go_on_being_counted_while_a_month_to_come_is_made(split: Database, quayside: Quayside) -> None:
    ahead = month_after(NOW)
    await drop_months(split, ahead)
    async with split.write() as tx:
        await make(tx, ahead)
        await settle_in(quayside, NOW)
    assert await lies_in(split, ByomUsageRow.__tablename__) == {partition_of("byom_usage_event", NOW): 1}


async def make(tx: Any, month: date) -> None:
    assert await tx.scalar(text(f"SELECT make_usage_month('byom_usage_event', '{month}')")) == "made"


async def begun(work: Awaitable[T]) -> "asyncio.Future[T]":
    """Begin something, and give it time to come as far as it can while somebody is in its way."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.3)
    assert not task.done()
    return task
