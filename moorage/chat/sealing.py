"""Sealing: who may change where a conversation's words may go, and what the trail says of it (P19).

Its owner seals and tightens, nobody else. Lifting, widening, or standing in for a connection whose zone was stated anew
is an owner's or admin's act, with a reason; they name the conversation by its id and see nothing that is in it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import require_now
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal
from moorage.accounts.tables import UserRow
from moorage.audit.trail import Act, Detail, record
from moorage.chat.facts import Where
from moorage.chat.tables import ConversationRow
from moorage.connections.clearance import places_now
from moorage.connections.zones import Place, Seal, judge, read_zones, write_zones
from moorage.errors import Conflict, Invalid, NotAllowed, NotFound
from moorage.storage.types import db_now

MIN_REASON_CHARS: Final = 3
MAX_REASON_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class SealFacts:
    """The seal of a conversation as whoever may lift it sees it: whose it is, and nothing that is in it."""

    conversation_id: UUID
    owner_name: str
    is_own: bool
    sealed_to: frozenset[str] | None
    sealed_at: datetime | None


class Sealing:
    """Changes seals for one person, in one transaction."""

    def __init__(self, tx: AsyncConnection, principal: Principal, request_id: str) -> None:
        self._tx = tx
        self._me = principal
        self._actor = principal.actor(request_id)

    async def tighten(self, conversation_id: UUID, zones: frozenset[str]) -> None:
        """Seal a conversation of one's own, or admit less than before; the same again changes nothing.

        Raises NotFound, Invalid("seal_empty"), NotAllowed("seal_only_tightens").
        """
        present, owner_id = await self._hold(conversation_id)
        if owner_id != self._me.user_id:
            raise NotFound("conversation_gone")
        require_tighter(present, zones)
        if present == zones:
            return
        # Tightening vouches for no connection that was labelled anew meanwhile: the first moment stays.
        since = func.coalesce(ConversationRow.sealed_at, db_now())
        await self._set(conversation_id, zones, sealed_at=since)
        await self._record("conversation.sealed", conversation_id, present, zones)

    async def lift(self, conversation_id: UUID, zones: frozenset[str] | None, reason: str) -> None:
        """Lift a seal (None), or let it admit these zones as they are stated from now on.

        For owners and admins, by id. Raises NotAllowed, NotFound, Conflict("not_sealed"), Invalid("reason_needed"|
        "seal_empty").
        """
        await require_now(self._tx, self._me, Permission.LIFT_SEALS)
        because = " ".join(reason.split())
        if not MIN_REASON_CHARS <= len(because) <= MAX_REASON_CHARS:
            raise Invalid("reason_needed", field="reason", least=MIN_REASON_CHARS, most=MAX_REASON_CHARS)
        if zones is not None and not zones:
            raise Invalid("seal_empty", field="zones")
        present, _ = await self._hold(conversation_id)
        if present is None:
            raise Conflict("not_sealed")
        await self._set(conversation_id, zones, sealed_at=None if zones is None else db_now())
        action = "conversation.seal_lifted" if zones is None else "conversation.seal_changed"
        await self._record(action, conversation_id, present, zones, reason=because)

    async def describe(self, conversation_id: UUID) -> SealFacts:
        """Tell about the seal of any conversation of the team. Raises NotAllowed, NotFound."""
        await require_now(self._tx, self._me, Permission.LIFT_SEALS)
        found = await self._tx.execute(
            select(ConversationRow.owner_id, UserRow.name, ConversationRow.sealed_to, ConversationRow.sealed_at)
            .join(UserRow, UserRow.id == ConversationRow.owner_id)
            .where(ConversationRow.id == conversation_id, ConversationRow.team_id == self._me.team_id)
        )
        row = found.one_or_none()
        if row is None:
            raise NotFound("conversation_gone")
        is_own = row.owner_id == self._me.user_id
        return SealFacts(conversation_id, row.name, is_own, read_zones(row.sealed_to), row.sealed_at)

    async def _hold(self, conversation_id: UUID) -> tuple[frozenset[str] | None, UUID]:
        found = await self._tx.execute(
            select(ConversationRow.sealed_to, ConversationRow.owner_id)
            .where(ConversationRow.id == conversation_id, ConversationRow.team_id == self._me.team_id)
            .with_for_update()
        )
        row = found.one_or_none()
        if row is None:
            raise NotFound("conversation_gone")
        return read_zones(row.sealed_to), row.owner_id

    async def _set(self, conversation_id: UUID, zones: frozenset[str] | None, **values: object) -> None:
        await self._tx.execute(
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id)
            .values(sealed_to=write_zones(zones), **values)
        )

    async def _record(
        self,
        action: str,
        conversation_id: UUID,
        before: frozenset[str] | None,
        zones: frozenset[str] | None,
        reason: str | None = None,
    ) -> None:
        details: dict[str, Detail] = {"before": write_zones(before), "zones": write_zones(zones)}
        if reason is not None:
            details["reason"] = reason
        # No title: it is made of what a person typed.
        act = Act(action, "conversation", str(conversation_id), "", details=details)
        await record(self._tx, self._me.team_id, self._actor, act)


async def sealed_against(tx: AsyncConnection, running: Collection[Where]) -> set[Where]:
    """Of what is being written give what a seal does not admit any more: the zone that was chosen, or that of now."""
    rows = await tx.execute(
        select(ConversationRow.id, ConversationRow.sealed_to, ConversationRow.sealed_at).where(
            ConversationRow.id.in_({one.conversation_id for one in running}), ConversationRow.sealed_to.is_not(None)
        )
    )
    seals = {row.id: Seal.read(row.id, row.sealed_to, row.sealed_at) for row in rows}
    sealed = [one for one in running if one.conversation_id in seals]
    places = await places_now(tx, {one.connection_id for one in sealed if one.connection_id is not None})

    def is_outside(one: Where) -> bool:
        chosen = Place(one.zone)
        now = places.get(one.connection_id, chosen) if one.connection_id is not None else chosen
        # Somebody may have said anew, while it was being written, where the connection runs. An address that was put
        # behind it meanwhile is no such thing: what is being written ends where it began (P10).
        judged = [chosen] if now.zone == one.zone else [chosen, now]
        return any(judge(seals[one.conversation_id], place) is not None for place in judged)

    return {one for one in sealed if is_outside(one)}


def require_tighter(present: frozenset[str] | None, zones: frozenset[str]) -> None:
    """Raise Invalid("seal_empty"), or NotAllowed("seal_only_tightens") for zones that are not admitted now."""
    if not zones:
        raise Invalid("seal_empty", field="zones")
    if present is not None and not zones <= present:
        raise NotAllowed("seal_only_tightens")
