"""Erasure and undertakings over HTTP. Who may do what is judged in `privacy` and `connections`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import cast
from uuid import UUID

from fastapi import Request

from moorage.accounts.acting import require_now
from moorage.accounts.permissions import Permission, allows
from moorage.accounts.principal import Principal
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.connections import PlaceZoneName
from moorage.api.schemas.privacy import (
    ClearingSet,
    ConnectionUndertakingSet,
    ErasureBegun,
    ErasurePlan,
    FateView,
    PeopleHere,
    PersonHere,
    ReceiptList,
    ReceiptView,
    RecipientList,
    RecipientView,
    SeenRecipient,
    StandardUndertakingSet,
    TeamErasure,
    UndertakingSet,
    UndertakingView,
    WayName,
)
from moorage.api.sentences import Language, sentence
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment, role_name
from moorage.connections.acting import Caller
from moorage.connections.undertakings import Recipient, Signed, rules_clearing
from moorage.privacy.desk import Receipt
from moorage.privacy.plans import PlanLine


async def list_people(parts: PartsDep, who: SignedIn) -> PeopleHere:
    """List everybody whose data lies in the team."""
    found = await parts.privacy.people(who)
    return PeopleHere(
        people=[
            PersonHere(
                user_id=one.user_id,
                name=one.name,
                email=one.email,
                role=None if one.role is None else role_name(one.role),
                is_me=one.user_id == who.user_id,
            )
            for one in found
        ]
    )


async def plan_person(request: Request, parts: PartsDep, who: SignedIn, user_id: UUID) -> ErasurePlan:
    """Tell what erasing a person's data in the team would do; changes nothing."""
    name, plan = await parts.privacy.plan_person(who, user_id)
    return ErasurePlan(name=name, whole_account=plan.whole_account, lines=_lines(plan.lines, language_of(request)))


async def erase_person(request: Request, parts: PartsDep, who: SignedIn, user_id: UUID) -> ErasureBegun:
    """Erase a person's data in the team, and their account if it is in no other."""
    return ErasureBegun(receipt_id=await parts.privacy.erase_person(who, request.state.request_id, user_id))


async def plan_team(request: Request, parts: PartsDep, who: SignedIn) -> ErasurePlan:
    """Tell what erasing the team would do; changes nothing."""
    lines = await parts.privacy.plan_team(who)
    return ErasurePlan(name=who.team_name, whole_account=True, lines=_lines(lines, language_of(request)))


async def erase_team(request: Request, parts: PartsDep, who: SignedIn, wish: TeamErasure) -> ErasureBegun:
    """Erase the team, and the accounts that are in no other."""
    return ErasureBegun(receipt_id=await parts.privacy.erase_team(who, request.state.request_id, wish.typed_name))


async def list_receipts(request: Request, parts: PartsDep, who: SignedIn) -> ReceiptList:
    """List the receipts of the team's erasures."""
    found = await parts.privacy.receipts(who)
    return ReceiptList(receipts=[_receipt(one, language_of(request)) for one in found])


async def list_recipients(parts: PartsDep, who: SignedIn) -> RecipientList:
    """List whom words of the team may reach, with their undertakings."""
    return await _recipients(parts, who)


async def record_undertaking(
    request: Request, parts: PartsDep, who: SignedIn, connection_id: UUID, wish: ConnectionUndertakingSet
) -> RecipientList:
    """Record a connection's secrecy undertaking."""
    caller = Caller(who, request.state.request_id)
    await parts.privacy.undertakings.record(caller, connection_id, _signed(wish), wish.zone_since)
    return await _recipients(parts, who)


async def remove_undertaking(request: Request, parts: PartsDep, who: SignedIn, connection_id: UUID) -> RecipientList:
    """Take a connection's away."""
    await parts.privacy.undertakings.take_away(Caller(who, request.state.request_id), connection_id)
    return await _recipients(parts, who)


async def confirm_own_hardware(
    request: Request, parts: PartsDep, who: SignedIn, connection_id: UUID, seen: SeenRecipient
) -> RecipientList:
    """Confirm that a connection leads to own hardware, so that it counts where only cleared models may be used."""
    await parts.privacy.undertakings.vouch(Caller(who, request.state.request_id), connection_id, seen.zone_since)
    return await _recipients(parts, who)


async def set_standard_undertaking(
    request: Request, parts: PartsDep, who: SignedIn, wish: StandardUndertakingSet
) -> RecipientList:
    """Record that of a provider of standard models, or take it away."""
    signed = None if wish.undertaking is None else _signed(wish.undertaking)
    await parts.privacy.undertakings.set_standard(Caller(who, request.state.request_id), wish.provider, signed)
    return await _recipients(parts, who)


async def set_clearing(request: Request, parts: PartsDep, who: SignedIn, wish: ClearingSet) -> RecipientList:
    """Let only cleared models have the team's words, or all again."""
    caller = Caller(who, request.state.request_id)
    await parts.privacy.undertakings.set_rule(caller, only_cleared=wish.only_cleared, seen=wish.seen)
    return await _recipients(parts, who)


async def _recipients(parts: Parts, who: Principal) -> RecipientList:
    today = datetime.now(UTC).date()
    async with parts.database.read() as tx:
        await require_now(tx, who, Permission.SEE_PRIVACY)
        found = await parts.privacy.undertakings.recipients(tx, who.team_id, today)
        return RecipientList(
            only_cleared=await rules_clearing(tx, who.team_id),
            may_rule=allows(who.role, Permission.RULE_PRIVACY),
            recipients=[_recipient(one, today) for one in found],
        )


def _recipient(one: Recipient, today: date) -> RecipientView:
    return RecipientView(
        connection_id=one.connection_id,
        provider=one.provider,
        name=one.name,
        zone=cast("PlaceZoneName", one.zone),
        data_location=one.data_location,
        enabled=one.enabled,
        models=one.models,
        is_cleared=one.is_cleared,
        needs_owner=one.needs_owner,
        zone_since=None if one.zone_since is None else moment(one.zone_since),
        undertaking=None if one.signed is None else _undertaking(one.signed, today),
    )


def _undertaking(signed: Signed, today: date) -> UndertakingView:
    return UndertakingView(
        signer=signed.signer,
        signed_on=signed.signed_on,
        expires_on=signed.expires_on,
        document=signed.document,
        days_left=None if signed.expires_on is None else (signed.expires_on - today).days,
    )


def _signed(wish: UndertakingSet) -> Signed:
    return Signed(wish.signer, wish.signed_on, wish.expires_on, wish.document)


def _lines(lines: Sequence[PlanLine], language: Language) -> list[FateView]:
    return [
        FateView(
            table=one.table,
            matter=sentence(f"matter.{one.matter}", {}, language),
            way=cast("WayName", one.way),
            rows=one.rows,
            why="" if not one.why else sentence(f"erasure.why.{one.why}", {}, language),
        )
        for one in lines
    ]


def _receipt(one: Receipt, language: Language) -> ReceiptView:
    return ReceiptView(
        id=one.id,
        of="team" if one.kind == "team_erasure" else "person",
        asked_at=moment(one.asked_at),
        done_at=moment(one.done_at),
        lines=_lines(one.lines, language),
    )
