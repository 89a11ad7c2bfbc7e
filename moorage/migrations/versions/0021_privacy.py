"""Exports and erasures as jobs, receipts of erasures, retention, secrecy undertakings; an alias's history knows who."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0021_privacy"
down_revision: str | None = "0020_ledger"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "privacy_job",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(36), nullable=True),
        sa.Column("subject_id", sa.String(36), nullable=True),
        sa.Column("whole_account", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("problem_code", sa.String(60), nullable=True),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_privacy_job_state", "privacy_job", ["state", "lease_until"], unique=False)
    op.create_index("ix_privacy_job_team", "privacy_job", ["team_id", "asked_by"], unique=False)
    op.create_table(
        "erasure_receipt",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasure_receipt_team", "erasure_receipt", ["team_id", "done_at"], unique=False)
    op.create_table(
        "retention_rule",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("conversation_days", sa.Integer(), nullable=True),
        sa.Column("attachment_days", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id"),
    )
    op.create_index("ix_conversation_age", "conversation", ["team_id", "updated_at"], unique=False)
    op.create_index("ix_attachment_age", "attachment", ["team_id", "created_at"], unique=False)
    _make_undertakings()
    op.add_column("model_alias_turn", sa.Column("by_id", sa.String(36), nullable=True))


def _make_undertakings() -> None:
    op.create_table(
        "secrecy_undertaking",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("signer", sa.String(120), nullable=False),
        sa.Column("signed_on", sa.String(10), nullable=False),
        sa.Column("expires_on", sa.String(10), nullable=True),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("set_by", sa.String(36), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("reminded_of", sa.String(10), nullable=True),
        sa.Column("reminded_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "place"),
    )
    op.create_index("ix_secrecy_undertaking_expires", "secrecy_undertaking", ["expires_on"], unique=False)
    op.create_table(
        "clearing_rule",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id"),
    )
