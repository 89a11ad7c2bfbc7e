"""Attachments over HTTP: upload, look, fetch, take back; and what a model would not get of a message being written."""

from typing import Annotated, Final
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import Header, Request, Response

from moorage.api import views
from moorage.api.parts import PartsDep
from moorage.api.schemas.attachments import AttachmentView, DraftWish, ForeseenView
from moorage.api.schemas.base import Done
from moorage.api.signed_in import SignedIn
from moorage.chat.attachments import AttachmentStore
from moorage.chat.context import Content
from moorage.chat.facts import AttachmentFacts
from moorage.chat.preview import Draft, foresee
from moorage.chat.sharing import SharedWithMe

# Both were made by us, pixel by pixel; everything else is only ever saved.
_SHOWN_INLINE: Final = frozenset({"image/png", "image/jpeg"})
CONTENT_TYPES: Final = ("image/png", "image/jpeg", "application/pdf", "text/plain")
# Whatever a browser is made to believe of a file, it may run nothing and load nothing.
_NOTHING: Final = "default-src 'none'; sandbox"


async def upload(
    parts: PartsDep, who: SignedIn, request: Request, file_name: Annotated[str, Header(max_length=2000)] = ""
) -> AttachmentView:
    """Keep a file for the next message. The body is the file, `File-Name` its name, percent-encoded."""
    facts = await parts.uploads.take_in(who.team_id, who.user_id, unquote(file_name), request.stream())
    return views.attachment(facts)


async def get_attachment(parts: PartsDep, who: SignedIn, attachment_id: UUID) -> AttachmentView:
    """Tell of one attachment of one's own."""
    async with parts.database.read() as tx:
        return views.attachment(await AttachmentStore(tx, who.team_id, who.user_id).get(attachment_id))


async def remove_attachment(parts: PartsDep, who: SignedIn, attachment_id: UUID) -> Done:
    """Forget one that was not sent."""
    async with parts.database.write() as tx:
        await AttachmentStore(tx, who.team_id, who.user_id).remove(attachment_id)
    return Done()


async def get_content(parts: PartsDep, who: SignedIn, attachment_id: UUID) -> Response:
    """Give what is in an attachment of one's own."""
    async with parts.database.read() as tx:
        return _file(*await AttachmentStore(tx, who.team_id, who.user_id).content(attachment_id))


async def get_shared_content(parts: PartsDep, who: SignedIn, conversation_id: UUID, attachment_id: UUID) -> Response:
    """Give what is in an attachment of the branch that one may read."""
    async with parts.database.read() as tx:
        return _file(*await SharedWithMe(tx, who.team_id, who.user_id).attachment(conversation_id, attachment_id))


async def preview_message(parts: PartsDep, who: SignedIn, wish: DraftWish) -> ForeseenView:
    """Tell what a model would not be sent of a message, were it sent now, or for another answer. Nothing is stored."""
    draft = Draft(
        wish.conversation_id,
        wish.parent_id,
        wish.model_ref,
        wish.text_bytes,
        wish.attachments,
        again_id=wish.again_id,
        goes_on=wish.goes_on,
    )
    async with parts.database.read() as tx:
        foreseen = await foresee(tx, parts.picker, who.team_id, who.user_id, draft)
    return ForeseenView(withheld=views.withheld(foreseen.withheld), tokens=foreseen.tokens, window=foreseen.window)


def _file(facts: AttachmentFacts, content: Content) -> Response:
    way = "inline" if facts.media_type in _SHOWN_INLINE else "attachment"
    headers = {
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(facts.name, safe='')}",
        "Content-Security-Policy": _NOTHING,
    }
    kind = f"{facts.media_type}; charset=utf-8" if facts.kind == "text" else facts.media_type
    return Response(content.data or content.text, media_type=kind, headers=headers)
