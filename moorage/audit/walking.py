"""Judges entries one after another, from the database or from an exported file: what is wrong, and where it begins.

Pure: bytes and public keys in, a finding out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from uuid import UUID

from moorage.audit.canonical import FIELDS, chain, decode, encode, entry_statement, genesis, tombstone_statement
from moorage.audit.heads import Start
from moorage.audit.keys import PublicKeys
from moorage.audit.trail import HEAD_CHANGED

Kind = Literal[
    "edited",
    "deleted",
    "reordered",
    "foreign",
    "unlinked",
    "forged",
    "cut_off",
    "extra",
    "head_missing",
    "head_forged",
    "head_changed",
    "tombstone_missing",
    "tombstone_forged",
    "rolled_back",
    "rewritten",
    "chain_missing",
    "anchor_forged",
    "anchor_key_unknown",
    "file_unreadable",
    "file_incomplete",
    "key_not_yours",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_UNSIGNED_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a chain, and the first entry it is wrong with."""

    kind: Kind
    at: int


class Walk:
    """Follows one chain entry by entry. An entry is whatever has the columns of `audit_entry` as attributes."""

    def __init__(self, team_id: UUID, start: Start) -> None:
        self._team_id = team_id
        self.seq = start.seq
        self.hash = start.hash
        self.head_changed_at: int | None = None
        self._form = _UNSIGNED_FORM

    def step(self, entry: Any) -> Finding | None:
        """Judge the next entry; None: it fits."""
        expected = self.seq + 1
        if entry.seq != expected:
            return Finding("deleted", expected) if entry.seq > expected else Finding("extra", entry.seq)
        kind = find_fault(entry, self._team_id)
        if kind is None and entry.form < self._form:
            kind = "forged"  # of a form that was no longer written
        if kind is None and entry.prev_hash != self.hash:
            kind = "unlinked"
        if kind is not None:
            return Finding(kind, expected)
        if entry.action == HEAD_CHANGED and self.head_changed_at is None:
            self.head_changed_at = expected
        self.seq, self.hash, self._form = expected, entry.hash, entry.form
        return None


def find_fault(entry: Any, team_id: UUID) -> Kind | None:
    """Judge an entry by itself: the columns people read, the bytes that were hashed, the hash."""
    told = decode(entry.canonical, entry.form)
    if told is None or chain(entry.canonical, entry.prev_hash, entry.form) != entry.hash:
        return "edited"
    if told["team_id"] != str(team_id):
        return "foreign"
    if told["seq"] != str(entry.seq):
        return "reordered"
    columns = {name: getattr(entry, name) for name in FIELDS[entry.form]}
    return None if encode(columns, entry.form) == entry.canonical else "edited"


def is_forged(entry: Any, keys: PublicKeys) -> bool:
    """True for an entry that ought to be signed and is not, by none of ours. Those of form 1 never were."""
    if entry.form == _UNSIGNED_FORM:
        return False
    statement = entry_statement(entry.team_id, entry.seq, entry.hash)
    return not keys.prove(entry.key_number, statement, entry.signature)


def begin_after(team_id: UUID, tombstones: Sequence[Any], pruned_through: int, keys: PublicKeys) -> Start | Finding:
    """Give where the chain begins after what was pruned, or what is wrong with its tombstones, oldest first."""
    start = Start(0, genesis(team_id))
    for tombstone in tombstones:
        if tombstone.first_seq != start.seq + 1:
            break
        statement = tombstone_statement(tombstone)
        if not keys.prove(tombstone.key_number, statement, tombstone.signature):
            return Finding("tombstone_forged", tombstone.first_seq)
        start = Start(tombstone.last_seq, tombstone.last_hash)
    if start.seq < pruned_through:
        return Finding("tombstone_missing", start.seq + 1)
    return start
