"""The wrapped data keys, and the check values that tell whether the key-encryption keys fit this database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class KeyCheckRow(Row):
    """A known text under a key-encryption key: opens only with the right one. One row per key id."""

    __tablename__ = "key_check"
    key_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class KeyRotationRow(Row):
    """A rotation of data keys that has not ended: those from before `begun_at` are still to be followed by new ones."""

    __tablename__ = "key_rotation"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    begun_at: Mapped[datetime] = mapped_column(UtcTime)


class TeamKeyRow(Row):
    """A data key of a team, or of the deployment (a nil UUID), wrapped under the key `key_id`.

    `uses` counts seals before they happen, in blocks. A lost key keeps its row, so that its number is not used again.
    """

    __tablename__ = "team_key"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(Id)
    number: Mapped[int] = mapped_column(Integer)
    key_id: Mapped[str] = mapped_column(String(200))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    uses: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    lost_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("owner_id", "number", name="uq_team_key"),)
