"""Several models answer one question, and what people found of it is kept."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0015_comparisons"
down_revision: str | None = "0014_attachments"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "comparison",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(36), nullable=False),
        sa.Column("question_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=True),
        sa.Column("better_id", sa.String(36), nullable=True),
        sa.Column("chosen_id", sa.String(36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comparison_conversation", "comparison", ["conversation_id"], unique=False)
    op.create_index("ix_comparison_undecided", "comparison", ["team_id", "user_id", "outcome"], unique=False)
    op.create_table(
        "comparison_answer",
        sa.Column("comparison_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("comparison_id", "place"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_table(
        "comparison_verdict",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comparison_verdict_team", "comparison_verdict", ["team_id", "at"], unique=False)
    op.create_table(
        "comparison_verdict_model",
        sa.Column("verdict_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("model_ref", sa.String(320), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("model_name", sa.String(120), nullable=False),
        sa.Column("connection_name", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("is_better", sa.Boolean(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["verdict_id"], ["comparison_verdict.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("verdict_id", "place"),
    )
