"""Connections may have certificates of their own, sealed; and remember the server's as a test last saw it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0002_trust"
down_revision: str | None = "0001_first"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("sealed_trust", sa.LargeBinary(), nullable=True))
    op.add_column("connection", sa.Column("trust_facts", sa.JSON(), nullable=True))
    op.add_column("connection", sa.Column("server_certificate", sa.JSON(), nullable=True))
