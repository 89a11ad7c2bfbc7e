"""A shared conversation may have an end: a moment from which on nobody but its owner reads it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0029_last_day"
down_revision: str | None = "0028_closed_days"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("conversation_share", sa.Column("ends_at", sa.BigInteger(), nullable=True))
