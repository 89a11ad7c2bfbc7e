"""A conversation as a file, over HTTP."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from moorage.api.errors import language_of
from moorage.api.parts import PartsDep
from moorage.api.sentences import Language, sentence
from moorage.api.signed_in import SignedIn
from moorage.chat.conversations import ConversationStore
from moorage.chat.export import MEDIA_TYPES, ExportFormat, Words, file_name_of, json_of, markdown_of


async def export_conversation(
    parts: PartsDep,
    who: SignedIn,
    request: Request,
    conversation_id: UUID,
    as_: Annotated[ExportFormat, Query(alias="format")] = "markdown",
) -> Response:
    """Give a conversation of one's own: as Markdown the branch that is shown, as JSON the whole tree."""
    async with parts.database.read() as tx:
        facts = await ConversationStore(tx, who.team_id, who.user_id).get(conversation_id)
    now = datetime.now(UTC)
    words = _words(language_of(request))
    text = json_of(facts, who.name, now) if as_ == "json" else markdown_of(facts, who.name, now, words)
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name_of(facts.title, as_)}"',
        "Cache-Control": "no-store",
    }
    return Response(text, media_type=MEDIA_TYPES[as_], headers=headers)


def _words(language: Language) -> Words:
    ended = ("running", "stopped", "interrupted", "failed")
    return Words(
        exported=sentence("export.exported", {}, language),
        untitled=sentence("export.untitled", {}, language),
        attached=sentence("export.attached", {}, language),
        tokens=sentence("export.tokens", {"count": "{count}"}, language),
        ended={state: sentence(f"export.{state}", {}, language) for state in ended},
        asked_to_call=sentence("export.asked_to_call", {"name": "{name}"}, language),
        ran=sentence("export.ran", {"name": "{name}"}, language),
        sources=sentence("export.sources", {}, language),
        unasked=sentence("export.unasked", {}, language),
    )
