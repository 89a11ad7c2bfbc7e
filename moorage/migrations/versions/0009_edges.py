"""Logout tokens are remembered; accounts that a team's provider made hold no claim to their address."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009_edges"
down_revision: str | None = "0008_oidc"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Without a password, and not known to the deployment's provider: only a team's provider ever said whose address it is.
_MADE_BY_A_TEAM = """
    UPDATE user_account SET said_email = email, email = id
    WHERE password_hash = '' AND NOT is_operator AND NOT EXISTS (
        SELECT 1 FROM identity
        WHERE identity.user_id = user_account.id
        AND identity.provider_id = '00000000-0000-0000-0000-000000000000'
    )
"""


def upgrade() -> None:
    op.create_table(
        "logout_token",
        sa.Column("provider_id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "token_hash"),
    )
    op.create_index("ix_logout_token_expires", "logout_token", ["expires_at"], unique=False)
    op.add_column("user_account", sa.Column("said_email", sa.String(254), nullable=True))
    op.execute(sa.text(_MADE_BY_A_TEAM))
