"""People, teams, memberships, sign-in sessions, sign-ins under way, invitations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from moorage.storage.types import Id, Row, UtcTime


class UserRow(Row):
    """A person. `email` is stored lower-case; an empty `password_hash` fits no password.

    `said_email`: only a team's provider says that this address is theirs, and they hold no claim to it; `email` is then
    the account's id, which is nobody's address.
    `break_glass`: the operator lets them in by password even where an identity provider is demanded.
    """

    __tablename__ = "user_account"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(8))
    is_operator: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    break_glass: Mapped[bool] = mapped_column(Boolean, server_default=false())
    said_email: Mapped[str | None] = mapped_column(String(254))


class TeamRow(Row):
    """A team. `plan` and `standing` are free text on purpose: the gate refuses what it does not know (P14)."""

    __tablename__ = "team"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    plan: Mapped[str] = mapped_column(String(40))
    standing: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    needs_second_factor: Mapped[bool] = mapped_column(Boolean, server_default=false())
    idle_limit_min: Mapped[int | None] = mapped_column(Integer)
    lifetime_min: Mapped[int | None] = mapped_column(Integer)


class MembershipRow(Row):
    """Who belongs to which team, as what. Sign-ins from before `signed_out_at` are no longer good for this team."""

    __tablename__ = "membership"
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    joined_at: Mapped[datetime] = mapped_column(UtcTime)
    signed_out_at: Mapped[datetime | None] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_membership_user", "user_id"),)


class SignInRow(Row):
    """A signed-in browser. Only the SHA-256 of its cookie is stored; `id` names it where its person sees it.

    `method` is how it came in, `client` its coarse network, `agent` what it calls itself. `proved_at` is when the
    person last proved who they are; `provider_id` the team's identity provider that vouched: it binds it to the team.
    """

    __tablename__ = "sign_in"
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    method: Mapped[str] = mapped_column(String(20))
    second_factor_at: Mapped[datetime | None] = mapped_column(UtcTime)
    proved_at: Mapped[datetime] = mapped_column(UtcTime)
    provider_id: Mapped[UUID | None] = mapped_column(Id)
    client: Mapped[str] = mapped_column(String(50))
    agent: Mapped[str] = mapped_column(String(200))
    __table_args__ = (Index("ix_sign_in_user", "user_id"),)


class PendingRow(Row):
    """Something begun on one page and finished on the next: a second factor, a passkey, a way to an identity provider.

    Single use, expiring, counted tries; `data` is JSON and holds nothing that opens anything by itself.
    """

    __tablename__ = "pending_sign_in"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    team_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    data: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_pending_sign_in_expires", "expires_at"),)


class ResetRow(Row):
    """A link that sets a new password: single use, expiring, only its hash stored."""

    __tablename__ = "password_reset"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    by_operator: Mapped[bool] = mapped_column(Boolean)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    __table_args__ = (Index("ix_password_reset_user", "user_id"),)


class InvitationRow(Row):
    """An invitation by link: single use, expiring, only its hash stored."""

    __tablename__ = "invitation"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    team_id: Mapped[UUID] = mapped_column(Id, ForeignKey("team.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(120))
    invited_by: Mapped[UUID] = mapped_column(Id, ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    used_by: Mapped[UUID | None] = mapped_column(Id)
    __table_args__ = (Index("ix_invitation_team", "team_id"),)
