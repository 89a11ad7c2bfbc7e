"""Proves at start that the key ring fits the database, and never makes a new key over sealed rows.

A ring that does not open what is stored stops the start with the exact cause, before anything is sealed under it.
"""

from typing import Final

from sqlalchemy import exists, func, insert, or_, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import MoorageError, Unavailable
from moorage.storage.types import Row
from moorage.vault.seal import Place, Vault
from moorage.vault.secret import Secret
from moorage.vault.tables import KeyCheckRow

_KNOWN_TEXT: Final = "moorage"


async def require_unsealed(tx: AsyncConnection) -> None:
    """Refuse to go on without a ring when the database was ever used with one. Raises Unavailable("key_ring_lost")."""
    if await was_used_with_a_ring(tx) or await holds_sealed_rows(tx):
        raise Unavailable("key_ring_lost")


async def check_ring(tx: AsyncConnection, vault: Vault) -> None:
    """Open every check value; store the current key's if it is new. Raises Unavailable("key_wrong", key_id=…).

    Needs a write transaction. A key that was ever used stays on the ring until its check value is removed.
    """
    if tx.dialect.name == "postgresql":
        # Two processes with two rings must not both believe to be the first.
        await tx.execute(sql("LOCK TABLE key_check IN EXCLUSIVE MODE"))
    used = await open_check_values(tx, vault)
    if not used and await holds_sealed_rows(tx):
        raise Unavailable("key_wrong", key_id="?")
    current_id = vault.current_key_id
    if current_id not in used:
        sealed = vault.seal(Secret(_KNOWN_TEXT), _place(current_id))
        await tx.execute(insert(KeyCheckRow).values(key_id=current_id, sealed=sealed))


async def open_check_values(tx: AsyncConnection, vault: Vault) -> frozenset[str]:
    """Open every check value, change nothing, give the ids of the keys. Raises Unavailable("key_wrong", key_id=…)."""
    stored = (await tx.execute(select(KeyCheckRow.key_id, KeyCheckRow.sealed))).all()
    for key_id, sealed in stored:
        if not _opens(vault, key_id, sealed):
            raise Unavailable("key_wrong", key_id=key_id)
    return frozenset(key_id for key_id, _ in stored)


async def was_used_with_a_ring(tx: AsyncConnection) -> bool:
    """True when a ring was ever started with: each start leaves the check value of its key."""
    return bool(await tx.scalar(select(exists().where(KeyCheckRow.key_id.is_not(None)))))


async def holds_sealed_rows(tx: AsyncConnection) -> bool:
    """True when any table of the schema holds something in a column whose name begins with `sealed_`."""
    for table in Row.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name.startswith("sealed_")]
        if columns:
            found = await tx.scalar(select(exists().where(or_(*(func.length(column) > 0 for column in columns)))))
            if found:
                return True
    return False


def _opens(vault: Vault, key_id: str, sealed: bytes) -> bool:
    try:
        vault.open(sealed, _place(key_id))
    except MoorageError:
        return False
    return True


def _place(key_id: str) -> Place:
    return Place(team_id="", table=KeyCheckRow.__tablename__, row_id=key_id, column="sealed")
