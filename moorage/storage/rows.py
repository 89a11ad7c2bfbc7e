"""Whole tables, row by row, in a form that is the same on both engines; never more than a few MiB of them in memory.

A row is a tuple of plain values in the order of the table's columns. `encode` gives the bytes that are stored in a
backup, and that two databases are compared by.
"""

import base64
import binascii
import contextlib
import hashlib
import math
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, cast

import orjson
import psycopg
from psycopg import sql as compose
from sqlalchemy import (
    ColumnElement,
    Dialect,
    Integer,
    Text,
    column,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy import (
    cast as as_type,
)
from sqlalchemy import table as table_of
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.storage.disk import disk_trouble_told
from moorage.storage.one_hop import OneHopConnection
from moorage.storage.shapes import ColumnShape, Kind, TableShape

Value = None | int | float | str | bytes
Row = tuple[Value, ...]

_BATCH_BYTES: Final = 4 * 1024 * 1024
_BATCH_ROWS: Final = 2000
_DIGEST_SPACE: Final = 1 << 256


class Digest:
    """Sums up a table: how many rows, and a number that depends on each of them and not on their order.

    The sum of the rows' SHA-256, modulo 2**256: engines give rows in different orders, and sorting texts differs, too.
    It finds what was lost, doubled or changed by mistake; against somebody who makes up rows it proves nothing.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        """Count an encoded row."""
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % _DIGEST_SPACE

    @property
    def content(self) -> str:
        """64 hexadecimal digits."""
        return f"{self._sum:064x}"


async def read_rows(tx: AsyncConnection, shape: TableShape) -> AsyncIterator[list[Row]]:
    """Give all rows of a table in batches, as this transaction sees them, in no particular order.

    Raises Unavailable: row_not_readable (`table`) for a value that no column of its kind can hold, database_gone.
    """
    statement = str(_reading(shape, tx.dialect.name).compile(dialect=tx.dialect))
    kinds = [one.kind for one in shape.columns]
    driver = (await tx.get_raw_connection()).driver_connection
    batches = _of_sqlite(driver, statement) if tx.dialect.name == "sqlite" else _of_postgresql(driver, statement)
    with _told(shape.name, "row_not_readable"):
        async for batch in batches:
            yield [tuple(map(_read_value, kinds, row)) for row in batch]


async def write_rows(tx: AsyncConnection, shape: TableShape, rows: Sequence[Row]) -> None:
    """Insert rows. Raises Unavailable: row_not_storable (`table`), disk_full, database_gone."""
    driver: Any = (await tx.get_raw_connection()).driver_connection
    with _told(shape.name, "row_not_storable"):
        if tx.dialect.name == "sqlite":
            statement = _inserting(shape, tx.dialect)
            await cast("OneHopConnection", driver).in_thread(lambda raw: raw.executemany(statement, rows).close())
            return
        kinds = [one.kind for one in shape.columns]
        # Connected before a statement of SQLAlchemy's: its transaction is begun by the first one.
        async with driver.cursor() as cursor, cursor.copy(_copying(shape)) as copy:
            for row in rows:
                await copy.write_row(tuple(map(_for_postgresql, kinds, row)))


def encode(row: Row) -> bytes:
    """Give a row as one line of JSON without its end; bytes as base64."""
    return orjson.dumps([base64.b64encode(value).decode() if isinstance(value, bytes) else value for value in row])


def decode(shape: TableShape, line: bytes) -> Row:
    """Read a row back. Raises ValueError for anything that `encode` did not write."""
    values = orjson.loads(line)
    if not isinstance(values, list) or len(values) != len(shape.columns):
        raise ValueError(shape.name)
    return tuple(_decode_value(one, value) for one, value in zip(shape.columns, values, strict=True))


def _decode_value(one: ColumnShape, value: Any) -> Value:
    if value is None:
        return None
    if one.kind == "bytes":
        if not isinstance(value, str):
            raise ValueError(one.name)
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError(one.name) from None
    return _read_value(one.kind, value)


def _read_value(kind: Kind, value: Any) -> Value:  # noqa: PLR0911 - one line for each kind
    """Give a value as it stands in a row. Raises ValueError for one that is not of its kind."""
    match kind, value:
        case _, None:
            return None
        case "integer", int():
            return int(value)
        case "flag", bool() | 0 | 1:
            return int(value)
        case "real", int() | float() if math.isfinite(value):
            return float(value)
        case "bytes", bytes() | memoryview():
            return bytes(value)
        case "text" | "json", str():
            return str(value)
        case "json", int() | float():
            # SQLite turns a text that is a number into one, in a column of this type.
            return orjson.dumps(value).decode()
        case "words", str():
            return " ".join(sorted(set(value.split(" "))))
        case _:
            raise ValueError(kind)


def _for_postgresql(kind: Kind, value: Value) -> Any:
    if kind == "flag" and value is not None:
        return bool(value)
    if kind == "words" and isinstance(value, str):
        quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in value.split(" "))
        return " ".join(f"'{word}'" for word in quoted)
    return value


def _reading(shape: TableShape, dialect: str) -> Any:
    source = table_of(shape.name, *(column(one.name) for one in shape.columns))
    wanted = [source.c[one.name] for one in shape.columns]
    if dialect == "postgresql":
        wanted = [_as_read(source.c[one.name], one.kind) for one in shape.columns]
    return select(*wanted)


def _as_read(source: ColumnElement[Any], kind: Kind) -> Any:
    match kind:
        case "flag":
            return as_type(source, Integer)
        case "json":
            return as_type(source, Text)
        case "words":
            return func.array_to_string(func.tsvector_to_array(source), literal_column("' '"))
        case "text" | "integer" | "real" | "bytes":
            return source


def _inserting(shape: TableShape, dialect: Dialect) -> str:
    target = table_of(shape.name, *(column(one.name) for one in shape.columns))
    return str(insert(target).compile(dialect=dialect, column_keys=[one.name for one in shape.columns]))


def _copying(shape: TableShape) -> compose.Composed:
    names = compose.SQL(", ").join(compose.Identifier(one.name) for one in shape.columns)
    return compose.SQL("COPY {} ({}) FROM STDIN").format(compose.Identifier(shape.name), names)


async def _of_sqlite(driver: Any, statement: str) -> AsyncIterator[list[tuple[Any, ...]]]:
    connection = cast("OneHopConnection", driver)
    cursor = await connection.in_thread(lambda raw: raw.execute(statement))
    try:
        while batch := await connection.in_thread(lambda _raw: list(_some(cursor))):
            yield batch
    finally:
        await connection.in_thread(lambda _raw: cursor.close())


async def _of_postgresql(driver: Any, statement: str) -> AsyncIterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    size = 0
    async with driver.cursor() as cursor:
        async for row in cursor.stream(statement):
            batch.append(row)
            size += _size_of(row)
            if size > _BATCH_BYTES or len(batch) >= _BATCH_ROWS:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _some(cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    size = count = 0
    while size <= _BATCH_BYTES and count < _BATCH_ROWS and (row := cursor.fetchone()) is not None:
        yield row
        size += _size_of(row)
        count += 1


def _size_of(row: tuple[Any, ...]) -> int:
    return sum(len(value) for value in row if isinstance(value, str | bytes))


@contextlib.contextmanager
def _told(table: str, code: str) -> Iterator[None]:
    """Tell what a driver says, which SQLAlchemy does not see here."""
    try:
        with disk_trouble_told():
            yield
    except (ValueError, sqlite3.IntegrityError, psycopg.DataError, psycopg.IntegrityError):
        # The text of each may hold what people wrote.
        raise Unavailable(code, table=table) from None
    except (sqlite3.OperationalError, psycopg.OperationalError):
        raise Unavailable("database_gone") from None
    except sqlite3.DatabaseError:
        raise Unavailable("database_damaged", table=table) from None
