"""A connection knows since when it is as it is and how often it failed in a row; `connection_watch` plans checks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0016_watch"
down_revision: str | None = "0015_comparisons"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for name, kind in (
        ("health_facts", sa.JSON()),
        ("health_by", sa.String(8)),
        ("health_since", sa.BigInteger()),
        ("good_at", sa.BigInteger()),
        ("failing_since", sa.BigInteger()),
        ("opened_at", sa.BigInteger()),
        ("slow_since", sa.BigInteger()),
    ):
        op.add_column("connection", sa.Column(name, kind, nullable=True))
    op.add_column("connection", sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE connection SET health_since = health_at")
    op.execute("UPDATE connection SET good_at = health_at WHERE health = 'healthy'")
    op.create_table(
        "connection_watch",
        sa.Column("connection_id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("told_health", sa.String(20), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded_of", sa.String(10), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("connection_id"),
    )
    op.create_index("ix_connection_watch_due", "connection_watch", ["due_at"])
    op.create_index("ix_byom_usage_connection", "byom_usage_event", ["connection_id", "at"])
