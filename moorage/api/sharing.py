"""Shared conversations over HTTP: who may read one's own, and what others let one read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request

from moorage.accounts.principal import Principal
from moorage.api import views
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.sharing import (
    ReaderView,
    SharedHead,
    SharedLineView,
    SharedList,
    SharedView,
    ShareTerm,
    SharingView,
    TermView,
)
from moorage.api.signed_in import SignedIn
from moorage.chat.sharing import SharedWithMe, Shares, Sharing, Term

# No body at all.
_NOT_SAID: Final = ShareTerm()


async def get_sharing(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> SharingView:
    """Tell who may read a conversation of one's own."""
    actor = who.actor(request.state.request_id)
    async with parts.database.read() as tx:
        return _view(await Shares(tx, who.team_id, who.user_id, actor).of(conversation_id))


async def share_with_team(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: ShareTerm = _NOT_SAID
) -> SharingView:
    """Let the whole team read, and whoever joins it, until a moment. Once more: until another moment, or for good."""
    async with _changing(parts, who, request) as shares:
        await shares.add_team(conversation_id, wish.ends_at, keeps_end=_leaves_end(wish))
        return _view(await shares.of(conversation_id))


async def unshare_with_team(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> SharingView:
    """Take it back from the team; who reads by name still does."""
    async with _changing(parts, who, request) as shares:
        await shares.remove_team(conversation_id)
        return _view(await shares.of(conversation_id))


async def share_with_person(
    parts: PartsDep,
    who: SignedIn,
    request: Request,
    conversation_id: UUID,
    user_id: UUID,
    wish: ShareTerm = _NOT_SAID,
) -> SharingView:
    """Let one member of the team read, until a moment. Once more: until another moment, or for good."""
    async with _changing(parts, who, request) as shares:
        await shares.add(conversation_id, user_id, wish.ends_at, keeps_end=_leaves_end(wish))
        return _view(await shares.of(conversation_id))


async def unshare_with_person(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, user_id: UUID
) -> SharingView:
    """Take it back from one member."""
    async with _changing(parts, who, request) as shares:
        await shares.remove(conversation_id, user_id)
        return _view(await shares.of(conversation_id))


async def move_shared_head(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: SharedHead
) -> SharingView:
    """Let the readers see more, less, or another branch."""
    async with _changing(parts, who, request) as shares:
        await shares.move_head(conversation_id, wish.message_id)
        return _view(await shares.of(conversation_id))


async def end_sharing(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> SharingView:
    """Let nobody read it but oneself, from now on."""
    async with _changing(parts, who, request) as shares:
        await shares.end(conversation_id)
        return _view(await shares.of(conversation_id))


async def list_shared(parts: PartsDep, who: SignedIn) -> SharedList:
    """List what others share with oneself."""
    async with parts.database.read() as tx:
        lines = await SharedWithMe(tx, who.team_id, who.user_id).lines()
    return SharedList(
        conversations=[
            SharedLineView(
                id=line.id,
                title=line.title,
                owner_name=line.owner_name,
                shared_at=views.moment(line.shared_at),
                ends_at=_end(line.ends_at),
                sealed_to=views.zones(line.sealed_to),
            )
            for line in lines
        ]
    )


async def get_shared(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> SharedView:
    """Read one of them, or one's own as its readers see it."""
    async with parts.database.read() as tx:
        found = await SharedWithMe(tx, who.team_id, who.user_id).read(conversation_id)
    return SharedView(
        id=found.id,
        title=found.title,
        owner_name=found.owner_name,
        is_own=found.is_own,
        ends_at=_end(found.ends_at),
        sealed_to=views.zones(found.sealed_to),
        messages=[views.message(one, found.owner_name, language_of(request)) for one in found.messages],
    )


@asynccontextmanager
async def _changing(parts: Parts, who: Principal, request: Request) -> AsyncIterator[Shares]:
    async with parts.database.write() as tx:
        yield Shares(tx, who.team_id, who.user_id, who.actor(request.state.request_id))


def _leaves_end(wish: ShareTerm) -> bool:
    # Who only says "share it" again, from an old page or in a script, must not take a last day away.
    return "ends_at" not in wish.model_fields_set


def _view(sharing: Sharing) -> SharingView:
    people = [ReaderView(user_id=one.user_id, name=one.name, **_term(one.term)) for one in sharing.people]
    team = None if sharing.team is None else TermView(**_term(sharing.team))
    return SharingView(team=team, people=people, head_id=sharing.head_id)


def _term(term: Term) -> dict[str, Any]:
    return {"ends_at": _end(term.ends_at), "is_over": term.is_over}


def _end(moment: datetime | None) -> str | None:
    return None if moment is None else views.moment(moment)
