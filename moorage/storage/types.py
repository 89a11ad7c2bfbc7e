"""Column types that mean the same on SQLite and PostgreSQL, the database's own clock, and ids that sort by age."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Dialect, String, TypeDecorator, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from typing_extensions import override

# Stands where the id of a team or of its provider does, for what is the deployment's own.
DEPLOYMENT: Final = UUID(int=0)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Row(DeclarativeBase):
    """The base of all tables: one metadata for the whole database."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, stored as whole microseconds since 1970 UTC: sorts and subtracts alike on both engines."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


class Id(TypeDecorator[UUID]):
    """A UUID as 36 characters: readable in every tool, and the same bytes in dumps of both engines."""

    impl = String(36)
    cache_ok = True

    @override
    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> UUID | None:
        return None if value is None else UUID(value)


class Millionths(TypeDecorator[Decimal]):
    """An exact decimal of at most six places, stored as whole millionths: SQLite has floats only, which are not."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value.scaleb(6))

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-6)


class db_now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The database's clock. Leases and usage never trust the clock of an application host."""

    type = UtcTime()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _sqlite_now(_element: db_now, _compiler: SQLCompiler, **_kw: Any) -> str:
    # SQLite before 3.42 has no unixepoch('subsec'); julianday carries about 0.1 ms, which is enough here.
    return "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"


@compiles(db_now, "postgresql")
def _postgresql_now(_element: db_now, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


class db_month(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The first instant of the month that it is by the database's clock, in UTC."""

    type = UtcTime()
    inherit_cache = True


@compiles(db_month, "sqlite")
def _sqlite_month(_element: db_month, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "(CAST(strftime('%s', 'now', 'start of month') AS INTEGER) * 1000000)"


@compiles(db_month, "postgresql")
def _postgresql_month(_element: db_month, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')) * 1000000 AS BIGINT)"


def db_after(span: timedelta) -> ColumnElement[Any]:
    """Give the moment `span` from now by the database's clock; a negative span lies in the past."""
    return type_coerce(type_coerce(db_now(), BigInteger) + span // _MICROSECOND, UtcTime)


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits, so that new rows sort last.

    Of one millisecond each is greater than those before it in this process (method 2 of section 6.2): several answers
    to a question are stored in one instant, and their ids keep the order in which they were asked for.
    """
    return _ids.make()


class _Ids:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = 0
        self._random = 0

    def make(self) -> UUID:
        with self._lock:
            ms = time.time_ns() // 1_000_000 & (1 << 48) - 1
            # Half of the room is left above the first of a millisecond; a step is far smaller than that.
            step = 1 + int.from_bytes(os.urandom(5), "big")
            self._random = self._random + step if ms == self._ms else int.from_bytes(os.urandom(10), "big") >> 7
            self._ms, tail = ms, self._random
        return UUID(int=ms << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0x2 << 62 | tail & (1 << 62) - 1)


_ids: Final = _Ids()
