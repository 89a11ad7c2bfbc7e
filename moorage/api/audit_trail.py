"""The audit trail over HTTP: read, checked, ruled and exported, told in the reader's language."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, cast

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from moorage.accounts.permissions import Permission, allows, require
from moorage.accounts.principal import Principal
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.oversight import (
    AuditCheck,
    AuditEntryView,
    AuditExport,
    AuditFilter,
    AuditQuery,
    AuditRules,
    AuditRulesChange,
    AuditView,
)
from moorage.api.sentences import Language, sentence
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.api.zone_words import words_of
from moorage.audit import exporting, ndjson, reading, rules
from moorage.audit.checking import Check, check
from moorage.audit.client_address import ClientRule
from moorage.audit.formats import MEDIA_TYPES, csv_line, tell_time
from moorage.audit.reading import GROUPS, AuditEntry, Filter
from moorage.audit.trail import ACTIONS
from moorage.connections.uses import UsesOfHour, stream_hours
from moorage.errors import Invalid

_USE_COLUMNS: Final = ("credential", "hour", "purpose", "uses")


async def get_trail(
    request: Request, parts: PartsDep, who: SignedIn, wish: Annotated[AuditQuery, Query()]
) -> AuditView:
    """Read a page of the trail, newest first."""
    require(who, Permission.SEE_AUDIT)
    async with parts.database.read() as tx:
        entries = await reading.read(tx, who.team_id, wish.before, wish.limit, _filter(wish))
    more = str(entries[-1].seq) if len(entries) == wish.limit else None
    views = [_view(entry, language_of(request)) for entry in entries]
    return AuditView(entries=views, next=more, actions=list(ACTIONS), groups=list(GROUPS))


async def check_trail(request: Request, parts: PartsDep, who: SignedIn) -> AuditCheck:
    """Follow the whole chain and tell whether it holds, and else what was done to it where (P17)."""
    require(who, Permission.SEE_AUDIT)
    async with parts.database.read() as tx:
        found = await check(tx, who.team_id)
    return AuditCheck(
        intact=found.intact,
        checked=found.checked,
        pruned=found.pruned,
        kind=found.kind,
        broken_at=found.broken_at,
        message=tell_check(found, language_of(request)),
    )


async def get_rules(parts: PartsDep, who: SignedIn) -> AuditRules:
    """Tell how long entries are kept, and what is recorded of where people come from."""
    require(who, Permission.SEE_AUDIT)
    return await _rules(parts, who)


async def change_rules(request: Request, parts: PartsDep, who: SignedIn, wish: AuditRulesChange) -> AuditRules:
    """Change these rules; the change is an entry."""
    require(who, Permission.RULE_AUDIT)
    actor = who.actor(request.state.request_id)
    async with parts.database.write() as tx:
        if "keep_days" in wish.model_fields_set:
            await rules.change_keep_days(tx, who.team_id, actor, wish.keep_days)
        if wish.clients is not None:
            await rules.change_clients(tx, who.team_id, actor, wish.clients)
    return await _rules(parts, who)


async def export_trail(request: Request, parts: PartsDep, who: SignedIn, wish: AuditExport) -> StreamingResponse:
    """Give the trail as a file, oldest first. Being exported is itself an entry, the last of the file."""
    require(who, Permission.EXPORT_AUDIT)
    wanted, actor = _filter(wish), who.actor(request.state.request_id)
    export = await exporting.begin_export(
        parts.database, who.team_id, who.team_name, actor, wish.format, wanted, what=wish.what
    )
    uses = stream_hours(parts.database, who.team_id)
    if wish.what == "key_uses":
        return _file(parts.streams.guard(who, _csv_of_uses(uses)), "key-uses", "csv")
    lines = _ndjson_of_uses(uses) if wanted.is_empty else None
    pieces = exporting.stream(parts.database, export, lines)
    return _file(parts.streams.guard(who, pieces), "audit", wish.format)


def _file(pieces: AsyncIterator[bytes], name: str, ending: str) -> StreamingResponse:
    today = datetime.now(UTC).date().isoformat()
    headers = {
        "Content-Disposition": f'attachment; filename="moorage-{name}-{today}.{ending}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[ending], headers=headers)  # type: ignore[index]


async def _csv_of_uses(uses: AsyncIterator[UsesOfHour]) -> AsyncGenerator[bytes, None]:
    yield csv_line(_USE_COLUMNS).encode("ascii")
    async for use in uses:
        yield csv_line((use.credential, tell_time(use.hour), use.purpose, use.uses)).encode("utf-8")


async def _ndjson_of_uses(uses: AsyncIterator[UsesOfHour]) -> AsyncIterator[str]:
    async for use in uses:
        yield ndjson.tell_key_use(use.credential, use.hour, use.purpose, use.uses)


def _filter(wish: AuditFilter) -> Filter:
    if wish.action is not None and wish.action not in ACTIONS and wish.action not in GROUPS:
        raise Invalid("audit_action_unknown", field="action")
    return Filter(
        actor=wish.actor,
        action=wish.action,
        object_id=wish.object_id,
        outcome=wish.outcome,
        since=None if wish.from_day is None else _midnight(wish.from_day),
        until=None if wish.to_day is None else _midnight(wish.to_day + timedelta(days=1)),
        text=wish.text,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def _rules(parts: Parts, who: Principal) -> AuditRules:
    async with parts.database.read() as tx:
        found = await rules.read_rules(tx, who.team_id)
    return AuditRules(
        keep_days=found.keep_days,
        clients=cast("ClientRule", found.clients),
        pruned_through=found.pruned_through,
        least_days=rules.MIN_KEEP_DAYS,
        most_days=rules.MAX_KEEP_DAYS,
        may_export=allows(who.role, Permission.EXPORT_AUDIT),
        may_change=allows(who.role, Permission.RULE_AUDIT),
    )


def _view(entry: AuditEntry, language: Language) -> AuditEntryView:
    return AuditEntryView(
        seq=entry.seq,
        at=moment(entry.at),
        actor=entry.actor_name,
        actor_id=entry.actor_id,
        action=entry.action,
        sentence=tell_entry(entry, language),
        object_type=entry.object_type,
        object_id=entry.object_id,
        object_name=entry.object_name,
        outcome=entry.outcome,
        request_id=entry.request_id,
        client=entry.client,
        details=dict(entry.details),
    )


def tell_entry(entry: AuditEntry, language: Language) -> str:
    """Tell an entry. An outcome with words of its own is told in them."""
    params = {name: str(value) for name, value in entry.details.items()}
    if "role" in params:
        params["role"] = sentence(f"role.{params['role']}", {}, language)
    params |= words_of(entry.action, entry.details, language)
    named = entry.object_name or sentence("object.draft", {}, language)
    params |= {"actor": entry.actor_name, "object": named}
    by_outcome = f"{entry.action}.{entry.outcome}"
    told = sentence(by_outcome, params, language)
    return told if told != by_outcome else sentence(entry.action, params, language)


def tell_check(found: Check, language: Language) -> str:
    """Tell what checking a chain found, or that it holds."""
    if found.finding is None:
        return sentence("chain.intact", {"count": found.checked, "pruned": found.pruned}, language)
    return sentence(f"finding.{found.finding.kind}", {"number": found.finding.at}, language)
