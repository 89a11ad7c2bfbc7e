"""The picker over HTTP: what a person can write with, and why not with the rest."""

from fastapi import Request

from moorage.accounts.permissions import Permission, allows
from moorage.api import connection_views
from moorage.api.errors import language_of, tell
from moorage.api.parts import PartsDep
from moorage.api.schemas.connections import PickerView
from moorage.api.signed_in import SignedIn


async def list_models(parts: PartsDep, who: SignedIn, request: Request) -> PickerView:
    """List everything the team can write with."""
    language = language_of(request)
    async with parts.database.read() as tx:
        refusal = await parts.picker.refusal(tx, who.team_id)
        lines = await parts.picker.lines(tx, who.team_id)
    return PickerView(
        models=[connection_views.picker_line(line, language) for line in lines],
        refusal=None if refusal is None else tell(refusal, {}, language),
        can_connect=refusal is None and allows(who.role, Permission.MANAGE_CONNECTIONS),
    )
