"""The ledger's rows: what is under way, and what was used. Own and standard models never share a table (P15)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ReservationRow(Row):
    """A call that was announced and is not settled yet. Its lease tells whether its process still lives."""

    __tablename__ = "reservation"
    call_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(16))
    connection_id: Mapped[UUID | None] = mapped_column(Id)
    provider: Mapped[str] = mapped_column(String(40))
    model_id: Mapped[str] = mapped_column(String(256))
    tokens_in_estimate: Mapped[int] = mapped_column(Integer)
    owner: Mapped[str] = mapped_column(String(80))
    lease_until: Mapped[datetime] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_reservation_lease", "lease_until"), Index("ix_reservation_owner", "owner"))


class _Event:
    """The columns both event tables have. Token counts are null when nothing is known: a zero is never "free" (P16)."""

    call_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id)
    user_id: Mapped[UUID] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(String(16))
    model_id: Mapped[str] = mapped_column(String(256))
    tokens_in: Mapped[int | None] = mapped_column(Integer)
    tokens_out: Mapped[int | None] = mapped_column(Integer)
    count_source: Mapped[str] = mapped_column(String(16))
    ended: Mapped[str] = mapped_column(String(20))
    ttft_ms: Mapped[float | None] = mapped_column(Float)
    duration_ms: Mapped[float | None] = mapped_column(Float)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    at: Mapped[datetime] = mapped_column(UtcTime)


class ByomUsageRow(_Event, Row):
    """One call of an own model. There is no way to a budget from here, by schema."""

    __tablename__ = "byom_usage_event"
    connection_id: Mapped[UUID] = mapped_column(Id)
    __table_args__ = (Index("ix_byom_usage_team", "team_id", "at"),)


class StandardUsageRow(_Event, Row):
    """One call of a standard model."""

    __tablename__ = "standard_usage_event"
    provider: Mapped[str] = mapped_column(String(40))
    __table_args__ = (Index("ix_standard_usage_team", "team_id", "at"),)
