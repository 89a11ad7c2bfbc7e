"""Deletes entries that a team wants kept no longer, and leaves a signed tombstone that says what stood there.

Always the oldest, in one piece, in bounded batches, each whole or not at all: a killed process leaves a chain that
holds. The database's triggers let nothing go that no tombstone covers.
"""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import tombstone_statement
from moorage.audit.heads import take_head
from moorage.audit.pen import pen_of
from moorage.audit.tables import MAX_SEQ, AuditHeadRow, AuditRow, AuditTombstoneRow
from moorage.audit.trail import Act, Actor, record_with
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database

BATCH: Final = 1000
PACE: Final = Pace(every_s=3600.0, first_after_s=60.0)
_BREATH_S: Final = 0.05
RETENTION: Final = Actor(None, "retention", "")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What one batch took: the numbers of its entries, the hash of the last, when, and the rule in force."""

    team_id: UUID
    first_seq: int
    last_seq: int
    entries: int
    last_hash: bytes
    at: datetime
    keep_days: int
    older_than: datetime
    key_number: int


async def prune_batch(
    tx: AsyncConnection, team_id: UUID, *, through: int = MAX_SEQ, now: datetime | None = None, batch: int = BATCH
) -> Tombstone | None:
    """Delete up to `batch` of the oldest entries that the chain's rule doesn't want kept; None: there were none.

    None with a number above `through` goes; `now` stands for the database's time. A chain whose head somebody changed
    loses nothing: its rule is not believed.
    """
    pen = pen_of(tx)
    taken = await take_head(tx, pen, team_id)
    head = taken.head
    if not taken.is_ours or head.keep_days is None:
        return None
    older_than = (now or taken.now) - timedelta(days=head.keep_days)
    oldest = await tx.execute(
        select(AuditRow.seq, AuditRow.hash, AuditRow.at)
        .where(AuditRow.team_id == team_id, AuditRow.seq > head.pruned_through, AuditRow.seq <= through)
        .order_by(AuditRow.seq)
        .limit(batch)
    )
    last_seq, last_hash = head.pruned_through, b""
    for row in oldest:
        if row.at >= older_than or row.seq != last_seq + 1:
            break  # in one piece: what is younger, or a gap that nobody of ours made, ends it
        last_seq, last_hash = row.seq, row.hash
    if last_seq == head.pruned_through:
        return None
    tombstone = Tombstone(
        team_id=team_id,
        first_seq=head.pruned_through + 1,
        last_seq=last_seq,
        entries=last_seq - head.pruned_through,
        last_hash=last_hash,
        at=taken.now,
        keep_days=head.keep_days,
        older_than=older_than,
        key_number=pen.number,
    )
    signature = pen.sign(tombstone_statement(tombstone))
    await tx.execute(insert(AuditTombstoneRow).values(**asdict(tombstone), signature=signature))
    # The tombstone came first: the triggers let only what it covers be deleted.
    await tx.execute(delete(AuditRow).where(AuditRow.team_id == team_id, AuditRow.seq <= last_seq))
    details = {"first": tombstone.first_seq, "last": last_seq, "entries": tombstone.entries}
    act = Act("audit.pruned", "trail", str(team_id), "", details={**details, "keep_days": head.keep_days})
    await record_with(tx, team_id, RETENTION, act, pruned_through=last_seq)
    return tombstone


async def prune_all(database: Database, *, now: datetime | None = None) -> dict[UUID, int]:
    """Prune every chain to its rule. Returns how many entries went, by team."""
    async with database.read() as tx:
        heads = select(AuditHeadRow.team_id, AuditHeadRow.seq).where(AuditHeadRow.keep_days.is_not(None))
        chains = (await tx.execute(heads)).all()
    gone: dict[UUID, int] = {}
    for team_id, seq in chains:
        while True:
            async with database.write() as tx:
                pruned = await prune_batch(tx, team_id, through=seq, now=now)
            if pruned is None:
                break
            gone[team_id] = gone.get(team_id, 0) + pruned.entries
            await asyncio.sleep(_BREATH_S)  # the others want to write, too
    return gone


class Pruner:
    """Prunes in the background, once an hour."""

    def __init__(self, database: Database, reports: Reports | None = None, *, pace: Pace = PACE) -> None:
        self._database = database
        self._reports = reports or Reports()
        self._keeper = Steady(self._turn, self._reports, name="audit-pruner", event="audit_pruning_failed", pace=pace)

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._keeper.start()

    async def close(self) -> None:
        """Stop; a batch under way is rolled back."""
        await self._keeper.aclose()

    async def _turn(self) -> None:
        gone = await prune_all(self._database)
        if gone:
            log.info("audit_pruned", count=sum(gone.values()))
