"""A team's own connections, the models found behind them, and the tests they went through."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class ConnectionRow(Row):
    """A connection. Address, key and certificates are sealed; the key also to the others (P12, ADR 0005)."""

    __tablename__ = "connection"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    provider: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(40))
    data_location: Mapped[str] = mapped_column(String(120))
    sealed_base_url: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_trust: Mapped[bytes | None] = mapped_column(LargeBinary)
    trust_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    server_certificate: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    key_number: Mapped[int] = mapped_column(Integer)
    key_set_at: Mapped[datetime] = mapped_column(UtcTime)
    key_set_by: Mapped[UUID] = mapped_column(Id)
    key_expires_on: Mapped[str | None] = mapped_column(String(10))
    quirks: Mapped[dict[str, Any]] = mapped_column(JSON)
    enabled: Mapped[bool] = mapped_column(Boolean)
    maintainer_id: Mapped[UUID | None] = mapped_column(Id)
    health: Mapped[str] = mapped_column(String(20))
    health_code: Mapped[str | None] = mapped_column(String(60))
    health_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_by: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_connection_team", "team_id"),)


class ConnectionModelRow(Row):
    """A model behind a connection. A vanished one keeps its row, so that old conversations stay readable (P9)."""

    __tablename__ = "connection_model"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(Id, ForeignKey("connection.id", ondelete="CASCADE"))
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    model_id: Mapped[str] = mapped_column(String(256))
    name: Mapped[str] = mapped_column(String(120))
    enabled: Mapped[bool] = mapped_column(Boolean)
    typed: Mapped[bool] = mapped_column(Boolean)
    context_length: Mapped[int | None] = mapped_column(Integer)
    inputs: Mapped[list[str]] = mapped_column(JSON)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (
        UniqueConstraint("connection_id", "model_id", name="uq_connection_model"),
        Index("ix_connection_model_team", "team_id"),
    )


class ConnectionTestRow(Row):
    """A finished staged test. `fingerprint` ties it to the address and key it was made with, without telling them."""

    __tablename__ = "connection_test"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    connection_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("connection.id", ondelete="CASCADE"))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    passed: Mapped[bool] = mapped_column(Boolean)
    stages: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    models: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    quirks: Mapped[dict[str, Any]] = mapped_column(JSON)
    sealed_base_url: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_by: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_connection_test_connection", "connection_id", "at"),)
