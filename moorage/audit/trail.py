"""Who did what, chained per team: written with what it records or not at all, and tampering is found (P17).

An entry's hash covers its canonical bytes and the hash before it; the head names the newest. See docs/adr/0006.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditHeadRow, AuditRow
from moorage.errors import Unavailable
from moorage.storage.types import db_now

Outcome = Literal["done", "refused", "failed"]
Detail = str | int | bool | None

ACTIONS: Final = (
    "team.created",
    "team.renamed",
    "team.plan_changed",
    "person.signed_up",
    "person.signed_in",
    "person.sign_in_failed",
    "person.signed_out",
    "member.invited",
    "member.joined",
    "member.role_changed",
    "member.removed",
    "invitation.revoked",
    "connection.created",
    "connection.tested",
    "connection.changed",
    "connection.disabled",
    "connection.enabled",
    "connection.deleted",
    "connection.key_replaced",
    "models.changed",
    "models.discovered",
    "access.refused",
    "egress.refused",
    "egress.exception_active",
    "deployment.started",
)
MAX_PAGE: Final = 200
MAX_SEQ: Final = 2**31 - 1  # what the column holds on PostgreSQL

_KNOWN: Final = frozenset(ACTIONS)
_OUTCOMES: Final = frozenset(get_args(Outcome))
_PURPOSE: Final = b"moorage/audit/v1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DETAIL_CHARS: Final = 200
_CHECK_BATCH: Final = 1000
_FIELDS: Final = (
    "team_id",
    "seq",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "object_type",
    "object_id",
    "object_name",
    "outcome",
    "request_id",
    "details",
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is None for the deployment itself and for somebody who is not signed in."""

    id: UUID | None
    name: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Act:
    """What is done, to what. Nothing secret and nothing a person typed into a conversation belongs in here."""

    action: str
    object_type: str
    object_id: str
    object_name: str
    outcome: Outcome = "done"
    details: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it was recorded."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    object_type: str
    object_id: str
    object_name: str
    outcome: Outcome
    request_id: str
    details: Mapping[str, Detail]


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a chain holds. `broken_at` is the number of the first entry that doesn't fit or is missing."""

    intact: bool
    checked: int
    broken_at: int | None


async def begin_trail(tx: AsyncConnection, team_id: UUID) -> None:
    """Make the head of a new team's chain. Belongs in the transaction that makes the team."""
    await tx.execute(insert(AuditHeadRow).values(team_id=team_id, seq=0, hash=_genesis(team_id)))


async def record(tx: AsyncConnection, team_id: UUID, actor: Actor, act: Act) -> None:
    """Add an entry in the transaction of what it records; if it can't be written, nothing else is.

    Raises Unavailable("audit_head_missing") for a team without `begin_trail`, ValueError for an action not in ACTIONS.
    """
    if act.action not in _KNOWN or act.outcome not in _OUTCOMES:
        raise ValueError(act.action)
    # The lock serialises the writers of one team; without it two entries could follow the same one.
    found = await tx.execute(
        select(AuditHeadRow.seq, AuditHeadRow.hash, db_now()).where(AuditHeadRow.team_id == team_id).with_for_update()
    )
    head = found.one_or_none()
    if head is None:
        raise Unavailable("audit_head_missing")
    last_seq, last_hash, at = head
    entry = {
        "team_id": team_id,
        "seq": last_seq + 1,
        "at": at,
        "actor_id": actor.id,
        "actor_name": _tidy(actor.name, 120),
        "action": act.action,
        "object_type": _tidy(act.object_type, 40),
        "object_id": _tidy(act.object_id, 64),
        "object_name": _tidy(act.object_name, 200),
        "outcome": act.outcome,
        "request_id": _tidy(actor.request_id, 40),
        "details": _write_details(act.details),
    }
    canonical = _encode(entry)
    digest = _chain(canonical, last_hash)
    await tx.execute(insert(AuditRow).values(**entry, canonical=canonical, prev_hash=last_hash, hash=digest))
    await tx.execute(update(AuditHeadRow).where(AuditHeadRow.team_id == team_id).values(seq=last_seq + 1, hash=digest))


