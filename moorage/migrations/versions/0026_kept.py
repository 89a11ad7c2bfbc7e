"""What was used is only ever added to: the database refuses to change or delete an event or a correction.

An erasure still gives an event another person's id, and takes rows of own models with a team that is erased.
A later change of these tables in SQLite's way (a new table for the old) has to make the triggers anew.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0026_kept"
down_revision: str | None = "0025_erasing"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# All but whose it was.
_EVENT = (
    "call_id, team_id, purpose, model_id, tokens_in, tokens_out, count_source, ended, ttft_ms, duration_ms, started_at,"
    " at"
)
_BYOM = f"{_EVENT}, connection_id"
_STANDARD = f"{_EVENT}, provider, period_start, held_tokens, charged_tokens, overrun"
_CHANGES = {
    "byom_usage_event": f"UPDATE OF {_BYOM}",
    "standard_usage_event": f"UPDATE OF {_STANDARD}",
    "byom_usage_correction": "UPDATE",
    "standard_usage_correction": "UPDATE",
}
# Those of own models go with their team. What an erased team used of standard models, its operator has to bill.
_IS_THERE = "EXISTS (SELECT 1 FROM team WHERE id = OLD.team_id AND standing <> 'erasing')"
_GO = ("byom_usage_event", "byom_usage_correction")
_PARTS = sa.text("SELECT CAST(relid AS text) FROM pg_partition_tree(CAST(:name AS regclass)) WHERE isleaf")
_REFUSE_DELETE = f"""
    CREATE FUNCTION refuse_usage_delete() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF TG_ARGV[0] = 'goes' AND NOT {_IS_THERE} THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    bind = op.get_bind()
    is_postgresql = bind.dialect.name == "postgresql"
    if is_postgresql:
        op.execute(sa.text(_REFUSE_DELETE))
    for table, change in _CHANGES.items():
        # A partition takes over what is for each row, and no trigger for a whole statement.
        parts = bind.scalars(_PARTS, {"name": table}).all() if is_postgresql else ()
        for statement in _on_postgresql(table, change, parts) if is_postgresql else _on_sqlite(table, change):
            op.execute(sa.text(statement))


def _on_postgresql(table: str, change: str, parts: Sequence[str]) -> Sequence[str]:
    refuse = "EXECUTE FUNCTION refuse_trail_change()"
    refuse_delete = f"EXECUTE FUNCTION refuse_usage_delete('{'goes' if table in _GO else 'stays'}')"
    return (
        f"CREATE TRIGGER {table}_keeps_values BEFORE {change} ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_keeps_rows BEFORE DELETE ON {table} FOR EACH ROW {refuse_delete}",
        *(
            f"CREATE TRIGGER {table}_keeps_all BEFORE TRUNCATE ON {one} FOR EACH STATEMENT {refuse}"
            for one in (table, *parts)
        ),
    )


def _on_sqlite(table: str, change: str) -> Sequence[str]:
    refuse, unless = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END", f"WHEN {_IS_THERE}"
    return (
        f"CREATE TRIGGER {table}_keeps_values BEFORE {change} ON {table} {refuse}",
        f"CREATE TRIGGER {table}_keeps_rows BEFORE DELETE ON {table} {unless if table in _GO else ''} {refuse}",
    )
