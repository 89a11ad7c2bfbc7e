"""The seal's word that one conversation may speak to one model: nothing opens a line for its words without it (P19).

Given out where a model is chosen, in the transaction that decides, and judged again against what is stored when it is
opened. Only `clear` makes one; tests/house/test_seal.py holds that.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final, final
from uuid import UUID

from sqlalchemy import Select, String, bindparam, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.cleared import Reached, require_cleared_as_read, rule_columns, with_rule
from moorage.connections.tables import ConnectionRow
from moorage.connections.zones import Place, Seal, judge
from moorage.errors import NotFound, SealRefused
from moorage.storage.types import Id, UtcTime

_SEAL: Final = object()
Names = tuple[str, str]
"""Of a model and its connection."""


@final
class Clearance:
    """Says that the seal of a conversation admitted a model, in the zone that it had at that moment."""

    __slots__ = ("connection_id", "conversation_id", "ref", "team_id", "zone")

    def __init__(
        self, team_id: UUID, conversation_id: UUID, ref: str, connection_id: UUID | None, zone: str, *, given_by: object
    ) -> None:
        if given_by is not _SEAL:
            raise TypeError("only the seal clears")
        self.team_id: Final = team_id
        self.conversation_id: Final = conversation_id
        self.ref: Final = ref
        self.connection_id: Final = connection_id
        self.zone: Final = zone

    def __repr__(self) -> str:
        return f"Clearance({self.conversation_id}, {self.zone})"


def clear(seal: Seal, place: Place, *, team_id: UUID, ref: str, names: tuple[str, str], own: UUID | None) -> Clearance:
    """Judge a model for a conversation. `names`: of model and connection; `own`: the connection, if it is the team's.

    Raises SealRefused: outside_seal, zone_restated, leaves_own_hardware.
    """
    refusal = judge(seal, place)
    if refusal is not None:
        raise SealRefused(refusal, seal.conversation_id, place.zone, model=names[0], connection=names[1] or names[0])
    return Clearance(team_id, seal.conversation_id, ref, own, place.zone, given_by=_SEAL)


async def judge_again(
    tx: AsyncConnection, clearance: Clearance, reached: Reached, zone_now: str | None, today: date, names: Names
) -> None:
    """Judge a clearance against seal, zone and rule as they are now; `zone_now` is that of what is not the team's.

    One statement, on the path of every message. Raises NotFound("conversation_gone"), NotCleared, SealRefused; that
    also when the zone is admitted, but not the one that was cleared: the receipt would name the wrong one.
    """
    known = {
        "of_conversation": clearance.conversation_id,
        "of_team": clearance.team_id,
        "of_connection": clearance.connection_id,
        "of_place": reached.place,
    }
    row = (await tx.execute(_NOW, known)).one_or_none()
    if row is None:
        raise NotFound("conversation_gone")
    zone = row.zone if clearance.connection_id is not None else zone_now
    place = Place(zone or "", row.zone_since if clearance.connection_id is not None else None)
    seal = Seal.read(clearance.conversation_id, row.sealed_to, row.sealed_at)
    refusal = judge(seal, place) or (None if place.zone == clearance.zone else "zone_restated")
    if refusal is not None:
        raise SealRefused(refusal, clearance.conversation_id, place.zone, model=names[0], connection=names[0])
    require_cleared_as_read(row, reached.zone, today, names)


async def places_now(tx: AsyncConnection, connection_ids: Collection[UUID]) -> Mapping[UUID, Place]:
    """Give where connections run, as it is stated now."""
    if not connection_ids:
        return {}
    rows = await tx.execute(
        select(ConnectionRow.id, ConnectionRow.zone, ConnectionRow.zone_since).where(
            ConnectionRow.id.in_(connection_ids)
        )
    )
    return {row.id: Place(row.zone, row.zone_since) for row in rows}


def _now() -> Select[Any]:
    # Conversations are a room above: the table is named, as a foreign key names it.
    conversation = table(
        "conversation",
        column("id", Id),
        column("team_id", Id),
        column("sealed_to", String),
        column("sealed_at", UtcTime),
    )
    of_it = (ConnectionRow.id == bindparam("of_connection", type_=Id)) & (
        ConnectionRow.team_id == conversation.c.team_id
    )
    seal = (conversation.c.sealed_to, conversation.c.sealed_at, ConnectionRow.zone, ConnectionRow.zone_since)
    there = conversation.outerjoin(ConnectionRow.__table__, of_it)
    return (
        select(*seal, *rule_columns())
        .select_from(with_rule(there, conversation.c.team_id, bindparam("of_place", type_=String)))
        .where(
            conversation.c.id == bindparam("of_conversation", type_=Id),
            conversation.c.team_id == bindparam("of_team", type_=Id),
        )
    )


# On the path of every message: building a statement costs more than executing it.
_NOW: Final = _now()
