"""Every call is announced before it is sent and settled exactly once, whatever happens to it or to us (P15).

Announce inserts a reservation in the caller's transaction, and holds what a standard model may take of the budget: none
goes out without. Settle deletes it, inserts one event, moves the budget and the day's sums; only who deleted the
reservation may insert, so that a settle and a sweep can never both count. While a process lives it renews the leases of
the replies it writes; calls whose lease ran out belong to a process that is gone, or that lost them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.soon import soon
from moorage.storage.types import db_after, db_now
from moorage.usage.budgets import Budgets, Grant, Wish
from moorage.usage.closed import add_late
from moorage.usage.corrections import correct
from moorage.usage.outcomes import Outcome, charge
from moorage.usage.rollups import EventKind, add_to_day, day_of, figures_of
from moorage.usage.scales import Key, Scales
from moorage.usage.tables import ByomUsageRow, ReservationRow, StandardUsageRow

LEASE: Final = timedelta(seconds=60)
# Nobody renews these: a test or a discovery is over, or its process is gone, long before.
SHORT_CALL_LEASE: Final = timedelta(seconds=240)
_RENEWED_AT_ONCE: Final = 500

CallKind = Literal["byom", "standard", "scripted"]
Purpose = Literal["reply", "title", "test", "discovery"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be sent. `tokens_out_most`: what it would be limited to; a standard call needs one."""

    call_id: UUID
    team_id: UUID
    user_id: UUID
    kind: CallKind
    purpose: Purpose
    connection_id: UUID | None
    provider: str
    model_id: str
    tokens_in_estimate: int
    tokens_out_most: int | None = None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A reservation whose process is gone."""

    call_id: UUID
    purpose: str
    tokens_in_estimate: int
    key: Key


class Ledger:
    """The ledger as one process sees it. `owner` is "<instance>:<boot>"; no two processes share it.

    `month`: an SQL expression for the beginning of the present month; by default the database's clock says.
    """

    def __init__(self, instance: str, boot: str, month: ColumnElement[datetime] | None = None) -> None:
        self.instance = instance
        self.owner = f"{instance}:{boot}"
        self.budgets = Budgets(month)
        self.scales = Scales()
        self._earlier_boots = f"{instance}:%"
        # The first day that is surely not closed; None: nobody has looked yet.
        self._open_from: int | None = None

    async def announce(self, tx: AsyncConnection, call: Call) -> Grant | None:
        """Reserve one call, as `announce_all`."""
        [grant] = await self.announce_all(tx, [call])
        return grant

    async def announce_all(self, tx: AsyncConnection, calls: Sequence[Call]) -> Sequence[Grant | None]:
        """Reserve calls of one team, all of them or none: must commit before any is sent.

        Gives for each standard call what is held for it; it must be sent with that `max_tokens`. Scripted calls go
        nowhere and are not counted. Raises what `Budgets.hold` raises.
        """
        wishes = [await self._wish(tx, call) for call in calls if call.kind == "standard"]
        held = iter(await self.budgets.hold(tx, calls[0].team_id, wishes) if wishes else ())
        grants = [next(held) if call.kind == "standard" else None for call in calls]
        for call, grant in zip(calls, grants, strict=True):
            if call.kind != "scripted":
                await self._reserve(tx, call, grant)
        return grants

    async def _wish(self, tx: AsyncConnection, call: Call) -> Wish:
        if call.tokens_out_most is None:
            raise TypeError("a standard call is announced with the most that it may answer")
        scale = await self.scales.of(tx, Key.of(call.connection_id, call.provider, call.model_id))
        # What was learnt may only make the hold larger: it is to be a ceiling.
        most_in = max(call.tokens_in_estimate, scale.prompt(call.tokens_in_estimate))
        return Wish(most_in, call.tokens_out_most)

    async def _reserve(self, tx: AsyncConnection, call: Call, grant: Grant | None) -> None:
        await soon(
            tx,
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
                "period_start": None if grant is None else grant.period_start,
                "held_tokens": None if grant is None else grant.held_tokens,
            },
        )

    async def settle(self, tx: AsyncConnection, call_id: UUID, outcome: Outcome) -> bool:
        """Turn the reservation into an event. False if somebody settled it before: then nothing was written.

        Only where a sweep had taken a living process for dead, what is known now is added as a correction.
        """
        taken = await tx.execute(_TAKE, {"settled_id": call_id})
        row = taken.mappings().first()
        if row is None:
            return await correct(tx, self.budgets, call_id, outcome)
        count = outcome.count
        event: dict[str, Any] = {
            "call_id": call_id,
            "team_id": row["team_id"],
            "user_id": row["user_id"],
            "purpose": row["purpose"],
            "model_id": row["model_id"],
            "tokens_in": count.tokens_in,
            "tokens_out": count.tokens_out,
            "count_source": count.source,
            "ended": outcome.ended,
            "ttft_ms": outcome.ttft_ms,
            "duration_ms": outcome.duration_ms,
            "started_at": row["created_at"],
        }
        if row["kind"] == "byom":
            event["connection_id"] = row["connection_id"]
            at = (await tx.execute(_COUNT_BYOM, event)).scalar_one()
        else:
            event["provider"] = row["provider"]
            at = await self._count_standard(tx, event, row, outcome)
        figures = figures_of(count.source, count.tokens_in, count.tokens_out, outcome.ended, outcome.ttft_ms)
        kind: EventKind = "byom" if row["kind"] == "byom" else "standard"
        day = day_of(at)
        if self._open_from is None or day < self._open_from:
            # The first call of this process, or the database's clock was set back: the day may be closed.
            self._open_from = max(day, await add_late(tx, kind, event, at, figures) + 1)
        else:
            # Else nothing has to be asked on this path.
            self._open_from = day
            await add_to_day(tx, kind, event, at, figures)
        return True

    async def _count_standard(
        self, tx: AsyncConnection, event: dict[str, Any], row: Mapping[Any, Any], outcome: Outcome
    ) -> datetime:
        period_start, held = row["period_start"], row["held_tokens"]
        charged = charge(outcome.count, outcome.ended, row["tokens_in_estimate"], held)
        values = {
            "period_start": period_start,
            "held_tokens": held,
            "charged_tokens": charged,
            "overrun": held is not None and charged > held,
        }
        at: datetime = (await tx.execute(_COUNT_STANDARD, {**event, **values})).scalar_one()
        if period_start is not None:
            await self.budgets.settle(tx, row["team_id"], period_start, held, charged)
        return at

    async def renew(self, tx: AsyncConnection, call_ids: Sequence[UUID]) -> None:
        """Renew the leases of the calls that are under way in this process.

        Not of all that bear its name: one whose announcement was stored and whose answer got lost runs nowhere.
        """
        for start in range(0, len(call_ids), _RENEWED_AT_ONCE):
            some = call_ids[start : start + _RENEWED_AT_ONCE]
            mine = (ReservationRow.owner == self.owner) & ReservationRow.call_id.in_(some)
            await tx.execute(update(ReservationRow).where(mine).values(lease_until=db_after(LEASE)))

    async def find_orphans(self, tx: AsyncConnection) -> Sequence[Orphan]:
        """Give the reservations left by processes that are gone: leases run out, or this instance's earlier boots.

        Team by team, in the order in which all hold the budgets of several.
        """
        rows = await tx.execute(
            select(
                ReservationRow.call_id,
                ReservationRow.purpose,
                ReservationRow.tokens_in_estimate,
                ReservationRow.connection_id,
                ReservationRow.provider,
                ReservationRow.model_id,
            )
            .where(self._is_orphan())
            .order_by(ReservationRow.team_id, ReservationRow.call_id)
            .with_for_update(skip_locked=True)
            .limit(500)
        )
        return [
            Orphan(
                row.call_id,
                row.purpose,
                row.tokens_in_estimate,
                Key.of(row.connection_id, row.provider, row.model_id),
            )
            for row in rows
        ]

    def _is_orphan(self) -> ColumnElement[bool]:
        earlier = ReservationRow.owner.like(self._earlier_boots) & (ReservationRow.owner != self.owner)
        return or_(ReservationRow.lease_until < db_now(), earlier)


# On the path of every message: building a statement costs more than executing it.
_ANNOUNCE_REPLY: Final = insert(ReservationRow).values(lease_until=db_after(LEASE), created_at=db_now())
_ANNOUNCE_SHORT: Final = insert(ReservationRow).values(lease_until=db_after(SHORT_CALL_LEASE), created_at=db_now())
_TAKE: Final = (
    delete(ReservationRow)
    .where(ReservationRow.call_id == bindparam("settled_id"))
    .returning(*ReservationRow.__table__.c)
)
_COUNT_BYOM: Final = insert(ByomUsageRow).values(at=db_now()).returning(ByomUsageRow.at)
_COUNT_STANDARD: Final = insert(StandardUsageRow).values(at=db_now()).returning(StandardUsageRow.at)
