"""A model of a connection keeps what its endpoint says of it, what calls have taught, and what people have set."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0012_profiles"
down_revision: str | None = "0011_conversations"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for name in ("facts", "learnt", "overrides"):
        op.add_column("connection_model", sa.Column(name, sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
