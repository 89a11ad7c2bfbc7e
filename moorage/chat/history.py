"""A conversation as deciding needs it: its tree of messages with what is attached, and nothing that is only shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.attachments import attachments_in
from moorage.chat.context import HistoryMessage, Target
from moorage.chat.facts import Asked, AskedAgain
from moorage.chat.leaving import asks_before_leaving
from moorage.chat.rules import WORDS
from moorage.chat.tables import AttachmentRow, ConversationRow, MessageRow
from moorage.connections.chosen import ChosenModel
from moorage.connections.zones import Seal
from moorage.errors import NotFound

# Building a statement costs more than executing it: those of the hot path are built once.
_CONVERSATION: Final = select(
    ConversationRow.title,
    ConversationRow.sealed_to,
    ConversationRow.sealed_at,
    ConversationRow.leaving,
    ConversationRow.title_by,
    exists().where(AttachmentRow.conversation_id == ConversationRow.id).label("has_files"),
).where(
    ConversationRow.id == bindparam("conversation_id"),
    ConversationRow.team_id == bindparam("team_id"),
    ConversationRow.owner_id == bindparam("owner_id"),
)
# Who is about to write holds the row: what another process changes meanwhile, a name or a seal, would be overwritten.
_HELD: Final = _CONVERSATION.with_for_update(key_share=True, of=ConversationRow)
_MESSAGES: Final = select(
    MessageRow.id, MessageRow.parent_id, MessageRow.role, MessageRow.text, MessageRow.created_at
).where(MessageRow.conversation_id == bindparam("conversation_id"))


@dataclass(frozen=True, slots=True)
class History:
    """The conversation as one transaction sees it, with the seal that its words may leave under.

    `leaving`: as leaving.py says. `wants_title`: it is still called by its first words.
    """

    title: str
    messages: dict[UUID, HistoryMessage]
    created: dict[UUID, datetime]
    seal: Seal
    leaving: str
    wants_title: bool


async def read_history(
    tx: AsyncConnection,
    team_id: UUID,
    user_id: UUID,
    conversation_id: UUID,
    *,
    may_leave: bool = False,
    held: bool = False,
) -> History:
    """Read a conversation of this person. `may_leave`: they said that its words may leave own hardware.

    `held`: it changes for nobody else until the transaction ends, which must be one that writes. Raises NotFound.
    """
    mine = {"conversation_id": conversation_id, "team_id": team_id, "owner_id": user_id}
    row = (await tx.execute(_HELD if held else _CONVERSATION, mine)).one_or_none()
    if row is None:
        raise NotFound("conversation_gone")
    files = await attachments_in(tx, conversation_id) if row.has_files else {}
    rows = (await tx.execute(_MESSAGES, {"conversation_id": conversation_id})).all()
    messages = {row[0]: HistoryMessage(row[0], row[1], _role(row[2]), row[3], files.get(row[0], ())) for row in rows}
    asks = asks_before_leaving(row.leaving, may_leave=may_leave)
    seal = Seal.read(conversation_id, row.sealed_to, row.sealed_at, asks_before_leaving=asks)
    created = {row[0]: row[4] for row in rows}
    return History(row.title, messages, created, seal, row.leaving, row.title_by == WORDS)


async def hold_history(tx: AsyncConnection, asked: Asked | AskedAgain) -> History:
    """Read the conversation that is asked in, and hold it. Raises NotFound."""
    return await read_history(
        tx, asked.team_id, asked.user_id, asked.conversation_id, may_leave=asked.may_leave, held=True
    )


def target_of(chosen: ChosenModel) -> Target:
    """Tell what a chosen model takes."""
    return Target(frozenset(chosen.inputs), chosen.context_length)


def _role(stored: str) -> Literal["user", "assistant"]:
    return "user" if stored == "user" else "assistant"
