"""Calls of any month and the partitions they lie in, for tests of usage by month."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.lately import first_id_at
from moorage.usage.months import TABLES, month_after, partition_of

NOW = datetime.now(UTC).date().replace(day=1)
LONG_AGO = date(2025, 3, 1)


@pytest_asyncio.fixture
async def split(database: Database) -> AsyncIterator[Database]:
    """Give a database on PostgreSQL."""
    if database.is_sqlite:
        pytest.skip("SQLite keeps one table")
    yield database


def id_at(moment: datetime) -> UUID:
    """Give a call's id as a clock would make it at that moment."""
    return UUID(int=first_id_at(moment).int | new_id().int & (1 << 80) - 1)


def id_in(month: date) -> UUID:
    """Give a call's id as a clock would make it when that month begins."""
    return id_at(datetime.combine(month, time(), UTC))


def months_ahead(count: int) -> list[date]:
    """Give this month and so many after it."""
    months = [NOW]
    for _ in range(count):
        months.append(month_after(months[-1]))
    return months


async def run(database: Database, statement: str) -> None:
    """Run a statement in a transaction of its own."""
    async with database.write() as tx:
        await tx.execute(text(statement))


async def lies_in(database: Database, table: str) -> dict[str, int]:
    """Say how many rows lie in which partition of a table."""
    async with database.read() as tx:
        rows = await tx.execute(text(f"SELECT CAST(tableoid AS regclass), count(*) FROM {table} GROUP BY 1"))
        return {str(row[0]): row[1] for row in rows}


async def add_event(database: Database, call_id: UUID) -> None:
    """Add a call of an own model, as nobody settles it."""
    await run(
        database,
        "INSERT INTO byom_usage_event (call_id, team_id, user_id, purpose, model_id, count_source, ended, started_at,"
        f" at, connection_id) VALUES ('{call_id}', 't', 'u', 'reply', 'm', 'missing', 'ok', 0, 0, 'c')",
    )


async def drop_months(database: Database, *months: date) -> None:
    """Take partitions away, as if nobody had made them."""
    for month in months:
        for table in TABLES:
            await run(database, f"DROP TABLE {partition_of(table, month)}")
