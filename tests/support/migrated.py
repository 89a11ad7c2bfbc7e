"""`database`: a migrated, empty database for one test, on SQLite and on PostgreSQL; its transactions carry a pen."""

from collections.abc import AsyncIterator

import pytest_asyncio

from moorage.audit.keys import KeyChest
from moorage.audit.pen import PEN, Pen
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.vault.seal import Place, Sealed
from moorage.vault.secret import Secret
from moorage.vault.signing import SigningKey


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give the database as a first start leaves it, but for the signing key: that is stored nowhere."""
    database = Database(database_url)
    try:
        database.carry(PEN, loose_pen())
        yield database
    finally:
        await database.close()


class _NoSeals:
    """Opens nothing: whatever key lies in the database, it is not ours."""

    def seal(self, secret: Secret, place: Place) -> Sealed:
        raise Unavailable("key_unreadable")

    def open(self, sealed: bytes, place: Place) -> Secret:
        raise Unavailable("key_unreadable")

    def knows(self, sealed: bytes) -> bool:
        return True


def loose_pen() -> Pen:
    """Give a pen that signs, with a key that is in no database."""
    pen, key = Pen(KeyChest(_NoSeals())), SigningKey.new()
    pen.adopt(1, key.public, key)
    return pen
