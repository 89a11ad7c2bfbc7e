"""The audit trail over HTTP: read and checked by owners and admins, told in the reader's language."""

from typing import Annotated

from fastapi import Query, Request

from moorage.accounts.permissions import Permission, require
from moorage.api.errors import language_of
from moorage.api.parts import PartsDep
from moorage.api.schemas.oversight import AuditCheck, AuditEntryView, AuditView
from moorage.api.sentences import Language, sentence
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.audit import trail
from moorage.audit.trail import ACTIONS, AuditEntry
from moorage.errors import Invalid


async def get_trail(
    request: Request,
    parts: PartsDep,
    who: SignedIn,
    before: Annotated[int | None, Query(ge=1, le=trail.MAX_SEQ)] = None,
    limit: Annotated[int, Query(ge=1, le=trail.MAX_PAGE)] = 50,
    action: Annotated[str | None, Query(max_length=60)] = None,
) -> AuditView:
    """Read a page of the trail, newest first."""
    require(who, Permission.SEE_AUDIT)
    if action is not None and action not in ACTIONS:
        raise Invalid("audit_action_unknown", field="action")
    async with parts.database.read() as tx:
        entries = await trail.read(tx, who.team_id, before, limit, action)
    more = str(entries[-1].seq) if len(entries) == limit else None
    views = [_view(entry, language_of(request)) for entry in entries]
    return AuditView(entries=views, next=more, actions=list(ACTIONS))


async def check_trail(parts: PartsDep, who: SignedIn) -> AuditCheck:
    """Follow the whole chain and tell whether it holds (P17)."""
    require(who, Permission.SEE_AUDIT)
    async with parts.database.read() as tx:
        found = await trail.check(tx, who.team_id)
    return AuditCheck(intact=found.intact, checked=found.checked, broken_at=found.broken_at)


def _view(entry: AuditEntry, language: Language) -> AuditEntryView:
    return AuditEntryView(
        seq=entry.seq,
        at=moment(entry.at),
        actor=entry.actor_name,
        action=entry.action,
        sentence=tell_entry(entry, language),
        object_name=entry.object_name,
        outcome=entry.outcome,
        request_id=entry.request_id,
        details=dict(entry.details),
    )


def tell_entry(entry: AuditEntry, language: Language) -> str:
    """Tell an entry. An outcome with words of its own is told in them."""
    params = {name: str(value) for name, value in entry.details.items()}
    if "role" in params:
        params["role"] = sentence(f"role.{params['role']}", {}, language)
    named = entry.object_name or sentence("object.draft", {}, language)
    params |= {"actor": entry.actor_name, "object": named}
    by_outcome = f"{entry.action}.{entry.outcome}"
    told = sentence(by_outcome, params, language)
    return told if told != by_outcome else sentence(entry.action, params, language)
