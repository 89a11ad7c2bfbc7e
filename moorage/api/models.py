"""The picker over HTTP: what a person can write with, and why not with the rest."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request

from moorage.accounts.permissions import Permission, allows
from moorage.api import connection_views, discovery_views, views
from moorage.api.errors import language_of, tell
from moorage.api.parts import PartsDep
from moorage.api.schemas.connections import AttentionView, FavouriteList, FavouriteMake, PickerView
from moorage.api.signed_in import SignedIn
from moorage.chat.rules import read_rules
from moorage.connections.attention import find_matters
from moorage.connections.audience import Asker
from moorage.connections.favourites import Favourites
from moorage.connections.lookup import as_stored
from moorage.connections.picker import PickerLine


async def list_matters(parts: PartsDep, who: SignedIn, request: Request) -> AttentionView:
    """List what the reader should see to: connections that fell over, keys that end."""
    language = language_of(request)
    async with parts.database.read() as tx:
        matters = await find_matters(tx, who)
    return AttentionView(matters=[discovery_views.matter(one, language) for one in matters])


async def list_models(parts: PartsDep, who: SignedIn, request: Request) -> PickerView:
    """List what this person can write with."""
    language = language_of(request)
    async with parts.database.read() as tx:
        refusal = await parts.picker.refusal(tx, who.team_id)
        rules = await read_rules(tx, who.team_id)
        lines = await parts.picker.lines(tx, Asker(who.team_id, who.user_id))
        starred = await Favourites(tx, Asker(who.team_id, who.user_id)).read(_refs(lines))
    return PickerView(
        models=[connection_views.picker_line(line, language) for line in lines],
        refusal=None if refusal is None else tell(refusal, {}, language),
        can_connect=refusal is None and allows(who.role, Permission.MANAGE_CONNECTIONS),
        new_sealed_to=views.zones(rules.sealed_to),
        starred=starred,
    )


async def star_model(parts: PartsDep, who: SignedIn, wish: FavouriteMake) -> FavouriteList:
    """Put a model among one's favourites."""
    asker = Asker(who.team_id, who.user_id)
    async with parts.database.write() as tx:
        listed = _refs(await parts.picker.lines(tx, asker))
        await Favourites(tx, asker).add(as_stored(wish.model_ref), listed)
        return FavouriteList(starred=await Favourites(tx, asker).read(listed))


async def unstar_model(
    parts: PartsDep, who: SignedIn, ref: Annotated[str, Query(min_length=1, max_length=320)]
) -> FavouriteList:
    """Take a model off one's favourites."""
    asker = Asker(who.team_id, who.user_id)
    async with parts.database.write() as tx:
        await Favourites(tx, asker).remove(as_stored(ref))
        return FavouriteList(starred=await Favourites(tx, asker).read(_refs(await parts.picker.lines(tx, asker))))


def _refs(lines: Sequence[PickerLine]) -> frozenset[str]:
    return frozenset(line.ref for line in lines)
