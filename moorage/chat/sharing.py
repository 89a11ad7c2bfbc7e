"""Sharing: who beside its owner may read a conversation. Read-only, within the team.

A reader sees the branch that was shown when it was shared, up to its last message then, until the owner shares more:
nothing that is written later is read by others unasked. Only the owner shares; both ends are memberships, so leaving
the team ends it (ShareRow). So does the moment it was given until, without anybody doing anything; its row stays, for
its owner to see. No gate is asked: nothing is sent anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, func, insert, null, select, type_coerce, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.roster import role_in
from moorage.accounts.tables import UserRow
from moorage.audit.trail import Act, Actor, record
from moorage.chat.attachments import contents_of
from moorage.chat.context import Content, branch_to
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import AttachmentFacts, MessageFacts
from moorage.chat.tables import ConversationRow, MessageAttachmentRow, MessageRow, ShareRow, share_is_live
from moorage.connections.zones import read_zones
from moorage.errors import Invalid, NotFound
from moorage.storage.types import UtcTime, db_now, new_id

MAX_LISTED: Final = 200
MAX_YEARS: Final = 10


@dataclass(frozen=True, slots=True)
class Term:
    """Until when something is shared; None: until it is taken back. `is_over`: that moment has passed."""

    ends_at: datetime | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody a conversation is shared with by name."""

    user_id: UUID
    name: str
    term: Term


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who may read a conversation beside its owner, and who could until lately; up to which message.

    `team` None: it was never shared with all of it, or taken back. `head_id` None: nobody reads anything.
    """

    team: Term | None
    people: list[Reader]
    head_id: UUID | None


@dataclass(frozen=True, slots=True)
class SharedLine:
    """One line of what others share with a person. `sealed_to`: the zones its words may reach; None: all."""

    id: UUID
    title: str
    owner_name: str
    shared_at: datetime
    ends_at: datetime | None
    sealed_to: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class SharedConversation:
    """A conversation as its readers see it: the branch that is shared, its seal, and nothing beside it.

    `ends_at`: until when this person reads it; None: until it is taken back, and for its owner.
    """

    id: UUID
    title: str
    owner_name: str
    is_own: bool
    ends_at: datetime | None
    sealed_to: frozenset[str] | None
    messages: list[MessageFacts]


class Shares:
    """The owner's side: one person's conversations, and who may read each of them."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, owner_id: UUID, actor: Actor) -> None:
        self._tx = tx
        self._team_id = team_id
        self._owner_id = owner_id
        self._actor = actor
        self._store = ConversationStore(tx, team_id, owner_id)

    async def of(self, conversation_id: UUID) -> Sharing:
        """Tell who may read. Raises NotFound."""
        await self._store.require(conversation_id)
        head_id = await self._tx.scalar(
            select(ConversationRow.shared_head_id).where(ConversationRow.id == conversation_id)
        )
        rows = await self._tx.execute(
            select(ShareRow.user_id, UserRow.name, ShareRow.ends_at, share_is_live().label("is_live"))
            .outerjoin(UserRow, UserRow.id == ShareRow.user_id)
            .where(ShareRow.conversation_id == conversation_id)
            .order_by(UserRow.name, ShareRow.user_id)
        )
        found = [(row.user_id, row.name, Term(row.ends_at, is_over=not row.is_live)) for row in rows]
        people = [Reader(user_id, name, term) for user_id, name, term in found if user_id is not None]
        team = next((term for user_id, _, term in found if user_id is None), None)
        # The last reader may have left the team meanwhile, or be past their last day.
        is_read = any(not term.is_over for _, _, term in found)
        return Sharing(team, people, head_id if is_read else None)

    async def add_team(
        self, conversation_id: UUID, ends_at: datetime | None = None, *, keeps_end: bool = False
    ) -> None:
        """Let the whole team read, and whoever joins it, until `ends_at`; once more: until another moment.

        `keeps_end`: a share that is live is left as it is.
        Raises NotFound; Invalid: nothing_to_share, share_end_invalid.
        """
        await self._store.hold(conversation_id)
        done = await self._put(conversation_id, None, ends_at, keeps_end=keeps_end)
        if done == "begun":
            await self._record_term("conversation.shared_with_team", conversation_id, "", ends_at)
        elif done == "changed":
            await self._record_term("conversation.share_end_changed_for_team", conversation_id, "", ends_at)

    async def remove_team(self, conversation_id: UUID) -> None:
        """Take it back from the team; who reads by name still does. Raises NotFound."""
        which = _with_team(conversation_id)
        over = await self._over(which)
        if await self._remove(conversation_id, which):
            await self._record("conversation.unshared_with_team", conversation_id, details=over)

    async def add(
        self, conversation_id: UUID, user_id: UUID, ends_at: datetime | None = None, *, keeps_end: bool = False
    ) -> None:
        """Let one member read until `ends_at`; once more: until another moment. `keeps_end` as in `add_team`.

        Raises NotFound; Invalid: share_with_oneself, nothing_to_share, share_end_invalid.
        """
        await self._store.hold(conversation_id)
        name = await self._member(user_id)
        if user_id == self._owner_id:
            raise Invalid("share_with_oneself")
        done = await self._put(conversation_id, user_id, ends_at, keeps_end=keeps_end)
        if done == "begun":
            await self._record_term("conversation.shared", conversation_id, name, ends_at)
        elif done == "changed":
            await self._record_term("conversation.share_end_changed", conversation_id, name, ends_at)

    async def remove(self, conversation_id: UUID, user_id: UUID) -> None:
        """Take it back from one member. Raises NotFound (conversation, or nobody it is shared with)."""
        name = await self._tx.scalar(select(UserRow.name).where(UserRow.id == user_id))
        which = _with(conversation_id, user_id)
        over = await self._over(which)
        if not await self._remove(conversation_id, which):
            raise NotFound("share_gone")
        await self._record("conversation.unshared", conversation_id, name or "", over)

    async def end(self, conversation_id: UUID) -> None:
        """Let nobody read but the owner. Raises NotFound."""
        if await self._remove(conversation_id, ShareRow.conversation_id == conversation_id):
            await self._record("conversation.unshared_with_all", conversation_id)

    async def move_head(self, conversation_id: UUID, message_id: UUID) -> None:
        """Let the readers see the branch that ends with this message. Raises NotFound: conversation, share, message."""
        await self._store.hold(conversation_id)
        if not await self._has(ShareRow.conversation_id == conversation_id, share_is_live()):
            raise NotFound("share_gone")
        await self._store.require_message(conversation_id, message_id)
        await self._set_head(conversation_id, message_id)
        await self._record("conversation.share_moved", conversation_id)

    async def _member(self, user_id: UUID) -> str:
        if await role_in(self._tx, self._team_id, user_id) is None:
            raise NotFound("member_gone")
        return str(await self._tx.scalar(select(UserRow.name).where(UserRow.id == user_id)))

    async def _put(
        self, conversation_id: UUID, user_id: UUID | None, ends_at: datetime | None, *, keeps_end: bool
    ) -> Literal["begun", "changed", "same"]:
        if ends_at is not None:
            now = await self._tx.scalar(select(db_now()))
            if now is None or not now < ends_at <= now + timedelta(days=366 * MAX_YEARS):
                raise Invalid("share_end_invalid", field="ends_at", most=MAX_YEARS)
        its = _with_team(conversation_id) if user_id is None else _with(conversation_id, user_id)
        found = await self._tx.execute(select(ShareRow.ends_at, share_is_live().label("is_live")).where(its))
        before = found.one_or_none()
        if before is None:
            await self._add(conversation_id, user_id, ends_at)
            return "begun"
        if before.is_live and keeps_end:
            return "same"
        if before.is_live:
            await self._tx.execute(update(ShareRow).where(its).values(ends_at=ends_at))
            return "same" if before.ends_at == ends_at else "changed"
        # The head stays: what was written since the end is read by others when its owner says so, as ever.
        await self._tx.execute(update(ShareRow).where(its).values(ends_at=ends_at, shared_at=db_now()))
        return "begun"

    async def _add(self, conversation_id: UUID, user_id: UUID | None, ends_at: datetime | None) -> None:
        if not await self._has(ShareRow.conversation_id == conversation_id, share_is_live()):
            # One that had been shared before begins anew: what another could read then says nothing about this reader.
            head_id = await self._tx.scalar(select(ConversationRow.head_id).where(_is(conversation_id)))
            if head_id is None:
                raise Invalid("nothing_to_share")
            await self._set_head(conversation_id, head_id)
        values = {
            "id": new_id(),
            "conversation_id": conversation_id,
            "team_id": self._team_id,
            "owner_id": self._owner_id,
            "user_id": user_id,
            "shared_at": db_now(),
            "ends_at": ends_at,
        }
        try:
            await self._tx.execute(insert(ShareRow).values(values))
        except IntegrityError:
            # Who is to read, or who shares, leaves the team in this very moment.
            raise NotFound("member_gone") from None

    async def _remove(self, conversation_id: UUID, which: ColumnElement[bool]) -> bool:
        await self._store.hold(conversation_id)
        done = await self._tx.execute(delete(ShareRow).where(which))
        if not await self._has(ShareRow.conversation_id == conversation_id):
            await self._set_head(conversation_id, None)
        return done.rowcount > 0

    async def _has(self, *which: ColumnElement[bool]) -> bool:
        return bool(await self._tx.scalar(select(exists().where(*which))))

    async def _set_head(self, conversation_id: UUID, head_id: UUID | None) -> None:
        await self._tx.execute(update(ConversationRow).where(_is(conversation_id)).values(shared_head_id=head_id))

    async def _over(self, which: ColumnElement[bool]) -> dict[str, str | None]:
        """Give when a share had ended before it is taken back: until then it was read, not until now."""
        ended = await self._tx.scalar(select(ShareRow.ends_at).where(which, ~share_is_live()))
        return {} if ended is None else _told(ended)

    async def _record_term(self, action: str, conversation_id: UUID, reader: str, ends_at: datetime | None) -> None:
        await self._record(action, conversation_id, reader, _told(ends_at))

    async def _record(
        self, action: str, conversation_id: UUID, reader: str = "", details: Mapping[str, str | None] | None = None
    ) -> None:
        # No title: it is made of what a person typed.
        act = Act(action, "conversation", str(conversation_id), reader, details=details or {})
        await record(self._tx, self._team_id, self._actor, act)


