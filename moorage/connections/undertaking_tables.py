"""Secrecy undertakings of those whom a team's words reach, and the rule that only these may have them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class UndertakingRow(Row):
    """Who bound themselves to secrecy, when, and until when. `place`: a connection's id, or `standard:<provider>`.

    Days as `YYYY-MM-DD`; without `expires_on` it does not end. `document` says where the paper lies.
    `reminded_of` and `reminded_days`: for which last day, and how many days before it, somebody was reminded.
    """

    __tablename__ = "secrecy_undertaking"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[str] = mapped_column(String(80), primary_key=True)
    signer: Mapped[str] = mapped_column(String(120))
    signed_on: Mapped[str] = mapped_column(String(10))
    expires_on: Mapped[str | None] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(String(200))
    set_by: Mapped[UUID] = mapped_column(Id)
    set_at: Mapped[datetime] = mapped_column(UtcTime)
    reminded_of: Mapped[str | None] = mapped_column(String(10))
    reminded_days: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (Index("ix_secrecy_undertaking_expires", "expires_on"),)


class ClearingRuleRow(Row):
    """A team's rule that only cleared models may have its words. No row is no rule."""

    __tablename__ = "clearing_rule"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcTime)
