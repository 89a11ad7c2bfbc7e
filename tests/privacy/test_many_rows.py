"""An erasure comes to its end however much there is: bounded batches, none of which passes over what is done."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import Select, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.privacy.belonging import traces
from moorage.privacy.carrying_out import ROWS_AT_ONCE, erase_some_of_person, erase_some_of_team, finish_team
from moorage.privacy.fates import ALL
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.months import month_after
from moorage.usage.rollups import FIGURES
from moorage.usage.tables import ByomDayRow, StandardUsageRow
from tests.usage.monthly import LONG_AGO, NOW, id_in

PEOPLE: Final = 5
CALLS: Final = 2500
# On PostgreSQL in two partitions, and in the one for the rest.
MONTHS: Final = (NOW, month_after(NOW), LONG_AGO)


def _call(team_id: UUID, person_id: UUID, month: date) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "call_id": id_in(month), "team_id": team_id, "user_id": person_id, "purpose": "reply", "model_id": "m",
        "tokens_in": 1, "tokens_out": 1, "count_source": "reported", "ended": "ok", "started_at": now, "at": now,
        "provider": "p",
    }  # fmt: skip


def _day(team_id: UUID, day: int) -> dict[str, Any]:
    of = {"team_id": team_id, "day": day, "model_id": "m", "user_id": new_id(), "connection_id": new_id()}
    return {**of, **dict.fromkeys(FIGURES, 1)}


async def _fill(database: Database, team_id: UUID) -> list[UUID]:
    people = [new_id() for _ in range(PEOPLE)]
    calls = [_call(team_id, people[number % PEOPLE], MONTHS[number % 3]) for number in range(CALLS)]
    async with database.write() as tx:
        await tx.execute(insert(StandardUsageRow), calls)
        await tx.execute(insert(ByomDayRow), [_day(team_id, day) for day in range(CALLS)])
    return people


@contextmanager
def _rows_touched(database: Database) -> Iterator[list[tuple[str, int]]]:
    """Note of each statement that changes something how many rows it touched."""
    touched: list[tuple[str, int]] = []
    engine = database.engine.sync_engine

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("UPDATE", "DELETE")):
            touched.append((statement, cursor.rowcount))

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield touched
    finally:
        event.remove(engine, "after_cursor_execute", note)


async def _plan_of(tx: AsyncConnection, statement: Select[Any]) -> str:
    """Give the steps of a statement, as the engine would go about it if the tables were large."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
    sql = str(statement.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if tx.dialect.name == "sqlite" else "EXPLAIN "
    return "\n".join(str(value) for row in await tx.execute(text(explain + sql)) for value in row)


async def test_no_statement_of_a_teams_erasure_touches_more_rows_than_a_batch(database: Database) -> None:
    team = TeamScope(new_id())
    await _fill(database, team.team_id)
    pseudonym = new_id()
    with _rows_touched(database) as touched:
        while True:
            async with database.write() as tx:
                if not await erase_some_of_team(tx, team, pseudonym):
                    break
        batches = list(touched)
        touched.clear()
        async with database.write() as tx:
            await finish_team(tx, team, pseudonym)
    assert max(rows for _, rows in batches) == ROWS_AT_ONCE
    assert [(statement, rows) for statement, rows in touched if rows > 0] == [], "the batches left nothing"
    async with database.read() as tx:
        assert set(await tx.scalars(select(StandardUsageRow.user_id))) == {pseudonym}
        assert await tx.scalar(select(func.count()).select_from(StandardUsageRow)) == CALLS


async def test_what_a_persons_batches_changed_is_found_by_none_of_those_that_follow(database: Database) -> None:
    team_id = new_id()
    [person_id, *_] = await _fill(database, team_id)
    who, pseudonym = PersonScope(person_id, team_id), new_id()
    changed: list[int] = []
    while not changed or changed[-1]:
        async with database.write() as tx:
            changed.append(await erase_some_of_person(tx, who, pseudonym))
    assert sum(changed) == CALLS / PEOPLE


async def test_usage_of_a_person_or_of_all_others_is_found_by_an_index(database: Database) -> None:
    """A batch that looks through the whole team for what is left makes the erasure of a large one last for ever."""
    row, somebody = StandardUsageRow, new_id()
    async with database.read() as tx:
        for condition in (row.user_id == somebody, row.user_id < somebody, row.user_id > somebody):
            plan = await _plan_of(tx, select(row.call_id).where(row.team_id == new_id(), condition).limit(1000))
            # PostgreSQL names the index of a partition after its columns.
            assert "ix_standard_usage_person" in plan or "team_id_user_id_idx" in plan, condition
            assert "Seq Scan" not in plan, condition


_LARGE: Final = frozenset(
    {"conversation", "attachment", "message", "reply", "byom_usage_event", "standard_usage_event", "audit_entry"}
)
_SCANNED: Final = re.compile(r"(?:SCAN|Seq Scan on) (\w+?)(?:_rest|_\d{4}_\d\d)?\b")


async def _looked_through(tx: AsyncConnection, statement: Select[Any]) -> set[str]:
    """Give the large tables that a statement reads from one end to the other."""
    return set(_SCANNED.findall(await _plan_of(tx, statement))) & _LARGE


async def test_whoever_is_erased_everywhere_is_looked_for_by_an_index_in_every_large_table(database: Database) -> None:
    """The erasure of an account holds the writer; passing over what all teams wrote, it would hold it for long."""
    who = PersonScope(new_id(), None, whole_account=True)
    async with database.read() as tx:
        for fate in ALL:
            if fate.of_person.which is not None:
                counted = select(func.count()).select_from(fate.table).where(fate.of_person.which(who))
                assert await _looked_through(tx, counted) == set(), fate.table


async def test_whose_account_goes_with_a_team_is_found_without_looking_through_all_conversations_for_each(
    database: Database,
) -> None:
    team_id = new_id()
    async with database.read() as tx:
        traced = select(traces(new_id(), lambda column: column != team_id))
        assert await _looked_through(tx, traced) == set()


async def test_the_end_of_an_erasure_takes_the_time_that_it_takes(database: Database) -> None:
    """A limit would end every attempt at the same place."""
    if database.is_sqlite:
        pytest.skip("SQLite has no such limit")
    async with database.write() as tx:
        assert await tx.scalar(text("SHOW statement_timeout")) != "0"
        await finish_team(tx, TeamScope(new_id()), new_id())
        assert await tx.scalar(text("SHOW statement_timeout")) == "0"