async def read(
    tx: AsyncConnection, team_id: UUID, before: int | None, limit: int, action: str | None
) -> list[AuditEntry]:
    """Give up to `limit` entries with a number below `before`, newest first; only those of `action`, if given."""
    wanted = select(AuditRow).where(AuditRow.team_id == team_id)
    if before is not None:
        wanted = wanted.where(AuditRow.seq < before)
    if action is not None:
        wanted = wanted.where(AuditRow.action == action)
    rows = await tx.execute(wanted.order_by(AuditRow.seq.desc()).limit(min(limit, MAX_PAGE)))
    return [_entry(row) for row in rows]


async def check(tx: AsyncConnection, team_id: UUID) -> Check:
    """Follow the whole chain: finds edits, deletions, reordering, forks, and a cut-off end.

    Finds nothing if somebody rewrote every entry and the head: that takes an anchor outside (docs/adr/0006).
    """
    found = await tx.execute(select(AuditHeadRow.seq, AuditHeadRow.hash).where(AuditHeadRow.team_id == team_id))
    head = found.one_or_none()
    seq, expected = 0, _genesis(team_id)
    while True:
        rows = (
            await tx.execute(
                select(AuditRow)
                .where(AuditRow.team_id == team_id, AuditRow.seq > seq)
                .order_by(AuditRow.seq)
                .limit(_CHECK_BATCH)
            )
        ).all()
        for row in rows:
            if row.seq != seq + 1 or not _fits(row, expected):
                return Check(intact=False, checked=seq, broken_at=seq + 1)
            seq, expected = row.seq, row.hash
        if len(rows) < _CHECK_BATCH:
            break
    if head is None or (head.seq, head.hash) != (seq, expected):
        # Fewer entries than the head says: the first missing one. More: the first the head knows nothing of.
        broken_at = seq + 1 if head is None or head.seq >= seq else head.seq + 1
        return Check(intact=False, checked=seq, broken_at=broken_at)
    return Check(intact=True, checked=seq, broken_at=None)


def _fits(row: ResultRow[Any], expected_prev: bytes) -> bool:
    # The stored bytes are what was hashed; the columns are what people read. Both must be what was recorded.
    columns = {name: getattr(row, name) for name in _FIELDS}
    return bool(
        row.prev_hash == expected_prev
        and _chain(row.canonical, expected_prev) == row.hash
        and _encode(columns) == row.canonical
    )


def _encode(entry: Mapping[str, object]) -> bytes:
    """Give the canonical bytes: every field in a fixed order, each after its length, None apart from empty."""
    return b"".join(_frame(_as_bytes(entry[name])) for name in _FIELDS)


def _as_bytes(value: object) -> bytes:
    if value is None:
        return b"\x00"
    if isinstance(value, datetime):
        value = (value - _EPOCH) // timedelta(microseconds=1)
    return b"\x01" + str(value).encode("utf-8", "surrogatepass")


def _frame(part: bytes) -> bytes:
    return len(part).to_bytes(8, "big") + part


def _chain(canonical: bytes, prev_hash: bytes) -> bytes:
    return _digest((_PURPOSE, canonical, prev_hash))


def _genesis(team_id: UUID) -> bytes:
    return _digest((_PURPOSE, b"begin", team_id.bytes))


def _digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(_frame(part) for part in parts)).digest()


def _tidy(text: str, max_chars: int) -> str:
    """Make a text fit its column on both engines: no control characters (PostgreSQL stores no NUL), not too long."""
    printable = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)
    return printable[:max_chars]


def _write_details(details: Mapping[str, Detail]) -> str:
    short = {name: value[:_MAX_DETAIL_CHARS] if isinstance(value, str) else value for name, value in details.items()}
    return json.dumps(short, sort_keys=True, separators=(",", ":"))


def _entry(row: ResultRow[Any]) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        object_name=row.object_name,
        outcome=row.outcome,
        request_id=row.request_id,
        details=json.loads(row.details),
    )
