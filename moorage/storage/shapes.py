"""Which tables a database has, and what each column holds: the same answer on SQLite and PostgreSQL.

Reads the database, not the code: a database of an older schema is described as it is. What an engine keeps for itself
(the full-text index, partitions) is left out.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Boolean, Connection, Float, Integer, LargeBinary, String, TypeDecorator, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import JSON, TypeEngine

from moorage.storage.types import Row

Kind = Literal["text", "integer", "real", "flag", "bytes", "json", "words"]
"""What a column holds. `words`: different words, in PostgreSQL a tsvector. `json`: its text as it was written."""

VERSION_TABLE: Final = "alembic_version"
# FTS5 keeps it beside search_entry by triggers, in tables of its own.
_DERIVED: Final = "search_index"
_POSTGRESQL: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_PARTITIONS: Final = text(
    "SELECT relname FROM pg_class WHERE relispartition AND relnamespace = CAST(current_schema() AS regnamespace)"
)
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], Kind], ...]] = (
    (postgresql.TSVECTOR, "words"),
    (Boolean, "flag"),
    (Integer, "integer"),
    (Float, "real"),
    (LargeBinary, "bytes"),
    (JSON, "json"),
    (String, "text"),
)


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A column."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table."""

    name: str
    columns: tuple[ColumnShape, ...]


async def find_shapes(tx: AsyncConnection) -> tuple[TableShape, ...]:
    """Give every table that holds something of ours; one that others refer to comes before them."""
    return await tx.run_sync(_find)


async def find_tables(tx: AsyncConnection) -> set[str]:
    """Name all tables there are, whosever they are, Alembic's included; partitions are parts of theirs."""
    return await tx.run_sync(_names)


def kind_of(table: str, column: str, stored: TypeEngine[Any]) -> Kind:
    """Say what a column holds; `stored` is its type in the database, for columns that the code does not know any more.

    Raises TypeError for a type that nobody gave a kind.
    """
    known = Row.metadata.tables.get(table)
    type_ = known.c[column].type if known is not None and column in known.c else stored
    meant: Any = type_.dialect_impl(_POSTGRESQL)
    while isinstance(meant, TypeDecorator):
        meant = meant.impl_instance
    for one, kind in _KINDS:
        if isinstance(meant, one):
            return kind
    raise TypeError(table, column)


def _names(connection: Connection) -> set[str]:
    names = set(inspect(connection).get_table_names())
    return names - set(connection.scalars(_PARTITIONS)) if connection.dialect.name == "postgresql" else names


def _find(connection: Connection) -> tuple[TableShape, ...]:
    inspector = inspect(connection)
    names = _names(connection) - {VERSION_TABLE}
    ordered = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name is not None]
    return tuple(
        TableShape(
            name,
            tuple(
                ColumnShape(column["name"], kind_of(name, column["name"], column["type"]))
                for column in inspector.get_columns(name)
            ),
        )
        for name in ordered
        if name in names and not name.startswith(_DERIVED)
    )
