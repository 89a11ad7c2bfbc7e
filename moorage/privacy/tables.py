"""Jobs that export or erase, receipts of what was erased, and how long a team keeps what it writes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class JobRow(Row):
    """An export or an erasure on its way. `lease_until`: until then it is `worker`'s; `cursor`: how far it got.

    `team_id` None: an erasure that the operator asked for, in every team. `subject_id` is whom an erasure is about, and
    gone when it ends. Sizes in bytes; `expires_at`: when an export's file is deleted.
    """

    __tablename__ = "privacy_job"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[UUID | None] = mapped_column(Id)
    subject_id: Mapped[UUID | None] = mapped_column(Id)
    whole_account: Mapped[bool] = mapped_column(Boolean)
    locale: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(12))
    cursor: Mapped[dict[str, Any]] = mapped_column(JSON)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    problem_code: Mapped[str | None] = mapped_column(String(60))
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (
        Index("ix_privacy_job_state", "state", "lease_until"),
        Index("ix_privacy_job_team", "team_id", "asked_by"),
    )


class ReceiptRow(Row):
    """What an erasure took, changed and left, in counts. It names nobody, and tells a restored database what it knows.

    Its id is the job's, and the tombstone's (tombstones.py).
    """

    __tablename__ = "erasure_receipt"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime] = mapped_column(UtcTime)
    told: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    __table_args__ = (Index("ix_erasure_receipt_team", "team_id", "done_at"),)


class RetentionRow(Row):
    """After how many days without a change conversations go, and after how many files do. None: never."""

    __tablename__ = "retention_rule"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    conversation_days: Mapped[int | None] = mapped_column(Integer)
    attachment_days: Mapped[int | None] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
