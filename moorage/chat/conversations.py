"""A person's conversations: list, read, rename, pin, archive, delete, move between branches. Their owner's alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.attachments import attachments_in
from moorage.chat.blind import veiled_message, veiled_reply, veils_in
from moorage.chat.comparisons import comparisons_in
from moorage.chat.facts import ConversationFacts, MessageFacts, ReplyFacts
from moorage.chat.journal import Written
from moorage.chat.leaving import NONE
from moorage.chat.rules import PERSON, WORDS, read_rules
from moorage.chat.sealing import require_tighter
from moorage.chat.search_index import Place, erase_forgotten, index_title
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow, ShareRow, share_is_live
from moorage.connections.zones import read_zones, write_zones
from moorage.errors import Conflict, NotFound
from moorage.providers.beside import Beside
from moorage.storage.types import db_now, new_id

MAX_PINNED: Final = 30


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """One line of the list. `sealed_to`: the zones its words may reach; None: all."""

    id: UUID
    title: str
    updated_at: datetime
    running: bool
    pinned: bool
    archived: bool
    shared: bool
    sealed_to: frozenset[str] | None


class ConversationStore:
    """Reads and writes the conversations of one person in one team, and can't see any other."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, owner_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id
        self._owner_id = owner_id
        self._mine = (ConversationRow.team_id == team_id) & (ConversationRow.owner_id == owner_id)

    async def newest(
        self, before: tuple[datetime, UUID] | None, limit: int, *, archived: bool = False
    ) -> Sequence[ConversationLine]:
        """Give up to `limit` conversations, last changed first, after the one that `before` names; without pinned ones.

        Its id stands beside its time: what was settled together changed in the same instant.
        """
        kept = ConversationRow.archived_at.is_not(None) if archived else ConversationRow.archived_at.is_(None)
        wanted = _lines(self._mine & kept & ConversationRow.pinned_at.is_(None))
        if before is not None:
            moment, conversation_id = before
            in_the_same_instant = (ConversationRow.updated_at == moment) & (ConversationRow.id < conversation_id)
            wanted = wanted.where((ConversationRow.updated_at < moment) | in_the_same_instant)
        newest_first = wanted.order_by(ConversationRow.updated_at.desc(), ConversationRow.id.desc())
        return [_line(row) for row in await self._tx.execute(newest_first.limit(limit))]

    async def pinned(self) -> Sequence[ConversationLine]:
        """Give the pinned ones, in the order they were pinned."""
        wanted = _lines(self._mine & ConversationRow.pinned_at.is_not(None))
        rows = await self._tx.execute(wanted.order_by(ConversationRow.pinned_at, ConversationRow.id))
        return [_line(row) for row in rows]

    async def make(self, title: str, zones: frozenset[str] | None = None) -> UUID:
        """Make an empty conversation, sealed to `zones`; None: as the team's rule says.

        Raises NotAllowed("seal_only_tightens") for more than the rule admits, Invalid("seal_empty").
        """
        conversation_id = new_id()
        rules = await read_rules(self._tx, self._team_id)
        if zones is not None:
            require_tighter(rules.sealed_to, zones)
        sealed_to = write_zones(rules.sealed_to if zones is None else zones)
        await self._tx.execute(
            insert(ConversationRow).values(
                id=conversation_id,
                team_id=self._team_id,
                owner_id=self._owner_id,
                title=title,
                head_id=None,
                created_at=db_now(),
                updated_at=db_now(),
                sealed_to=sealed_to,
                sealed_at=None if sealed_to is None else db_now(),
                leaving=NONE,
                title_by=PERSON if title else WORDS,
            )
        )
        if title:
            await self._index_title(conversation_id, title)
        return conversation_id

    async def get(self, conversation_id: UUID) -> ConversationFacts:
        """Read a conversation with its whole tree. Raises NotFound."""
        row = (await self._tx.execute(self._one(conversation_id))).one_or_none()
        if row is None:
            raise NotFound("conversation_gone")
        shared = exists().where(ShareRow.conversation_id == conversation_id, share_is_live())
        return ConversationFacts(
            id=row.id,
            title=row.title,
            head_id=row.head_id,
            created_at=row.created_at,
            updated_at=row.updated_at,
            messages=await self._messages(conversation_id),
            pinned=row.pinned_at is not None,
            archived=row.archived_at is not None,
            shared=bool(await self._tx.scalar(select(shared))),
            sealed_to=read_zones(row.sealed_to),
            sealed_at=row.sealed_at,
            comparisons=await comparisons_in(self._tx, conversation_id),
        )

    async def require(self, conversation_id: UUID) -> None:
        """Raise NotFound unless the conversation is this person's."""
        if (await self._tx.execute(self._one(conversation_id))).one_or_none() is None:
            raise NotFound("conversation_gone")

    async def hold(self, conversation_id: UUID) -> None:
        """As `require`, and let nobody else change who may read it until this transaction ends."""
        if (await self._tx.execute(self._one(conversation_id).with_for_update())).one_or_none() is None:
            raise NotFound("conversation_gone")

    async def rename(self, conversation_id: UUID, title: str) -> None:
        """Give another title. Raises NotFound."""
        await self._change(conversation_id, title=title, title_by=PERSON)
        await self._index_title(conversation_id, title)
        await erase_forgotten(self._tx)

    async def pin(self, conversation_id: UUID, *, pinned: bool) -> None:
        """Keep on top of the list, out of the archive; or no longer. Raises NotFound, Conflict("pins_full")."""
        if not pinned:
            await self._change(conversation_id, pinned_at=None)
            return
        others = self._mine & ConversationRow.pinned_at.is_not(None) & (ConversationRow.id != conversation_id)
        if (await self._tx.scalar(select(func.count()).select_from(ConversationRow).where(others)) or 0) >= MAX_PINNED:
            raise Conflict("pins_full", most=MAX_PINNED)
        since = func.coalesce(ConversationRow.pinned_at, db_now())
        await self._change(conversation_id, pinned_at=since, archived_at=None)

    async def archive(self, conversation_id: UUID, *, archived: bool) -> None:
        """Put out of the list, or back. It stays readable, findable and shared. Raises NotFound."""
        if archived:
            since = func.coalesce(ConversationRow.archived_at, db_now())
            await self._change(conversation_id, archived_at=since, pinned_at=None)
        else:
            await self._change(conversation_id, archived_at=None)

    async def show_branch(self, conversation_id: UUID, message_id: UUID) -> None:
        """Show the branch that ends with `message_id`. Raises NotFound."""
        await self.require_message(conversation_id, message_id)
        await self._change(conversation_id, head_id=message_id)

    async def require_message(self, conversation_id: UUID, message_id: UUID) -> None:
        """Raise NotFound unless the message is in the conversation; whose that is, is asked elsewhere."""
        belongs = select(MessageRow.id).where(
            MessageRow.id == message_id, MessageRow.conversation_id == conversation_id
        )
        if (await self._tx.execute(belongs)).one_or_none() is None:
            raise NotFound("message_gone")

    async def delete(self, conversation_id: UUID) -> None:
        """Delete with all messages. What was used stays in the ledger, without a word of content."""
        done = await self._tx.execute(delete(ConversationRow).where(ConversationRow.id == conversation_id, self._mine))
        if done.rowcount == 0:
            raise NotFound("conversation_gone")
        await erase_forgotten(self._tx)

    async def find_reply(self, reply_id: UUID) -> tuple[ReplyFacts, Written]:
        """Read a reply with what its message holds. Raises NotFound."""
        row = (
            (
                await self._tx.execute(
                    select(*ReplyRow.__table__.c, MessageRow.text, MessageRow.reasoning, MessageRow.beside)
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
        written = Written(row["text"], row["reasoning"], Beside.from_json(row["beside"]))
        facts = ReplyFacts.from_row(dict(row))
        veil = (await veils_in(self._tx, row["conversation_id"])).get(facts.message_id)
        return (facts, written) if veil is None else (veiled_reply(facts, veil), Written(veil.over(written.text), ""))

    async def running(self) -> Sequence[UUID]:
        """Give the ids of the replies being written for this person."""
        rows = await self._tx.execute(
            select(ReplyRow.id)
            .join(ConversationRow, ConversationRow.id == ReplyRow.conversation_id)
            .where(ReplyRow.state == "running", self._mine)
        )
        return [row[0] for row in rows]

    def _one(self, conversation_id: UUID) -> Select[*tuple[Any, ...]]:
        return select(
            ConversationRow.id,
            ConversationRow.title,
            ConversationRow.head_id,
            ConversationRow.created_at,
            ConversationRow.updated_at,
            ConversationRow.pinned_at,
            ConversationRow.archived_at,
            ConversationRow.sealed_to,
            ConversationRow.sealed_at,
        ).where(ConversationRow.id == conversation_id, self._mine)

    async def _messages(self, conversation_id: UUID) -> list[MessageFacts]:
        replies = await self._tx.execute(
            select(*ReplyRow.__table__.c).where(ReplyRow.conversation_id == conversation_id)
        )
        by_message = {row["message_id"]: ReplyFacts.from_row(dict(row)) for row in replies.mappings()}
        files = await attachments_in(self._tx, conversation_id)
        rows = await self._tx.execute(
            select(*MessageRow.__table__.c)
            .where(MessageRow.conversation_id == conversation_id)
            .order_by(MessageRow.created_at)
        )
        listed = rows.mappings().all()
        # An answer is stored with its call: what nothing follows has gone nowhere.
        followed = {row["parent_id"] for row in listed}
        messages = [
            MessageFacts(
                row["id"],
                row["parent_id"],
                row["role"],
                row["text"],
                row["reasoning"],
                row["created_at"],
                by_message.get(row["id"]),
                Beside.from_json(row["beside"]),
                attachments=files.get(row["id"], ()),
                unasked=row["role"] == "user" and row["id"] not in followed,
            )
            for row in listed
        ]
        veils = await veils_in(self._tx, conversation_id)
        shown = [one if one.id not in veils else veiled_message(one, veils[one.id]) for one in messages]
        return in_order(shown)

    async def _change(self, conversation_id: UUID, **values: object) -> None:
        done = await self._tx.execute(
            update(ConversationRow).where(ConversationRow.id == conversation_id, self._mine).values(**values)
        )
        if done.rowcount == 0:
            raise NotFound("conversation_gone")

    async def _index_title(self, conversation_id: UUID, title: str) -> None:
        await index_title(self._tx, Place(self._team_id, self._owner_id, conversation_id), title)


def _lines(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    running = exists().where(ReplyRow.conversation_id == ConversationRow.id, ReplyRow.state == "running")
    shared = exists().where(ShareRow.conversation_id == ConversationRow.id, share_is_live())
    return select(
        ConversationRow.id,
        ConversationRow.title,
        ConversationRow.updated_at,
        running.label("running"),
        ConversationRow.pinned_at,
        ConversationRow.archived_at,
        ConversationRow.sealed_to,
        shared.label("shared"),
    ).where(which)


def _line(row: Row[*tuple[Any, ...]]) -> ConversationLine:
    return ConversationLine(
        id=row.id,
        title=row.title,
        updated_at=row.updated_at,
        running=bool(row.running),
        pinned=row.pinned_at is not None,
        archived=row.archived_at is not None,
        shared=bool(row.shared),
        sealed_to=read_zones(row.sealed_to),
    )


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
