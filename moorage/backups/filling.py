"""Fills a database from another, or from a backup, and proves it: what was read back must be what was written.

A target on PostgreSQL is filled in one transaction; a SQLite file is new, and gets its place when it is done.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.backups.archive import Archive
from moorage.backups.manifest import Table
from moorage.errors import Invalid, Unavailable
from moorage.storage.answering import let_take_long
from moorage.storage.filling import Guards, count_rows
from moorage.storage.rows import Digest, Row, decode, encode, read_rows, write_rows
from moorage.storage.shapes import TableShape, find_shapes

_BATCH_BYTES = 4 * 1024 * 1024

Progress = Callable[[str, int, int], None]
"""Is told of a step, how much of it is done, and of how much; the steps' names are the commands' to print."""
Turn = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
"""Gives the transaction to write in: the same one each time, or one after the other."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a table holds: how many rows, and `Digest.content` of them."""

    rows: int
    content: str


class Source(Protocol):
    """Whole tables from somewhere."""

    @property
    def shapes(self) -> Sequence[TableShape]:
        """The tables; one that others refer to comes before them."""
        ...

    @property
    def total(self) -> int:
        """The rows of all of them."""
        ...

    def batches(self, shape: TableShape) -> AsyncIterator[list[Row]]:
        """Give the rows of a table. Raises MoorageError with the cause."""
        ...


class DatabaseSource:
    """A database, as one transaction sees it."""

    def __init__(self, tx: AsyncConnection, shapes: Sequence[TableShape], counts: Mapping[str, int]) -> None:
        self._tx = tx
        self.shapes = shapes
        self.total = sum(counts.values())

    @classmethod
    async def of(cls, tx: AsyncConnection) -> "DatabaseSource":
        """Look at its tables."""
        await let_take_long(tx)
        shapes = await find_shapes(tx)
        return cls(tx, shapes, await count_rows(tx, shapes))

    def batches(self, shape: TableShape) -> AsyncIterator[list[Row]]:
        """Give the rows of a table."""
        return read_rows(self._tx, shape)


class ArchiveSource:
    """A backup."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._tables: dict[str, Table] = {table.name: table for table in archive.manifest.tables}
        self.shapes = [table.shape for table in archive.manifest.tables]
        self.total = archive.manifest.rows

    async def batches(self, shape: TableShape) -> AsyncIterator[list[Row]]:
        """Give the rows of a table. Raises Invalid("backup_damaged")."""
        batch: list[Row] = []
        size = 0
        try:
            for line in self._archive.lines(self._tables[shape.name]):
                batch.append(decode(shape, line))
                size += len(line)
                if size > _BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
        except ValueError:
            raise Invalid("backup_damaged") from None
        if batch:
            yield batch


async def fill(source: Source, turn: Turn, progress: Progress) -> dict[str, Tally]:
    """Write everything into an empty schema of the same tables, and read it back; gives what each table holds.

    Raises Invalid("tables_differ") (`table`), Unavailable("copy_differs") (`table`), or what reading and writing raise.
    """
    async with turn() as tx:
        await let_take_long(tx)
        await _require_same(source.shapes, await find_shapes(tx))
        guards = Guards(source.shapes)
        await guards.lift(tx)
    written: dict[str, Tally] = {}
    done = 0
    for shape in source.shapes:
        digest = Digest()
        async for batch in source.batches(shape):
            for row in batch:
                digest.add(encode(row))
            async with turn() as tx:
                await write_rows(tx, shape, batch)
            done += len(batch)
            progress("write", done, source.total)
        written[shape.name] = Tally(digest.rows, digest.content)
    async with turn() as tx:
        await guards.put_back(tx)
    async with turn() as tx:
        await _read_back(tx, source, written, progress)
    return written


async def _require_same(wanted: Sequence[TableShape], found: Sequence[TableShape]) -> None:
    """By name: the order of columns differs where one was added later, and what they hold the source says."""
    there = {shape.name: {one.name for one in shape.columns} for shape in found}
    for shape in wanted:
        if there.pop(shape.name, None) != {one.name for one in shape.columns}:
            raise Invalid("tables_differ", table=shape.name)
    for name in there:
        raise Invalid("tables_differ", table=name)


async def _read_back(tx: AsyncConnection, source: Source, written: Mapping[str, Tally], progress: Progress) -> None:
    done = 0
    for shape in source.shapes:
        digest = Digest()
        async for batch in read_rows(tx, shape):
            for row in batch:
                digest.add(encode(row))
            done += len(batch)
            progress("compare", done, source.total)
        if Tally(digest.rows, digest.content) != written[shape.name]:
            raise Unavailable("copy_differs", table=shape.name)
