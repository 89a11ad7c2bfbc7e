"""Announcements, billing events that were taken, and the last test of each standard provider's key."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0023_desk"
down_revision: str | None = "0022_statistics"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text_en", sa.String(500), nullable=False),
        sa.Column("text_de", sa.String(500), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_announcement_until", "announcement", ["until_at"], unique=False)
    op.create_table(
        "billing_event",
        sa.Column("event_id", sa.String(100), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("plan", sa.String(40), nullable=False),
        sa.Column("standing", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index("ix_billing_event_team", "billing_event", ["team_id", "occurred_at"], unique=False)
    op.create_table(
        "standard_key_test",
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("tested_at", sa.BigInteger(), nullable=False),
        sa.Column("problem_code", sa.String(60), nullable=True),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("provider"),
    )
