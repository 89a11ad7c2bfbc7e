"""Conversations and replies over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from moorage.accounts.principal import Principal
from moorage.api import events, views
from moorage.api.errors import language_of
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.base import Done
from moorage.api.schemas.conversations import (
    Continue,
    ConversationChange,
    ConversationList,
    ConversationMake,
    ConversationView,
    Exchange,
    HeadMove,
    MessageSend,
    MessageView,
    Regenerate,
    VersionKeep,
)
from moorage.api.signed_in import SignedIn
from moorage.audit.trail import Actor
from moorage.chat import unasked
from moorage.chat.blind import HIDDEN
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import Asked, AskedAgain, Decision, Kept
from moorage.errors import Invalid


async def list_conversations(
    parts: PartsDep,
    who: SignedIn,
    before: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    archived: bool = False,  # noqa: FBT001, FBT002 - a parameter of the query
) -> ConversationList:
    """List one's conversations, last changed first: those in use, or those in the archive."""
    async with parts.database.read() as tx:
        store = ConversationStore(tx, who.team_id, who.user_id)
        lines = await store.newest(_cursor(before), limit, archived=archived)
        pinned = await store.pinned() if before is None and not archived else []
    more = f"{views.moment(lines[-1].updated_at)}_{lines[-1].id}" if len(lines) == limit else None
    return ConversationList(
        pinned=[views.line(one) for one in pinned], conversations=[views.line(one) for one in lines], next=more
    )


async def make_conversation(
    parts: PartsDep, who: SignedIn, request: Request, wish: ConversationMake
) -> ConversationView:
    """Make an empty conversation."""
    async with parts.database.write() as tx:
        store = ConversationStore(tx, who.team_id, who.user_id)
        zones = None if wish.sealed_to is None else frozenset(wish.sealed_to)
        facts = await store.get(await store.make(wish.title, zones))
    return views.conversation(facts, who.name, language_of(request))


async def get_conversation(parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID) -> ConversationView:
    """Read a conversation with its whole tree."""
    async with parts.database.read() as tx:
        facts = await ConversationStore(tx, who.team_id, who.user_id).get(conversation_id)
    return views.conversation(facts, who.name, language_of(request))


async def change_conversation(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: ConversationChange
) -> ConversationView:
    """Rename a conversation, pin it, put it into the archive, or undo that."""
    async with parts.database.write() as tx:
        store = ConversationStore(tx, who.team_id, who.user_id)
        await store.require(conversation_id)
        if wish.title is not None:
            await store.rename(conversation_id, wish.title)
        if wish.archived is not None:
            await store.archive(conversation_id, archived=wish.archived)
        if wish.pinned is not None:
            await store.pin(conversation_id, pinned=wish.pinned)
    return await get_conversation(parts, who, request, conversation_id)


async def delete_conversation(parts: PartsDep, who: SignedIn, conversation_id: UUID) -> Done:
    """Delete a conversation and stop what is being written in it."""
    async with parts.database.write() as tx:
        await ConversationStore(tx, who.team_id, who.user_id).delete(conversation_id)
    # After the deletion: nothing new can begin in there now.
    parts.replies.stop_in(conversation_id)
    return Done()


async def show_branch(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: HeadMove
) -> ConversationView:
    """Show another branch."""
    async with parts.database.write() as tx:
        await ConversationStore(tx, who.team_id, who.user_id).show_branch(conversation_id, wish.message_id)
    return await get_conversation(parts, who, request, conversation_id)


async def send_message(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, wish: MessageSend
) -> Response:
    """Ask. Answers with JSON, or with the reply's own stream where the client accepts one."""
    files = tuple(dict.fromkeys(wish.attachments))
    asked = Asked(
        who.team_id,
        who.user_id,
        conversation_id,
        wish.client_id,
        wish.parent_id,
        wish.text,
        wish.model_ref,
        files,
        may_leave=wish.may_leave,
    )
    decision = await parts.replies.ask(asked, _actor(who, request))
    return await _answer(parts, who, request, decision)


async def keep_version(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, message_id: UUID, wish: VersionKeep
) -> MessageView:
    """Save a version of a question, the one that this message is or answers, without asking it: it goes nowhere."""
    files = tuple(dict.fromkeys(wish.attachments))
    kept = Kept(who.team_id, who.user_id, conversation_id, wish.client_id, message_id, wish.text, files)
    facts = await unasked.keep_version(parts.database, kept, parts.uploads.limits)
    return views.message(facts, who.name, language_of(request))


async def regenerate(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, message_id: UUID, wish: Regenerate
) -> Response:
    """Ask for another answer, from the same or another model."""
    asked = AskedAgain(who.team_id, who.user_id, conversation_id, message_id, wish.model_ref, may_leave=wish.may_leave)
    decision = await parts.replies.ask_again(asked, _actor(who, request))
    return await _answer(parts, who, request, decision)


async def continue_reply(
    parts: PartsDep, who: SignedIn, request: Request, conversation_id: UUID, message_id: UUID, wish: Continue
) -> Response:
    """Go on with an answer that broke off: a new one beside it begins with its text. The first stays as it is."""
    asked = AskedAgain(
        who.team_id, who.user_id, conversation_id, message_id, wish.model_ref, goes_on=True, may_leave=wish.may_leave
    )
    decision = await parts.replies.ask_again(asked, _actor(who, request))
    return await _answer(parts, who, request, decision)


async def follow_reply(
    parts: PartsDep,
    who: SignedIn,
    request: Request,
    reply_id: UUID,
    last_event_id: Annotated[str | None, Header(max_length=80)] = None,
) -> StreamingResponse:
    """Follow a reply: a snapshot or the rest since Last-Event-ID, then what comes, then its receipt."""
    position = events.resume_position(reply_id, last_event_id)
    followed = await parts.replies.follow(who.team_id, who.user_id, reply_id, position)
    return events.stream(parts.streams.guard(who, events.reply_frames(reply_id, followed, language_of(request))))


async def stop_reply(parts: PartsDep, who: SignedIn, reply_id: UUID) -> Done:
    """Stop a reply; what had arrived is kept."""
    await parts.replies.stop(who.team_id, who.user_id, reply_id)
    return Done()


async def _answer(parts: Parts, who: Principal, request: Request, decision: Decision) -> Response:
    language = language_of(request)
    shape: Exchange = views.exchange(decision, who.name, language)
    reply = decision.answer.reply
    # What was asked is stored: without room for a stream it is answered all the same, and followed later.
    if reply is None or "text/event-stream" not in request.headers.get("accept", "") or not parts.streams.has_room(who):
        return Response(shape.model_dump_json(), status_code=201, media_type="application/json")
    # A message sent again gives the answer as it may be read now: of a hidden one the journal would tell all.
    journal = None if reply.origin == HIDDEN else parts.replies.journal_of(reply.id)
    followed = (
        await parts.replies.follow(who.team_id, who.user_id, reply.id, None) if journal is None else journal.follow(0)
    )
    frames = events.reply_frames(reply.id, followed, language)
    return events.stream(parts.streams.guard(who, events.with_first(events.event("exchange", shape), frames)))


def _actor(who: Principal, request: Request) -> Actor:
    return who.actor(request.state.request_id)


def _cursor(before: str | None) -> tuple[datetime, UUID] | None:
    if before is None:
        return None
    moment, _, conversation_id = before.partition("_")
    try:
        # Without a zone it is not one that we gave.
        return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%f%z"), UUID(conversation_id)
    except ValueError:
        raise Invalid("field_invalid", field="before") from None
