"""The ledger of erasures beside the database: a line for each, written before anything is erased.

A restored backup knows nothing of what was erased after it was made; the start holds this file against it and erases
again. So the file belongs in no backup that is put back: only lines are ever added. It holds ids, no name.

What was asked for and not stored is taken back by a line of its own. The newest line of an erasure counts, by its
moment and not by its place: the lines of two copies may come in any order.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

import structlog

from moorage.audit.anchors import append_line
from moorage.errors import Unavailable

log = structlog.get_logger(__name__)

FORMAT: Final = "moorage-erasure/1"
ErasureKind = Literal["person_erasure", "team_erasure"]
_BEGINS: Final = f'{{"format":"{FORMAT}",'
_KINDS: Final = frozenset({"person_erasure", "team_erasure"})


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One erasure. `id` is its receipt's. `person_id` None: a whole team; `team_id` None: a person in every team."""

    id: UUID
    kind: ErasureKind
    person_id: UUID | None
    team_id: UUID | None
    whole_account: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An erasure that was written down and then not stored: nobody began it. `id` is the tombstone's."""

    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a file says. `withdrawn`: those that were taken back; their `at` is when.

    `broken_off`: how many lines a full disk or a killed process left unfinished: they name nobody, nothing had begun.
    `damaged_line`: the first that is neither one of ours nor the beginning of one, from 1.
    """

    tombstones: list[Tombstone]
    withdrawn: list[Tombstone]
    is_there: bool = True
    broken_off: int = 0
    damaged_line: int | None = None

    @property
    def named(self) -> frozenset[UUID]:
        """The erasures that it has a line of, taken back or not."""
        return frozenset(one.id for one in (*self.tombstones, *self.withdrawn))


def make_ledger(file: Path) -> None:
    """Make the file if it is not there. Raises Unavailable("erasures_file_unwritable")."""
    _append(file, "")


def append(file: Path, tombstone: Tombstone) -> None:
    """Add a line and wait for the disk. Raises Unavailable("erasures_file_unwritable")."""
    _append(file, to_line(tombstone))


def take_back(file: Path, tombstone: Tombstone) -> None:
    """Add a line that says: this one was not stored. Raises Unavailable("erasures_file_unwritable")."""
    # Not before it, whatever the clock did meanwhile.
    at = max(datetime.now(UTC), tombstone.at)
    told = {"format": FORMAT, "withdrawn": str(tombstone.id), "at": at.isoformat()}
    _append(file, _as_line(told))


def append_again(file: Path, withdrawn: Tombstone) -> None:
    """Let one stand that was taken back. Raises Unavailable("erasures_file_unwritable")."""
    append(file, replace(withdrawn, at=max(datetime.now(UTC), withdrawn.at + timedelta(microseconds=1))))


def _append(file: Path, line: str) -> None:
    try:
        append_line(file, line)
    except OSError as error:
        # Owners of teams read the sentence, and no path of the server.
        log.error("erasures_unwritable", kind=type(error).__name__)
        raise Unavailable("erasures_file_unwritable") from None


def read_ledger(file: Path) -> Ledger:
    """Read all lines; a file that is not there has none. Raises Unavailable("erasures_file_unreadable")."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Ledger([], [], is_there=False)
    except OSError:
        raise Unavailable("erasures_file_unreadable", file=str(file)) from None
    lines = text.splitlines()
    found = [from_line(line) for line in lines]
    unread = [number for number, one in enumerate(found, 1) if one is None and lines[number - 1].strip()]
    damaged = [number for number in unread if not is_broken_off(lines[number - 1])]
    newest: dict[UUID, Tombstone] = {}
    taken_back: dict[UUID, datetime] = {}
    for one in found:
        if isinstance(one, Withdrawal):
            taken_back[one.id] = max(one.at, taken_back.get(one.id, one.at))
        elif one is not None and (one.id not in newest or newest[one.id].at < one.at):
            newest[one.id] = one
    withdrawn = [
        replace(one, at=taken_back[one.id])
        for one in newest.values()
        if one.id in taken_back and one.at <= taken_back[one.id]
    ]
    gone = {one.id for one in withdrawn}
    return Ledger(
        [one for one in newest.values() if one.id not in gone],
        withdrawn,
        broken_off=len(unread) - len(damaged),
        damaged_line=damaged[0] if damaged else None,
    )


def is_named(file: Path, receipt_id: UUID) -> bool:
    """Tell whether an erasure was written down. Raises as `read_ledger`."""
    return any(one.id == receipt_id for one in read_ledger(file).tombstones)


def is_broken_off(line: str) -> bool:
    """Whether a line is the beginning of one of ours, or nothing: what is left where writing was cut short."""
    begun = line.strip(" \t\0")
    return _BEGINS.startswith(begun) or (begun.startswith(_BEGINS) and not begun.endswith("}"))


def to_line(tombstone: Tombstone) -> str:
    """Give it as one line."""
    told = {
        "format": FORMAT,
        "receipt": str(tombstone.id),
        "kind": tombstone.kind,
        "person": None if tombstone.person_id is None else str(tombstone.person_id),
        "team": None if tombstone.team_id is None else str(tombstone.team_id),
        "whole_account": tombstone.whole_account,
        "at": tombstone.at.isoformat(),
    }
    return _as_line(told)


def _as_line(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":")) + "\n"


def from_line(line: str) -> Tombstone | Withdrawal | None:
    """Read a line back; None for what is none of ours, or names neither a person nor a team."""
    try:
        told: Any = json.loads(line)
        if told["format"] != FORMAT:
            return None
        if "withdrawn" in told:
            return Withdrawal(UUID(told["withdrawn"]), _moment(told["at"]))
        if told["kind"] not in _KINDS:
            return None
        tombstone = Tombstone(
            id=UUID(told["receipt"]),
            kind=told["kind"],
            person_id=None if told["person"] is None else UUID(told["person"]),
            team_id=None if told["team"] is None else UUID(told["team"]),
            whole_account=told["whole_account"] is True,
            at=_moment(told["at"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    named = tombstone.person_id if tombstone.kind == "person_erasure" else tombstone.team_id
    return None if named is None else tombstone


def _moment(told: str) -> datetime:
    at = datetime.fromisoformat(told)
    if at.tzinfo is None:
        # It could be compared with no other.
        raise ValueError
    return at
