"""A head that somebody put too far ahead may be put back to where the chain says so; filters have their indexes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0010_trail"
down_revision: str | None = "0009_edges"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_audit_entry_action", "audit_entry", ["team_id", "action", "seq"], unique=False)
    op.create_index("ix_audit_entry_outcome", "audit_entry", ["team_id", "outcome", "seq"], unique=False)
    op.create_index("ix_audit_entry_at", "audit_entry", ["team_id", "at", "seq"], unique=False)
    op.create_index("ix_key_use_hour", "key_use", ["team_id", "hour"], unique=False)
    op.create_index("ix_key_use_age", "key_use", ["hour"], unique=False)
    statements = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in statements:
        op.execute(sa.text(statement))


# Back only to the newest entry, and only if that says so; the number is the last one that `find_true_end` goes on from.
_SQLITE = (
    "DROP TRIGGER audit_head_goes_forward",
    """
    CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head
    WHEN NEW.team_id <> OLD.team_id
      OR (NEW.seq < OLD.seq
          AND NOT EXISTS (SELECT 1 FROM audit_entry
                          WHERE team_id = NEW.team_id AND seq = NEW.seq AND hash = NEW.hash
                            AND action = 'audit.head_changed'
                            AND NOT EXISTS (SELECT 1 FROM audit_entry AS newer
                                            WHERE newer.team_id = NEW.team_id
                                              AND newer.seq > NEW.seq AND newer.seq <= 2146435071)))
    BEGIN SELECT RAISE(ABORT, 'audit_head is append-only'); END
    """,
)

_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_earlier_head() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.team_id = OLD.team_id
        AND EXISTS (SELECT 1 FROM audit_entry
                    WHERE team_id = NEW.team_id AND seq = NEW.seq AND hash = NEW.hash
                      AND action = 'audit.head_changed'
                      AND NOT EXISTS (SELECT 1 FROM audit_entry AS newer
                                      WHERE newer.team_id = NEW.team_id
                                        AND newer.seq > NEW.seq AND newer.seq <= 2146435071)) THEN
        RETURN NEW;
      END IF;
      RAISE EXCEPTION 'audit_head is append-only' USING ERRCODE = 'restrict_violation';
    END $$
    """,
    "DROP TRIGGER audit_head_goes_forward ON audit_head",
    """
    CREATE TRIGGER audit_head_goes_forward BEFORE UPDATE ON audit_head FOR EACH ROW
    WHEN (NEW.team_id <> OLD.team_id OR NEW.seq < OLD.seq)
    EXECUTE FUNCTION refuse_earlier_head()
    """,
)
