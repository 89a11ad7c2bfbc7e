"""The exact bytes that are hashed and signed. A form that was ever written is never changed, only followed by another.

Every part is preceded by its length, so that no two different entries give the same bytes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

FORM: Final = 2
_FIELDS_1: Final = (
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
FIELDS: Final[Mapping[int, tuple[str, ...]]] = {1: _FIELDS_1, 2: (*_FIELDS_1, "client")}
HEAD_FIELDS: Final = ("team_id", "seq", "hash", "pruned_through", "keep_days", "clients", "key_number")
TOMBSTONE_FIELDS: Final = (
    "team_id",
    "first_seq",
    "last_seq",
    "entries",
    "last_hash",
    "at",
    "keep_days",
    "older_than",
    "key_number",
)

_PURPOSES: Final[Mapping[int, bytes]] = {1: b"moorage/audit/v1", 2: b"moorage/audit/v2"}
_ENTRY: Final = b"moorage/audit/entry/v1"
_HEAD: Final = b"moorage/audit/head/v1"
_TOMBSTONE: Final = b"moorage/audit/tombstone/v1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTH_BYTES: Final = 8
_NONE: Final = b"\x00"
_SOME: Final = b"\x01"


def encode(entry: Mapping[str, object], form: int) -> bytes:
    """Give an entry's bytes: every field in a fixed order, None apart from empty."""
    return _join(_as_bytes(entry[name]) for name in FIELDS[form])


def decode(canonical: bytes, form: int) -> dict[str, str | None] | None:
    """Read the bytes back as texts; None if nobody of ours wrote them."""
    values: list[str | None] = []
    at = 0
    while at < len(canonical):
        end = at + _LENGTH_BYTES + int.from_bytes(canonical[at : at + _LENGTH_BYTES], "big")
        part = canonical[at + _LENGTH_BYTES : end]
        if end > len(canonical) or part[:1] not in {_NONE, _SOME}:
            return None
        values.append(None if part == _NONE else part[1:].decode("utf-8", "replace"))
        at = end
    names = FIELDS.get(form, ())
    return dict(zip(names, values, strict=True)) if len(values) == len(names) > 0 else None


def chain(canonical: bytes, prev_hash: bytes, form: int) -> bytes:
    """Give the hash of an entry that follows another."""
    return _digest((_PURPOSES[form], canonical, prev_hash))


def genesis(team_id: UUID) -> bytes:
    """Give what the first entry of a chain follows."""
    return _digest((_PURPOSES[1], b"begin", team_id.bytes))


def entry_statement(team_id: UUID, seq: int, digest: bytes) -> bytes:
    """Give what is signed of an entry: it lets a forged one be named, and proves no end of the chain."""
    return _join((_ENTRY, team_id.bytes, _as_bytes(seq), digest))


def head_statement(head: Any) -> bytes:
    """Give what is signed of a head (its fields as attributes): where the chain ends, what was pruned, its rules."""
    return _join((_HEAD, *(_as_bytes(getattr(head, name)) for name in HEAD_FIELDS)))


def tombstone_statement(tombstone: Any) -> bytes:
    """Give what is signed of a tombstone (its fields as attributes)."""
    return _join((_TOMBSTONE, *(_as_bytes(getattr(tombstone, name)) for name in TOMBSTONE_FIELDS)))


def micros(moment: datetime) -> int:
    """Give a moment as it is hashed: whole microseconds since 1970 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """Give the moment back."""
    return _EPOCH + timedelta(microseconds=value)


def _as_bytes(value: object) -> bytes:
    if value is None:
        return _NONE
    if isinstance(value, bytes):
        return _SOME + value
    if isinstance(value, datetime):
        value = micros(value)
    return _SOME + str(value).encode("utf-8", "surrogatepass")


def _join(parts: Iterable[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


def _digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(_join(parts)).digest()
