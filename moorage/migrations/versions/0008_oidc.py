"""Identity providers of teams, whom they know as whom, and the sessions there that sign-ins here came from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0008_oidc"
down_revision: str | None = "0007_factors"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("groups_claim", sa.String(100), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("default_role", sa.String(20), nullable=True),
        sa.Column("may_make_owners", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tested_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("team_id"),
    )
    op.create_table(
        "identity",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("provider_id", sa.String(36), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("role_seen", sa.String(20), nullable=True),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "issuer", "subject"),
    )
    op.create_index("ix_identity_user", "identity", ["user_id"], unique=False)
    op.create_table(
        "provider_session",
        sa.Column("sign_in_id", sa.String(36), nullable=False),
        sa.Column("provider_id", sa.String(36), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("session", sa.String(255), nullable=True),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_in.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sign_in_id"),
    )
    op.create_index("ix_provider_session_subject", "provider_session", ["provider_id", "subject"], unique=False)
