"""The ledger's rows: what is under way, what was used, the budgets. Own and standard models never share one (P15)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime

# A UUIDv7 begins with its time, so a month is a range of ids (months.py).
_BY_MONTH: Final = "RANGE (call_id)"


class BudgetPeriodRow(Row):
    """What a team may use of standard models in one month, in tokens. `settled + reserved` stays within the limit.

    `spent_told_at`: the trail has said that the budget is spent; once a period is enough.
    """

    __tablename__ = "budget_period"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    period_start: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    limit_tokens: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger)
    spent_told_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ReservationRow(Row):
    """A call that was announced and is not settled yet. Its lease tells whether its process still lives.

    Of standard models: the period whose budget holds so many tokens for it. No other kind can name one, by schema.
    """

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
    period_start: Mapped[datetime | None] = mapped_column(UtcTime)
    held_tokens: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("ix_reservation_lease", "lease_until"),
        Index("ix_reservation_owner", "owner"),
        CheckConstraint(
            "kind = 'standard' OR (period_start IS NULL AND held_tokens IS NULL)", name="ck_reservation_budget"
        ),
        ForeignKeyConstraint(
            ["team_id", "period_start"],
            ["budget_period.team_id", "budget_period.period_start"],
            name="fk_reservation_budget",
            ondelete="CASCADE",
        ),
    )


class _Event:
    """The columns both event tables have. Token counts are null when nothing is known: a zero is never "free" (P16).

    Triggers refuse to change any but `user_id`: a new column has to be named there.
    """

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
    __table_args__ = (
        Index("ix_byom_usage_team", "team_id", "at"),
        Index("ix_byom_usage_person", "team_id", "user_id"),
        Index("ix_byom_usage_connection", "connection_id", "at"),
        {"postgresql_partition_by": _BY_MONTH},
    )


class StandardUsageRow(_Event, Row):
    """One call of a standard model, and what of the budget of `period_start` it took.

    `overrun`: more than was held for it, so its provider did not keep to `max_tokens` or counts words otherwise.
    """

    __tablename__ = "standard_usage_event"
    provider: Mapped[str] = mapped_column(String(40))
    period_start: Mapped[datetime | None] = mapped_column(UtcTime)
    held_tokens: Mapped[int | None] = mapped_column(BigInteger)
    charged_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    overrun: Mapped[bool] = mapped_column(Boolean, server_default=false())
    __table_args__ = (
        Index("ix_standard_usage_team", "team_id", "at"),
        Index("ix_standard_usage_person", "team_id", "user_id"),
        Index("ix_standard_usage_period", "team_id", "period_start"),
        {"postgresql_partition_by": _BY_MONTH},
    )


class _Correction:
    """What became known of a call after it had been settled. Rows are only ever added: one per call and reason.

    Its counts take the place of the event's.
    """

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    call_id: Mapped[UUID] = mapped_column(Id)
    team_id: Mapped[UUID] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(String(20))
    tokens_in: Mapped[int | None] = mapped_column(Integer)
    tokens_out: Mapped[int | None] = mapped_column(Integer)
    count_source: Mapped[str] = mapped_column(String(16))
    ended: Mapped[str] = mapped_column(String(20))
    ttft_ms: Mapped[float | None] = mapped_column(Float)
    at: Mapped[datetime] = mapped_column(UtcTime)


class ByomCorrectionRow(_Correction, Row):
    """A correction of a call of an own model."""

    __tablename__ = "byom_usage_correction"
    __table_args__ = (UniqueConstraint("call_id", "reason", name="uq_byom_correction"),)


class StandardCorrectionRow(_Correction, Row):
    """A correction of a call of a standard model: so many tokens more, or fewer, of the budget of `period_start`."""

    __tablename__ = "standard_usage_correction"
    period_start: Mapped[datetime | None] = mapped_column(UtcTime)
    charged_delta: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        UniqueConstraint("call_id", "reason", name="uq_standard_correction"),
        Index("ix_standard_correction_period", "team_id", "period_start"),
    )


class _Day:
    """Sums of one person's calls of one model on one day (UTC, days since 1970). `estimated`: orphans included.

    Written in the transaction that settles a call, so that nothing has to be added up to be shown.
    """

    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    calls: Mapped[int] = mapped_column(Integer)
    failed_calls: Mapped[int] = mapped_column(Integer)
    reported_calls: Mapped[int] = mapped_column(Integer)
    estimated_calls: Mapped[int] = mapped_column(Integer)
    missing_calls: Mapped[int] = mapped_column(Integer)
    reported_in: Mapped[int] = mapped_column(BigInteger)
    reported_out: Mapped[int] = mapped_column(BigInteger)
    estimated_in: Mapped[int] = mapped_column(BigInteger)
    estimated_out: Mapped[int] = mapped_column(BigInteger)
    ttft_calls: Mapped[int] = mapped_column(Integer)
    ttft_ms_sum: Mapped[float] = mapped_column(Float)


def _of_day(source: str) -> tuple[Any, ...]:
    # In the order in which figures are grouped: a report reads on and sorts nothing. Without a row number of its own,
    # SQLite keeps the rows themselves in that order.
    return PrimaryKeyConstraint("team_id", "day", source, "model_id", "user_id"), {"sqlite_with_rowid": False}


class ByomDayRow(_Day, Row):
    """A day of an own model."""

    __tablename__ = "byom_usage_day"
    connection_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    __table_args__ = _of_day("connection_id")


class StandardDayRow(_Day, Row):
    """A day of a standard model."""

    __tablename__ = "standard_usage_day"
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    __table_args__ = _of_day("provider")


class _Closed:
    """Sums of the rows of days that are over, made from them (closed.py). What is added to such a day is added here."""

    calls: Mapped[int] = mapped_column(BigInteger)
    failed_calls: Mapped[int] = mapped_column(BigInteger)
    reported_calls: Mapped[int] = mapped_column(BigInteger)
    estimated_calls: Mapped[int] = mapped_column(BigInteger)
    missing_calls: Mapped[int] = mapped_column(BigInteger)
    reported_in: Mapped[int] = mapped_column(BigInteger)
    reported_out: Mapped[int] = mapped_column(BigInteger)
    estimated_in: Mapped[int] = mapped_column(BigInteger)
    estimated_out: Mapped[int] = mapped_column(BigInteger)
    ttft_calls: Mapped[int] = mapped_column(BigInteger)
    ttft_ms_sum: Mapped[float] = mapped_column(Float)


class _ClosedDay(_Closed):
    """What a whole team used of one model on one day."""

    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_id: Mapped[str] = mapped_column(String(256), primary_key=True)


class ByomClosedDayRow(_ClosedDay, Row):
    """A closed day of an own model."""

    __tablename__ = "byom_usage_closed_day"
    connection_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    __table_args__ = (
        PrimaryKeyConstraint("team_id", "day", "connection_id", "model_id"),
        {"sqlite_with_rowid": False},
    )


class StandardClosedDayRow(_ClosedDay, Row):
    """A closed day of a standard model."""

    __tablename__ = "standard_usage_closed_day"
    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    __table_args__ = PrimaryKeyConstraint("team_id", "day", "provider", "model_id"), {"sqlite_with_rowid": False}


class _Fortnight(_Closed):
    """What one person used in fourteen days, of whatever model. `fortnight`: days since 1970, by fourteen.

    Of the last one, those days that are closed.
    """

    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    fortnight: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, primary_key=True)


class ByomFortnightRow(_Fortnight, Row):
    """A fortnight of own models."""

    __tablename__ = "byom_usage_fortnight"
    __table_args__ = PrimaryKeyConstraint("team_id", "fortnight", "user_id"), {"sqlite_with_rowid": False}


class StandardFortnightRow(_Fortnight, Row):
    """A fortnight of standard models."""

    __tablename__ = "standard_usage_fortnight"
    __table_args__ = PrimaryKeyConstraint("team_id", "fortnight", "user_id"), {"sqlite_with_rowid": False}


class ClosingRow(Row):
    """Up to which day (included) all days are closed. One row; whoever closes days, or adds to a closed one, holds it.

    None: nothing is closed yet.
    """

    __tablename__ = "usage_closing"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(Integer)


class TokenScaleRow(Row):
    """What a model makes of an estimate: reported tokens by estimated ones, and how many calls have taught it.

    `source`: a connection's id, or a standard provider's name.
    """

    __tablename__ = "token_scale"
    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(256), primary_key=True)
    scale_in: Mapped[float] = mapped_column(Float)
    calls_in: Mapped[int] = mapped_column(Integer)
    scale_out: Mapped[float] = mapped_column(Float)
    calls_out: Mapped[int] = mapped_column(Integer)
