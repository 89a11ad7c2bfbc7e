"""The record of processing (Art. 30 GDPR), prefilled from what is configured: whom words reach, how long they stay.

What the product can't know is left open and says so: purposes in a team's own words, legal bases, who is to be asked.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.sign_ins import LIFETIME
from moorage.accounts.tables import TeamRow
from moorage.audit.rules import read_rules
from moorage.chat.attachments import UNSENT_KEPT
from moorage.chat.rules import read_rules as read_conversation_rules
from moorage.connections.old_uses import KEPT_DAYS
from moorage.connections.undertakings import Recipient, rules_clearing
from moorage.connections.zones import OWN_HARDWARE
from moorage.privacy import jobs, readable
from moorage.privacy.own_data import plain
from moorage.privacy.retention import read_rule

FORMAT: Final = "moorage-record-of-processing"
VERSION: Final = 1
_OPEN: Final = (
    "representative",
    "joint_controllers",
    "data_protection_officer",
    "purposes_in_own_words",
    "legal_basis",
    "safeguards",
    "processor_contact",
    "backups",
)
_PURPOSES: Final = ("writing", "keeping", "accounting")
_ON_BEHALF: Final = ("hosting", "passing_on", "accounting")
# What no rule of days ends, and what does.
_WITHOUT_DAYS: Final = {"usage": "record.as_counts", "account": "record.until_erased"}
_PEOPLE: Final = ("members", "mentioned")
_DATA: Final = ("account", "sign_ins", "words", "files", "usage", "trail")


@dataclass(frozen=True, slots=True)
class Configured:
    """What a record is made of. `operator`: who runs the deployment, "" where they have not said.

    `identity_provider`: the name of the one that is on, None: there is none.
    """

    team: str
    operator: str
    owners: Sequence[str]
    recipients: Sequence[Recipient]
    conversation_days: int | None
    attachment_days: int | None
    trail_days: int | None
    only_cleared: bool
    sealed_to: Sequence[str]
    needs_second_factor: bool
    provider_only: bool
    identity_provider: str | None


async def read_configured(
    tx: AsyncConnection, team_id: UUID, operator: str, owners: Sequence[str], recipients: Sequence[Recipient]
) -> Configured:
    """Read it."""
    team = (await tx.execute(select(TeamRow.name, TeamRow.needs_second_factor).where(TeamRow.id == team_id))).one()
    rule, trail = await read_rule(tx, team_id), await read_rules(tx, team_id)
    zones = (await read_conversation_rules(tx, team_id)).sealed_to
    its = select(IdentityProviderRow.name, IdentityProviderRow.only).where(
        IdentityProviderRow.team_id == team_id, IdentityProviderRow.enabled
    )
    provider = (await tx.execute(its)).one_or_none()
    return Configured(
        team=team.name,
        operator=operator,
        owners=owners,
        recipients=recipients,
        conversation_days=rule.conversation_days,
        attachment_days=rule.attachment_days,
        trail_days=trail.keep_days,
        only_cleared=await rules_clearing(tx, team_id),
        sealed_to=sorted(zones or ()),
        needs_second_factor=bool(team.needs_second_factor),
        provider_only=provider is not None and bool(provider.only),
        identity_provider=None if provider is None else provider.name,
    )


def json_of(found: Configured, now: datetime) -> str:
    """Give it for programs."""
    return json.dumps(_told(found, now), ensure_ascii=False, indent=2) + "\n"


def html_of(found: Configured, now: datetime, language: str, tell: readable.Tell) -> bytes:
    """Give it to read and to fill in."""
    told, blank = _told(found, now), tell("record.to_fill_in")
    roles = {
        tell("record.controller"): told["controller"],
        tell("record.processor"): told["processor"] or blank,
        tell("record.owners"): told["owners"],
    }
    recipients = [_row(one, now.astimezone(UTC).date(), tell) for one in found.recipients]
    transfers = [_transfer_row(one, tell) for one in told["transfers"]]
    periods = {
        tell(f"record.period.{name}"): _period(name, days, tell) for name, days in told["erasure_periods"].items()
    }
    body = [f"<p>{readable.minute(now)}</p>"]
    for name, value in (
        ("roles", roles),
        ("open", {tell(f"record.open.{name}"): blank for name in told["to_fill_in"]}),
        ("purposes", _list(_PURPOSES, "record.purpose", tell)),
        ("people", _list(_PEOPLE, "record.people", tell)),
        ("data", _list(_DATA, "record.data", tell)),
        ("recipients", recipients),
        ("others", _others_rows(found, tell)),
        ("transfers", transfers),
        ("periods", periods),
        ("measures", _list(told["measures"], "record.measure", tell)),
        ("on_behalf", _list(_ON_BEHALF, "record.on_behalf", tell)),
    ):
        body += readable.section(tell(f"record.{name}"), value, tell)
        if name == "transfers":
            body.append(f"<p>{escape(tell('record.transfers.check'))}</p>")
    return readable.page(f"{tell('record.title')} – {found.team}", language, body)


def _told(found: Configured, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": plain(now.astimezone(UTC)),
        "controller": found.team,
        "processor": found.operator,
        "owners": list(found.owners),
        "to_fill_in": [*_OPEN] if found.operator else [*_OPEN, "processor"],
        "purposes": list(_PURPOSES),
        "categories_of_people": list(_PEOPLE),
        "categories_of_data": list(_DATA),
        "recipients": [_recipient(one) for one in found.recipients],
        "other_recipients": _others(found),
        "transfers": [_transfer(one) for one in found.recipients if one.zone != OWN_HARDWARE],
        "erasure_periods": {
            "account": None,
            "sign_ins": LIFETIME.days,
            "conversations": found.conversation_days,
            "files": found.attachment_days,
            "unsent_files": UNSENT_KEPT.days,
            "trail": found.trail_days,
            "exports": jobs.KEPT.days,
            "key_uses": KEPT_DAYS,
            "usage": None,
        },
        "measures": _measures(found),
        "processing_on_behalf": {
            "processor": found.operator,
            "controller": found.team,
            "categories": list(_ON_BEHALF),
            "further_processors": [one.name for one in found.recipients if one.connection_id is None],
        },
    }


def _measures(found: Configured) -> list[str]:
    always = ["sealed_keys", "tls_out", "one_door", "trail", "roles", "erasure"]
    decided = {
        "second_factor": found.needs_second_factor,
        "identity_provider": found.provider_only,
        "seal": bool(found.sealed_to),
        "only_cleared": found.only_cleared,
    }
    return always + [name for name, is_on in decided.items() if is_on]


def _recipient(one: Recipient) -> dict[str, Any]:
    signed = one.signed
    return {
        "name": one.name,
        "provider": one.provider,
        "of_the_operator": one.connection_id is None,
        "zone": one.zone,
        "data_location": one.data_location,
        "enabled": one.enabled,
        "undertaking": None
        if signed is None
        else {
            "signer": signed.signer,
            "signed_on": signed.signed_on.isoformat(),
            "expires_on": _day(signed.expires_on),
            "document": signed.document,
        },
    }


def _others(found: Configured) -> list[dict[str, Any]]:
    named = [("operator", found.operator), ("identity_provider", found.identity_provider), ("mail", None)]
    return [{"kind": kind, "name": name or None} for kind, name in named if kind != "identity_provider" or name]


def _transfer(one: Recipient) -> dict[str, Any]:
    return {"recipient": one.name, "data_location": one.data_location or None, "safeguards": None}


def _row(one: Recipient, today: date, tell: readable.Tell) -> Mapping[str, Any]:
    return {
        tell("record.column.name"): one.name,
        tell("record.column.contract"): tell("record.of_operator" if one.connection_id is None else "record.of_team"),
        tell("record.column.zone"): tell(f"zones.{one.zone}"),
        tell("record.column.data_location"): one.data_location or tell("record.not_stated"),
        tell("record.column.use"): tell("record.in_use" if one.enabled else "record.switched_off"),
        tell("record.column.undertaking"): _undertaking(one, today, tell),
    }


def _undertaking(one: Recipient, today: date, tell: readable.Tell) -> str:
    signed = one.signed
    if signed is None:
        return tell("record.no_undertaking")
    ends = _day(signed.expires_on)
    until = tell("record.without_end") if ends is None else f"{tell('record.until')} {ends}"
    over = tell("record.is_over") if signed.expires_on is not None and signed.expires_on < today else ""
    return ", ".join(filter(None, (signed.signer, signed.signed_on.isoformat(), until, over, signed.document)))


def _others_rows(found: Configured, tell: readable.Tell) -> list[Mapping[str, Any]]:
    who, name = tell("record.other"), tell("record.column.name")
    blank = tell("record.to_fill_in")
    return [{who: tell(f"record.other.{one['kind']}"), name: one["name"] or blank} for one in _others(found)]


def _transfer_row(one: Mapping[str, Any], tell: readable.Tell) -> Mapping[str, Any]:
    return {
        tell("record.column.name"): one["recipient"],
        tell("record.column.data_location"): one["data_location"] or tell("record.not_stated"),
        tell("record.column.safeguards"): tell("record.to_fill_in"),
    }


def _list(names: Sequence[str], prefix: str, tell: readable.Tell) -> list[dict[str, str]]:
    return [{tell(prefix): tell(f"{prefix}.{name}")} for name in names]


def _period(name: str, days: int | None, tell: readable.Tell) -> str:
    if name in _WITHOUT_DAYS:
        return tell(_WITHOUT_DAYS[name])
    return tell("record.until_deleted") if days is None else f"{days} {tell('record.days')}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
