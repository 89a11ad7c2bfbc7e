"""SQLite in a thread, one hand-over per statement: stock aiosqlite needs four (cursor, execute, fetch, close).

A hand-over to the thread and back costs more than most of our statements. This cursor asks for everything at once: the
rows, their description, the row count. SQLAlchemy's adapter sees the surface it knows (docs/adr/0002). Statements that
were put off (`soon.py`) need no hand-over of their own.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from aiosqlite import Connection
from typing_extensions import override

T = TypeVar("T")

_TAKES_BACK: Final = "ROLLBACK TO"


async def connect(file: str) -> Connection:
    """Open a SQLite file, named by its path or by a `file:` URI; transactions are the caller's to begin."""

    def opening() -> sqlite3.Connection:
        is_uri = file.startswith("file:")
        return sqlite3.connect(file, isolation_level=None, check_same_thread=False, uri=is_uri)

    connection = OneHopConnection(opening, iter_chunk_size=64)
    thread = connection._thread  # noqa: SLF001 - as SQLAlchemy's own factory does
    # A process that ends without closing must not wait for this thread.
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        # aiosqlite tells its thread to stop and does not wait for it: it would answer to a loop that may be gone.
        await asyncio.shield(asyncio.to_thread(thread.join))
        raise


class OneHopConnection(Connection):
    """aiosqlite's connection with another cursor, and with a BEGIN that travels with the first statement.

    `visits`: how often its thread was asked for something, since it was opened.
    """

    visits = 0
    _begin: str | None = None
    # What goes with the next visit, before what that is for; in the order in which it was said.
    _put_off: tuple[tuple[str, Sequence[Any]], ...] = ()
    _is_putting_off = False
    # True while a statement is in the thread, and after its caller was cancelled: then nobody knows how far it got.
    _is_away = False

    def begin_soon(self, statement: str) -> None:
        """Begin a transaction with `statement` when the first statement of it is executed."""
        self._begin = statement

    @override
    def cursor(self) -> "OneHopCursor":  # type: ignore[override]
        return OneHopCursor(self)

    @contextlib.contextmanager
    def putting_off(self) -> Iterator[None]:
        """Within it a statement is only noted down; it goes with whatever comes next, the commit at the latest."""
        self._is_putting_off = True
        try:
            yield
        finally:
            self._is_putting_off = False

    def take_down(self, statement: str, parameters: Sequence[Any]) -> bool:
        """Note a statement down if they are put off now; False: it is to be executed."""
        if self._is_putting_off:
            self._put_off += ((statement, parameters),)
        return self._is_putting_off

    def forget(self) -> None:
        """Drop what is put off: what it belongs to is being taken back."""
        self._put_off = ()

    @property
    def has_put_off(self) -> bool:
        """True while something is put off."""
        return bool(self._put_off)

    @override
    async def commit(self) -> None:
        if self._put_off:
            await self.in_thread(lambda raw: raw.commit())
            return
        self._begin = None
        if self._is_away or self._conn.in_transaction:
            self.visits += 1
            await super().commit()
            self._is_away = False

    @override
    async def rollback(self) -> None:
        # The pool rolls back whatever it gets returned, mostly nothing: asking is free, the thread is not.
        self._begin = None
        self.forget()
        if self._is_away or self._conn.in_transaction:
            self.visits += 1
            await super().rollback()
            self._is_away = False

    async def in_thread(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in the connection's thread, after what is put off."""
        begin, self._begin = self._begin, None
        before, self._put_off = self._put_off, ()

        def visit(raw: sqlite3.Connection) -> T:
            if begin is not None:
                raw.execute(begin).close()
            for statement, parameters in before:
                raw.execute(statement, parameters).close()
            return work(raw)

        self.visits += 1
        self._is_away = True
        try:
            done: T = await self._execute(visit, self._conn)  # type: ignore[no-untyped-call]
        except Exception:
            self._is_away = False
            raise
        self._is_away = False
        return done


@dataclass(slots=True)
class _Outcome:
    rows: Sequence[Any]
    description: Any
    rowcount: int
    lastrowid: int | None


class OneHopCursor:
    """What SQLAlchemy's asynchronous adapter asks of a cursor, and no more."""

    arraysize = 1

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._outcome = _Outcome((), None, -1, None)

    async def __aenter__(self) -> Self:
        """Nothing is to be opened: the cursor exists in the thread only while it executes."""
        return self

    @property
    def description(self) -> Any:
        """The columns of the last statement, None if it gave no rows."""
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The row id of the last insert."""
        return self._outcome.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute, fetch all rows and close, in one visit to the thread."""
        if self._connection.take_down(statement, parameters):
            self._outcome = _Outcome((), None, -1, None)
            return self
        if statement.startswith(_TAKES_BACK):
            # It came after the savepoint, which took everything before it along.
            self._connection.forget()
        self._outcome = await self._connection.in_thread(lambda raw: _run(raw.execute(statement, parameters)))
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute once for each set of parameters."""
        self._outcome = await self._connection.in_thread(lambda raw: _run(raw.executemany(statement, parameters)))
        return self

    async def fetchall(self) -> Sequence[Any]:
        """Give the rows, which are here already."""
        return self._outcome.rows

    async def close(self) -> None:
        """Nothing is open."""


def _run(cursor: sqlite3.Cursor) -> _Outcome:
    rows = cursor.fetchall() if cursor.description else ()
    outcome = _Outcome(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    cursor.close()
    return outcome
