"""Which models somebody has starred in a team."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0027_favourites"
down_revision: str | None = "0026_kept"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "favourite",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("ref", sa.String(320), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "user_id", "ref"),
    )
