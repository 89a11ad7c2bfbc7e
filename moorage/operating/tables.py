"""Announcements, billing events that were taken, and what the last test of each standard provider's key found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class AnnouncementRow(Row):
    """A text of the operator's that everybody who is signed in sees from one moment until another.

    `edition` counts its changes: whoever closed an earlier one is shown what changed.
    """

    __tablename__ = "announcement"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    text_en: Mapped[str] = mapped_column(String(500))
    text_de: Mapped[str] = mapped_column(String(500))
    from_at: Mapped[datetime] = mapped_column(UtcTime)
    until_at: Mapped[datetime] = mapped_column(UtcTime)
    edition: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_announcement_until", "until_at"),)


class BillingEventRow(Row):
    """A billing event that was taken, by the id its sender gave it, so that it counts once. No reason, no content.

    `digest`: of everything that it said; another event under the same id is refused. `plan` and `standing`: as they
    were after it.
    """

    __tablename__ = "billing_event"
    event_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    occurred_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    outcome: Mapped[str] = mapped_column(String(12))
    plan: Mapped[str] = mapped_column(String(40))
    standing: Mapped[str] = mapped_column(String(40))
    __table_args__ = (Index("ix_billing_event_team", "team_id", "occurred_at"),)


class KeyTestRow(Row):
    """What the last test of a standard provider's key found: None in `problem_code`: it answered.

    `missing`: ids of listed models that it did not offer; `offered`: how many models it did.
    """

    __tablename__ = "standard_key_test"
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    tested_at: Mapped[datetime] = mapped_column(UtcTime)
    problem_code: Mapped[str | None] = mapped_column(String(60))
    offered: Mapped[int] = mapped_column(Integer)
    missing: Mapped[list[Any]] = mapped_column(JSON)
