"""Statements whose outcome nobody reads: on SQLite they need no hand-over to its thread, they go with the next one.

They are executed in their order, and before the commit; one that fails is told by whatever it travelled with, and
nothing of the transaction is stored. PostgreSQL executes them at once.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.one_hop import OneHopConnection

_NOTHING: Final = text("SELECT 1")


async def soon(tx: AsyncConnection, statement: Executable, parameters: Mapping[str, Any]) -> None:
    """Execute a statement that gives nothing, with whatever comes next in this transaction or with its commit."""
    sqlite = _sqlite_of(tx)
    if sqlite is None:
        await tx.execute(statement, parameters)
        return
    with sqlite.putting_off():
        await tx.execute(statement, parameters)


async def send(tx: AsyncConnection) -> None:
    """Execute what is put off, and raise what it raises."""
    sqlite = _sqlite_of(tx)
    if sqlite is not None and sqlite.has_put_off:
        # By a statement: what fails is told as everything that fails is.
        await tx.execute(_NOTHING)


def _sqlite_of(tx: AsyncConnection) -> OneHopConnection | None:
    raw = tx.sync_connection.connection.driver_connection if tx.sync_connection is not None else None
    return raw if isinstance(raw, OneHopConnection) else None
