"""Verifies an exported file (NDJSON) with nothing but the file and a public key: no database, no vault, no network."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.audit.heads import Head, Start
from moorage.audit.keys import PublicKeys
from moorage.audit.ndjson import FORMAT
from moorage.audit.walking import Finding, Walk, begin_after, find_fault, is_forged

_BROKEN: Final = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a file holds. `complete`: the whole chain, not a filtered part. `at` of a finding may be a line's number."""

    team_id: UUID | None
    team_name: str
    complete: bool
    entries: int
    unsigned: int
    public_key: bytes | None
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class _Entry:
    team_id: UUID
    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    object_type: str
    object_id: str
    object_name: str
    outcome: str
    request_id: str
    client: str
    details: str
    form: int
    canonical: bytes
    prev_hash: bytes
    hash: bytes
    key_number: int | None
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class _Tombstone:
    team_id: UUID
    first_seq: int
    last_seq: int
    entries: int
    last_hash: bytes
    at: datetime
    keep_days: int
    older_than: datetime
    key_number: int
    signature: bytes | None


class _File:
    """One file being read."""

    def __init__(self, opening: Mapping[str, Any]) -> None:
        if opening["type"] != "export" or opening["format"] != FORMAT:
            raise ValueError
        self.team_id = UUID(opening["team"]["id"])
        self.team_name = str(opening["team"]["name"])
        self.complete = not opening["filter"]
        self.keys = PublicKeys({int(key["number"]): _bytes(key["public_key"]) for key in opening["keys"]})
        self.head = _read_head(self.team_id, opening["head"])
        self.tombstones: list[_Tombstone] = []
        self.entries = 0
        self.unsigned = 0
        self.is_ended = False
        self.walk: Walk | None = None
        self._last_seq = 0

    def take(self, line: Mapping[str, Any]) -> Finding | None:
        """Judge the next line."""
        kind = line["type"]
        if self.is_ended or kind not in {"entry", "tombstone", "key_use", "end"}:
            raise ValueError
        if kind == "tombstone":
            self.tombstones.append(_read_tombstone(self.team_id, line))
        if kind == "end":
            self.is_ended = True
            if line["entries"] != self.entries:
                return Finding("file_incomplete", self.entries + 1)
        return self._take_entry(_read_entry(self.team_id, line)) if kind == "entry" else None

    def end(self) -> Finding | None:
        """Judge the whole, once every line fitted."""
        if not self.is_ended:
            return Finding("file_incomplete", self.entries + 1)
        signed = self.head.key_number == self.keys.newest
        if not signed or not self.keys.prove(self.head.key_number, self.head.statement, self.head.signature):
            return Finding("head_forged", max(self.head.seq, 1))
        return self._judge_end() if self.complete else None

    def _judge_end(self) -> Finding | None:
        begun = self._begin()
        if isinstance(begun, Finding):
            return begun
        if begun.seq < self.head.seq:
            return Finding("cut_off", begun.seq + 1)
        if begun.hash != self.head.hash:
            return Finding("head_forged", max(begun.seq, 1))
        return None if begun.head_changed_at is None else Finding("head_changed", begun.head_changed_at)

    def _take_entry(self, entry: _Entry) -> Finding | None:
        self.entries += 1
        self.unsigned += entry.signature is None
        if is_forged(entry, self.keys):
            fault = find_fault(entry, self.team_id)
            return Finding(fault or "forged", entry.seq)
        if self.complete:
            walk = self._begin()
            return walk if isinstance(walk, Finding) else walk.step(entry)
        fault = find_fault(entry, self.team_id)
        if fault is None and entry.seq <= self._last_seq:
            fault = "reordered"
        self._last_seq = entry.seq
        return None if fault is None else Finding(fault, entry.seq)

    def _begin(self) -> Walk | Finding:
        if self.walk is None:
            start = begin_after(self.team_id, self.tombstones, self.head.pruned_through, self.keys)
            if not isinstance(start, Start):
                return start
            self.walk = Walk(self.team_id, start)
        return self.walk


def verify_file(lines: Iterable[str], trusted: bytes | None = None) -> FileReport:
    """Follow a file from its first line to its last; what is wrong is the report's finding. Never raises.

    `trusted` is the public key that you know to be the deployment's. Without it the file vouches for itself: compare
    the key that the report names with the one that `moorage audit key` prints.
    """
    file: _File | None = None
    number = 0
    try:
        for text in lines:
            number += 1  # as far as it got, where a line can't be read
            line: Any = json.loads(text)
            if file is None:
                file = _File(line)
                if trusted is not None and file.keys.by_number.get(file.keys.newest) != trusted:
                    return _report(file, Finding("key_not_yours", 1))
            elif (finding := file.take(line)) is not None:
                return _report(file, finding)
    except _BROKEN:
        return _report(file, Finding("file_unreadable", number or 1))
    return _report(file, Finding("file_unreadable", 1) if file is None else file.end())


def _report(file: _File | None, finding: Finding | None) -> FileReport:
    if file is None:
        return FileReport(None, "", complete=False, entries=0, unsigned=0, public_key=None, finding=finding)
    return FileReport(
        team_id=file.team_id,
        team_name=file.team_name,
        complete=file.complete,
        entries=file.entries,
        unsigned=file.unsigned,
        public_key=file.keys.by_number.get(file.keys.newest),
        finding=finding,
    )


def _read_head(team_id: UUID, line: Mapping[str, Any]) -> Head:
    return Head(
        team_id=team_id,
        seq=int(line["seq"]),
        hash=bytes.fromhex(line["hash"]),
        pruned_through=int(line["pruned_through"]),
        keep_days=line["keep_days"],
        clients=line["clients"],
        key_number=line["key"],
        signature=_bytes(line["signature"]),
    )


def _read_entry(team_id: UUID, line: Mapping[str, Any]) -> _Entry:
    texts = ("actor_name", "action", "object_type", "object_id", "object_name", "outcome", "request_id", "client")
    return _Entry(
        team_id=team_id,
        seq=int(line["seq"]),
        at=datetime.fromisoformat(line["at"]),
        actor_id=None if line["actor_id"] is None else UUID(line["actor_id"]),
        details=str(line["details"]),
        form=int(line["form"]),
        canonical=_bytes(line["canonical"]),
        prev_hash=bytes.fromhex(line["prev_hash"]),
        hash=bytes.fromhex(line["hash"]),
        key_number=line["key"],
        signature=None if line["signature"] is None else _bytes(line["signature"]),
        **{name: str(line[name]) for name in texts},
    )


def _read_tombstone(team_id: UUID, line: Mapping[str, Any]) -> _Tombstone:
    return _Tombstone(
        team_id=team_id,
        first_seq=int(line["first_seq"]),
        last_seq=int(line["last_seq"]),
        entries=int(line["entries"]),
        last_hash=bytes.fromhex(line["last_hash"]),
        at=datetime.fromisoformat(line["at"]),
        keep_days=int(line["keep_days"]),
        older_than=datetime.fromisoformat(line["older_than"]),
        key_number=int(line["key"]),
        signature=_bytes(line["signature"]),
    )


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)
