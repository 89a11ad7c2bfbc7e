"""Announcements over HTTP: written by operators, read by everybody who is signed in, in their own language."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from fastapi import Request

from moorage.accounts.operators import require_operator_now
from moorage.accounts.principal import require_proof
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.operating import (
    AnnouncementDraft,
    AnnouncementList,
    AnnouncementView,
    OperatorAnnouncement,
    OperatorAnnouncements,
)
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment
from moorage.operating import announcements
from moorage.operating.announcements import Announcement, Draft


async def list_announcements(request: Request, parts: PartsDep, _who: SignedIn) -> AnnouncementList:
    """Give what is to be shown now."""
    async with parts.database.read() as tx:
        found = await announcements.list_current(tx)
    is_german = language_of(request) == "de"
    return AnnouncementList(
        announcements=[
            AnnouncementView(
                id=one.id,
                edition=one.edition,
                kind=one.draft.kind,
                text=one.draft.text_de if is_german else one.draft.text_en,
                until_at=moment(one.draft.until_at),
            )
            for one in found
        ]
    )


async def list_operator_announcements(parts: PartsDep) -> OperatorAnnouncements:
    """Give all that are kept."""
    return await _all(parts)


async def make_announcement(
    request: Request, parts: PartsDep, who: SignedIn, wish: AnnouncementDraft
) -> OperatorAnnouncements:
    """Announce something."""
    require_proof(who)
    async with parts.database.write() as tx:
        await require_operator_now(tx, who)
        await announcements.make(tx, who.actor(request.state.request_id), _draft(wish))
    return await _all(parts)


async def change_announcement(
    request: Request, parts: PartsDep, who: SignedIn, announcement_id: UUID, wish: AnnouncementDraft
) -> OperatorAnnouncements:
    """Announce something else instead; whoever has closed it sees it again."""
    require_proof(who)
    async with parts.database.write() as tx:
        await require_operator_now(tx, who)
        await announcements.change(tx, who.actor(request.state.request_id), announcement_id, _draft(wish))
    return await _all(parts)


async def remove_announcement(
    request: Request, parts: PartsDep, who: SignedIn, announcement_id: UUID
) -> OperatorAnnouncements:
    """Take an announcement away."""
    require_proof(who)
    async with parts.database.write() as tx:
        await require_operator_now(tx, who)
        await announcements.remove(tx, who.actor(request.state.request_id), announcement_id)
    return await _all(parts)


async def _all(parts: Parts) -> OperatorAnnouncements:
    async with parts.database.read() as tx:
        found = await announcements.list_all(tx)
    now = datetime.now(UTC)
    return OperatorAnnouncements(announcements=[_view(one, now) for one in found])


def _view(one: Announcement, now: datetime) -> OperatorAnnouncement:
    draft = one.draft
    state: Literal["waiting", "shown", "over"] = "shown"
    if now < draft.from_at:
        state = "waiting"
    elif now >= draft.until_at:
        state = "over"
    return OperatorAnnouncement(
        id=one.id,
        edition=one.edition,
        kind=draft.kind,
        text_en=draft.text_en,
        text_de=draft.text_de,
        from_at=moment(draft.from_at),
        until_at=moment(draft.until_at),
        state=state,
    )


def _draft(wish: AnnouncementDraft) -> Draft:
    return Draft(wish.kind, wish.text_en, wish.text_de, wish.from_at, wish.until_at)
