"""Proves at start that the keys fit the database, and never makes a new key over sealed rows.

A key that does not open what is stored stops the start with the exact cause, before anything is sealed beside it.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row as ResultRow
from sqlalchemy import exists, insert, select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.vault.columns import count_sealed, holds_sealed_rows
from moorage.vault.keys import bind_data_key
from moorage.vault.seal import Place, is_first_version
from moorage.vault.sources import Sources, Wrapped
from moorage.vault.tables import KeyCheckRow, TeamKeyRow

KNOWN_TEXT: Final = b"moorage"
_CHECK_PURPOSE: Final = b"moorage/check/v1"
_DEFINITE: Final = frozenset({"key_absent", "key_wrong", "key_unreadable"})


@dataclass(frozen=True, slots=True)
class Examined:
    """What the check values said. `seen`: all of them; `proven`: keys without one that open a data key.

    `wrong`: those that don't open: key id → the cause's code.
    """

    seen: frozenset[str]
    proven: frozenset[str]
    wrong: dict[str, str]

    def require(self) -> None:
        """Raise Unavailable for the first that does not open."""
        for key_id, code in self.wrong.items():
            raise Unavailable(code, key_id=key_id)


async def require_unsealed(database: Database) -> None:
    """Refuse to go on without a key when the database was ever used with one. Raises Unavailable("key_ring_lost")."""
    async with database.read() as tx:
        if await was_used_with_keys(tx) or await holds_sealed_rows(tx):
            raise Unavailable("key_ring_lost")


async def check_keys(database: Database, sources: Sources) -> None:
    """Open every check value; store the current key's if it is new.

    Raises Unavailable: key_absent or key_wrong (`key_id`), or the cause why a key store can't say.
    """
    await sources.refresh()
    while True:
        examined = await examine(database, sources)
        examined.require()
        if sources.current.current_id in examined.seen:
            return
        if not examined.seen and not examined.proven:
            async with database.read() as tx:
                if await holds_sealed_rows(tx):
                    raise Unavailable("key_wrong", key_id="?")
        if await _store_check_value(database, await make_check_value(sources), examined.seen):
            return


async def make_check_value(sources: Sources) -> Wrapped:
    """Wrap the known text under the current key."""
    return await sources.wrap(KNOWN_TEXT, _CHECK_PURPOSE)


async def _store_check_value(database: Database, made: Wrapped, seen: frozenset[str]) -> bool:
    """False: another process stored one meanwhile, which is to be examined first."""
    async with database.write() as tx:
        if tx.dialect.name == "postgresql":
            # Two processes with two rings must not both believe to be the first.
            await tx.execute(sql("LOCK TABLE key_check IN EXCLUSIVE MODE"))
        now = frozenset(await tx.scalars(select(KeyCheckRow.key_id)))
        if now != seen:
            return False
        if made.key_id not in now:
            await tx.execute(insert(KeyCheckRow).values(key_id=made.key_id, sealed=made.data))
    return True


async def examine(
    database: Database, sources: Sources, *, has_data_keys: bool = True, definite: frozenset[str] = _DEFINITE
) -> Examined:
    """Open every check value, change nothing. A key that only rows or data keys name must be there, too.

    `has_data_keys` is False for a schema from before them. `definite`: causes that tell of a key and not of an outage.
    Raises Unavailable with the cause why a key store can't say.
    """
    async with database.read() as tx:
        stored = (await tx.execute(select(KeyCheckRow.key_id, KeyCheckRow.sealed))).all()
        needed: AbstractSet[str] = set()
        samples: dict[str, ResultRow[Any]] = {}
        if has_data_keys:
            living = select(TeamKeyRow.__table__).where(TeamKeyRow.lost_at.is_(None))
            unchecked = living.where(TeamKeyRow.key_id.not_in([key_id for key_id, _ in stored]))
            samples = {row.key_id: row for row in await tx.execute(unchecked)}
            needed = samples.keys() | (await count_sealed(tx)).by_ring_key.keys()
    wrong: dict[str, str] = {}
    for key_id, sealed in stored:
        try:
            await _open_check_value(sources, key_id, bytes(sealed))
        except Unavailable as error:
            if error.code not in definite | _DEFINITE:
                raise
            wrong[key_id] = "key_wrong" if error.code == "key_unreadable" else error.code
    seen = frozenset(key_id for key_id, _ in stored)
    proven: set[str] = set()
    for key_id in sorted(needed - seen):
        row = samples.get(key_id)
        if row is None and key_id not in sources.ids:
            wrong[key_id] = "key_absent"
        elif row is not None:
            # Its check value is gone; a data key under it proves it as well.
            code = await _try(sources, Wrapped(key_id, bytes(row.wrapped)), row, definite)
            if code is None:
                proven.add(key_id)
            else:
                wrong[key_id] = code
    return Examined(seen, frozenset(proven), wrong)


async def _try(sources: Sources, wrapped: Wrapped, row: ResultRow[Any], definite: frozenset[str]) -> str | None:
    try:
        await sources.unwrap(wrapped, bind_data_key(row.id, row.owner_id, row.number))
    except Unavailable as error:
        if error.code not in definite | _DEFINITE:
            raise
        return error.code
    return None


async def _open_check_value(sources: Sources, key_id: str, sealed: bytes) -> None:
    if is_first_version(sealed):
        if sources.local is None or key_id not in sources.local.ids:
            raise Unavailable("key_absent", key_id=key_id)
        sources.local.open_first_version(sealed, "", Place(KeyCheckRow.__tablename__, key_id, "sealed"))
        return
    if await sources.unwrap(Wrapped(key_id, sealed), _CHECK_PURPOSE) != KNOWN_TEXT:
        raise Unavailable("key_wrong", key_id=key_id)


async def was_used_with_keys(tx: AsyncConnection) -> bool:
    """True when a start with keys ever was: each one leaves the check value of its current key."""
    return bool(await tx.scalar(select(exists().where(KeyCheckRow.key_id.is_not(None)))))
