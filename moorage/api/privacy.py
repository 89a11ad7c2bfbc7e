"""Exports, retention and the privacy page over HTTP. Who may do what is judged in `privacy` and `connections`."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool

from moorage.accounts.acting import require_now
from moorage.accounts.permissions import Permission, allows
from moorage.api.errors import language_of, tell
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.base import Done
from moorage.api.schemas.privacy import (
    ExportView,
    PrivacyView,
    RecordExport,
    RetentionDue,
    RetentionSet,
    RetentionView,
    StateName,
)
from moorage.api.sentences import Language, sentence
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.audit.trail import Act, record
from moorage.connections.undertakings import rules_clearing
from moorage.privacy import jobs, processing
from moorage.privacy.desk import owners_of
from moorage.privacy.retention import (
    MAX_DAYS,
    MIN_DAYS,
    RetentionRule,
    count_due,
    read_rule,
    require_days,
    set_rule,
)

ZIP: Final = "application/zip"
RECORD_TYPES: Final = {"html": "text/html; charset=utf-8", "json": "application/json"}


async def get_privacy(request: Request, parts: PartsDep, who: SignedIn) -> PrivacyView:
    """Tell who answers for what here, what the team has decided, and one's own exports."""
    async with parts.database.read() as tx:
        exports = await jobs.of_person(tx, who.team_id, who.user_id)
        rule = await read_rule(tx, who.team_id)
        return PrivacyView(
            operator=parts.privacy.operator,
            team=who.team_name,
            owners=list(await owners_of(tx, who.team_id)),
            retention=_retention(rule),
            only_cleared=await rules_clearing(tx, who.team_id),
            exports=[_export(one, language_of(request)) for one in exports],
            erasing=await jobs.count_erasures(tx, who.team_id) if allows(who.role, Permission.ERASE) else 0,
            may_see=allows(who.role, Permission.SEE_PRIVACY),
            may_rule=allows(who.role, Permission.RULE_PRIVACY),
            may_export_team=allows(who.role, Permission.EXPORT_TEAM),
            may_erase=allows(who.role, Permission.ERASE),
        )


async def export_own(request: Request, parts: PartsDep, who: SignedIn) -> ExportView:
    """Begin to export what is stored of oneself in this team."""
    language = language_of(request)
    job = await parts.privacy.ask_for_export(who, request.state.request_id, language, of_team=False)
    return _export(job, language)


async def export_team(request: Request, parts: PartsDep, who: SignedIn) -> ExportView:
    """Begin to export what the team has decided and set up."""
    language = language_of(request)
    job = await parts.privacy.ask_for_export(who, request.state.request_id, language, of_team=True)
    return _export(job, language)


async def get_export(request: Request, parts: PartsDep, who: SignedIn, export_id: UUID) -> ExportView:
    """Tell how far an export is."""
    async with parts.database.read() as tx:
        return _export(await jobs.get(tx, who.team_id, who.user_id, export_id), language_of(request))


async def fetch_export(request: Request, parts: PartsDep, who: SignedIn, export_id: UUID) -> StreamingResponse:
    """Give an export's file to whoever asked for it."""
    job = await parts.privacy.fetch(who, request.state.request_id, export_id)
    size = await run_in_threadpool(parts.privacy.archive.size_of, job.id)
    of = "team" if job.kind == "team_export" else "my"
    headers = {
        "Content-Disposition": f'attachment; filename="moorage-{of}-data-{job.created_at:%Y-%m-%d}.zip"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(parts.streams.guard(who, _pieces(parts, job.id)), media_type=ZIP, headers=headers)


async def delete_export(request: Request, parts: PartsDep, who: SignedIn, export_id: UUID) -> Done:
    """Delete an export, or stop making it."""
    await parts.privacy.delete_export(who, request.state.request_id, export_id)
    return Done()


async def set_retention(request: Request, parts: PartsDep, who: SignedIn, wish: RetentionSet) -> RetentionView:
    """Set how long the team keeps what it writes."""
    rule = RetentionRule(wish.conversation_days, wish.attachment_days)
    async with parts.database.write() as tx:
        await set_rule(tx, who, request.state.request_id, rule)
    return _retention(rule)


async def foresee_retention(parts: PartsDep, who: SignedIn, wish: RetentionSet) -> RetentionDue:
    """Count what a rule would delete now."""
    async with parts.database.read() as tx:
        await require_now(tx, who, Permission.RULE_PRIVACY)
        require_days("conversation_days", wish.conversation_days)
        require_days("attachment_days", wish.attachment_days)
        due = await count_due(tx, who.team_id, RetentionRule(wish.conversation_days, wish.attachment_days))
    return RetentionDue(conversations=due.conversations, attachments=due.attachments)


async def export_record(request: Request, parts: PartsDep, who: SignedIn, wish: RecordExport) -> Response:
    """Give the record of processing, prefilled from what is configured."""
    now, language = datetime.now(UTC), language_of(request)
    async with parts.database.write() as tx:
        await require_now(tx, who, Permission.SEE_PRIVACY)
        recipients = await parts.privacy.undertakings.recipients(tx, who.team_id, now.date())
        owners, operator = await owners_of(tx, who.team_id), parts.privacy.operator
        found = await processing.read_configured(tx, who.team_id, operator, owners, recipients)
        act = Act("data.record_exported", "team", str(who.team_id), "", details={"format": wish.format})
        await record(tx, who.team_id, who.actor(request.state.request_id), act)
    return _record(found, wish, now, language)


def _record(found: processing.Configured, wish: RecordExport, now: datetime, language: Language) -> Response:
    if wish.format == "json":
        content = processing.json_of(found, now).encode()
    else:
        content = processing.html_of(found, now, language, lambda code: sentence(code, {}, language))
    headers = {
        "Content-Disposition": f'attachment; filename="record-of-processing-{now:%Y-%m-%d}.{wish.format}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=RECORD_TYPES[wish.format], headers=headers)


async def _pieces(parts: Parts, export_id: UUID) -> AsyncGenerator[bytes, None]:
    async for piece in iterate_in_threadpool(parts.privacy.archive.read(export_id)):
        yield piece


def _retention(rule: RetentionRule) -> RetentionView:
    return RetentionView(
        conversation_days=rule.conversation_days,
        attachment_days=rule.attachment_days,
        least_days=MIN_DAYS,
        most_days=MAX_DAYS,
    )


def _export(job: jobs.Job, language: Language) -> ExportView:
    return ExportView(
        id=job.id,
        of="team" if job.kind == "team_export" else "mine",
        state=cast("StateName", job.state),
        done=min(job.done, job.total),
        total=job.total,
        problem=None if job.problem_code is None else tell(job.problem_code, {}, language),
        created_at=moment(job.created_at),
        expires_at=None if job.expires_at is None else moment(job.expires_at),
        size=job.size,
        sha256=job.sha256,
    )
