"""Answers keep what stands beside their words; receipts the endpoint's word for the end, and how long was thought."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0018_shapes"
down_revision: str | None = "0017_model_access"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("message", sa.Column("beside", sa.JSON(), nullable=True))
    op.add_column("reply", sa.Column("finish_stated", sa.String(60), nullable=True))
    op.add_column("reply", sa.Column("thought_ms", sa.Float(), nullable=True))
