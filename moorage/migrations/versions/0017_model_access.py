"""Who may use a model, and a team's own names for models with their history; replies say which name was used."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0017_model_access"
down_revision: str | None = "0016_watch"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for table in ("connection", "connection_model"):
        op.add_column(table, sa.Column("audience", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("reply", sa.Column("alias_id", sa.String(36), nullable=True))
    op.add_column("reply", sa.Column("alias_name", sa.String(80), nullable=True))
    op.add_column("reply", sa.Column("target_ref", sa.String(320), nullable=True))
    op.create_table(
        "model_person",
        sa.Column("place", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("place", "user_id"),
    )
    op.create_index("ix_model_person_member", "model_person", ["team_id", "user_id"], unique=False)
    op.create_table(
        "standard_audience",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "provider", "model_id"),
    )
    _make_aliases()


def _make_aliases() -> None:
    op.create_table(
        "model_alias",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("folded", sa.String(240), nullable=False),
        sa.Column("turn_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    # A name is free again once its alias is deleted.
    op.create_index(
        "uq_model_alias_name",
        "model_alias",
        ["team_id", "folded"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "model_alias_turn",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("alias_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("target_ref", sa.String(320), nullable=False),
        sa.Column("model_name", sa.String(120), nullable=False),
        sa.Column("connection_name", sa.String(80), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["alias_id"], ["model_alias.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_model_alias_turn", "model_alias_turn", ["alias_id", "at"], unique=False)
