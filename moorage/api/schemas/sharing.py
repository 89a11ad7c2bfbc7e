"""Conversations that others may read."""

from uuid import UUID

from moorage.api.schemas.base import Input, Moment, Shape
from moorage.api.schemas.connections import SealZoneName
from moorage.api.schemas.conversations import MessageView


class TermView(Shape):
    """Until when something is shared, null: until it is taken back. `is_over`: nobody reads by it any more."""

    ends_at: str | None
    is_over: bool


class ReaderView(TermView):
    """Somebody who may read, or could until `ends_at`."""

    user_id: UUID
    name: str


class SharingView(Shape):
    """Who may read a conversation beside its owner. `head_id` is the last message they see; null: nobody reads it.

    What has ended is still listed, until it is taken back or given anew. `team` null: not shared with all of it.
    """

    team: TermView | None
    people: list[ReaderView]
    head_id: UUID | None


class ShareTerm(Input):
    """Until when to share: a moment from which on nobody reads it, at most ten years away. Null: until taken back.

    Left out, a share that is live keeps its end, and another has none.
    """

    ends_at: Moment | None = None


class SharedHead(Input):
    """Show readers the branch that ends with this message."""

    message_id: UUID


class SharedLineView(Shape):
    """A conversation that somebody else shares with oneself. `sealed_to` null: it is not sealed.

    `ends_at`: from when on one reads it no more, null: until it is taken back.
    """

    id: UUID
    title: str
    owner_name: str
    shared_at: str
    ends_at: str | None
    sealed_to: list[SealZoneName] | None


class SharedList(Shape):
    """Last shared first."""

    conversations: list[SharedLineView]


class SharedView(Shape):
    """A conversation as its readers see it: one branch, from the first message to the last that is shared.

    `sealed_to`: the zones its words may reach now, null: not sealed. `ends_at`: from when on one reads it no more,
    null: until it is taken back; of one's own always null.
    """

    id: UUID
    title: str
    owner_name: str
    is_own: bool
    ends_at: str | None
    sealed_to: list[SealZoneName] | None
    messages: list[MessageView]
