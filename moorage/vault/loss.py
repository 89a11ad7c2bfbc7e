"""Goes on without a key that is gone for good: what it sealed is wiped and marked, everything else works again.

Nothing here happens by itself. The rooms say by their columns what becomes of a row that lost its secret.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, delete, func, insert, select, update
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now
from moorage.vault.check import examine
from moorage.vault.columns import SealedAs, begins_with, count_sealed, sealed_tables
from moorage.vault.keys import bind_data_key
from moorage.vault.sources import Sources, Wrapped
from moorage.vault.tables import KeyCheckRow, TeamKeyRow

# Whatever else a source says may be over tomorrow, and is no loss.
DEFINITE: Final = frozenset({"key_absent", "key_wrong", "key_store_version"})
_FIRST: Final = 1
_PRESENT: Final = 2


@dataclass(frozen=True, slots=True)
class Loss:
    """What can't be opened any more.

    `wrapping_keys`: of ring or key store, with the cause's code. `data_keys`: their ids, those that are not in the
    database any more included. `ring_keys`: under which values were sealed directly. `values`: how many are lost.
    """

    wrapping_keys: Mapping[str, str]
    data_keys: frozenset[UUID]
    ring_keys: Sequence[str]
    values: int

    @property
    def is_any(self) -> bool:
        """False: everything opens."""
        return bool(self.wrapping_keys or self.data_keys)

    @property
    def headers(self) -> list[bytes]:
        """How the envelopes begin that are lost."""
        ring = [bytes((_FIRST, len(key_id))) + key_id.encode() for key_id in self.ring_keys]
        return ring + [bytes((_PRESENT,)) + key_id.bytes for key_id in self.data_keys]


async def find_loss(database: Database, sources: Sources) -> Loss:
    """Try every key there should be; changes nothing. Raises Unavailable while a source can't say for sure."""
    await sources.refresh()
    wrong = dict((await examine(database, sources, definite=DEFINITE)).wrong)
    async with database.read() as tx:
        rows = (await tx.execute(select(TeamKeyRow.__table__).where(TeamKeyRow.lost_at.is_(None)))).all()
        counted = await count_sealed(tx)
    opening = {row.id for row in rows if row.key_id not in wrong and await _unwraps(sources, row)}
    data_keys = ({row.id for row in rows} | counted.by_data_key.keys()) - opening
    ring_keys = [key_id for key_id in counted.by_ring_key if key_id in wrong]
    values = sum(counted.by_data_key.get(key_id, 0) for key_id in data_keys)
    values += sum(counted.by_ring_key[key_id] for key_id in ring_keys)
    return Loss(wrong, frozenset(data_keys), ring_keys, values)


async def _unwraps(sources: Sources, row: ResultRow[Any]) -> bool:
    try:
        await sources.unwrap(Wrapped(row.key_id, bytes(row.wrapped)), bind_data_key(row.id, row.owner_id, row.number))
    except Unavailable as error:
        if error.code not in DEFINITE:
            raise
        return False
    return True


async def accept_loss(tx: AsyncConnection, loss: Loss, check_value: Wrapped) -> Mapping[UUID, int]:
    """Wipe and mark what is lost, in one transaction; gives the number of rows by owner.

    `check_value` is the current key's, for the next start.
    """
    rows_by_owner: dict[UUID, int] = {}
    headers = loss.headers
    for sealed in sealed_tables():
        for column, info in sealed.columns:
            for header in headers:
                lost = begins_with(column, header)
                owner = sealed.row_id if sealed.owner is None else sealed.owner
                owners = (await tx.scalars(select(owner).where(lost))).all()
                if not owners:
                    continue
                for found in owners:
                    owner_id = DEPLOYMENT if sealed.owner is None else found
                    rows_by_owner[owner_id] = rows_by_owner.get(owner_id, 0) + 1
                if info.goes_when_lost:
                    await tx.execute(delete(sealed.table).where(lost))
                else:
                    await tx.execute(update(sealed.table).where(lost).values(**_wiped(column, info)))
    if loss.data_keys:
        await tx.execute(update(TeamKeyRow).where(TeamKeyRow.id.in_(loss.data_keys)).values(lost_at=db_now()))
    await tx.execute(delete(KeyCheckRow).where(KeyCheckRow.key_id.in_([*loss.wrapping_keys, check_value.key_id])))
    await tx.execute(insert(KeyCheckRow).values(key_id=check_value.key_id, sealed=check_value.data))
    return rows_by_owner


async def lost_since(tx: AsyncConnection) -> Mapping[UUID, datetime]:
    """Give when each owner's data keys were last given up, for those whose were."""
    found = select(TeamKeyRow.owner_id, func.max(TeamKeyRow.lost_at)).where(TeamKeyRow.lost_at.is_not(None))
    rows = await tx.execute(found.group_by(TeamKeyRow.owner_id))
    return {owner_id: at for owner_id, at in rows if at is not None}


def _wiped(column: Column[Any], info: SealedAs) -> dict[str, Any]:
    return {column.name: None if column.nullable else b"", **info.when_lost}
