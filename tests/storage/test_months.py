"""Databases from before events lay by month: every row is there afterwards, in its month, with its rights."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from moorage.storage.database import Database
from moorage.storage.migrate import make_schema, require_current, upgrade
from moorage.storage.types import new_id
from moorage.usage.months import first_id
from tests.usage.monthly import NOW, id_at, lies_in

BEFORE = "0023_desk"
PLACES = {"byom": "connection_id", "standard": "provider"}


@pytest_asyncio.fixture
async def earlier(empty_database_url: str) -> AsyncIterator[Database]:
    """Give a database as the version before left it, with calls of several months."""
    database = Database(empty_database_url)
    async with database.write() as tx:
        await tx.run_sync(_fill)
    yield database
    await database.close()


def _fill(connection: Connection) -> None:
    make_schema(connection, BEFORE)
    moments = [datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 31, 23, 59, 59, 999000, tzinfo=UTC)]
    moments += [datetime(2025, 2, 1, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC), datetime.now(UTC)]
    ids = [str(id_at(one)) for one in moments]
    # Made by wrong clocks.
    ids += [str(UUID(int=7)), str(UUID(int=0xE << 124 | 7))]
    for kind, place in PLACES.items():
        for number, call_id in enumerate(ids):
            connection.execute(
                text(
                    f"INSERT INTO {kind}_usage_event (call_id, team_id, user_id, purpose, model_id, tokens_in,"
                    f" tokens_out, count_source, ended, ttft_ms, duration_ms, started_at, at, {place})"
                    " VALUES (:id, 't', 'u', 'reply', 'm', :n, NULL, 'reported', 'ok', 1.5, NULL, 1, :n, 'p')"
                ),
                {"id": call_id, "n": number},
            )


async def read(database: Database) -> dict[str, list[dict[str, Any]]]:
    found = {}
    async with database.read() as tx:
        for kind in PLACES:
            rows = await tx.execute(text(f"SELECT * FROM {kind}_usage_event ORDER BY call_id"))
            found[kind] = [dict(row) for row in rows.mappings()]
    return found


async def test_every_call_is_there_as_it_was(earlier: Database) -> None:
    before = await read(earlier)
    assert {len(rows) for rows in before.values()} == {7}
    await upgrade(earlier)
    await require_current(earlier)
    assert await read(earlier) == before
    if earlier.is_sqlite:
        return
    for kind in PLACES:
        table = f"{kind}_usage_event"
        assert await lies_in(earlier, table) == {
            f"{table}_2025_01": 2,
            f"{table}_2025_02": 1,
            f"{table}_2026_02": 1,
            f"{table}{NOW:_%Y_%m}": 1,
            f"{table}_rest": 2,
        }
    async with earlier.read() as tx:
        left = await tx.scalars(text("SELECT relname FROM pg_class WHERE relname LIKE '%_before%'"))
        assert list(left) == []


async def test_what_somebody_was_allowed_by_hand_is_allowed_still(earlier: Database) -> None:
    if earlier.is_sqlite:
        pytest.skip("SQLite knows no rights")
    role = f"reader_{new_id().hex}"
    async with earlier.write() as tx:
        await tx.execute(text(f"CREATE ROLE {role}"))
        await tx.execute(text(f"GRANT SELECT, INSERT ON byom_usage_event TO {role}"))
    await upgrade(earlier)
    async with earlier.write() as tx:
        for right, allowed in {"SELECT": True, "INSERT": True, "DELETE": False}.items():
            asked = text(f"SELECT has_table_privilege('{role}', 'byom_usage_event', '{right}')")
            assert await tx.scalar(asked) is allowed
        await tx.execute(text(f"DROP OWNED BY {role}"))
        await tx.execute(text(f"DROP ROLE {role}"))


async def test_the_migration_knows_where_a_month_begins(earlier: Database) -> None:
    if earlier.is_sqlite:
        pytest.skip("SQLite keeps one table")
    await upgrade(earlier)
    async with earlier.read() as tx:
        bounds = await tx.scalar(
            text("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'byom_usage_event_2025_01'")
        )
    begins, ends = (first_id(date(2025, month, 1)) for month in (1, 2))
    assert bounds == f"FOR VALUES FROM ('{begins}') TO ('{ends}')"
