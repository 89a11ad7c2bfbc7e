"""On PostgreSQL usage events lie by month, in partitions; what is there already is put into its months."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0024_months"
down_revision: str | None = "0023_desk"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FIRST = date(2020, 1, 1)
_AHEAD = 3
_INDEXES = {
    "byom_usage_event": {
        "ix_byom_usage_team": ["team_id", "at"],
        "ix_byom_usage_connection": ["connection_id", "at"],
    },
    "standard_usage_event": {
        "ix_standard_usage_team": ["team_id", "at"],
        "ix_standard_usage_period": ["team_id", "period_start"],
    },
}
# A server may be a user who owns nothing (docs/operate.md): it may have a month made, and nothing else. So it runs as
# the owner, reads no name from a schema where others may write, and takes no table and no month but these.
_MAKE_MONTH = r"""
CREATE OR REPLACE FUNCTION make_usage_month(parent text, month date, at_most bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS
$$
DECLARE
  whole constant text := format('%I.%I', {schema}, parent);
  rest constant text := format('%I.%I', {schema}, parent || '_rest');
  made constant text := format('%I.%I', {schema}, parent || to_char(month, '_YYYY_MM'));
  shape constant text := '\1-\2-0000-0000-000000000000';
  first_id constant text := regexp_replace(
    lpad(to_hex(CAST(extract(epoch FROM month) * 1000 AS bigint)), 12, '0'), '(.{8})(.{4})', shape);
  end_id constant text := regexp_replace(
    lpad(to_hex(CAST(extract(epoch FROM month + interval '1 month') * 1000 AS bigint)), 12, '0'),
    '(.{8})(.{4})', shape);
  waiting bigint;
BEGIN
  IF parent NOT IN ('byom_usage_event', 'standard_usage_event') OR extract(day FROM month) <> 1
    OR month NOT BETWEEN DATE '2020-01-01' AND CAST(now() + interval '1 year' AS date)
  THEN
    RAISE EXCEPTION 'no month of usage events' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Two that make the same month: the second one waits here, and finds it.
  EXECUTE format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', whole);
  IF to_regclass(made) IS NOT NULL THEN
    RETURN 'there';
  END IF;
  EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s WHERE call_id >= $1 AND call_id < $2 LIMIT $3) AS those', rest)
    INTO waiting USING first_id, end_id, at_most + 1;
  IF waiting > at_most THEN
    RETURN 'full';
  END IF;
  -- Made apart and attached, because calls go on being settled meanwhile: that takes no lock of the whole table.
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', made, whole);
  IF waiting > 0 OR month <= CAST(now() AT TIME ZONE 'UTC' AS date) THEN
    -- Whoever looks for such a call now, or adds one, was told the old place: nobody is let in until it has moved.
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', whole);
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', rest);
    EXECUTE format(
      'WITH gone AS (DELETE FROM %s WHERE call_id >= $1 AND call_id < $2 RETURNING *)'
      ' INSERT INTO %s SELECT * FROM gone', rest, made) USING first_id, end_id;
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', rest);
  END IF;
  EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', whole, made, first_id, end_id);
  -- A partition takes over what is for each row, and no trigger for a whole statement.
  EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %I.refuse_trail_change()',
    parent || '_keeps_all', made, {schema});
  RETURN 'made';
END
$$
"""


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    for table, indexes in _INDEXES.items():
        _lay_by_month(bind, table, indexes)
    schema = bind.scalar(sa.text("SELECT quote_literal(current_schema())"))
    op.execute(_MAKE_MONTH.replace("{schema}", str(schema)))


def _lay_by_month(bind: sa.Connection, table: str, indexes: dict[str, list[str]]) -> None:
    before = f"{table}_before"
    op.rename_table(table, before)
    op.execute(f"CREATE TABLE {table} (LIKE {before} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (call_id)")
    op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")
    for month in _months(bind, before):
        bounds = f"FROM ('{_first_id(month)}') TO ('{_first_id(_after(month))}')"
        op.execute(f"CREATE TABLE {table}{month:_%Y_%m} PARTITION OF {table} FOR VALUES {bounds}")
    for role, right in bind.execute(sa.text(_GRANTED), {"name": before}).all():
        op.execute(f"GRANT {right} ON {table}, {table}_rest TO {role}")
    op.execute(f"INSERT INTO {table} SELECT * FROM {before}")  # noqa: S608 - names of ours
    op.drop_table(before)
    # Built over what is there at once, and by then their names are free.
    op.create_primary_key(f"{table}_pkey", table, ["call_id"])
    for name, columns in indexes.items():
        op.create_index(name, table, columns)
    op.execute(f"ANALYZE {table}")


_GRANTED = (
    "SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE CAST(CAST(grantee AS regrole) AS text) END, privilege_type"
    " FROM pg_class, aclexplode(relacl) WHERE oid = CAST(:name AS regclass) AND grantee <> relowner"
)


def _months(bind: sa.Connection, table: str) -> Iterator[date]:
    """Give the months that have rows, from the first that Moorage can know, and those that are to come."""
    present = bind.scalar(sa.text("SELECT CAST(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') AS date)"))
    ahead = [present]
    for _ in range(_AHEAD):
        ahead.append(_after(ahead[-1]))
    has_rows = sa.text(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE call_id >= :first AND call_id < :end)")  # noqa: S608
    month = _FIRST
    while month < present:
        if bind.scalar(has_rows, {"first": _first_id(month), "end": _first_id(_after(month))}):
            yield month
        month = _after(month)
    yield from ahead


def _after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _first_id(month: date) -> str:
    """Give the least UUIDv7 of a month: 48 bits of milliseconds, and nothing else."""
    return str(UUID(int=(month - date(1970, 1, 1)).days * 86_400_000 << 80))
