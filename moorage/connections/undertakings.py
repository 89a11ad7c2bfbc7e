"""Secrecy undertakings: recorded, changed and taken away by owners, and the rule that only cleared models may be used.

Each act stands in the trail with what was before. The paper itself is not stored here; `document` says where it lies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import require_proof
from moorage.audit.trail import Act, Detail, record
from moorage.connections.acting import Caller
from moorage.connections.catalogue import Catalogue
from moorage.connections.cleared import is_cleared, own_place, provider_place
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.connections.undertaking_tables import ClearingRuleRow, UndertakingRow
from moorage.connections.zones import OWN_HARDWARE
from moorage.errors import Conflict, Invalid, NotFound
from moorage.providers.text import clean_label
from moorage.storage.database import Database
from moorage.storage.types import UtcTime, db_now

_SIGNER_CHARS: Final = 120
_DOCUMENT_CHARS: Final = 200
# Whatever an owner says of a connection is of the server that the page showed, not of one put there since.
_AS_SEEN: Final = ConnectionRow.zone_since.is_not_distinct_from(bindparam("seen", type_=UtcTime))
_VOUCH: Final = (
    update(ConnectionRow)
    .where(ConnectionRow.id == bindparam("its_id"), ConnectionRow.team_id == bindparam("its_team"), _AS_SEEN)
    .values(is_vouched=True)
)


@dataclass(frozen=True, slots=True)
class Signed:
    """One undertaking: who signed, from which day to which (None: without an end), and where the paper lies."""

    signer: str
    signed_on: date
    expires_on: date | None
    document: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom words of the team may reach: a connection of its own, or a provider of standard models.

    `connection_id` None: a standard provider, `provider` its id. `is_cleared`: admitted under the rule today.
    `needs_owner`: under the rule, an owner has to confirm that it is own hardware. `zone_since`: when the zone was
    stated anew, or another server put behind it; None: never. It says which one an owner saw.
    """

    connection_id: UUID | None
    provider: str
    name: str
    zone: str
    data_location: str
    enabled: bool
    models: int
    needs_owner: bool = False
    zone_since: datetime | None = None
    is_cleared: bool = False
    signed: Signed | None = None


