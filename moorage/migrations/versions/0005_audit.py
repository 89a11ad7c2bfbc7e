"""The trail is signed, keeps where a request came from, and may be pruned where a tombstone says so.

Uses of a key are counted per hour.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0005_audit"
down_revision: str | None = "0004_vault"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("audit_entry", sa.Column("form", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("audit_entry", sa.Column("client", sa.String(50), nullable=False, server_default=""))
    op.add_column("audit_entry", sa.Column("key_number", sa.Integer(), nullable=True))
    op.add_column("audit_entry", sa.Column("signature", sa.LargeBinary(64), nullable=True))
    op.create_index("ix_audit_entry_actor", "audit_entry", ["team_id", "actor_id", "seq"], unique=False)
    op.create_index("ix_audit_entry_object", "audit_entry", ["team_id", "object_id", "seq"], unique=False)
    op.add_column("audit_head", sa.Column("pruned_through", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("audit_head", sa.Column("keep_days", sa.Integer(), nullable=True))
    op.add_column("audit_head", sa.Column("clients", sa.String(10), nullable=False, server_default="coarse"))
    op.add_column("audit_head", sa.Column("key_number", sa.Integer(), nullable=True))
    op.add_column("audit_head", sa.Column("signature", sa.LargeBinary(64), nullable=True))
    op.create_table(
        "audit_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed_public", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "audit_tombstone",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("last_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("older_than", sa.BigInteger(), nullable=False),
        sa.Column("key_number", sa.Integer(), nullable=False),
        sa.Column("signature", sa.LargeBinary(64), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "first_seq"),
    )
    op.create_table(
        "key_use",
        sa.Column("team_id", sa.String(36), nullable=False),
        sa.Column("credential", sa.String(60), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("counted_by", sa.String(40), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "credential", "hour", "purpose", "counted_by"),
    )
    statements = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in statements:
        op.execute(sa.text(statement))


# Entries go only where a tombstone covers them; a tombstone only goes where the chain's own hash is named, and stays.
# Of a signing key only the sealed halves change: the vault may seal them anew, and a replaced private half is wiped.
_SQLITE = (
    "DROP TRIGGER audit_entry_keeps_rows",
    """
    CREATE TRIGGER audit_entry_keeps_rows BEFORE DELETE ON audit_entry
    WHEN NOT EXISTS (SELECT 1 FROM audit_tombstone AS t
                     WHERE t.team_id = OLD.team_id AND OLD.seq BETWEEN t.first_seq AND t.last_seq)
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
    """
    CREATE TRIGGER audit_tombstone_keeps_rows BEFORE DELETE ON audit_tombstone
    BEGIN SELECT RAISE(ABORT, 'audit_tombstone is append-only'); END
    """,
    """
    CREATE TRIGGER audit_tombstone_keeps_values BEFORE UPDATE ON audit_tombstone
    BEGIN SELECT RAISE(ABORT, 'audit_tombstone is append-only'); END
    """,
    """
    CREATE TRIGGER audit_tombstone_fits BEFORE INSERT ON audit_tombstone
    WHEN NEW.first_seq <> (SELECT coalesce(max(last_seq), 0) + 1 FROM audit_tombstone WHERE team_id = NEW.team_id)
      OR NEW.entries <> NEW.last_seq - NEW.first_seq + 1
      OR NOT EXISTS (SELECT 1 FROM audit_entry
                     WHERE team_id = NEW.team_id AND seq = NEW.last_seq AND hash = NEW.last_hash)
    BEGIN SELECT RAISE(ABORT, 'audit_tombstone is append-only and names what is there'); END
    """,
    """
    CREATE TRIGGER audit_key_keeps_rows BEFORE DELETE ON audit_key
    BEGIN SELECT RAISE(ABORT, 'audit_key is append-only'); END
    """,
    """
    CREATE TRIGGER audit_key_keeps_values BEFORE UPDATE ON audit_key
    WHEN NEW.number <> OLD.number OR NEW.public <> OLD.public OR NEW.made_at <> OLD.made_at
    BEGIN SELECT RAISE(ABORT, 'audit_key is append-only'); END
    """,
    """
    CREATE TRIGGER audit_key_replaces_nothing BEFORE INSERT ON audit_key
    WHEN EXISTS (SELECT 1 FROM audit_key WHERE number >= NEW.number)
    BEGIN SELECT RAISE(ABORT, 'audit_key is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_keeps_rows BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head
    WHEN NEW.team_id <> OLD.team_id OR NEW.seq < OLD.seq
    BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_replaces_nothing BEFORE INSERT ON audit_head
    WHEN EXISTS (SELECT 1 FROM audit_head WHERE team_id = NEW.team_id)
    BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END
    """,
)

_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
    """,
    """
    CREATE FUNCTION refuse_unpruned_delete() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF EXISTS (SELECT 1 FROM audit_tombstone AS t
                 WHERE t.team_id = OLD.team_id AND OLD.seq BETWEEN t.first_seq AND t.last_seq) THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE FUNCTION refuse_unfit_tombstone() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.first_seq <> (SELECT coalesce(max(last_seq), 0) + 1 FROM audit_tombstone WHERE team_id = NEW.team_id)
        OR NEW.entries <> NEW.last_seq - NEW.first_seq + 1
        OR NOT EXISTS (SELECT 1 FROM audit_entry
                       WHERE team_id = NEW.team_id AND seq = NEW.last_seq AND hash = NEW.last_hash) THEN
        RAISE EXCEPTION 'audit_tombstone is append-only and names what is there' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION refuse_earlier_key() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF EXISTS (SELECT 1 FROM audit_key WHERE number >= NEW.number) THEN
        RAISE EXCEPTION 'audit_key is append-only' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER audit_key_replaces_nothing BEFORE INSERT ON audit_key
    FOR EACH ROW EXECUTE FUNCTION refuse_earlier_key()
    """,
    "DROP TRIGGER audit_entry_keeps_rows ON audit_entry",
    """
    CREATE TRIGGER audit_entry_keeps_values BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_entry_keeps_rows BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_unpruned_delete()
    """,
    """
    CREATE TRIGGER audit_tombstone_keeps_rows BEFORE DELETE OR UPDATE ON audit_tombstone
    FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_tombstone_keeps_all BEFORE TRUNCATE ON audit_tombstone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_tombstone_fits BEFORE INSERT ON audit_tombstone
    FOR EACH ROW EXECUTE FUNCTION refuse_unfit_tombstone()
    """,
    """
    CREATE TRIGGER audit_key_keeps_rows BEFORE DELETE ON audit_key
    FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_key_keeps_values BEFORE UPDATE ON audit_key FOR EACH ROW
    WHEN (NEW.number <> OLD.number OR NEW.public <> OLD.public OR NEW.made_at <> OLD.made_at)
    EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_key_keeps_all BEFORE TRUNCATE ON audit_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_head_keeps_rows BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head FOR EACH ROW
    WHEN (NEW.team_id <> OLD.team_id OR NEW.seq < OLD.seq)
    EXECUTE FUNCTION refuse_trail_change()
    """,
    """
    CREATE TRIGGER audit_head_keeps_all BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change()
    """,
)
