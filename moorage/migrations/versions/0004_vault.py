"""Data keys of their own for every team; a connection may have lost what was sealed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004_vault"
down_revision: str | None = "0003_sign_ins"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "team_key",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(200), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("owner_id", "number", name="uq_team_key"),
    )
    op.create_table(
        "key_rotation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("key_check") as batch:
        batch.alter_column("key_id", existing_type=sa.String(40), type_=sa.String(200), existing_nullable=False)
    op.add_column("connection", sa.Column("key_lost_at", sa.BigInteger(), nullable=True))
