"""Moves everything under the newest keys while the server serves: resumable, and whoever writes meanwhile wins.

First the data keys are wrapped anew, then what was sealed under the ring itself is sealed under data keys; with
`renews_data_keys` every owner also gets a new data key, and all is sealed anew under it. Each step is a small
transaction that checks what it replaces, so that a kill at any moment leaves nothing half done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now
from moorage.vault.check import check_keys
from moorage.vault.columns import Resealer, SealedTable, begins_with, count_sealed, sealed_tables
from moorage.vault.keys import OwnerKeys, Vault, begin_data_key, bind_data_key
from moorage.vault.sources import Wrapped
from moorage.vault.tables import KeyCheckRow, KeyRotationRow, TeamKeyRow

_BATCH: Final = 50
_FIRST_HEADER: Final = b"\x01"
_PRESENT_VERSION: Final = b"\x02"

Progress = Callable[[str, int, int], None]
"""Is told of a step ("wrap" or "seal"), how much of it is done, and of how much."""


@dataclass(slots=True)
class Rotated:
    """What a rotation did. `unreadable`: rows that don't open, which were left as they are."""

    wrapped: int = 0
    begun: int = 0
    sealed: int = 0
    unreadable: int = 0
    released: list[str] = field(default_factory=list)


class Rotation:
    """One run. `resealers`: table → how its room seals a row anew."""

    def __init__(self, database: Database, vault: Vault, resealers: Mapping[str, Resealer], progress: Progress) -> None:
        self._database = database
        self._vault = vault
        self._resealers = resealers
        self._progress = progress
        self._done = Rotated()

    async def run(self, *, renews_data_keys: bool = False) -> Rotated:
        """Do all that is to be done. Raises Unavailable with the exact cause; what was done until then is kept.

        A rotation of data keys that was interrupted is finished, whether or not it is asked for again.
        """
        await check_keys(self._database, self._vault.sources)
        await self._wrap_anew()
        begun_at = await self._begin_rotation(asked=renews_data_keys)
        owners = await self._owners()
        for count, owner_id in enumerate(owners):
            self._progress("seal", count, len(owners))
            await self._seal_anew(owner_id, begun_at)
        self._progress("seal", len(owners), len(owners))
        if begun_at is not None:
            async with self._database.write() as tx:
                await tx.execute(delete(KeyRotationRow))
        await self._release_keys()
        return self._done

    async def _wrap_anew(self) -> None:
        sources = self._vault.sources
        async with self._database.read() as tx:
            rows = (
                await tx.execute(
                    select(TeamKeyRow.__table__)
                    .where(TeamKeyRow.key_id != sources.current.current_id, TeamKeyRow.lost_at.is_(None))
                    .order_by(TeamKeyRow.id)
                )
            ).all()
        for count, row in enumerate(rows):
            self._progress("wrap", count, len(rows))
            bound = bind_data_key(row.id, row.owner_id, row.number)
            wrapped = await sources.rewrap(Wrapped(row.key_id, bytes(row.wrapped)), bound)
            async with self._database.write() as tx:
                done = await tx.execute(
                    update(TeamKeyRow)
                    .where(TeamKeyRow.id == row.id, TeamKeyRow.wrapped == row.wrapped)
                    .values(key_id=wrapped.key_id, wrapped=wrapped.data)
                )
            self._done.wrapped += done.rowcount
        self._progress("wrap", len(rows), len(rows))

    async def _begin_rotation(self, *, asked: bool) -> datetime | None:
        """Give when the rotation of data keys began, this one or one that was interrupted; None: there is none."""
        async with self._database.write() as tx:
            begun_at = await tx.scalar(select(KeyRotationRow.begun_at))
            if begun_at is None and asked:
                await tx.execute(insert(KeyRotationRow).values(id=1, begun_at=db_now()))
                begun_at = await tx.scalar(select(KeyRotationRow.begun_at))
        return begun_at

    async def _owners(self) -> Sequence[UUID]:
        owners: set[UUID] = set()
        async with self._database.read() as tx:
            owners.update(await tx.scalars(select(TeamKeyRow.owner_id).where(TeamKeyRow.lost_at.is_(None)).distinct()))
            for sealed in sealed_tables():
                for column, _ in sealed.columns:
                    if sealed.owner is not None:
                        old = select(sealed.owner).where(begins_with(column, _FIRST_HEADER)).distinct()
                        owners.update(await tx.scalars(old))
                    elif await tx.scalar(select(sealed.row_id).where(func.length(column) > 0).limit(1)) is not None:
                        owners.add(DEPLOYMENT)
        return sorted(owners)

    async def _seal_anew(self, owner_id: UUID, begun_at: datetime | None) -> None:
        if begun_at is not None:
            await self._begin_data_key(owner_id, begun_at)
        header = None
        if begun_at is not None:
            self._vault.forget(owner_id)
            header = _PRESENT_VERSION + (await self._vault.of(owner_id)).current_id.bytes
        for sealed in sealed_tables():
            await self._seal_table(sealed, owner_id, header)

    async def _begin_data_key(self, owner_id: UUID, begun_at: datetime) -> None:
        async with self._database.read() as tx:
            newest = (
                await tx.execute(
                    select(TeamKeyRow.number, TeamKeyRow.created_at)
                    .where(TeamKeyRow.owner_id == owner_id)
                    .order_by(TeamKeyRow.number.desc())
                    .limit(1)
                )
            ).one_or_none()
        if newest is None or newest.created_at >= begun_at:
            return
        try:
            await begin_data_key(self._database, self._vault.sources, owner_id, newest.number + 1)
        except IntegrityError:
            return  # the server began one in this moment, after the rotation did
        self._done.begun += 1

    async def _seal_table(self, sealed: SealedTable, owner_id: UUID, header: bytes | None) -> None:
        """Seal an owner's rows of one table anew: those of the first version, or all but those under `header`."""
        mine = sealed.of_owner(owner_id)
        if mine is None:
            return
        old = [
            begins_with(column, _FIRST_HEADER)
            if header is None
            else and_(func.length(column) > 0, ~begins_with(column, header))
            for column, _ in sealed.columns
        ]
        after: Any = None
        while True:
            wanted = select(sealed.table).where(mine, or_(*old)).order_by(sealed.row_id).limit(_BATCH)
            async with self._database.read() as tx:
                rows = (await tx.execute(wanted if after is None else wanted.where(sealed.row_id > after))).all()
            if not rows:
                return
            for row in rows:
                await self._seal_row(sealed, owner_id, row)
            after = rows[-1]._mapping[sealed.row_id.name]  # noqa: SLF001 - SQLAlchemy's public name of it

    async def _seal_row(self, sealed: SealedTable, owner_id: UUID, row: ResultRow[Any]) -> None:
        present = {column.name: row._mapping[column.name] for column, _ in sealed.columns}  # noqa: SLF001 - as above
        keys = await self._vault.of(owner_id, *present.values())
        try:
            anew = self._reseal(sealed, keys, row)
        except Unavailable:
            self._done.unreadable += 1
            return
        same = [sealed.table.c[name].is_not_distinct_from(value) for name, value in present.items()]
        row_id = row._mapping[sealed.row_id.name]  # noqa: SLF001 - as above
        async with self._database.write() as tx:
            done = await tx.execute(update(sealed.table).where(sealed.row_id == row_id, *same).values(**anew))
        self._done.sealed += done.rowcount

    def _reseal(self, sealed: SealedTable, keys: OwnerKeys, row: ResultRow[Any]) -> Mapping[str, bytes | None]:
        return self._resealers[sealed.table.name](keys, row) if sealed.is_by_room else sealed.reseal(keys, row)

    async def _release_keys(self) -> None:
        """Drop the check values of keys under which nothing is any more: they may leave the ring."""
        current_id = self._vault.sources.current.current_id
        async with self._database.write() as tx:
            needed = set(await tx.scalars(select(TeamKeyRow.key_id).where(TeamKeyRow.lost_at.is_(None)).distinct()))
            needed |= {current_id} | set((await count_sealed(tx)).by_ring_key)
            stored = set(await tx.scalars(select(KeyCheckRow.key_id)))
            self._done.released = sorted(stored - needed)
            await tx.execute(delete(KeyCheckRow).where(KeyCheckRow.key_id.in_(self._done.released)))
