"""Conversations are pinned, archived, shared, continued, and found by their words."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from moorage.chat.search_index import index_everything
from moorage.errors import Unavailable

revision = "0011_conversations"
down_revision: str | None = "0010_trail"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("conversation", sa.Column("pinned_at", sa.BigInteger(), nullable=True))
    op.add_column("conversation", sa.Column("archived_at", sa.BigInteger(), nullable=True))
    op.add_column("conversation", sa.Column("shared_head_id", sa.String(36), nullable=True))
    op.add_column("reply", sa.Column("continues_id", sa.String(36), nullable=True))
    op.create_table(
        "conversation_share",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("conversation_id", sa.String(36), nullable=False),
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("owner_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=True),
        sa.Column("shared_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["team_id", "owner_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id"], ["membership.team_id", "membership.user_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "user_id"),
    )
    op.create_index("ix_conversation_share_user", "conversation_share", ["team_id", "user_id"], unique=False)
    op.create_index("ix_conversation_share_owner", "conversation_share", ["team_id", "owner_id"], unique=False)
    # Identity, not a sequence: the server's user, who owns nothing, needs no right of its own to it.
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_entry",
        sa.Column("number", number, sa.Identity(), nullable=False),
        sa.Column("conversation_id", sa.String(36), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=True),
        sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_search_entry_conversation", "search_entry", ["conversation_id", "message_id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_search_entry_words", "search_entry", ["words"], unique=False, postgresql_using="gin")
    else:
        _make_sqlite_index()
    index_everything(op.get_bind())


def _make_sqlite_index() -> None:
    # The words stay in search_entry; triggers carry every change over, those that foreign keys cascade included. The
    # tokenizer takes every letter beyond ASCII for one: what a word is, we decide, not SQLite's age. Positions and
    # sizes are never asked for; indexes of beginnings would double the time of an insert and save none in a search.
    if op.get_bind().exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").first() is None:
        raise Unavailable("sqlite_without_search")
    op.execute(
        "CREATE VIRTUAL TABLE search_index USING fts5("
        "words, content='search_entry', content_rowid='number', detail=none, columnsize=0, "
        "tokenize=\"ascii tokenchars '@'\")"
    )
    forget = "INSERT INTO search_index(search_index, rowid, words) VALUES ('delete', old.number, old.words);"
    learn = "INSERT INTO search_index(rowid, words) VALUES (new.number, new.words);"
    op.execute(f"CREATE TRIGGER search_entry_made AFTER INSERT ON search_entry BEGIN {learn} END")
    op.execute(f"CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN {forget} END")
    op.execute(f"CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN {forget} {learn} END")
