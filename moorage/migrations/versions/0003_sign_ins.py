"""Sign-ins know how they came in and can be told apart; teams may ask more of them; what is under way has a table."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0003_sign_ins"
down_revision: str | None = "0002_trust"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("team", sa.Column("needs_second_factor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("team", sa.Column("idle_limit_min", sa.Integer(), nullable=True))
    op.add_column("team", sa.Column("lifetime_min", sa.Integer(), nullable=True))
    # Made anew: how the present ones came in is not known, and everybody can sign in again.
    op.drop_table("sign_in")
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("second_factor_at", sa.BigInteger(), nullable=True),
        sa.Column("proved_at", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.String(36), nullable=True),
        sa.Column("client", sa.String(50), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ix_sign_in_user", "sign_in", ["user_id"], unique=False)
    op.create_table(
        "pending_sign_in",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=True),
        sa.Column("team_id", sa.String(36), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_pending_sign_in_expires", "pending_sign_in", ["expires_at"], unique=False)
