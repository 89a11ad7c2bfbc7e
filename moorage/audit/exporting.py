"""Exports a trail: recorded first, then read in short transactions, so that a slow reader holds nothing up.

What is in memory is one batch, however long the trail is.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import select

from moorage.audit import ndjson
from moorage.audit.formats import COLUMNS, FormatName, cef_entry, csv_entry, csv_line
from moorage.audit.heads import Head
from moorage.audit.keys import PublicKeys
from moorage.audit.pen import pen_of
from moorage.audit.reading import NOBODY, Filter, read_onward
from moorage.audit.tables import AuditTombstoneRow
from moorage.audit.trail import Act, Actor, Detail, record_with
from moorage.storage.database import Database

_BATCH: Final = 500
_ENTRY: Final[Mapping[FormatName, Callable[[Any], str]]] = {
    "ndjson": ndjson.tell_entry,
    "csv": csv_entry,
    "cef": cef_entry,
}


@dataclass(frozen=True, slots=True)
class Export:
    """An export that is on record and may be read. It ends with the entry about itself."""

    team_id: UUID
    team_name: str
    at: datetime
    format: FormatName
    wanted: Filter
    head: Head
    keys: PublicKeys


async def begin_export(
    database: Database,
    team_id: UUID,
    team_name: str,
    actor: Actor,
    name: FormatName,
    wanted: Filter,
    *,
    what: str = "trail",
) -> Export:
    """Put the export on record; only then is anything read. `what`: the trail, or the uses of keys."""
    details: dict[str, Detail] = {"what": what, "format": name, "filtered": not wanted.is_empty}
    async with database.write() as tx:
        head = await record_with(tx, team_id, actor, Act("audit.exported", "trail", str(team_id), "", details=details))
        keys = pen_of(tx).keys
    return Export(team_id, team_name, datetime.now(UTC), name, wanted, head, keys)


async def stream(
    database: Database, export: Export, key_uses: AsyncIterator[str] | None = None
) -> AsyncGenerator[bytes, None]:
    """Give the file piece by piece. `key_uses` are lines of NDJSON that come after its entries."""
    if export.format == "ndjson":
        told = _tell(export.wanted)
        yield ndjson.tell_opening(export.team_name, export.at, told, export.head, export.keys).encode("ascii")
        yield (await _tombstones(database, export)).encode("ascii")
    if export.format == "csv":
        yield csv_line(COLUMNS).encode("ascii")
    tell = _ENTRY[export.format]
    entries = 0
    async for rows in _batches(database, export):
        entries += len(rows)
        yield "".join(tell(row) for row in rows).encode("utf-8", "replace")
    if export.format == "ndjson":
        if key_uses is not None:
            async for line in key_uses:
                yield line.encode("ascii")
        yield ndjson.tell_end(entries).encode("ascii")


async def _batches(database: Database, export: Export) -> AsyncIterator[list[ResultRow[Any]]]:
    after = 0
    while True:
        async with database.read() as tx:
            rows = await read_onward(tx, export.team_id, after, export.head.seq, _BATCH, export.wanted)
        if rows:
            yield list(rows)
            after = rows[-1].seq
        if len(rows) < _BATCH:
            return


async def _tombstones(database: Database, export: Export) -> str:
    wanted = select(AuditTombstoneRow.__table__).where(AuditTombstoneRow.team_id == export.team_id)
    async with database.read() as tx:
        rows = (await tx.execute(wanted.order_by(AuditTombstoneRow.first_seq))).all()
    return "".join(ndjson.tell_tombstone(row) for row in rows)


def _tell(wanted: Filter) -> dict[str, str]:
    told = {
        "actor": wanted.actor if wanted.actor is None or wanted.actor == NOBODY else str(wanted.actor),
        "action": wanted.action,
        "object_id": wanted.object_id,
        "outcome": wanted.outcome,
        "since": None if wanted.since is None else wanted.since.isoformat(),
        "until": None if wanted.until is None else wanted.until.isoformat(),
        "text": wanted.text,
    }
    return {name: str(value) for name, value in told.items() if value is not None}
