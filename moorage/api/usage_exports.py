"""Exports of usage over HTTP: what somebody sees on the page, as a file. Being exported is an entry of the trail."""

from typing import Final

from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import require_now
from moorage.accounts.permissions import Permission
from moorage.accounts.roster import members_of
from moorage.api.day_range import read_range
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.usage import UsageExport
from moorage.api.signed_in import SignedIn
from moorage.api.usage import log_tellers, scope_of
from moorage.audit.formats import MEDIA_TYPES as TRAIL_TYPES
from moorage.audit.trail import Act, record
from moorage.usage.day_rows import Scope
from moorage.usage.exporting import Wanted, Words, stream

MEDIA_TYPES: Final = {"csv": TRAIL_TYPES["csv"], "ndjson": TRAIL_TYPES["ndjson"]}


async def export_usage(request: Request, parts: PartsDep, who: SignedIn, wish: UsageExport) -> StreamingResponse:
    """Give one log as a file, a line for each day, model and person: the team's, or one's own for members."""
    days, scope = read_range(wish.from_day, wish.to_day), scope_of(who)
    details = {"what": wish.kind, "format": wish.format, "from": str(days.first), "to": str(days.last)}
    act = Act("usage.exported", "usage", "", "", details=details | {"filtered": scope.user_id is not None})
    async with parts.database.write() as tx:
        await require_now(tx, who, Permission.WRITE if scope.user_id else Permission.SEE_TEAM_USAGE)
        await record(tx, who.team_id, who.actor(request.state.request_id), act)
    async with parts.database.read() as tx:
        words = await _words(parts, tx, scope, wish)
    pieces = stream(parts.database, Wanted(wish.kind, scope, days.first, days.last), words, wish.format)
    name = f"moorage-usage-{'own' if wish.kind == 'byom' else 'standard'}-{days.first}-{days.last}.{wish.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    guarded = parts.streams.guard(who, pieces)
    return StreamingResponse(guarded, media_type=MEDIA_TYPES[wish.format], headers=headers)


async def _words(parts: Parts, tx: AsyncConnection, scope: Scope, wish: UsageExport) -> Words:
    teller = (await log_tellers(parts, tx, scope))[wish.kind]
    members = await members_of(tx, scope.team_id)
    return Words(teller.name_of, lambda user_id: members.get(user_id, ("", ""))[0], teller.cost_of)
