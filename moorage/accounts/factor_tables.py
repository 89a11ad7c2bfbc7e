"""Second factors: authenticator apps, passkeys, recovery codes. They belong to a person, whatever teams they are in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime
from moorage.vault.columns import sealed_as


class AppRow(Row):
    """An authenticator app. Without `confirmed_at` it counts for nothing yet.

    `last_step` is the newest step whose code was taken: none is taken twice. `missed` counts wrong codes since
    `missed_since`.
    """

    __tablename__ = "authenticator_app"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    sealed_secret: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed_as("sealed_secret", owner=None, goes_when_lost=True)
    )
    last_step: Mapped[int] = mapped_column(BigInteger)
    missed: Mapped[int] = mapped_column(Integer)
    missed_since: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_authenticator_app_user", "user_id"),)


class PasskeyRow(Row):
    """A passkey: its public key, and how often its authenticator says it was used.

    `can_sync`: it may be on several devices; `is_backed_up`: it is. `suspected_at`: it was used with a count that
    was not above the stored one, as a copy would be.
    """

    __tablename__ = "passkey"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    can_sync: Mapped[bool] = mapped_column(Boolean)
    is_backed_up: Mapped[bool] = mapped_column(Boolean)
    transports: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    suspected_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_passkey_user", "user_id"),)


class RecoveryCodeRow(Row):
    """A recovery code: only its hash, used once."""

    __tablename__ = "recovery_code"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_recovery_code_user", "user_id"),)
