"""Comparisons and what became of them. A verdict outlives its conversation: it names models, not a word."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ComparisonRow(Row):
    """Several answers to one question, asked for together. `outcome` is null until somebody judged.

    `better_id` is the answer that was found better, `chosen_id` the one that the conversation goes on from.
    """

    __tablename__ = "comparison"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("conversation.id", ondelete="CASCADE"))
    question_id: Mapped[UUID] = mapped_column(Id)
    user_id: Mapped[UUID] = mapped_column(Id)
    is_blind: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str | None] = mapped_column(String(8))
    better_id: Mapped[UUID | None] = mapped_column(Id)
    chosen_id: Mapped[UUID | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (
        Index("ix_comparison_conversation", "conversation_id"),
        Index("ix_comparison_undecided", "team_id", "user_id", "outcome"),
    )


class ComparisonAnswerRow(Row):
    """One answer of a comparison, in its place from the left, counted from 0."""

    __tablename__ = "comparison_answer"
    comparison_id: Mapped[UUID] = mapped_column(Id, ForeignKey("comparison.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Id, ForeignKey("message.id", ondelete="CASCADE"), unique=True)


class VerdictRow(Row):
    """What one person found of one comparison. Its id is the comparison's: nobody judges twice."""

    __tablename__ = "comparison_verdict"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Id)
    is_blind: Mapped[bool] = mapped_column(Boolean)
    outcome: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_comparison_verdict_team", "team_id", "at"),)


class VerdictModelRow(Row):
    """A model that was judged, by reference and by its names as they were. `is_whole`: its answer came to its end."""

    __tablename__ = "comparison_verdict_model"
    verdict_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("comparison_verdict.id", ondelete="CASCADE"), primary_key=True
    )
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_ref: Mapped[str] = mapped_column(String(320))
    model_id: Mapped[str] = mapped_column(String(256))
    model_name: Mapped[str] = mapped_column(String(120))
    connection_name: Mapped[str] = mapped_column(String(80))
    origin: Mapped[str] = mapped_column(String(40))
    is_better: Mapped[bool] = mapped_column(Boolean)
    is_whole: Mapped[bool] = mapped_column(Boolean)
