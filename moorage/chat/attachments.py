"""The attachments of one person in one team: keep what was uploaded, give it to a message, read it, forget it.

An attachment belongs to the conversation of the message that it was first sent with, and goes with it. An edit of that
message may keep it; no other conversation can take it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.chat.context import Content
from moorage.chat.facts import AttachmentFacts, AttachmentKind, Piece
from moorage.chat.tables import AttachmentContentRow, AttachmentRow, MessageAttachmentRow
from moorage.errors import Conflict, Invalid, NotFound
from moorage.storage.types import db_after, db_now, new_id

MIB: Final = 1024 * 1024
UNSENT_KEPT: Final = timedelta(days=1)
_SWEPT_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class AttachmentLimits:
    """What the operator allows: bytes of one file, files of one message, bytes of all files of a person, of a team."""

    each_bytes: int = 16 * MIB
    per_message: int = 10
    person_bytes: int = 2048 * MIB
    team_bytes: int = 20_480 * MIB


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file as it was read, to be kept: what is in it, and what is known of it."""

    name: str
    kind: AttachmentKind
    content: Content
    width: int | None = None
    height: int | None = None
    pages: int | None = None

    @property
    def text_bytes(self) -> int:
        """The length of its text in UTF-8."""
        return len(self.content.text.encode())

    @property
    def size(self) -> int:
        """What it is given back as, in bytes: a text has no bytes beside its text."""
        return len(self.content.data) or self.text_bytes


