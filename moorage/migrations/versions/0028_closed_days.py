"""Sums without the person, and without the model, of days that are over; the server makes them beside its work."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

revision = "0028_closed_days"
down_revision: str | None = "0027_favourites"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTS = (
    "calls", "failed_calls", "reported_calls", "estimated_calls", "missing_calls", "reported_in", "reported_out",
    "estimated_in", "estimated_out", "ttft_calls",
)  # fmt: skip


def upgrade() -> None:
    for kind, source, width in (("byom", "connection_id", 36), ("standard", "provider", 40)):
        its: dict[str, sa.String | sa.Integer] = {
            "team_id": sa.String(36),
            "day": sa.Integer(),
            source: sa.String(width),
            "model_id": sa.String(256),
        }
        _make(f"{kind}_usage_closed_day", its)
        whose: dict[str, sa.String | sa.Integer] = {
            "team_id": sa.String(36),
            "fortnight": sa.Integer(),
            "user_id": sa.String(36),
        }
        _make(f"{kind}_usage_fortnight", whose)
    op.create_table(
        "usage_closing",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _make(name: str, key: Mapping[str, sa.String | sa.Integer]) -> None:
    op.create_table(
        name,
        *(sa.Column(column, its, nullable=False) for column, its in key.items()),
        *(sa.Column(one, sa.BigInteger(), nullable=False) for one in _COUNTS),
        sa.Column("ttft_ms_sum", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=False,
    )