class Undertakings:
    """The use cases. Changes raise NotAllowed("not_allowed") for who is no owner at that moment."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    async def record(self, caller: Caller, connection_id: UUID, signed: Signed, seen: datetime | None = None) -> None:
        """Record one for a connection whose `zone_since` was `seen`.

        Raises NotFound("connection_gone"), Conflict("recipient_changed"), Invalid (signer_needed, days_reversed).
        """
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRIVACY)
            name = await _name_of(tx, caller.person.team_id, connection_id)
            its = ConnectionRow.id == connection_id, ConnectionRow.team_id == caller.person.team_id
            # Locks the row: whoever moves it now waits, and takes this undertaking away then.
            if (
                await tx.scalar(select(ConnectionRow.id).where(*its, _AS_SEEN).with_for_update(), {"seen": seen})
                is None
            ):
                raise Conflict("recipient_changed")
            await _put(tx, caller, own_place(connection_id), name, signed)

    async def take_away(self, caller: Caller, connection_id: UUID) -> None:
        """Take a connection's away; it is cleared no more. Raises NotFound: connection_gone, undertaking_gone."""
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRIVACY)
            name = await _name_of(tx, caller.person.team_id, connection_id)
            await _remove(tx, caller, own_place(connection_id), name)

    async def set_standard(self, caller: Caller, provider: str, signed: Signed | None) -> None:
        """Record one for a provider of standard models, or take it away. Raises NotFound("provider_gone"), Invalid."""
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRIVACY)
            known = self._catalogue.providers.get(provider)
            if known is None:
                raise NotFound("standard_provider_gone")
            if signed is None:
                await _remove(tx, caller, provider_place(provider), known.name)
            else:
                await _put(tx, caller, provider_place(provider), known.name, signed)

    async def set_rule(
        self, caller: Caller, *, only_cleared: bool, seen: Mapping[UUID, datetime | None] | None = None
    ) -> None:
        """Let only cleared models have the team's words, or all again. Raises NotAllowed: not_allowed, proof_needed.

        `seen`: the connections that the owner saw, each with its `zone_since`. They rule by that: what is own hardware
        there is confirmed. All others wait for a word of their own.
        """
        team_id = caller.person.team_id
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRIVACY)
            require_proof(caller.person)
            if await rules_clearing(tx, team_id) == only_cleared:
                return
            if only_cleared:
                await tx.execute(insert(ClearingRuleRow).values(team_id=team_id, since=db_now()))
                if seen:
                    vouched = [{"its_id": one, "its_team": team_id, "seen": since} for one, since in seen.items()]
                    await tx.execute(_VOUCH, vouched)
            else:
                await tx.execute(delete(ClearingRuleRow).where(ClearingRuleRow.team_id == team_id))
            action = "team.only_cleared_on" if only_cleared else "team.only_cleared_off"
            await record(tx, team_id, caller.actor, Act(action, "team", str(team_id), ""))

    async def vouch(self, caller: Caller, connection_id: UUID, seen: datetime | None = None) -> None:
        """Stand for it that a connection leads to own hardware, which somebody said who is no owner.

        Raises NotFound("connection_gone"); Conflict("recipient_changed") where that is not said any more, or its
        `zone_since` is not what was `seen`.
        """
        team_id = caller.person.team_id
        async with self._database.write() as tx:
            await lock_and_require(tx, caller.person, Permission.RULE_PRIVACY)
            name = await _name_of(tx, team_id, connection_id)
            its = {"its_id": connection_id, "its_team": team_id, "seen": seen}
            vouched = await tx.execute(_VOUCH.where(ConnectionRow.zone == OWN_HARDWARE), its)
            if not vouched.rowcount:
                raise Conflict("recipient_changed")
            act = Act("connection.own_hardware_confirmed", "connection", str(connection_id), name)
            await record(tx, team_id, caller.actor, act)

    async def recipients(self, tx: AsyncConnection, team_id: UUID, today: date) -> Sequence[Recipient]:
        """Give everybody whom words of the team may reach: own connections by name, then standard providers."""
        signed, is_ruled = await _read_all(tx, team_id), await rules_clearing(tx, team_id)
        models = await _count_models(tx, team_id)
        row = ConnectionRow
        rows = await tx.execute(
            select(
                row.id,
                row.provider,
                row.name,
                row.zone,
                row.data_location,
                row.enabled,
                row.is_vouched,
                row.zone_since,
            )
            .where(row.team_id == team_id, row.deleted_at.is_(None))
            .order_by(row.name, row.id)
        )
        own = [
            Recipient(
                connection_id=one.id,
                provider=one.provider,
                name=one.name,
                zone=one.zone,
                data_location=one.data_location,
                enabled=one.enabled,
                models=models.get(one.id, 0),
                needs_owner=is_ruled and one.zone == OWN_HARDWARE and not one.is_vouched,
                zone_since=one.zone_since,
            )
            for one in rows
        ]
        standard = [
            Recipient(None, one.id, one.name, one.zone, one.data_location, enabled=True, models=len(one.models))
            for one in self._catalogue.providers.values()
        ]
        return [_judged(one, signed, today) for one in own + standard]


async def rules_clearing(tx: AsyncConnection, team_id: UUID) -> bool:
    """Tell whether only cleared models may be used."""
    since = await tx.scalar(select(ClearingRuleRow.since).where(ClearingRuleRow.team_id == team_id))
    return since is not None


def _judged(one: Recipient, signed: Mapping[str, Signed], today: date) -> Recipient:
    place = provider_place(one.provider) if one.connection_id is None else own_place(one.connection_id)
    its = signed.get(place)
    ends = None if its is None or its.expires_on is None else its.expires_on.isoformat()
    days = None if its is None else (its.signed_on.isoformat(), ends)
    cleared = is_cleared(one.zone, days, today, is_vouched=not one.needs_owner)
    return replace(one, is_cleared=cleared, signed=its)


