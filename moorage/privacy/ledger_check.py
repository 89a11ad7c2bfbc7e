"""Is the ledger of erasures whole? Held against the receipts of this database, before anybody is let in.

A file that is away, older or damaged says nothing about whom a backup brought back; silence would serve them.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.privacy.tables import ReceiptRow
from moorage.privacy.tombstones import ErasureKind, Ledger, Tombstone, append, read_ledger

# Of two lines of an erasure the newest counts.
_BEFORE_ALL: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def read_whole(tx: AsyncConnection, file: Path) -> Ledger:
    """Read a ledger that has all that this database knows.

    Raises Unavailable with `file`: erasures_file_missing or erasures_file_behind, and how many it lacks (`count`);
    erasures_line_unreadable, and which (`line`, from 1); erasures_file_unreadable.
    """
    receipts = await _receipts(tx)
    ledger = await _read(file)
    lacking = _lacking(receipts, ledger)
    if lacking:
        code = "erasures_file_behind" if ledger.is_there else "erasures_file_missing"
        raise Unavailable(code, file=str(file), count=len(lacking))
    return ledger


async def count_lacking(tx: AsyncConnection, file: Path) -> int:
    """Count the erasures that this database knows and the file does not. Raises Unavailable for what can't be read."""
    receipts = await _receipts(tx)
    return len(_lacking(receipts, await _read(file)))


async def accept_loss(tx: AsyncConnection, file: Path) -> int:
    """Write a line for each erasure that the file lacks; gives how many.

    Whom those of people were about nobody knows any more: their lines name nobody. Should the true ones turn up, these
    give way. Raises Unavailable.
    """
    receipts = await _receipts(tx)
    lacking = _lacking(receipts, await _read(file))
    for one in lacking:
        kind = cast("ErasureKind", one.kind)
        nobody = one.id if kind == "person_erasure" else None
        line = Tombstone(one.id, kind, nobody, one.team_id, whole_account=one.team_id is None, at=_BEFORE_ALL)
        await asyncio.to_thread(append, file, line)
    return len(lacking)


async def _receipts(tx: AsyncConnection) -> Sequence[Any]:
    """Give all receipts. Before the file is read: whoever erases meanwhile writes there first."""
    row = ReceiptRow
    return (await tx.execute(select(row.id, row.kind, row.team_id).order_by(row.done_at, row.id))).all()


def _lacking(receipts: Sequence[Any], ledger: Ledger) -> Sequence[Any]:
    named = ledger.named
    return [one for one in receipts if one.id not in named]


async def _read(file: Path) -> Ledger:
    ledger = await asyncio.to_thread(read_ledger, file)
    if ledger.damaged_line is not None:
        raise Unavailable("erasures_line_unreadable", file=str(file), line=ledger.damaged_line)
    return ledger
