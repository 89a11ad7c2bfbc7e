"""Follows a whole chain and says what somebody did to it, and where: the first entry that is not what was recorded.

A chain whose links hold and whose head is signed is whole: the head's hash stands for everything before it. Only when
something is wrong are the signatures of the entries asked, too, which one was the first.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.heads import Head, find_head
from moorage.audit.keys import PublicKeys
from moorage.audit.pen import pen_of
from moorage.audit.tables import AuditRow, AuditTombstoneRow
from moorage.audit.walking import Finding, Kind, Walk, begin_after, is_forged

_BATCH: Final = 1000
_MAY_BE_FORGED_ITSELF: Final = frozenset({"unlinked", "head_forged"})


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a chain holds. `checked` entries were found in order, after `pruned` that a tombstone stands for."""

    checked: int
    pruned: int
    finding: Finding | None

    @property
    def intact(self) -> bool:
        """True when nothing was found."""
        return self.finding is None

    @property
    def kind(self) -> Kind | None:
        """What was found."""
        return None if self.finding is None else self.finding.kind

    @property
    def broken_at(self) -> int | None:
        """The number of the first entry that doesn't fit or is missing."""
        return None if self.finding is None else self.finding.at


async def check(tx: AsyncConnection, team_id: UUID, keys: PublicKeys | None = None) -> Check:
    """Follow a chain from its beginning, or its tombstones, to its head.

    `keys` are those of the transaction's pen unless given. Finds nothing if the whole database was put back to an
    older state: that takes an anchor outside (`anchors`).
    """
    if keys is None:
        pen = pen_of(tx)
        await pen.catch_up(tx)
        keys = pen.keys
    head = await find_head(tx, team_id)
    start = begin_after(team_id, await _tombstones(tx, team_id), 0 if head is None else head.pruned_through, keys)
    if isinstance(start, Finding):
        return Check(0, 0, start)
    walk = Walk(team_id, start)
    finding = await _follow(tx, team_id, walk)
    if finding is None:
        finding = _judge_head(head, walk, keys)
    if finding is None and walk.head_changed_at is not None:
        finding = Finding("head_changed", walk.head_changed_at)
    if finding is not None:
        through = finding.at if finding.kind in _MAY_BE_FORGED_ITSELF else finding.at - 1
        forged_at = await _first_forged(tx, team_id, through, keys)
        finding = finding if forged_at is None else Finding("forged", forged_at)
    return Check(walk.seq - start.seq, start.seq, finding)


async def _follow(tx: AsyncConnection, team_id: UUID, walk: Walk) -> Finding | None:
    async for rows in _batches(tx, team_id):
        for row in rows:
            finding = walk.step(row)
            if finding is not None:
                return finding
    return None


def _judge_head(head: Head | None, walk: Walk, keys: PublicKeys) -> Finding | None:
    if head is None:
        return Finding("head_missing", walk.seq + 1)
    if head.seq > walk.seq:
        return Finding("cut_off", walk.seq + 1)
    if head.seq < walk.seq:
        return Finding("extra", head.seq + 1)
    signed = head.key_number == keys.newest and keys.prove(head.key_number, head.statement, head.signature)
    return None if signed and head.hash == walk.hash else Finding("head_forged", max(walk.seq, 1))


async def _first_forged(tx: AsyncConnection, team_id: UUID, through: int, keys: PublicKeys) -> int | None:
    """Give the first entry up to `through` that no key of ours signed."""
    async for rows in _batches(tx, team_id):
        # Thousands of signatures take a second: other people's requests go on meanwhile.
        seq = await asyncio.to_thread(_forged_among, rows, through, keys)
        if seq is not None or rows[-1].seq >= through:
            return seq
    return None


def _forged_among(rows: Sequence[ResultRow[Any]], through: int, keys: PublicKeys) -> int | None:
    return next((row.seq for row in rows if row.seq <= through and is_forged(row, keys)), None)


async def _batches(tx: AsyncConnection, team_id: UUID) -> AsyncIterator[Sequence[ResultRow[Any]]]:
    seq: int | None = None
    while True:
        wanted = select(AuditRow.__table__).where(AuditRow.team_id == team_id)
        if seq is not None:
            wanted = wanted.where(AuditRow.seq > seq)
        rows = (await tx.execute(wanted.order_by(AuditRow.seq).limit(_BATCH))).all()
        if rows:
            yield rows
            seq = rows[-1].seq
        if len(rows) < _BATCH:
            return


async def _tombstones(tx: AsyncConnection, team_id: UUID) -> Sequence[ResultRow[Any]]:
    wanted = select(AuditTombstoneRow.__table__).where(AuditTombstoneRow.team_id == team_id)
    return (await tx.execute(wanted.order_by(AuditTombstoneRow.first_seq))).all()
