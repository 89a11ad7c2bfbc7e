"""Conversations are sealed to zones, receipts keep where words went, and models make titles."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0013_seals"
down_revision: str | None = "0012_profiles"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("zone_since", sa.BigInteger(), nullable=True))
    op.add_column("conversation", sa.Column("sealed_to", sa.String(80), nullable=True))
    op.add_column("conversation", sa.Column("sealed_at", sa.BigInteger(), nullable=True))
    op.add_column("conversation", sa.Column("leaving", sa.String(8), server_default="none", nullable=False))
    op.add_column("conversation", sa.Column("title_by", sa.String(8), server_default="person", nullable=False))
    op.add_column("reply", sa.Column("zone", sa.String(40), server_default="", nullable=False))
    op.add_column("reply", sa.Column("data_location", sa.String(120), server_default="", nullable=False))
    op.add_column("reply", sa.Column("sealed_to", sa.String(80), nullable=True))
    op.add_column("reply", sa.Column("asked_by", sa.String(36), nullable=True))
    # What earlier receipts know: of an own model its zone was the origin; of the operator's none was stated.
    op.execute("UPDATE reply SET zone = CASE origin WHEN 'included' THEN 'unstated' ELSE origin END")
    # Whose words were on own hardware only is asked before they leave it; who has left it had been told.
    had = "SELECT 1 FROM reply WHERE reply.conversation_id = conversation.id AND reply.origin"
    op.execute(
        f"UPDATE conversation SET leaving = CASE WHEN EXISTS ({had} NOT IN ('own_hardware', 'scripted')) "  # noqa: S608
        f"THEN 'said' ELSE 'asks' END WHERE EXISTS ({had} = 'own_hardware')"
    )
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "title_run",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("model_ref", sa.String(320), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("model_name", sa.String(120), nullable=False),
        sa.Column("model_reported", sa.String(256), nullable=True),
        sa.Column("connection_id", sa.String(36), nullable=True),
        sa.Column("connection_name", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("zone", sa.String(40), server_default="", nullable=False),
        sa.Column("data_location", sa.String(120), server_default="", nullable=False),
        sa.Column("sealed_to", sa.String(80), nullable=True),
        sa.Column("asked_by", sa.String(36), nullable=True),
        sa.Column("tokens_in", sa.Integer(), nullable=True),
        sa.Column("tokens_out", sa.Integer(), nullable=True),
        sa.Column("count_source", sa.String(16), nullable=False),
        sa.Column("ttft_ms", sa.Float(), nullable=True),
        sa.Column("duration_ms", sa.Float(), nullable=True),
        sa.Column("finish_reason", sa.String(60), nullable=True),
        sa.Column("problem_code", sa.String(60), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_title_run_conversation", "title_run", ["conversation_id"], unique=False)
    op.create_table(
        "conversation_rules",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("sealed_to", sa.String(80), nullable=True),
        sa.Column("titles", sa.String(8), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id"),
    )
