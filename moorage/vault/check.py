"""Proves at start that the key ring fits the database, and never makes a new key over sealed rows.

A ring that does not open what is stored stops the start with the exact cause, before anything is sealed under it.
"""

import asyncio
from pathlib import Path
from typing import Final

from sqlalchemy import exists, insert, or_, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import MoorageError, Unavailable
from moorage.storage.database import Database
from moorage.storage.types import Row
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import Place, Vault
from moorage.vault.secret import Secret
from moorage.vault.tables import KeyCheckRow

_KNOWN_TEXT: Final = "moorage"


async def open_vault(database: Database, *, file: Path, text: str | None = None) -> Vault:
    """Give the vault of this deployment: ring from `text`, else from `file`, else a new file if nothing is sealed yet.

    Raises Unavailable: key_missing (sealed rows, but no ring), key_wrong, or whatever is wrong with the ring.
    """
    ring = KeyRing.from_text(text) if text is not None else await _read_or_create(database, file)
    vault = Vault(ring)
    async with database.write() as tx:
        await check_ring(tx, vault)
    return vault


async def check_ring(tx: AsyncConnection, vault: Vault) -> None:
    """Open every check value; store the current key's if it is new. Raises Unavailable("key_wrong", key_id=…).

    Needs a write transaction. A key that was ever used stays on the ring until its check value is removed.
    """
    if tx.dialect.name == "postgresql":
        # Two processes with two rings must not both believe to be the first.
        await tx.execute(sql("LOCK TABLE key_check IN EXCLUSIVE MODE"))
    stored = (await tx.execute(select(KeyCheckRow.key_id, KeyCheckRow.sealed))).all()
    for key_id, sealed in stored:
        if not _opens(vault, key_id, sealed):
            raise Unavailable("key_wrong", key_id=key_id)
    if not stored and await holds_sealed_rows(tx):
        raise Unavailable("key_wrong", key_id="?")
    current_id = vault.current_key_id
    if all(key_id != current_id for key_id, _ in stored):
        sealed = vault.seal(Secret(_KNOWN_TEXT), _place(current_id))
        await tx.execute(insert(KeyCheckRow).values(key_id=current_id, sealed=sealed))


async def holds_sealed_rows(tx: AsyncConnection) -> bool:
    """True when any table of the schema holds a value in a column whose name begins with `sealed_`."""
    for table in Row.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name.startswith("sealed_")]
        if columns:
            found = await tx.scalar(select(exists().where(or_(*(column.is_not(None) for column in columns)))))
            if found:
                return True
    return False


async def _read_or_create(database: Database, file: Path) -> KeyRing:
    if await asyncio.to_thread(_is_there, file):
        return KeyRing.from_file(file)
    async with database.read() as tx:
        was_used = await tx.scalar(select(exists().where(KeyCheckRow.key_id.is_not(None))))
        if was_used or await holds_sealed_rows(tx):
            raise Unavailable("key_missing", file=str(file))
    return KeyRing.create(file)


def _is_there(file: Path) -> bool:
    # A dangling link is not "no ring": creating through it would hide a mount that failed.
    return file.exists() or file.is_symlink()


def _opens(vault: Vault, key_id: str, sealed: bytes) -> bool:
    try:
        vault.open(sealed, _place(key_id))
    except MoorageError:
        return False
    return True


def _place(key_id: str) -> Place:
    return Place(team_id="", table=KeyCheckRow.__tablename__, row_id=key_id, column="sealed")
