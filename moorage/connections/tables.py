"""A team's own connections, the models found behind them, and the tests they went through."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime, db_now
from moorage.vault.columns import sealed_as

# Address, key and certificates go together: none of them is of use without the others.
_LOST: Final = {
    "key_lost_at": db_now(),
    "sealed_base_url": b"",
    "sealed_key": None,
    "sealed_trust": None,
    "trust_facts": None,
}


class ConnectionRow(Row):
    """A connection. Address, key and certificates are sealed; the key also to the others (P12, ADR 0013).

    `zone_since`: when the zone was stated anew, or another address put behind it; None: never (ADR 0022).
    `is_vouched`: it was an owner who last said where it leads and runs; under the rule "only cleared models", own
    hardware counts only then (cleared.py).
    """

    __tablename__ = "connection"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    provider: Mapped[str] = mapped_column(String(40))
    zone: Mapped[str] = mapped_column(String(40))
    zone_since: Mapped[datetime | None] = mapped_column(UtcTime)
    is_vouched: Mapped[bool] = mapped_column(Boolean, server_default=true())
    data_location: Mapped[str] = mapped_column(String(120))
    sealed_base_url: Mapped[bytes] = mapped_column(
        LargeBinary, info=sealed_as("base_url", by_room=True, when_lost=_LOST)
    )
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_as("key", by_room=True, when_lost=_LOST))
    sealed_trust: Mapped[bytes | None] = mapped_column(
        LargeBinary, info=sealed_as("trust", by_room=True, when_lost=_LOST)
    )
    trust_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    server_certificate: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    key_number: Mapped[int] = mapped_column(Integer)
    key_set_at: Mapped[datetime] = mapped_column(UtcTime)
    key_set_by: Mapped[UUID] = mapped_column(Id)
    key_expires_on: Mapped[str | None] = mapped_column(String(10))
    key_lost_at: Mapped[datetime | None] = mapped_column(UtcTime)
    quirks: Mapped[dict[str, Any]] = mapped_column(JSON)
    enabled: Mapped[bool] = mapped_column(Boolean)
    maintainer_id: Mapped[UUID | None] = mapped_column(Id)
    audience: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    health: Mapped[str] = mapped_column(String(20))
    health_code: Mapped[str | None] = mapped_column(String(60))
    health_at: Mapped[datetime | None] = mapped_column(UtcTime)
    # What noting.py makes of each call: since when, by what, how often it failed in a row, when the breaker opened.
    health_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    health_by: Mapped[str | None] = mapped_column(String(8))
    health_since: Mapped[datetime | None] = mapped_column(UtcTime)
    good_at: Mapped[datetime | None] = mapped_column(UtcTime)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    slow_since: Mapped[datetime | None] = mapped_column(UtcTime)
    created_by: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_connection_team", "team_id"),)


class ConnectionModelRow(Row):
    """A model behind a connection. A vanished one keeps its row, so that old conversations stay readable (P9).

    `facts`: what the endpoint says of it beside length and inputs. `learnt`: habits that calls have shown. `overrides`:
    what people have set; it stands above both, whatever a later list says (profiles.py).
    """

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
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    learnt: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    overrides: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    vanished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    audience: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
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
    sealed_base_url: Mapped[bytes | None] = mapped_column(LargeBinary, info=sealed_as("base_url"))
    made_by: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_connection_test_connection", "connection_id", "at"),)


class KeyUseRow(Row):
    """How often a key was used in an hour, for what. `counted_by` names the process that counted."""

    __tablename__ = "key_use"
    team_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    credential: Mapped[str] = mapped_column(String(60), primary_key=True)
    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    counted_by: Mapped[str] = mapped_column(String(40), primary_key=True)
    uses: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_key_use_hour", "team_id", "hour"), Index("ix_key_use_age", "hour"))
