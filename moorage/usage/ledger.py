"""Every call is announced before it is sent and settled exactly once, whatever happens to it or to us (P15).

Announce inserts a reservation in the caller's transaction. Settle deletes it and inserts one event; only the one who
deleted the reservation may insert, so that a settle and a sweep can never both count. While a process lives it renews
the leases of the replies it writes; calls whose lease ran out belong to a process that is gone, or that lost them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, bindparam, delete, insert, or_, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.types import db_now
from moorage.usage.estimates import Count
from moorage.usage.tables import ByomUsageRow, ReservationRow, StandardUsageRow

LEASE_S: Final = 60
# Nobody renews these: a test or a discovery is over, or its process is gone, long before.
SHORT_CALL_LEASE_S: Final = 240
_RENEWED_AT_ONCE: Final = 500

CallKind = Literal["byom", "standard", "scripted"]
Purpose = Literal["reply", "test", "discovery"]
Ended = Literal["ok", "stopped", "upstream_error", "timeout", "crashed", "shutdown"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be sent."""

    call_id: UUID
    team_id: UUID
    user_id: UUID
    kind: CallKind
    purpose: Purpose
    connection_id: UUID | None
    provider: str
    model_id: str
    tokens_in_estimate: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. Times in milliseconds; None where the call never got that far."""

    count: Count
    ended: Ended
    ttft_ms: float | None = None
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A reservation whose process is gone."""

    call_id: UUID
    purpose: str
    tokens_in_estimate: int


class Ledger:
    """The ledger as one process sees it. `owner` is "<instance>:<boot>"; no two processes share it."""

    def __init__(self, instance: str, boot: str) -> None:
        self.owner = f"{instance}:{boot}"
        self._earlier_boots = f"{instance}:%"

    async def announce(self, tx: AsyncConnection, call: Call) -> None:
        """Reserve: must commit before the call is sent. Scripted calls go nowhere and are not counted."""
        if call.kind == "scripted":
            return
        await tx.execute(
            _ANNOUNCE_REPLY if call.purpose == "reply" else _ANNOUNCE_SHORT,
            {
                "call_id": call.call_id,
                "team_id": call.team_id,
                "user_id": call.user_id,
                "kind": call.kind,
                "purpose": call.purpose,
                "connection_id": call.connection_id,
                "provider": call.provider,
                "model_id": call.model_id,
                "tokens_in_estimate": call.tokens_in_estimate,
                "owner": self.owner,
            },
        )

    async def settle(self, tx: AsyncConnection, call_id: UUID, outcome: Outcome) -> bool:
        """Turn the reservation into an event. False if somebody settled it before: then nothing was written."""
        taken = await tx.execute(_TAKE, {"settled_id": call_id})
        row = taken.mappings().first()
        if row is None:
            return False
        event: dict[str, Any] = {
            "call_id": call_id,
            "team_id": row["team_id"],
            "user_id": row["user_id"],
            "purpose": row["purpose"],
            "model_id": row["model_id"],
            "tokens_in": outcome.count.tokens_in,
            "tokens_out": outcome.count.tokens_out,
            "count_source": outcome.count.source,
            "ended": outcome.ended,
            "ttft_ms": outcome.ttft_ms,
            "duration_ms": outcome.duration_ms,
            "started_at": row["created_at"],
        }
        if row["kind"] == "byom":
            await tx.execute(_COUNT_BYOM, {**event, "connection_id": row["connection_id"]})
        else:
            await tx.execute(_COUNT_STANDARD, {**event, "provider": row["provider"]})
        return True

    async def renew(self, tx: AsyncConnection, call_ids: Sequence[UUID]) -> None:
        """Renew the leases of the calls that are under way in this process.

        Not of all that bear its name: one whose announcement was stored and whose answer got lost runs nowhere.
        """
        for start in range(0, len(call_ids), _RENEWED_AT_ONCE):
            some = call_ids[start : start + _RENEWED_AT_ONCE]
            mine = (ReservationRow.owner == self.owner) & ReservationRow.call_id.in_(some)
            await tx.execute(update(ReservationRow).where(mine).values(lease_until=_lease_end(LEASE_S)))

    async def find_orphans(self, tx: AsyncConnection) -> Sequence[Orphan]:
        """Give the reservations left by processes that are gone: leases run out, or this instance's earlier boots."""
        rows = await tx.execute(
            select(ReservationRow.call_id, ReservationRow.purpose, ReservationRow.tokens_in_estimate)
            .where(self._is_orphan())
            .with_for_update(skip_locked=True)
            .limit(500)
        )
        return [Orphan(row.call_id, row.purpose, row.tokens_in_estimate) for row in rows]

    def _is_orphan(self) -> ColumnElement[bool]:
        earlier = ReservationRow.owner.like(self._earlier_boots) & (ReservationRow.owner != self.owner)
        return or_(ReservationRow.lease_until < db_now(), earlier)


def _lease_end(lease_s: int) -> ColumnElement[Any]:
    return type_coerce(db_now(), BigInteger) + lease_s * 1_000_000


# On the path of every message: building a statement costs more than executing it.
_ANNOUNCE_REPLY: Final = insert(ReservationRow).values(lease_until=_lease_end(LEASE_S), created_at=db_now())
_ANNOUNCE_SHORT: Final = insert(ReservationRow).values(lease_until=_lease_end(SHORT_CALL_LEASE_S), created_at=db_now())
_TAKE: Final = (
    delete(ReservationRow)
    .where(ReservationRow.call_id == bindparam("settled_id"))
    .returning(*ReservationRow.__table__.c)
)
_COUNT_BYOM: Final = insert(ByomUsageRow).values(at=db_now())
_COUNT_STANDARD: Final = insert(StandardUsageRow).values(at=db_now())
