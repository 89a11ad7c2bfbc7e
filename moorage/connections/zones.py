"""Where words may go: zones, the seal of a conversation, and the one judgement between the two (P19). Pure.

A seal admits what it names and nothing else: a zone that is not stated, or that nobody has heard of, is outside of
every seal. Only the scripted model is inside of all: it reaches nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

SealZone = Literal["own_hardware", "own_contract", "included", "router"]
Zone = Literal[SealZone, "unstated", "scripted"]

SEAL_ZONES: Final[tuple[SealZone, ...]] = get_args(SealZone)
OWN_HARDWARE: Final = "own_hardware"
UNSTATED: Final = "unstated"
# What the scripted model says is made in this process.
STAYS_HERE: Final = "scripted"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model runs, as it is stated now. `since`: when that was stated anew; None: it is as it was at first."""

    zone: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """Which zones the words of one conversation may reach. `zones` None: it is not sealed.

    `since`: when it was sealed, or when an owner or admin last stood in for it. `asks_before_leaving`: it is not
    sealed, own hardware has had its words, and nobody has said that they may leave.
    """

    conversation_id: UUID
    zones: frozenset[str] | None
    since: datetime | None
    asks_before_leaving: bool = False

    @classmethod
    def read(
        cls, conversation_id: UUID, text: str | None, since: datetime | None, *, asks_before_leaving: bool = False
    ) -> "Seal":
        """Read what `write_zones` stored. A text that names no zone seals against all of them."""
        return cls(conversation_id, read_zones(text), since, asks_before_leaving and text is None)


def read_zones(text: str | None) -> frozenset[str] | None:
    """Read the zones of a stored seal; words that are no zone admit nothing."""
    return None if text is None else frozenset(text.split()) & frozenset(SEAL_ZONES)


def write_zones(zones: Iterable[str] | None) -> str | None:
    """Give the text that stores a seal, in one order. Of what is no zone nothing is written."""
    if zones is None:
        return None
    named = set(zones)
    return " ".join(zone for zone in SEAL_ZONES if zone in named)


def judge(seal: Seal, place: Place) -> str | None:
    """Give None when the words may go there, else the code of the refusal."""
    if place.zone == STAYS_HERE:
        return None
    if seal.zones is None:
        return "leaves_own_hardware" if seal.asks_before_leaving and place.zone != OWN_HARDWARE else None
    if place.zone not in SEAL_ZONES or place.zone not in seal.zones:
        return "outside_seal"
    # Who sealed it saw another label on this connection.
    if place.since is not None and (seal.since is None or place.since > seal.since):
        return "zone_restated"
    return None
