"""Usage is found by person, for erasures; a connection knows whether an owner said where it leads."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0025_erasing"
down_revision: str | None = "0024_months"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_byom_usage_person", "byom_usage_event", ["team_id", "user_id"], unique=False)
    op.create_index("ix_standard_usage_person", "standard_usage_event", ["team_id", "user_id"], unique=False)
    # What was said before counts as it did.
    op.add_column("connection", sa.Column("is_vouched", sa.Boolean(), nullable=False, server_default=sa.true()))