async def _name_of(tx: AsyncConnection, team_id: UUID, connection_id: UUID) -> str:
    row = ConnectionRow
    there = row.id == connection_id, row.team_id == team_id, row.deleted_at.is_(None)
    name = await tx.scalar(select(row.name).where(*there))
    if name is None:
        raise NotFound("connection_gone")
    return str(name)


async def _put(tx: AsyncConnection, caller: Caller, place: str, name: str, signed: Signed) -> None:
    signer = clean_label(signed.signer, max_chars=_SIGNER_CHARS)
    if signer is None:
        raise Invalid("signer_needed", field="signer")
    if signed.expires_on is not None and signed.expires_on < signed.signed_on:
        raise Invalid("days_reversed", field="expires_on")
    team_id = caller.person.team_id
    mine = (UndertakingRow.team_id == team_id) & (UndertakingRow.place == place)
    before = await tx.scalar(select(UndertakingRow.expires_on).where(mine))
    signed_on = signed.signed_on.isoformat()
    expires_on = None if signed.expires_on is None else signed.expires_on.isoformat()
    values = {
        "signer": signer,
        "signed_on": signed_on,
        "expires_on": expires_on,
        "document": clean_label(signed.document, max_chars=_DOCUMENT_CHARS) or "",
        "set_by": caller.person.user_id,
        "set_at": db_now(),
    }
    changed = await tx.execute(update(UndertakingRow).where(mine).values(**values))
    if not changed.rowcount:
        await tx.execute(insert(UndertakingRow).values(team_id=team_id, place=place, **values))
    # Not who signed: that is somebody outside, and the trail can't forget.
    details: dict[str, Detail] = {
        "signed_on": signed_on,
        "expires_on": expires_on,
        "before": before,
    }
    await record(tx, team_id, caller.actor, Act("undertaking.recorded", "connection", place, name, details=details))


async def _remove(tx: AsyncConnection, caller: Caller, place: str, name: str) -> None:
    if not await _take_away(tx, caller, Act("undertaking.removed", "connection", place, name)):
        raise NotFound("undertaking_gone")


async def void(tx: AsyncConnection, caller: Caller, connection_id: UUID, name: str) -> None:
    """Take away the undertaking of a connection that leads to another server now, if there is one."""
    await _take_away(tx, caller, Act("undertaking.voided", "connection", own_place(connection_id), name))


async def _take_away(tx: AsyncConnection, caller: Caller, act: Act) -> bool:
    team_id = caller.person.team_id
    its = (UndertakingRow.team_id == team_id) & (UndertakingRow.place == act.object_id)
    gone = await tx.execute(delete(UndertakingRow).where(its))
    if gone.rowcount:
        await record(tx, team_id, caller.actor, act)
    return bool(gone.rowcount)


async def _read_all(tx: AsyncConnection, team_id: UUID) -> dict[str, Signed]:
    row = UndertakingRow
    rows = await tx.execute(
        select(row.place, row.signer, row.signed_on, row.expires_on, row.document).where(row.team_id == team_id)
    )
    found: dict[str, Signed] = {}
    for one in rows:
        try:
            ends = None if one.expires_on is None else date.fromisoformat(one.expires_on)
            found[one.place] = Signed(one.signer, date.fromisoformat(one.signed_on), ends, one.document)
        except ValueError:
            continue  # edited by hand: it clears nothing, and is not shown as if it did
    return found


async def _count_models(tx: AsyncConnection, team_id: UUID) -> dict[UUID, int]:
    model = ConnectionModelRow
    rows = await tx.execute(
        select(model.connection_id, func.count())
        .where(model.team_id == team_id, model.enabled, model.vanished_at.is_(None))
        .group_by(model.connection_id)
    )
    return {row[0]: row[1] for row in rows}
