"""Fills an empty schema with whole tables: what only refuses steps aside, and stands again before it is committed.

Triggers keep trails append-only, and would refuse a trail that comes as it is: pruned, with its tombstones. Triggers
that do something (the full-text index of SQLite) go on doing it.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ExecutableDDLElement, Select, column, delete, func, literal_column, select, text
from sqlalchemy import table as table_of
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler

from moorage.errors import Unavailable
from moorage.storage.shapes import TableShape
from moorage.storage.types import Row

_MAKING: Final = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(%'")
# Everything of this schema that a migration made: tables, and the functions of their triggers.
_DROP_ALL: Final = text(
    """
    DO $$
    DECLARE found record;
    DECLARE made regprocedure[];
    BEGIN
      SELECT coalesce(array_agg(DISTINCT CAST(t.tgfoid AS regprocedure)), '{}') INTO made
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE NOT t.tgisinternal AND c.relnamespace = CAST(current_schema() AS regnamespace);
      FOR found IN SELECT c.relname FROM pg_class AS c
        WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relnamespace = CAST(current_schema() AS regnamespace)
      LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.relname);
      END LOOP;
      FOR found IN SELECT unnest(made) AS its_name
      LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s', found.its_name);
      END LOOP;
    END $$
    """
)
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class _DropTrigger(ExecutableDDLElement):
    def __init__(self, name: str) -> None:
        self.name = name


class _SwitchTriggers(ExecutableDDLElement):
    def __init__(self, table: str, word: str) -> None:
        self.table = table
        self.word = word


@compiles(_DropTrigger)
def _drop(element: _DropTrigger, compiler: DDLCompiler, **_kw: Any) -> str:
    return f"DROP TRIGGER {compiler.preparer.quote_identifier(element.name)}"


@compiles(_SwitchTriggers)
def _switch(element: _SwitchTriggers, compiler: DDLCompiler, **_kw: Any) -> str:
    return f"ALTER TABLE {compiler.preparer.quote_identifier(element.table)} {element.word} TRIGGER USER"


class Guards:
    """The refusing triggers of a database, lifted and put back; each by the transaction that it is called in."""

    def __init__(self, shapes: Sequence[TableShape]) -> None:
        self._shapes = shapes
        self._made: list[str] = []

    async def lift(self, tx: AsyncConnection) -> None:
        """Let rows in as they are, also where a migration has written some: those go."""
        if tx.dialect.name == "sqlite":
            for name, made in (await tx.execute(_MAKING)).all():
                self._made.append(made)
                await tx.execute(_DropTrigger(name))
        else:
            for shape in self._shapes:
                await tx.execute(_SwitchTriggers(shape.name, "DISABLE"))
        for shape in reversed(self._shapes):
            await tx.execute(delete(table_of(shape.name)))

    async def put_back(self, tx: AsyncConnection) -> None:
        """Stand again, and let new rows get numbers that no row has."""
        for made in self._made:
            await tx.exec_driver_sql(made)
        if tx.dialect.name == "postgresql":
            for shape in self._shapes:
                await tx.execute(_SwitchTriggers(shape.name, "ENABLE"))
                await _go_on_counting(tx, shape)


async def _go_on_counting(tx: AsyncConnection, shape: TableShape) -> None:
    known = Row.metadata.tables.get(shape.name)
    for one in () if known is None else known.columns:
        if one.identity is not None:
            newest: Select[Any] = select(func.coalesce(func.max(column(one.name)), 0) + 1).select_from(
                table_of(shape.name)
            )
            sequence = func.pg_get_serial_sequence(shape.name, one.name)
            await tx.execute(select(func.setval(sequence, newest.scalar_subquery(), False)))  # noqa: FBT003 - SQL's own


async def count_rows(tx: AsyncConnection, shapes: Sequence[TableShape]) -> dict[str, int]:
    """Count the rows of tables."""
    return {
        shape.name: int(await tx.scalar(select(func.count()).select_from(table_of(shape.name))) or 0)
        for shape in shapes
    }


async def has_rows(tx: AsyncConnection, shapes: Sequence[TableShape]) -> bool:
    """True when any of the tables holds something."""
    for shape in shapes:
        if await tx.scalar(select(literal_column("1")).select_from(table_of(shape.name)).limit(1)):
            return True
    return False


async def drop_everything(tx: AsyncConnection) -> None:
    """Drop all tables of PostgreSQL's current schema, and what made their triggers; all of it, until the commit."""
    await tx.execute(_DROP_ALL)


async def require_alone(tx: AsyncConnection) -> None:
    """Raise Unavailable("database_in_use") while somebody else is connected to this PostgreSQL database."""
    if tx.dialect.name == "postgresql" and (others := await tx.scalar(_OTHERS)):
        raise Unavailable("database_in_use", count=int(others))
