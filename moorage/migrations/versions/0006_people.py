"""Links that set a new password, the break-glass mark, and how a team signs one member out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0006_people"
down_revision: str | None = "0005_audit"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("break_glass", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("membership", sa.Column("signed_out_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "password_reset",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("by_operator", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_password_reset_user", "password_reset", ["user_id"], unique=False)
