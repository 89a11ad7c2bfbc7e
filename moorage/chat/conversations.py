"""A person's conversations: list, read, rename, delete, move between branches. Private to their owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.facts import ConversationFacts, MessageFacts, ReplyFacts
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow
from moorage.errors import NotFound
from moorage.storage.types import db_now, new_id


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """One line of the list."""

    id: UUID
    title: str
    updated_at: datetime
    running: bool


class ConversationStore:
    """Reads and writes the conversations of one person in one team, and can't see any other."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, owner_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id
        self._owner_id = owner_id
        self._mine = (ConversationRow.team_id == team_id) & (ConversationRow.owner_id == owner_id)

    async def newest(self, before: tuple[datetime, UUID] | None, limit: int) -> Sequence[ConversationLine]:
        """Give up to `limit` conversations, last changed first, after the one that `before` names.

        Its id stands beside its time: what was settled together changed in the same instant.
        """
        running = exists().where(ReplyRow.conversation_id == ConversationRow.id, ReplyRow.state == "running")
        wanted = select(ConversationRow.id, ConversationRow.title, ConversationRow.updated_at, running)
        wanted = wanted.where(self._mine)
        if before is not None:
            moment, conversation_id = before
            in_the_same_instant = (ConversationRow.updated_at == moment) & (ConversationRow.id < conversation_id)
            wanted = wanted.where((ConversationRow.updated_at < moment) | in_the_same_instant)
        newest_first = wanted.order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
        rows = await self._tx.execute(newest_first.limit(limit))
        return [ConversationLine(row[0], row[1], row[2], bool(row[3])) for row in rows]

    async def make(self, title: str) -> UUID:
        """Make an empty conversation."""
        conversation_id = new_id()
        await self._tx.execute(
            insert(ConversationRow).values(
                id=conversation_id,
                team_id=self._team_id,
                owner_id=self._owner_id,
                title=title,
                head_id=None,
                created_at=db_now(),
                updated_at=db_now(),
            )
        )
        return conversation_id

    async def get(self, conversation_id: UUID) -> ConversationFacts:
        """Read a conversation with its whole tree. Raises NotFound."""
        row = (await self._tx.execute(self._one(conversation_id))).one_or_none()
        if row is None:
            raise NotFound("conversation_gone")
        return ConversationFacts(
            row.id, row.title, row.head_id, row.created_at, row.updated_at, await self._messages(conversation_id)
        )

    async def require(self, conversation_id: UUID) -> None:
        """Raise NotFound unless the conversation is this person's."""
        if (await self._tx.execute(self._one(conversation_id))).one_or_none() is None:
            raise NotFound("conversation_gone")

    async def rename(self, conversation_id: UUID, title: str) -> None:
        """Give another title. Raises NotFound."""
        await self._change(conversation_id, title=title)

    async def show_branch(self, conversation_id: UUID, message_id: UUID) -> None:
        """Show the branch that ends with `message_id`. Raises NotFound."""
        belongs = select(MessageRow.id).where(
            MessageRow.id == message_id, MessageRow.conversation_id == conversation_id
        )
        if (await self._tx.execute(belongs)).one_or_none() is None:
            raise NotFound("message_gone")
        await self._change(conversation_id, head_id=message_id)

    async def delete(self, conversation_id: UUID) -> None:
        """Delete with all messages. What was used stays in the ledger, without a word of content."""
        done = await self._tx.execute(delete(ConversationRow).where(ConversationRow.id == conversation_id, self._mine))
        if done.rowcount == 0:
            raise NotFound("conversation_gone")

    async def find_reply(self, reply_id: UUID) -> tuple[ReplyFacts, str, str]:
        """Read a reply with its message's text and reasoning. Raises NotFound."""
        row = (
            (
                await self._tx.execute(
                    select(*ReplyRow.__table__.c, MessageRow.text, MessageRow.reasoning)
                    .join(MessageRow, MessageRow.id == ReplyRow.message_id)
                    .join(ConversationRow, ConversationRow.id == ReplyRow.conversation_id)
                    .where(ReplyRow.id == reply_id, self._mine)
                )
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise NotFound("reply_gone")
        return ReplyFacts.from_row(dict(row)), row["text"], row["reasoning"]

    async def running(self) -> Sequence[UUID]:
        """Give the ids of the replies being written for this person."""
        rows = await self._tx.execute(
            select(ReplyRow.id)
            .join(ConversationRow, ConversationRow.id == ReplyRow.conversation_id)
            .where(ReplyRow.state == "running", self._mine)
        )
        return [row[0] for row in rows]

    def _one(self, conversation_id: UUID) -> Select[UUID, str, UUID | None, datetime, datetime]:
        return select(
            ConversationRow.id,
            ConversationRow.title,
            ConversationRow.head_id,
            ConversationRow.created_at,
            ConversationRow.updated_at,
        ).where(ConversationRow.id == conversation_id, self._mine)

    async def _messages(self, conversation_id: UUID) -> list[MessageFacts]:
        replies = await self._tx.execute(
            select(*ReplyRow.__table__.c).where(ReplyRow.conversation_id == conversation_id)
        )
        by_message = {row["message_id"]: ReplyFacts.from_row(dict(row)) for row in replies.mappings()}
        rows = await self._tx.execute(
            select(*MessageRow.__table__.c)
            .where(MessageRow.conversation_id == conversation_id)
            .order_by(MessageRow.created_at)
        )
        messages = [
            MessageFacts(
                row["id"],
                row["parent_id"],
                row["role"],
                row["text"],
                row["reasoning"],
                row["created_at"],
                by_message.get(row["id"]),
            )
            for row in rows.mappings()
        ]
        return in_order(messages)

    async def _change(self, conversation_id: UUID, **values: object) -> None:
        done = await self._tx.execute(
            update(ConversationRow).where(ConversationRow.id == conversation_id, self._mine).values(**values)
        )
        if done.rowcount == 0:
            raise NotFound("conversation_gone")


def in_order(messages: Sequence[MessageFacts]) -> list[MessageFacts]:
    """Sort by time. A question and its answer are stored in the same instant, so depth in the tree decides then."""
    parents = {message.id: message.parent_id for message in messages}
    depths: dict[UUID, int] = {}
    for message in messages:
        path: list[UUID] = []
        at: UUID | None = message.id
        while at is not None and at in parents and at not in depths and at not in path:
            path.append(at)
            at = parents[at]
        depth = depths.get(at, -1) if at is not None else -1
        for step, message_id in enumerate(reversed(path), start=1):
            depths[message_id] = depth + step
    return sorted(messages, key=lambda message: (message.created_at, depths[message.id], message.id))
