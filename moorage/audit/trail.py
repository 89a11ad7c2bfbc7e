"""Who did what, chained per team and signed: written with what it records or not at all (P17).

An entry's hash covers its canonical bytes and the hash before it; the signed head names the newest. See docs/adr/0006
and 0014. `reading` shows the entries, `checking` finds what was changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import FORM, chain, encode, entry_statement
from moorage.audit.client_address import tell_client
from moorage.audit.heads import Head, begin_head, find_head, find_true_end, put_head, take_head
from moorage.audit.pen import Pen, pen_of
from moorage.audit.tables import AuditRow

Outcome = Literal["done", "refused", "failed"]
Detail = str | int | bool | None

ACTIONS: Final = (
    "team.created",
    "team.renamed",
    "team.plan_changed",
    "person.signed_up",
    "person.signed_in",
    "person.came_over",
    "person.sign_in_failed",
    "person.signed_out",
    "person.renamed",
    "person.password_changed",
    "person.reset_asked",
    "person.reset_made",
    "person.password_reset",
    "person.devices_ended",
    "person.break_glass_set",
    "person.break_glass_cleared",
    "person.break_glass_used",
    "team.handed_over",
    "team.session_limits_changed",
    "member.signed_out",
    "person.second_factor_failed",
    "factor.added",
    "factor.renamed",
    "factor.removed",
    "factor.all_removed",
    "passkey.copy_suspected",
    "recovery.made",
    "recovery.used",
    "team.second_factor_asked",
    "team.second_factor_not_asked",
    "member.invited",
    "member.joined",
    "member.role_changed",
    "member.removed",
    "invitation.revoked",
    "identity.linked",
    "identity.unlinked",
    "provider.changed",
    "provider.tested",
    "provider.enabled",
    "provider.disabled",
    "provider.only_on",
    "provider.only_off",
    "provider.removed",
    "provider.refused",
    "provider.signed_out",
    "connection.created",
    "connection.tested",
    "connection.changed",
    "connection.zone_changed",
    "connection.own_hardware_confirmed",
    "connection.disabled",
    "connection.enabled",
    "connection.deleted",
    "connection.key_replaced",
    "connection.down",
    "connection.well",
    "connection.key_ends",
    "model.profile_changed",
    "models.changed",
    "models.discovered",
    "conversation.sealed",
    "conversation.seal_changed",
    "conversation.seal_lifted",
    "conversation.left_own_hardware",
    "seal.refused",
    "team.seal_changed",
    "team.titles_changed",
    "receipts.exported",
    "connection.audience_changed",
    "model.audience_changed",
    "model.refused",
    "standard.audience_changed",
    "standard.zone_stated",
    "standard.zone_changed",
    "alias.created",
    "alias.repointed",
    "alias.renamed",
    "alias.deleted",
    "conversation.shared",
    "conversation.unshared",
    "conversation.shared_with_team",
    "conversation.unshared_with_team",
    "conversation.unshared_with_all",
    "conversation.share_moved",
    "conversation.share_end_changed",
    "conversation.share_end_changed_for_team",
    "clearing.refused",
    "undertaking.recorded",
    "undertaking.removed",
    "undertaking.voided",
    "undertaking.ends",
    "team.only_cleared_on",
    "team.only_cleared_off",
    "team.retention_changed",
    "team.retention_ran",
    "data.export_asked",
    "data.export_fetched",
    "data.export_deleted",
    "data.record_exported",
    "person.erasure_begun",
    "person.erased",
    "team.erasure_begun",
    "team.erased",
    "access.refused",
    "plan.refused",
    "budget.spent",
    "price.set",
    "price.removed",
    "usage.exported",
    "egress.refused",
    "egress.exception_active",
    "deployment.started",
    "operator.added",
    "operator.removed",
    "standard.key_tested",
    "announcement.made",
    "announcement.changed",
    "announcement.removed",
    "audit.exported",
    "audit.retention_changed",
    "audit.retention_lifted",
    "audit.clients_changed",
    "audit.pruned",
    "audit.head_changed",
    "audit.key_made",
    "audit.key_replaced",
    "keys.rotated",
    "keys.lost",
    "deployment.backed_up",
    "deployment.restored",
    "deployment.copied",
)
# Written by the pen itself when it meets a head that is not ours; checking takes it for what it is.
HEAD_CHANGED: Final = "audit.head_changed"

_KNOWN: Final = frozenset(ACTIONS)
_OUTCOMES: Final = frozenset(get_args(Outcome))
_MAX_DETAIL_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is None for the deployment itself and for somebody who is not signed in.

    `client` is the whole address that the request came from; what is recorded of it is the team's rule.
    """

    id: UUID | None
    name: str
    request_id: str
    client: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Act:
    """What is done, to what. Nothing secret and nothing a person typed into a conversation belongs in here."""

    action: str
    object_type: str
    object_id: str
    object_name: str
    outcome: Outcome = "done"
    details: Mapping[str, Detail] = field(default_factory=dict)


