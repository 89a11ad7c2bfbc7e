"""Signed heads outside of the database: what a whole database that was put back to yesterday can't know.

`AnchorWriter` appends them to a file, beside the work of people; `hold_against` compares a database with such a file.
"""

import asyncio
import errno
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.heads import Head, find_head
from moorage.audit.keys import PublicKeys
from moorage.audit.tables import AuditHeadRow, AuditRow, AuditTombstoneRow
from moorage.audit.walking import Finding
from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.database import Database

EVERY_S: Final = 5.0
FORMAT: Final = "moorage-audit-anchor/1"


class AnchorWriter:
    """Appends every head that changed, every few seconds and at the end. A full disk stops nobody's work."""

    def __init__(
        self, database: Database, path: Path, reports: Reports | None = None, *, every_s: float = EVERY_S
    ) -> None:
        self._database = database
        self._path = path
        self._reports = reports or Reports()
        self._every_s = every_s
        self._written: dict[UUID, bytes | None] = {}
        self._is_begun = False
        self._keeper = Steady(
            self._turn, self._reports, name="audit-anchors", event="audit_anchors_failed", breath_s=every_s
        )

    def require_writable(self) -> None:
        """Make the file if it is not there. Raises Unavailable("anchor_file_unwritable")."""
        try:
            append_line(self._path, "")
        except OSError:
            raise Unavailable("anchor_file_unwritable", file=str(self._path)) from None

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._is_begun = True
        self._keeper.start()

    async def close(self) -> None:
        """Stop, and write what is new a last time."""
        await self._keeper.aclose()
        if self._is_begun:
            await self._write_and_go_on()

    async def write(self) -> int:
        """Append the heads that changed since; gives how many."""
        async with self._database.read() as tx:
            heads = [Head(*row) for row in await tx.execute(select(AuditHeadRow.__table__))]
        fresh = [head for head in heads if head.signature and self._written.get(head.team_id) != head.signature]
        if fresh:
            now = datetime.now(UTC)
            await asyncio.to_thread(append_line, self._path, "".join(to_line(head, now) for head in fresh))
            self._written |= {head.team_id: head.signature for head in fresh}
        return len(fresh)

    async def _turn(self) -> None:
        await self.write()
        await asyncio.sleep(self._every_s)

    async def _write_and_go_on(self) -> None:
        try:
            await self.write()
        except Exception as error:  # noqa: BLE001 - the rest of the process is still to be closed
            self._reports.note("audit_anchors_failed", error)


@dataclass(frozen=True, slots=True)
class Held:
    """What a file of anchors says of a database. `findings` by chain, the first of each; None: the file itself.

    `unreadable` lines are what a killed process or a full disk leaves; they prove nothing.
    """

    anchors: int
    unreadable: int
    findings: dict[UUID | None, Finding]


def to_line(head: Head, now: datetime) -> str:
    """Give a head as one line."""
    anchor = {
        "format": FORMAT,
        "team": str(head.team_id),
        "seq": head.seq,
        "hash": head.hash.hex(),
        "pruned_through": head.pruned_through,
        "keep_days": head.keep_days,
        "clients": head.clients,
        "key": head.key_number,
        "signature": b64encode(head.signature or b"").decode("ascii"),
        "written_at": now.isoformat(),
    }
    return json.dumps(anchor, separators=(",", ":")) + "\n"


def from_line(line: str) -> Head | None:
    """Read a line back; None if it is none of ours."""
    try:
        anchor: Any = json.loads(line)
        if not isinstance(anchor, dict) or anchor.get("format") != FORMAT:
            return None
        return Head(
            team_id=UUID(anchor["team"]),
            seq=int(anchor["seq"]),
            hash=bytes.fromhex(anchor["hash"]),
            pruned_through=int(anchor["pruned_through"]),
            keep_days=anchor["keep_days"],
            clients=str(anchor["clients"]),
            key_number=int(anchor["key"]),
            signature=b64decode(anchor["signature"], validate=True),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


async def hold_against(tx: AsyncConnection, lines: Iterable[str], keys: PublicKeys) -> Held:
    """Compare the chains with anchors: what they have seen must still be there.

    Finds a database, or a chain, that was put back to an older state (rolled_back) or has another past (rewritten).
    """
    findings: dict[UUID | None, Finding] = {}
    count, unreadable = 0, 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        anchor = from_line(line)
        if anchor is None:
            unreadable += 1
            continue
        if anchor.key_number not in keys.by_number:
            findings.setdefault(None, Finding("anchor_key_unknown", number))
            continue
        if not keys.prove(anchor.key_number, anchor.statement, anchor.signature):
            findings.setdefault(None, Finding("anchor_forged", number))
            continue
        count += 1
        finding = await _compare(tx, anchor)
        known = findings.get(anchor.team_id)
        if finding is not None and (known is None or finding.at < known.at):
            findings[anchor.team_id] = finding
    return Held(count, unreadable, findings)


async def _compare(tx: AsyncConnection, anchor: Head) -> Finding | None:
    head = await find_head(tx, anchor.team_id)
    if head is None:
        return Finding("chain_missing", 1)
    if head.seq < anchor.seq:
        return Finding("rolled_back", head.seq + 1)
    there = await tx.scalar(
        select(AuditRow.hash).where(AuditRow.team_id == anchor.team_id, AuditRow.seq == anchor.seq)
    ) or await tx.scalar(
        select(AuditTombstoneRow.last_hash).where(
            AuditTombstoneRow.team_id == anchor.team_id, AuditTombstoneRow.last_seq == anchor.seq
        )
    )
    # None: pruned in the middle of a batch, or an empty chain's beginning. What is missing, `check` says.
    return None if there is None or there == anchor.hash else Finding("rewritten", anchor.seq)


def append_line(path: Path, text: str) -> None:
    """Append ASCII lines to a file of one's own (0600) and wait until they are on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            # A process was killed while it wrote: what it began must not swallow what comes now.
            text = f"\n{text}"
        data = text.encode("ascii")
        if file.write(data) != len(data):
            raise OSError(errno.ENOSPC, "")
        os.fsync(descriptor)
