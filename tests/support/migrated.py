"""`database`: a migrated, empty database for one test, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest_asyncio

from moorage.storage.database import Database
from moorage.storage.migrate import upgrade


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give the database as a first start leaves it."""
    database = Database(database_url)
    try:
        await upgrade(database)
        yield database
    finally:
        await database.close()