class AttachmentStore:
    """Reads and writes the attachments of one person in one team, and can't see any other."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, owner_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id
        self._owner_id = owner_id
        self._mine = (AttachmentRow.team_id == team_id) & (AttachmentRow.owner_id == owner_id)

    async def add(self, new: NewAttachment, limits: AttachmentLimits) -> AttachmentFacts:
        """Keep a file until it is sent, a day at most. Raises Conflict: attachments_full_person, attachments_full_team.

        What a PDF's text takes counts beside it, so that no small file fills the database.
        """
        # Two at once must not pass a limit that each of them keeps.
        await self._tx.execute(select(TeamRow.id).where(TeamRow.id == self._team_id).with_for_update(key_share=True))
        takes = len(new.content.data) + new.text_bytes
        if await self._stored(owner_id=self._owner_id) + takes > limits.person_bytes:
            raise Conflict("attachments_full_person", limit_mib=limits.person_bytes // MIB)
        if await self._stored() + takes > limits.team_bytes:
            raise Conflict("attachments_full_team", limit_mib=limits.team_bytes // MIB)
        facts = AttachmentFacts(
            new_id(),
            new.name,
            new.kind,
            new.content.media_type,
            new.size,
            new.text_bytes,
            new.width,
            new.height,
            new.pages,
        )
        await self._tx.execute(
            insert(AttachmentRow).values(
                team_id=self._team_id,
                owner_id=self._owner_id,
                created_at=db_now(),
                **{name: getattr(facts, name) for name in AttachmentFacts.__slots__},
            )
        )
        await self._tx.execute(
            insert(AttachmentContentRow).values(attachment_id=facts.id, data=new.content.data, text=new.content.text)
        )
        return facts

    async def get(self, attachment_id: UUID) -> AttachmentFacts:
        """Tell of one. Raises NotFound."""
        row = (await self._tx.execute(_facts().where(self._mine, AttachmentRow.id == attachment_id))).one_or_none()
        if row is None:
            raise NotFound("attachment_gone")
        return _read(row)

    async def content(self, attachment_id: UUID) -> tuple[AttachmentFacts, Content]:
        """Give one with what is in it. Raises NotFound."""
        facts = await self.get(attachment_id)
        found = await contents_of(self._tx, [attachment_id])
        return facts, found[attachment_id]

    async def remove(self, attachment_id: UUID) -> None:
        """Forget one that was not sent. Raises NotFound, Conflict("attachment_sent")."""
        gone = await self._tx.execute(
            delete(AttachmentRow).where(
                self._mine, AttachmentRow.id == attachment_id, AttachmentRow.conversation_id.is_(None)
            )
        )
        if gone.rowcount == 0:
            await self.get(attachment_id)
            raise Conflict("attachment_sent")

    async def find(self, ids: Sequence[UUID], conversation_id: UUID | None) -> list[AttachmentFacts]:
        """Tell of those that a message of this conversation may have, in the order of `ids`. Raises NotFound."""
        if not ids:
            return []
        free: ColumnElement[bool] = AttachmentRow.conversation_id.is_(None)
        if conversation_id is not None:
            free |= AttachmentRow.conversation_id == conversation_id
        rows = await self._tx.execute(_facts().where(self._mine, free, AttachmentRow.id.in_(ids)))
        found = {row.id: _read(row) for row in rows}
        if len(found) < len(set(ids)):
            raise NotFound("attachment_gone", field="attachments")
        return [found[one] for one in dict.fromkeys(ids)]

    async def give(
        self, ids: Sequence[UUID], conversation_id: UUID, message_id: UUID, most: int
    ) -> tuple[AttachmentFacts, ...]:
        """Make files part of a message that was just stored. Raises NotFound, Invalid("too_many_attachments")."""
        if not ids:
            return ()
        if len(ids) > most:
            raise Invalid("too_many_attachments", field="attachments", most=most)
        found = await self.find(ids, conversation_id)
        # Only those that are still free: another message may have taken them since.
        await self._tx.execute(
            update(AttachmentRow)
            .where(self._mine, AttachmentRow.id.in_(ids), AttachmentRow.conversation_id.is_(None))
            .values(conversation_id=conversation_id)
        )
        await self.find(ids, conversation_id)
        for position, one in enumerate(found):
            await self._tx.execute(
                insert(MessageAttachmentRow).values(message_id=message_id, attachment_id=one.id, position=position)
            )
        return tuple(found)

    async def _stored(self, owner_id: UUID | None = None) -> int:
        beside = case((AttachmentRow.kind == "text", 0), else_=AttachmentRow.text_bytes)
        took = func.coalesce(func.sum(AttachmentRow.size + beside), 0)
        whose = AttachmentRow.team_id == self._team_id
        if owner_id is not None:
            whose &= AttachmentRow.owner_id == owner_id
        return int(await self._tx.scalar(select(took).where(whose)) or 0)


async def attachments_in(tx: AsyncConnection, conversation_id: UUID) -> Mapping[UUID, tuple[AttachmentFacts, ...]]:
    """Tell the attachments of every message of a conversation, in their order; whose that is, is asked elsewhere."""
    rows = await tx.execute(
        _facts(MessageAttachmentRow.message_id)
        .join(MessageAttachmentRow, MessageAttachmentRow.attachment_id == AttachmentRow.id)
        .where(AttachmentRow.conversation_id == conversation_id)
        .order_by(MessageAttachmentRow.message_id, MessageAttachmentRow.position)
    )
    found: dict[UUID, list[AttachmentFacts]] = defaultdict(list)
    for row in rows:
        found[row.message_id].append(_read(row))
    return {message_id: tuple(facts) for message_id, facts in found.items()}


async def contents_of(tx: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, Content]:
    """Read what is in attachments; whose they are, is asked elsewhere. Raises NotFound if one is gone."""
    wanted = set(ids)
    rows = await tx.execute(
        select(AttachmentRow.id, AttachmentRow.media_type, AttachmentContentRow.data, AttachmentContentRow.text)
        .join(AttachmentContentRow, AttachmentContentRow.attachment_id == AttachmentRow.id)
        .where(AttachmentRow.id.in_(wanted))
    )
    found = {row.id: Content(row.media_type, row.data, row.text) for row in rows}
    if found.keys() != wanted:
        raise NotFound("attachment_gone")
    return found


async def pieces_of(tx: AsyncConnection, pieces: Mapping[int, tuple[Piece, ...]]) -> dict[UUID, Content]:
    """Read the contents of everything that goes with a request. Raises NotFound if its conversation was deleted."""
    return await contents_of(tx, [one.id for placed in pieces.values() for one in placed])


async def sweep(tx: AsyncConnection, kept: timedelta = UNSENT_KEPT) -> int:
    """Delete some of what was uploaded and not sent for so long; gives how many. Call until it gives none."""
    old = (
        select(AttachmentRow.id)
        .where(AttachmentRow.conversation_id.is_(None), AttachmentRow.created_at < db_after(-kept))
        .limit(_SWEPT_AT_ONCE)
    )
    gone = await tx.execute(delete(AttachmentRow).where(AttachmentRow.id.in_(old)))
    return gone.rowcount


def _facts(*more: Any) -> Select[*tuple[Any, ...]]:
    return select(*(getattr(AttachmentRow, name) for name in AttachmentFacts.__slots__), *more)


def _read(row: Row[*tuple[Any, ...]]) -> AttachmentFacts:
    return AttachmentFacts(**{name: getattr(row, name) for name in AttachmentFacts.__slots__})
