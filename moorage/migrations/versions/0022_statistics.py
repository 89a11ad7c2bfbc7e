"""Sums per day lie in the order in which statistics read them; and what a team says that its models cost."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0022_statistics"
down_revision: str | None = "0021_privacy"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_WHOLE = ("calls", "failed_calls", "reported_calls", "estimated_calls", "missing_calls")
_TOKENS = ("reported_in", "reported_out", "estimated_in", "estimated_out")


def upgrade() -> None:
    for kind, source, width in (("byom", "connection_id", 36), ("standard", "provider", 40)):
        _lay_anew(f"{kind}_usage_day", source, width)
    op.create_table(
        "model_price",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("place", sa.String(80), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("per_million_in", sa.BigInteger(), nullable=False),
        sa.Column("per_million_out", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "place", "model_id"),
    )


def _lay_anew(name: str, source: str, width: int) -> None:
    key = ("team_id", "day", source, "model_id", "user_id")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(f"{name}_pkey", name, type_="primary")
        op.create_primary_key(f"{name}_pkey", name, list(key))
        return
    before = f"{name}_before"
    op.rename_table(name, before)
    op.create_table(
        name,
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(256), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column(source, sa.String(width), nullable=False),
        *(sa.Column(one, sa.Integer(), nullable=False) for one in _WHOLE),
        *(sa.Column(one, sa.BigInteger(), nullable=False) for one in _TOKENS),
        sa.Column("ttft_calls", sa.Integer(), nullable=False),
        sa.Column("ttft_ms_sum", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=False,
    )
    columns = ", ".join((*key, *_WHOLE, *_TOKENS, "ttft_calls", "ttft_ms_sum"))
    sorted_by = ", ".join(key)
    op.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {before} ORDER BY {sorted_by}")  # noqa: S608 - names of ours
    op.drop_table(before)
