"""The trail's entries, the signed head of each chain, the keys that signed, and what was pruned."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime
from moorage.vault.columns import sealed_as

MAX_SEQ: Final = 2**31 - 1  # what the column of a number holds on PostgreSQL


class AuditRow(Row):
    """One entry. `canonical` holds the exact bytes that were hashed, so that checking never re-serialises.

    `form` is the version of these bytes. Entries of form 1 have no signature; they lie below the first signed head.
    """

    __tablename__ = "audit_entry"
    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    actor_id: Mapped[UUID | None] = mapped_column(Id)
    actor_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(64))
    object_name: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(16))
    request_id: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text)
    canonical: Mapped[bytes] = mapped_column(LargeBinary)
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    form: Mapped[int] = mapped_column(Integer, server_default="1")
    client: Mapped[str] = mapped_column(String(50), server_default="")
    key_number: Mapped[int | None] = mapped_column(Integer)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    __table_args__ = (
        Index("ix_audit_entry_actor", "team_id", "actor_id", "seq"),
        Index("ix_audit_entry_object", "team_id", "object_id", "seq"),
        Index("ix_audit_entry_action", "team_id", "action", "seq"),
        Index("ix_audit_entry_outcome", "team_id", "outcome", "seq"),
        Index("ix_audit_entry_at", "team_id", "at", "seq"),
    )


class AuditHeadRow(Row):
    """The newest entry of a chain and the chain's rules, signed. Locked while an entry is added: no chain can fork.

    Its signature is the only one of its kind: who cuts the end off finds none for the entry before.
    """

    __tablename__ = "audit_head"
    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    pruned_through: Mapped[int] = mapped_column(Integer, server_default="0")
    keep_days: Mapped[int | None] = mapped_column(Integer)
    clients: Mapped[str] = mapped_column(String(10), server_default="coarse")
    key_number: Mapped[int | None] = mapped_column(Integer)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))


class AuditKeyRow(Row):
    """A signing key of the deployment. `sealed_public`: the vault vouches for it. Replaced: no private half."""

    __tablename__ = "audit_key"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    public: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_public: Mapped[bytes] = mapped_column(LargeBinary, info=sealed_as("public", owner=None, row_id="number"))
    sealed_private: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_as("private", owner=None, row_id="number")
    )
    made_at: Mapped[datetime] = mapped_column(UtcTime)


class AuditTombstoneRow(Row):
    """What stands where pruned entries stood: which, how many, the hash of the last, when, by what rule; signed."""

    __tablename__ = "audit_tombstone"
    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    first_seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    last_seq: Mapped[int] = mapped_column(Integer)
    entries: Mapped[int] = mapped_column(Integer)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(UtcTime)
    keep_days: Mapped[int] = mapped_column(Integer)
    older_than: Mapped[datetime] = mapped_column(UtcTime)
    key_number: Mapped[int] = mapped_column(Integer)
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
