"""Says what is under which key: for the operator, who wants to know what a key is still good for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import select

from moorage.storage.database import Database
from moorage.vault.columns import count_sealed
from moorage.vault.sources import Sources
from moorage.vault.tables import KeyCheckRow, KeyRotationRow, TeamKeyRow


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """A key-encryption key.

    `is_here`: the ring or the key store has it. `data_keys`: wrapped under it. `values`: sealed under it directly, as
    before there were data keys. `is_checked`: a start needs it as long as its check value is there.
    """

    key_id: str
    is_current: bool
    is_here: bool
    data_keys: int
    values: int
    is_checked: bool

    @property
    def is_needed(self) -> bool:
        """False: it may leave the ring."""
        return self.is_current or bool(self.data_keys or self.values) or self.is_checked


@dataclass(frozen=True, slots=True)
class DataKeyState:
    """A data key of an owner, and how many values are sealed under it. `uses` counts seals, in blocks."""

    owner_id: UUID
    number: int
    key_id: str
    values: int
    uses: int
    created_at: datetime
    is_current: bool
    is_lost: bool


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Everything there is to know. `rotation_since`: a rotation of data keys began then and has not ended."""

    wrapping_keys: Sequence[WrappingKey]
    data_keys: Sequence[DataKeyState]
    rotation_since: datetime | None


async def look_at_keys(database: Database, sources: Sources) -> KeyStatus:
    """Look, and change nothing; the sources were asked before."""
    async with database.read() as tx:
        rows = (await tx.execute(select(TeamKeyRow.__table__).order_by(TeamKeyRow.owner_id, TeamKeyRow.number))).all()
        checked = set(await tx.scalars(select(KeyCheckRow.key_id)))
        rotation_since = await tx.scalar(select(KeyRotationRow.begun_at))
        counted = await count_sealed(tx)
    living: dict[str, int] = {}
    newest: dict[UUID, int] = {}
    for row in rows:
        if row.lost_at is None:
            living[row.key_id] = living.get(row.key_id, 0) + 1
            newest[row.owner_id] = row.number
    ids = [*sources.ids, *sorted((living.keys() | counted.by_ring_key.keys() | checked) - set(sources.ids))]
    wrapping_keys = [
        WrappingKey(
            key_id,
            is_current=key_id == sources.current.current_id,
            is_here=key_id in sources.ids,
            data_keys=living.get(key_id, 0),
            values=counted.by_ring_key.get(key_id, 0),
            is_checked=key_id in checked,
        )
        for key_id in ids
    ]
    data_keys = [_tell(row, counted.by_data_key, is_current=newest.get(row.owner_id) == row.number) for row in rows]
    return KeyStatus(wrapping_keys, data_keys, rotation_since)


def _tell(row: ResultRow[Any], values: Mapping[UUID, int], *, is_current: bool) -> DataKeyState:
    return DataKeyState(
        row.owner_id,
        row.number,
        row.key_id,
        values.get(row.id, 0),
        row.uses,
        row.created_at,
        is_current=is_current,
        is_lost=row.lost_at is not None,
    )
