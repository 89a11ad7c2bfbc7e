"""Conversations, their tree of messages with attachments, the replies, who else may read, the words to find them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime, db_now


class ConversationRow(Row):
    """A conversation. `head_id` ends the branch that is shown; `shared_head_id` the one that its readers see.

    `sealed_to`: the zones that its words may reach, None for all (connections/zones.py); `sealed_at`: since when.
    `leaving`: whether its words may leave own hardware (leaving.py). `title_by`: who made its title (titles.py).
    """

    __tablename__ = "conversation"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    head_id: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    pinned_at: Mapped[datetime | None] = mapped_column(UtcTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcTime)
    shared_head_id: Mapped[UUID | None] = mapped_column(Id)
    sealed_to: Mapped[str | None] = mapped_column(String(80))
    sealed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    leaving: Mapped[str] = mapped_column(String(8), server_default="none")
    title_by: Mapped[str] = mapped_column(String(8), server_default="person")
    __table_args__ = (
        Index("ix_conversation_owner", "team_id", "owner_id", "updated_at"),
        Index("ix_conversation_age", "team_id", "updated_at"),
    )


class MessageRow(Row):
    """One message. Siblings (same parent) are edits or regenerations.

    `beside` holds what stands beside an answer's words: calls of tools and sources, as providers/beside.py writes them.
    """

    __tablename__ = "message"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    reasoning: Mapped[str] = mapped_column(Text)
    author_id: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    beside: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (Index("ix_message_conversation", "conversation_id", "created_at"),)


class _Run:
    """What a receipt is made of (P21). Names, zone, location and seal are copied: it outlives them.

    `sealed_to`: the seal of the conversation when it was asked. `asked_by` is None where that was not kept yet.
    """

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    model_ref: Mapped[str] = mapped_column(String(320))
    model_id: Mapped[str] = mapped_column(String(256))
    model_name: Mapped[str] = mapped_column(String(120))
    model_reported: Mapped[str | None] = mapped_column(String(256))
    connection_id: Mapped[UUID | None] = mapped_column(Id)
    connection_name: Mapped[str] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(40), server_default="")
    data_location: Mapped[str] = mapped_column(String(120), server_default="")
    sealed_to: Mapped[str | None] = mapped_column(String(80))
    asked_by: Mapped[UUID | None] = mapped_column(Id)
    tokens_in: Mapped[int | None] = mapped_column(Integer)
    tokens_out: Mapped[int | None] = mapped_column(Integer)
    count_source: Mapped[str] = mapped_column(String(16))
    ttft_ms: Mapped[float | None] = mapped_column(Float)
    duration_ms: Mapped[float | None] = mapped_column(Float)
    finish_reason: Mapped[str | None] = mapped_column(String(60))
    problem_code: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ReplyRow(_Run, Row):
    """One run of a model that writes an answer.

    `continues_id` is the message whose text this run was given to go on from; `withheld` is facts.Withheld as JSON.
    `model_ref` is what was asked for: where that was one of the team's own names, `alias_name` is that name, and
    `target_ref` the model it stood for.
    """

    __tablename__ = "reply"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    problem_params: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(80))
    continues_id: Mapped[UUID | None] = mapped_column(Id)
    withheld: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    alias_id: Mapped[UUID | None] = mapped_column(Id)
    alias_name: Mapped[str | None] = mapped_column(String(80))
    target_ref: Mapped[str | None] = mapped_column(String(320))
    finish_stated: Mapped[str | None] = mapped_column(String(60))
    thought_ms: Mapped[float | None] = mapped_column(Float)
    __table_args__ = (Index("ix_reply_conversation", "conversation_id"), Index("ix_reply_state", "state", "owner"))


class TitleRunRow(_Run, Row):
    """One run of a model that makes a title: a call like any other, with a receipt of its own."""

    __tablename__ = "title_run"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    __table_args__ = (Index("ix_title_run_conversation", "conversation_id"),)


class ConversationRulesRow(Row):
    """What a team has decided for its conversations: the seal that new ones begin with, and who makes titles."""

    __tablename__ = "conversation_rules"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    sealed_to: Mapped[str | None] = mapped_column(String(80))
    titles: Mapped[str] = mapped_column(String(8))


class AttachmentRow(Row):
    """A file that somebody attached; what is in it stands in a row of its own, so that no list ever reads it.

    Without `conversation_id` it was not sent yet, and is deleted after a day. Sizes in bytes, of the text as UTF-8.
    """

    __tablename__ = "attachment"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(12))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    text_bytes: Mapped[int] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    pages: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        Index("ix_attachment_owner", "team_id", "owner_id"),
        Index("ix_attachment_age", "team_id", "created_at"),
        Index("ix_attachment_conversation", "conversation_id", "created_at"),
    )


class AttachmentContentRow(Row):
    """What is in an attachment: the bytes of a picture or PDF, the text of a text or PDF. ADR 0023 says why plain."""

    __tablename__ = "attachment_content"
    attachment_id: Mapped[UUID] = mapped_column(Id, ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)


class MessageAttachmentRow(Row):
    """Which messages an attachment belongs to: the edits of a question keep what was attached to it."""

    __tablename__ = "message_attachment"
    message_id: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    attachment_id: Mapped[UUID] = mapped_column(Id, ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("ix_message_attachment_attachment", "attachment_id"),)


class ShareRow(Row):
    """Who may read a conversation beside its owner; without `user_id` the whole team. Until `ends_at`, if it is given.

    A row alone lets nobody read: ask `share_is_live`, or a reader goes on reading after the last day.
    Both ends are memberships: who leaves the team reads nothing more, and shares nothing more, whoever removes them.
    """

    __tablename__ = "conversation_share"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    team_id: Mapped[UUID] = mapped_column(Id)
    owner_id: Mapped[UUID] = mapped_column(Id)
    user_id: Mapped[UUID | None] = mapped_column(Id)
    shared_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "owner_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"),
        UniqueConstraint("conversation_id", "user_id"),
        Index("ix_conversation_share_user", "team_id", "user_id"),
        Index("ix_conversation_share_owner", "team_id", "owner_id"),
    )


def share_is_live() -> ColumnElement[bool]:
    """Give the condition that a share lets somebody read at this moment, by the database's clock."""
    return ShareRow.ends_at.is_(None) | (ShareRow.ends_at > db_now())


class SearchEntryRow(Row):
    """The words of one message, or of a title (no `message_id`), as search_index.py folds and marks them.

    On SQLite, triggers keep the virtual table `search_index` (FTS5) beside it; PostgreSQL has a GIN index of it.
    """

    __tablename__ = "search_entry"
    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    message_id: Mapped[UUID | None] = mapped_column(Id)
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))
    __table_args__ = (Index("ix_search_entry_conversation", "conversation_id", "message_id"),)