def _told(ends_at: datetime | None) -> dict[str, str | None]:
    return {"ends_at": None if ends_at is None else ends_at.astimezone(UTC).isoformat(timespec="seconds")}


def _is(conversation_id: UUID) -> ColumnElement[bool]:
    return ConversationRow.id == conversation_id


def _with(conversation_id: UUID, user_id: UUID) -> ColumnElement[bool]:
    return (ShareRow.conversation_id == conversation_id) & (ShareRow.user_id == user_id)


def _with_team(conversation_id: UUID) -> ColumnElement[bool]:
    return (ShareRow.conversation_id == conversation_id) & ShareRow.user_id.is_(None)


def _last_end() -> ColumnElement[Any]:
    # By name and with the whole team: who reads by both reads until the later one, for ever if either has no end.
    has_endless = func.count() > func.count(ShareRow.ends_at)
    return type_coerce(case((has_endless, null()), else_=func.max(ShareRow.ends_at)), UtcTime)


class SharedWithMe:
    """The reader's side: what others of the team share with one person."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, user_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id
        self._user_id = user_id
        mine = ShareRow.user_id.is_(None) | (ShareRow.user_id == user_id)
        self._reads = (ShareRow.team_id == team_id) & (ShareRow.owner_id != user_id) & mine & share_is_live()

    async def lines(self) -> Sequence[SharedLine]:
        """List them, last shared first, at most MAX_LISTED."""
        # By name and with the whole team is one line.
        since = func.max(ShareRow.shared_at).label("since")
        rows = await self._tx.execute(
            select(
                ConversationRow.id, ConversationRow.title, UserRow.name, since, _last_end(), ConversationRow.sealed_to
            )
            .join(ShareRow, ShareRow.conversation_id == ConversationRow.id)
            .join(UserRow, UserRow.id == ConversationRow.owner_id)
            .where(self._reads, ConversationRow.team_id == self._team_id)
            .group_by(ConversationRow.id, ConversationRow.title, UserRow.name, ConversationRow.sealed_to)
            .order_by(since.desc(), ConversationRow.id.desc())
            .limit(MAX_LISTED)
        )
        return [SharedLine(row[0], row[1], row[2], row[3], row[4], read_zones(row[5])) for row in rows]

    async def read(self, conversation_id: UUID) -> SharedConversation:
        """Read one that is shared with this person, or that this person shares. Raises NotFound for any other."""
        is_shared = ShareRow.conversation_id == ConversationRow.id
        own = (ConversationRow.owner_id == self._user_id) & exists().where(is_shared, share_is_live())
        ends_at = select(_last_end()).where(is_shared, self._reads).scalar_subquery().label("ends_at")
        found = await self._tx.execute(
            select(ConversationRow.owner_id, ConversationRow.shared_head_id, UserRow.name, ends_at)
            .join(UserRow, UserRow.id == ConversationRow.owner_id)
            .where(_is(conversation_id), ConversationRow.team_id == self._team_id)
            .where(exists().where(is_shared, self._reads) | own)
        )
        owner = found.one_or_none()
        if owner is None:
            raise NotFound("conversation_gone")
        facts = await ConversationStore(self._tx, self._team_id, owner.owner_id).get(conversation_id)
        shown = branch_to({message.id: message for message in facts.messages}, owner.shared_head_id)
        is_own = owner.owner_id == self._user_id
        return SharedConversation(facts.id, facts.title, owner.name, is_own, owner.ends_at, facts.sealed_to, shown)

    async def attachment(self, conversation_id: UUID, attachment_id: UUID) -> tuple[AttachmentFacts, Content]:
        """Give an attachment of the branch that this person may read. Raises NotFound for any other."""
        shown = (await self.read(conversation_id)).messages
        facts = next((one for message in shown for one in message.attachments if one.id == attachment_id), None)
        if facts is None:
            raise NotFound("attachment_gone")
        return facts, (await contents_of(self._tx, [attachment_id]))[attachment_id]


class _Placed(NamedTuple):
    """A message without its words."""

    id: UUID
    parent_id: UUID | None


async def reaches_readers(tx: AsyncConnection, attachment_id: UUID, conversation_id: UUID) -> bool:
    """Tell whether an attachment belongs to the branch that a conversation's readers see, if it has any."""
    is_read = exists().where(ShareRow.conversation_id == ConversationRow.id, share_is_live())
    head_id = await tx.scalar(select(ConversationRow.shared_head_id).where(_is(conversation_id), is_read))
    rows = await tx.execute(
        select(MessageRow.id, MessageRow.parent_id).where(MessageRow.conversation_id == conversation_id)
    )
    shown = branch_to({row.id: _Placed(row.id, row.parent_id) for row in rows}, head_id)
    its = select(MessageAttachmentRow.message_id).where(MessageAttachmentRow.attachment_id == attachment_id)
    return not {message.id for message in shown}.isdisjoint(await tx.scalars(its))
