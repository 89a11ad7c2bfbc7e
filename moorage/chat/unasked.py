"""Questions that are saved without being asked: their words are kept, and go nowhere until somebody says so.

Each is a version of a question, beside it in the tree. Nothing saved is ever overwritten, so one that was not asked yet
and is changed becomes a further version, too: one rule for all, and each stays where the arrows lead. Nothing can
follow one before it is asked (announcing.require_parent): a model gets the whole branch, and would get its words. No
gate is asked: nothing is sent anywhere, and a team that may ask nobody may still write down what it thinks.
"""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.announcing import question_of, store_words
from moorage.chat.attachments import AttachmentLimits
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import Kept, MessageFacts
from moorage.chat.history import read_history
from moorage.chat.tables import ConversationRow
from moorage.errors import Conflict
from moorage.storage.database import Database
from moorage.storage.types import db_now


async def keep_version(database: Database, kept: Kept, limits: AttachmentLimits) -> MessageFacts:
    """Store a version of a question, and show it. The same `client_id` again gives the same version.

    Raises NotFound (conversation, message, attachment), Conflict("message_id_used"), Invalid("too_many_attachments").
    """
    try:
        async with database.write() as tx:
            return await _keep(tx, kept, limits)
    except IntegrityError:
        # Of another conversation.
        raise Conflict("message_id_used") from None


async def _keep(tx: AsyncConnection, kept: Kept, limits: AttachmentLimits) -> MessageFacts:
    known = await read_history(tx, kept.team_id, kept.user_id, kept.conversation_id, held=True)
    kept = replace(kept, parent_id=question_of(known, kept.version_of).parent_id)
    before = known.messages.get(kept.client_id)
    if before is not None:
        same = (before.role, before.parent_id, before.text) == ("user", kept.parent_id, kept.text)
        if not same or tuple(one.id for one in before.attachments) != kept.attachments:
            raise Conflict("message_id_used")
        messages = (await ConversationStore(tx, kept.team_id, kept.user_id).get(kept.conversation_id)).messages
        return next(message for message in messages if message.id == kept.client_id)
    stored = await store_words(tx, kept, limits)
    # What somebody writes in again is out of the archive.
    await tx.execute(
        update(ConversationRow)
        .where(ConversationRow.id == kept.conversation_id)
        .values(head_id=stored.id, updated_at=db_now(), archived_at=None)
    )
    return MessageFacts(
        stored.id,
        stored.parent_id,
        "user",
        stored.text,
        "",
        datetime.now(UTC),
        None,
        attachments=stored.attachments,
        unasked=True,
    )
