"""A team's identity provider, whom which provider knows as whom, and the sessions there that sign-ins came from."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime
from moorage.vault.columns import sealed_as

LOST: Final = b""


class IdentityProviderRow(Row):
    """A team's identity provider; at most one. The secret is sealed to the issuer.

    `sealed_secret` is null where the client has none, and `LOST` where it had one that went with its key.

    `roles` is JSON, a list of [group, role]. `tested_at` is when somebody last came back from it, believed in all
    checks, with the issuer, client and secret that stand here now. `only`: nobody enters the team by other means.
    """

    __tablename__ = "identity_provider"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    sealed_secret: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        info=sealed_as(
            "client_secret",
            by_room=True,
            when_lost={"sealed_secret": LOST, "tested_at": None, "enabled": False, "only": False},
        ),
    )
    scopes: Mapped[str] = mapped_column(String(255))
    groups_claim: Mapped[str] = mapped_column(String(100))
    roles: Mapped[str] = mapped_column(Text)
    default_role: Mapped[str | None] = mapped_column(String(20))
    may_make_owners: Mapped[bool] = mapped_column(Boolean, server_default=false())
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=false())
    only: Mapped[bool] = mapped_column(Boolean, server_default=false())
    tested_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


def is_lost(sealed_secret: bytes | None) -> bool:
    """Whether a client secret went with its key."""
    return sealed_secret is not None and not sealed_secret


class IdentityRow(Row):
    """Somebody as a provider knows them: by (provider, issuer, subject) and by nothing else.

    `provider_id` is the nil UUID for the deployment's own provider. `role_seen` is what its groups gave when they last
    came; null when they gave nothing.
    """

    __tablename__ = "identity"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Id)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    role_seen: Mapped[str | None] = mapped_column(String(20))
    linked_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (UniqueConstraint("provider_id", "issuer", "subject"), Index("ix_identity_user", "user_id"))


class ProviderSessionRow(Row):
    """Which session at the provider a sign-in came from, so that a logout there ends it here."""

    __tablename__ = "provider_session"
    sign_in_id: Mapped[UUID] = mapped_column(Id, ForeignKey("sign_in.id", ondelete="CASCADE"), primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(Id)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    session: Mapped[str | None] = mapped_column(String(255))
    __table_args__ = (Index("ix_provider_session_subject", "provider_id", "subject"),)


class LogoutTokenRow(Row):
    """A logout token that was heard, by the hash of its id, for as long as it would still be believed."""

    __tablename__ = "logout_token"
    provider_id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_logout_token_expires", "expires_at"),)
