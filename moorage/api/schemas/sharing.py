"""Conversations that others may read."""

from uuid import UUID

from moorage.api.schemas.base import Input, Shape
from moorage.api.schemas.connections import SealZoneName
from moorage.api.schemas.conversations import MessageView


class ReaderView(Shape):
    """Somebody who may read."""

    user_id: UUID
    name: str


class SharingView(Shape):
    """Who may read a conversation beside its owner. `head_id` is the last message they see; null: nobody reads it."""

    whole_team: bool
    people: list[ReaderView]
    head_id: UUID | None


class SharedHead(Input):
    """Show readers the branch that ends with this message."""

    message_id: UUID


class SharedLineView(Shape):
    """A conversation that somebody else shares with oneself. `sealed_to` null: it is not sealed."""

    id: UUID
    title: str
    owner_name: str
    shared_at: str
    sealed_to: list[SealZoneName] | None


class SharedList(Shape):
    """Last shared first."""

    conversations: list[SharedLineView]


class SharedView(Shape):
    """A conversation as its readers see it: one branch, from the first message to the last that is shared.

    `sealed_to`: the zones its words may reach now, null: not sealed.
    """

    id: UUID
    title: str
    owner_name: str
    is_own: bool
    sealed_to: list[SealZoneName] | None
    messages: list[MessageView]
