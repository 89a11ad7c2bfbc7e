"""Says of every sealed column what it takes to seal it anew, to count what is in it, and what becomes of it when lost.

A room that stores something sealed writes it to the column: `mapped_column(LargeBinary, info=sealed_as("secret"))`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, func, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.types import DEPLOYMENT, Row
from moorage.vault.keys import OwnerKeys
from moorage.vault.seal import Place, data_key_of, ring_key_of

_INFO: Final = "sealed_as"
HEADER_BYTES: Final = 17
_LONGEST_HEADER: Final = 42

Resealer = Callable[[OwnerKeys, ResultRow[Any]], Mapping[str, bytes | None]]
"""Opens what a row holds and seals it anew: column → new envelope. For tables whose places have an origin."""


@dataclass(frozen=True, slots=True)
class SealedAs:
    """How a column is sealed. Other values are wrong here as soon as they are wrong in the room's `Place`.

    `place_column`: the `column` of its Place. `owner`: the column that holds the owner's id, None: the deployment.
    `row_id`: the primary key, which is the Place's row. `by_room`: its Place has an origin, so only its room can seal
    it anew. `when_lost`: what else is written to a row whose secret can't be opened any more; the secret is wiped.
    `goes_when_lost`: the whole row goes.
    """

    place_column: str
    owner: str | None
    row_id: str
    by_room: bool
    when_lost: Mapping[str, Any]
    goes_when_lost: bool


def sealed_as(
    place_column: str,
    *,
    owner: str | None = "team_id",
    row_id: str = "id",
    by_room: bool = False,
    when_lost: Mapping[str, Any] | None = None,
    goes_when_lost: bool = False,
) -> dict[Any, Any]:
    """Give the `info` of a sealed column."""
    return {_INFO: SealedAs(place_column, owner, row_id, by_room, when_lost or {}, goes_when_lost)}


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table and its sealed columns."""

    table: Table
    columns: Sequence[tuple[Column[Any], SealedAs]]

    @property
    def owner(self) -> Column[UUID] | None:
        """The column with the owner's id; None: all rows are the deployment's."""
        name = self.columns[0][1].owner
        return None if name is None else self.table.c[name]

    @property
    def row_id(self) -> Column[Any]:
        """The primary key."""
        return self.table.c[self.columns[0][1].row_id]

    @property
    def is_by_room(self) -> bool:
        """Whether a resealer of the room is needed."""
        return any(sealed.by_room for _, sealed in self.columns)

    def of_owner(self, owner_id: UUID) -> ColumnElement[bool] | None:
        """Give the condition for an owner's rows; None: it has none here."""
        if self.owner is not None:
            return self.owner == owner_id
        return self.row_id.is_not(None) if owner_id == DEPLOYMENT else None

    def reseal(self, keys: OwnerKeys, row: ResultRow[Any]) -> Mapping[str, bytes | None]:
        """Seal a row's columns anew, each to its place without origin. Raises Unavailable("key_unreadable")."""
        anew: dict[str, bytes | None] = {}
        for column, sealed in self.columns:
            present = row._mapping[column.name]  # noqa: SLF001 - SQLAlchemy's public name of it
            if present:
                place = Place(self.table.name, str(row._mapping[self.row_id.name]), sealed.place_column)  # noqa: SLF001 - as above
                anew[column.name] = keys.seal(keys.open(present, place), place)
        return anew


def sealed_tables() -> Iterator[SealedTable]:
    """Give every table of the schema that holds something sealed."""
    for table in Row.metadata.sorted_tables:
        columns = [
            (column, column.info[_INFO]) for column in table.columns if isinstance(column.info.get(_INFO), SealedAs)
        ]
        if columns:
            yield SealedTable(table, columns)


def begins_with(column: ColumnElement[Any], header: bytes) -> ColumnElement[bool]:
    """Give the condition that an envelope begins with a header."""
    return func.substr(column, 1, len(header)) == header


@dataclass(frozen=True, slots=True)
class Counted:
    """How many sealed values there are: by data key, and by the ring's key for those of the first version."""

    by_data_key: Mapping[UUID, int]
    by_ring_key: Mapping[str, int]


async def count_sealed(tx: AsyncConnection) -> Counted:
    """Count all sealed values of the database."""
    by_data_key: dict[UUID, int] = {}
    by_ring_key: dict[str, int] = {}
    for sealed in sealed_tables():
        for column, _ in sealed.columns:
            # A subquery, because PostgreSQL does not see that two expressions with parameters are one.
            start = func.substr(column, 1, HEADER_BYTES).label("start")
            inner = select(start).where(func.length(column) > 0).subquery()
            for header, count in await tx.execute(select(inner.c.start, func.count()).group_by(inner.c.start)):
                key_id = data_key_of(header)
                if key_id is not None:
                    by_data_key[key_id] = by_data_key.get(key_id, 0) + count
            longer = select(func.substr(column, 1, _LONGEST_HEADER)).where(begins_with(column, b"\x01"))
            for header in await tx.scalars(longer):
                ring_key = ring_key_of(header)
                by_ring_key[ring_key] = by_ring_key.get(ring_key, 0) + 1
    return Counted(by_data_key, by_ring_key)


async def holds_sealed_rows(tx: AsyncConnection) -> bool:
    """True when any sealed column of the schema holds something."""
    for sealed in sealed_tables():
        for column, _ in sealed.columns:
            if await tx.scalar(select(column).where(func.length(column) > 0).limit(1)):
                return True
    return False