async def has_trail(tx: AsyncConnection, team_id: UUID) -> bool:
    """Tell whether a team's trail was begun."""
    return await find_head(tx, team_id) is not None


async def begin_trail(tx: AsyncConnection, team_id: UUID, *, once: bool = False) -> None:
    """Make the head of a new team's chain. Belongs in the transaction that makes the team.

    `once`: a head that is there stays, and one that somebody else is making at this moment is waited for.
    Raises Unavailable("audit_pen_missing") in a transaction that carries no pen.
    """
    await begin_head(tx, pen_of(tx), team_id, once=once)


async def record(tx: AsyncConnection, team_id: UUID, actor: Actor, act: Act) -> None:
    """Add an entry in the transaction of what it records; if it can't be written, nothing else is.

    Raises Unavailable: audit_head_missing for a team without `begin_trail`, audit_pen_missing and
    audit_key_unreadable where nobody can sign. ValueError for an action not in ACTIONS.
    """
    await record_with(tx, team_id, actor, act)


async def record_with(tx: AsyncConnection, team_id: UUID, actor: Actor, act: Act, **rules: Any) -> Head:
    """Add an entry and change the head with it: `keep_days`, `clients`, `pruned_through`. Raises as `record`."""
    if act.action not in _KNOWN or act.outcome not in _OUTCOMES:
        raise ValueError(act.action)
    pen = pen_of(tx)
    taken = await take_head(tx, pen, team_id)
    head = taken.head
    if not taken.is_ours:
        # Going on would make good what was cut off; refusing would let one changed byte lock out a team. So it is said.
        claimed: dict[str, Detail] = {"number": head.seq, "key": head.key_number}
        said = Act(HEAD_CHANGED, "trail", str(team_id), "", "failed", claimed)
        true_end = await find_true_end(tx, pen, head)
        head = await _add(tx, pen, true_end, taken.now, Actor(None, "", actor.request_id), said)
    return await _add(tx, pen, replace(head, **rules), taken.now, actor, act)


async def _add(tx: AsyncConnection, pen: Pen, head: Head, at: datetime, actor: Actor, act: Act) -> Head:
    seq = head.seq + 1
    entry = {
        "team_id": head.team_id,
        "seq": seq,
        "at": at,
        "actor_id": actor.id,
        "actor_name": _tidy(actor.name, 120),
        "action": act.action,
        "object_type": _tidy(act.object_type, 40),
        "object_id": _tidy(act.object_id, 64),
        "object_name": _tidy(act.object_name, 200),
        "outcome": act.outcome,
        "request_id": _tidy(actor.request_id, 40),
        "details": _write_details(act.details),
        "client": tell_client(actor.client, head.clients),
    }
    canonical = encode(entry, FORM)
    digest = chain(canonical, head.hash, FORM)
    signature = pen.sign(entry_statement(head.team_id, seq, digest))
    await tx.execute(
        _INSERT,
        {
            **entry,
            "canonical": canonical,
            "prev_hash": head.hash,
            "hash": digest,
            "form": FORM,
            "key_number": pen.number,
            "signature": signature,
        },
    )
    return await put_head(tx, pen, replace(head, seq=seq, hash=digest))


def _tidy(text: str, max_chars: int) -> str:
    """Make a text fit its column on both engines: no control characters (PostgreSQL stores no NUL), not too long."""
    printable = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)
    return printable[:max_chars]


def _write_details(details: Mapping[str, Detail]) -> str:
    short = {name: value[:_MAX_DETAIL_CHARS] if isinstance(value, str) else value for name, value in details.items()}
    return json.dumps(short, sort_keys=True, separators=(",", ":"))


# On the path of every audited act: building a statement costs more than executing it.
_INSERT: Final = insert(AuditRow)
