"""Calls of the last days are found without a look into other months, and a wrong clock is counted all the same."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, event, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.model_uses import OF_LATE, count_conversations
from moorage.connections.slowness import LATELY, USUALLY, find_used_lately, judge
from moorage.connections.tables import ConnectionRow
from moorage.connections.views import FIGURES_OF_DAYS, ConnectionViews
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from moorage.usage.lately import CLOCKS_APART, first_id_at, read_clock, settled_within
from moorage.usage.months import month_after, partition_of
from moorage.usage.tables import ByomUsageRow
from tests.support.codebase import python_sources
from tests.usage.monthly import LONG_AGO, NOW, id_at, run, split
from tests.usage.quayside import Quayside, quayside, used

__all__ = ["quayside", "split"]

WEEK = timedelta(days=7)
TEAM = new_id()


async def add(database: Database, call_id: UUID, at: datetime) -> None:
    values = {"team_id": TEAM, "user_id": TEAM, "purpose": "reply", "model_id": "m", "connection_id": TEAM}
    values |= {"count_source": "reported", "ended": "ok", "started_at": at, "at": at, "call_id": call_id}
    async with database.write() as tx:
        await tx.execute(insert(ByomUsageRow), values)


def of_the_week(now: datetime) -> Select[UUID]:
    return select(ByomUsageRow.call_id).where(ByomUsageRow.team_id == TEAM, settled_within(ByomUsageRow, now, WEEK))


def test_an_id_is_made_at_its_moment() -> None:
    before, call_id, after = datetime.now(UTC) - timedelta(milliseconds=1), new_id(), datetime.now(UTC)
    assert first_id_at(before) < call_id < first_id_at(after + timedelta(milliseconds=1))


async def test_calls_of_the_last_days_are_found_by_when_they_were_settled(database: Database) -> None:
    async with database.read() as tx:
        now = await read_clock(tx)
    second, long, too_long = timedelta(seconds=1), timedelta(hours=23), timedelta(hours=25)
    found = {id_at(now): now, id_at(now - WEEK): now - WEEK + second, id_at(now - WEEK - long): now - WEEK + second}
    found |= {id_at(now + long): now, id_at(now - WEEK + second): now}
    missed = {id_at(now - WEEK): now - WEEK - second}
    # By a clock that is wrong by more than a day, or of a process that stood still for so long.
    missed |= {id_at(now + too_long): now, id_at(now - WEEK - too_long): now - WEEK + second, UUID(int=7): now}
    for call_id, at in {**found, **missed}.items():
        await add(database, call_id, at)
    async with database.read() as tx:
        assert set(await tx.scalars(of_the_week(now))) == set(found)


async def test_a_call_of_a_wrong_clock_counts_where_it_matters(quayside: Quayside) -> None:
    call = quayside.call(call_id=id_at(datetime(2031, 1, 1, tzinfo=UTC)))
    await quayside.begin(call)
    assert await quayside.settle(call, used(10, 20))
    assert (await quayside.budget()).settled == 30
    assert await quayside.drift() == []


# What asks by time, of a team and a connection of its own, and how far back.
Reader = Callable[[AsyncConnection, UUID, UUID], Awaitable[Any]]
READERS: Mapping[str, tuple[timedelta, Reader]] = {
    "which connections were used lately": (LATELY, lambda tx, _team, _connection: find_used_lately(tx)),
    "is a connection slow": (USUALLY, lambda tx, _team, connection: judge(tx, connection)),
    "what a connection was used for": (
        timedelta(days=FIGURES_OF_DAYS),
        lambda tx, team, connection: ConnectionViews(tx, team).get(connection),
    ),
    "how many conversations a model has": (OF_LATE, count_conversations),
}


async def test_only_the_months_of_those_days_are_looked_into(split: Database, quayside: Quayside) -> None:
    """By the statements of the product itself, wherever it asks for calls by time."""
    month, connection_id, statements = LONG_AGO, new_id(), 0
    while month < NOW:
        await run(split, f"SELECT make_usage_month('byom_usage_event', '{month}')")
        month = month_after(month)
    await add_connection(split, quayside.team_id, connection_id)
    async with split.read() as tx:
        now = await read_clock(tx)
        for what, (span, reader) in READERS.items():
            with heard(split) as asked:
                await reader(tx, quayside.team_id, connection_id)
            looked_into: set[str] = set()
            for statement, parameters in asked:
                plan = "\n".join((await tx.exec_driver_sql(f"EXPLAIN {statement}", parameters)).scalars())
                looked_into.update(re.findall(r"Scan\b.* on (byom_usage_event(?:_rest|_\d{4}_\d\d)?)", plan))
            assert looked_into == parts_of(now - span - CLOCKS_APART, now + CLOCKS_APART), what
            statements += len(asked)
    places = sum(source.text.count("settled_within(") for source in python_sources("moorage"))
    assert statements == places - 1, "each place is looked at, beside the one that says how"


def parts_of(first: datetime, last: datetime) -> set[str]:
    """Give the partitions of the months from one moment to another."""
    months = [first.date().replace(day=1)]
    while (following := month_after(months[-1])) <= last.date():
        months.append(following)
    return {partition_of(ByomUsageRow.__tablename__, month) for month in months}


@contextmanager
def heard(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Note each statement that reads events, with its values."""
    asked: list[tuple[str, Any]] = []
    engine = database.engine.sync_engine

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if ByomUsageRow.__tablename__ in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)


async def add_connection(database: Database, team_id: UUID, connection_id: UUID) -> None:
    values = {"id": connection_id, "team_id": team_id, "name": "x", "provider": "ollama", "zone": "own_hardware"}
    values |= {"data_location": "", "sealed_base_url": b"x", "key_number": 0, "quirks": {}, "health": "healthy"}
    now = {name: db_now() for name in ("key_set_at", "created_at", "updated_at")}
    async with database.write() as tx:
        await tx.execute(
            insert(ConnectionRow).values(**values, **now, key_set_by=team_id, created_by=team_id, enabled=True)
        )
