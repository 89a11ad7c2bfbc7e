"""The transaction in which an erasure is asked for: its line lies beside the database, and both stand or neither does.

The line is written first. If the transaction is not stored after all, a second line takes it back: nobody is erased by
a later start whose owner was told no; until then no start reads it (`ledger_hold.py`). A process killed between the two
leaves the line, and the next start erases.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import exists, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.privacy.ledger_hold import held_to_write
from moorage.privacy.tables import JobRow, ReceiptRow
from moorage.privacy.tombstones import ErasureKind, Tombstone, append, read_ledger, take_back
from moorage.storage.database import Database

log = structlog.get_logger(__name__)


class Asking:
    """A write transaction, and what was written beside it."""

    def __init__(self, tx: AsyncConnection, file: Path) -> None:
        self.tx = tx
        self.written: list[Tombstone] = []
        self._file = file

    async def write_down(
        self, receipt_id: UUID, kind: ErasureKind, person_id: UUID | None, team_id: UUID | None, *, whole: bool
    ) -> None:
        """Add a line and wait for the disk. Raises Unavailable("erasures_file_unwritable")."""
        tombstone = Tombstone(receipt_id, kind, person_id, team_id, whole, datetime.now(UTC))
        # Before it is: of one that a disk refused, all may be there to be read.
        self.written.append(tombstone)
        await _to_its_end(asyncio.to_thread(append, self._file, tombstone))


@contextlib.asynccontextmanager
async def asking(database: Database, file: Path) -> AsyncIterator[Asking]:
    """Open it. What is not committed is taken back, whatever the reason; the error goes on to whoever asked.

    Raises Unavailable: erasures_file_unwritable, and what `Database.write` raises.
    """
    async with held_to_write(file):
        asked: Asking | None = None
        try:
            async with database.write() as tx:
                asked = Asking(tx, file)
                yield asked
        except BaseException:
            if asked is not None and asked.written:
                await _to_its_end(_take_back_all(database, file, asked.written))
            raise


async def _take_back_all(database: Database, file: Path, written: Sequence[Tombstone]) -> None:
    if not await _is_stored(database, written[0].id):
        for tombstone in written:
            await _withdraw(file, tombstone)


async def _is_stored(database: Database, receipt_id: UUID) -> bool:
    """Whether only the answer to a commit got lost. If nobody can say, it counts as not stored: `Erasures.work`."""
    known = or_(exists().where(JobRow.id == receipt_id), exists().where(ReceiptRow.id == receipt_id))
    try:
        async with database.read() as tx:
            return bool(await tx.scalar(select(known)))
    except (Unavailable, SQLAlchemyError):
        return False


async def _withdraw(file: Path, tombstone: Tombstone) -> None:
    try:
        await asyncio.to_thread(take_back, file, tombstone)
    except Unavailable:
        if await asyncio.to_thread(_stands, file, tombstone):
            log.error("erasure_not_withdrawn", receipt=str(tombstone.id))


def _stands(file: Path, tombstone: Tombstone) -> bool:
    try:
        return any(one.id == tombstone.id for one in read_ledger(file).tombstones)
    except Unavailable:
        return True


async def _to_its_end(writing: Coroutine[Any, Any, None]) -> None:
    """Let nothing stop what is written: who is cancelled meanwhile, however often, waits until it is."""
    task = asyncio.ensure_future(writing)
    is_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            is_cancelled = True
        except Unavailable:
            break
    if is_cancelled:
        raise asyncio.CancelledError
    task.result()
