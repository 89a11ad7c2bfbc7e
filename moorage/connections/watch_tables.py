"""What the watch keeps of each connection: when to look next, who is looking, and what somebody was told of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ConnectionWatchRow(Row):
    """The watch over one connection.

    `leased_until`: until then the check is some process's. `misses` checks failed in a row, since `missing_since`.
    `told_health`: what whoever looks after it was told last and is not taken back; `told_at`: when that was, ever.
    `reminded_of` and `reminded_days`: for which last day of the key, and how many days before it, they were reminded.
    """

    __tablename__ = "connection_watch"
    connection_id: Mapped[UUID] = mapped_column(Id, ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    due_at: Mapped[datetime] = mapped_column(UtcTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    misses: Mapped[int] = mapped_column(Integer)
    missing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    told_health: Mapped[str | None] = mapped_column(String(20))
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    reminded_of: Mapped[str | None] = mapped_column(String(10))
    reminded_days: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (Index("ix_connection_watch_due", "due_at"),)
