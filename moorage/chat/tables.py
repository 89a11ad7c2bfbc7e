"""Conversations, their tree of messages, and the replies: the runs of a model that wrote them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ConversationRow(Row):
    """A conversation. `head_id` is the newest message of the branch that is shown."""

    __tablename__ = "conversation"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    owner_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(200))
    head_id: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_conversation_owner", "team_id", "owner_id", "updated_at"),)


class MessageRow(Row):
    """One message. Siblings (same parent) are edits or regenerations."""

    __tablename__ = "message"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    parent_id: Mapped[UUID | None] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    reasoning: Mapped[str] = mapped_column(Text)
    author_id: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_message_conversation", "conversation_id", "created_at"),)


class ReplyRow(Row):
    """One run of a model. Names are copied, so that the receipt outlives the connection (P21)."""

    __tablename__ = "reply"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    message_id: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    model_ref: Mapped[str] = mapped_column(String(320))
    model_id: Mapped[str] = mapped_column(String(256))
    model_name: Mapped[str] = mapped_column(String(120))
    model_reported: Mapped[str | None] = mapped_column(String(256))
    connection_id: Mapped[UUID | None] = mapped_column(Id)
    connection_name: Mapped[str] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(40))
    tokens_in: Mapped[int | None] = mapped_column(Integer)
    tokens_out: Mapped[int | None] = mapped_column(Integer)
    count_source: Mapped[str] = mapped_column(String(16))
    ttft_ms: Mapped[float | None] = mapped_column(Float)
    duration_ms: Mapped[float | None] = mapped_column(Float)
    finish_reason: Mapped[str | None] = mapped_column(String(60))
    problem_code: Mapped[str | None] = mapped_column(String(60))
    problem_params: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_reply_conversation", "conversation_id"), Index("ix_reply_state", "state", "owner"))
