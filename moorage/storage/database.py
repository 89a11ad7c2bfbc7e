"""Short read and write transactions, alike on both engines, and a writer that commits many writes at once."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moorage.errors import Unavailable
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady
from moorage.storage.disk import trouble_of
from moorage.storage.engines import LOOKS, postgresql_engine, sqlite_engine
from moorage.storage.soon import send

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
Item = tuple[Work[Any], asyncio.Future[Any], str]

MAX_GROUP: Final = 256
# PostgreSQL's words for a rival transaction: deadlock, serialization failure, lock not available in time.
_IN_THE_WAY: Final = frozenset({"40P01", "40001", "55P03"})
# Of these the database itself ended one of two, at once, and took all of it back.
_TO_DO_AGAIN: Final = frozenset({"40P01", "40001"})
_TIMES_AGAIN: Final = 2

log = structlog.get_logger(__name__)
_in_transaction: ContextVar[bool] = ContextVar("in_transaction", default=False)


class Database:
    """Opens transactions. `read` sees one snapshot and can't write; `write` is serialised on SQLite.

    `looks_only`: only `read` is used, and a SQLite file must exist; it is left as it is, with nothing beside it.
    """

    def __init__(self, url: str, *, pool_size: int = 5, looks_only: bool = False) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._engine = (
            sqlite_engine(url, looks_only=looks_only) if self.is_sqlite else postgresql_engine(url, pool_size)
        )
        # SQLite has one writer at a time. Waiting here costs nothing; waiting in its busy handler blocks a thread.
        self._turn: asyncio.Lock | contextlib.AbstractAsyncContextManager[None] = (
            asyncio.Lock() if self.is_sqlite else contextlib.nullcontext()
        )

    @property
    def engine(self) -> AsyncEngine:
        """The engine, for migrations only."""
        return self._engine

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A read-only transaction.

        Raises Unavailable: "database_gone" when the database can't be reached, "database_crowded" when no connection
        to it came free in time, "database_full" and "database_disk_failed" for what its disk is the cause of.
        """
        with _outages_named(), _noted():
            async with self._engine.connect() as connection:
                connection.info["writes"] = False
                async with connection.begin():
                    yield connection

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """A read of a single SELECT, which needs no transaction around it, nor the trips that one takes.

        Raises as `read` does, and RuntimeError at whatever else is asked: two statements may see two moments.
        """
        with _outages_named(), _noted():
            async with self._engine.connect() as connection:
                if not self.is_sqlite:
                    _ = await connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.info.update(writes=False, glances=LOOKS)
                try:
                    yield connection
                finally:
                    # One that broke off has nothing to be told, and asking it hides what broke it.
                    if not connection.invalidated:
                        connection.info["glances"] = None

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: commits at the end, rolls back on any exception."""
        with _outages_named(), _noted():
            async with self._turn, self._engine.connect() as connection:
                connection.info["writes"] = True
                async with connection.begin():
                    yield connection

    def carry(self, name: str, thing: object) -> None:
        """Let every transaction from now on carry something, for the room that knows its name (docs/adr/0014)."""
        self._engine.sync_engine.update_execution_options(**{name: thing})

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


class GroupWriter:
    """Runs small writes of the whole process in one task and commits them together.

    Each piece of work runs in its own savepoint, so that one that fails takes nobody with it; its future resolves only
    after the commit. What lost against a rival transaction is done again, twice at most: a work must bear that.
    Measured 4 to 29 times faster than a transaction each (docs/adr/0002).
    """

    def __init__(self, database: Database, reports: Reports | None = None) -> None:
        self._database = database
        self._writer = Steady(
            self._turn, reports or Reports(), name="group-writer", event="group_writer_broke", breath_s=0.05
        )
        self._is_begun = False
        self._queue: asyncio.Queue[Item] = asyncio.Queue()

    def start(self) -> None:
        """Begin to work. Needs a running event loop."""
        self._is_begun = True
        self._writer.start()

    async def close(self) -> None:
        """Finish what is queued, then stop."""
        if self._is_begun:
            await self._queue.join()
            await self._writer.aclose()

    async def do(self, work: Work[T], place: str = "") -> T:
        """Run `work` in the next group. Returns its result once committed; raises what it raised.

        `place` says whose rows it holds: the works of a group run in this order, so that the groups of two processes
        never wait for each other in a circle.
        A caller that is cancelled while it waits does not undo the work: what was queued is done.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, future, place))
        return await future

    async def _turn(self) -> None:
        group = [await self._queue.get()]
        while len(group) < MAX_GROUP and not self._queue.empty():
            group.append(self._queue.get_nowait())
        group.sort(key=_place_of)
        try:
            await self._commit(group)
        finally:
            for _, future, _ in group:
                if not future.done():
                    # What broke here is reported; whoever waits must not wait for ever.
                    future.set_exception(Unavailable("unexpected"))
                self._queue.task_done()

    async def _commit(self, group: list[Item], again: int = _TIMES_AGAIN) -> None:
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        has_begun = False
        try:
            async with self._database.write() as connection:
                has_begun = True
                # A lone work needs no savepoint: the transaction is its own.
                alone = len(group) == 1
                for work, future, _ in group:
                    outcomes.append((future, *await _attempt(connection, work, alone=alone)))
                if alone and outcomes[0][2] is not None:
                    raise _RolledBackError
        except _RolledBackError:
            pass
        except Exception as error:  # noqa: BLE001 - every waiting caller gets to know, whatever it was
            anew = _to_do_again(group, len(outcomes), error, again) if has_begun else []
            for part in anew:
                await self._commit(part, again - 1)
            if anew:
                return
            outcomes = [(future, None, error) for _, future, _ in group]
        for future, result, failure in outcomes:
            if future.done():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _place_of(item: Item) -> str:
    return item[2]


def _to_do_again(group: list[Item], begun: int, error: Exception, again: int) -> list[list[Item]]:
    """Give what to commit anew, of a group of which nothing was stored; empty: nobody gains by it."""
    if len(group) > 1:
        # One that waits for a lock, or too long, must not take the others with it.
        return [[one] for one in group] if begun < len(group) and _is_of_one_work(error) else []
    return [group] if again and _sqlstate_of(error) in _TO_DO_AGAIN else []


def _is_of_one_work(error: Exception) -> bool:
    """True for what the database says about a statement while it stays connected: lock timeout, deadlock, too slow."""
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    return isinstance(cause, OperationalError) and not cause.connection_invalidated


def _sqlstate_of(error: Exception) -> str | None:
    """Give PostgreSQL's code of what went wrong; None on SQLite, whose writers stand in line."""
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    return getattr(getattr(cause, "orig", None), "sqlstate", None)


class _RolledBackError(Exception):
    """Leaves the transaction of a lone work that failed."""


async def _attempt(connection: AsyncConnection, work: Work[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
    try:
        if alone:
            return await work(connection), None
        async with connection.begin_nested():
            done = await work(connection)
            # Before the savepoint is let go: what fails then could not be taken back.
            await send(connection)
            return done, None
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - handed to the caller of this one work
        return None, error


def require_no_transaction() -> None:
    """Raise RuntimeError inside a transaction of this task: what waits for others has no place there.

    On SQLite a second write transaction of the same task would wait for the first for ever.
    """
    if _in_transaction.get():
        raise RuntimeError("this has no place inside a transaction")


@contextlib.contextmanager
def _noted() -> Iterator[None]:
    was = _in_transaction.get()
    _in_transaction.set(True)
    try:
        yield
    finally:
        _in_transaction.set(was)


@contextlib.contextmanager
def _outages_named() -> Any:
    try:
        yield
    except PoolTimeout as error:
        # The database is well: everybody wants a connection at this moment, and this one waited long enough.
        log.warning("database_crowded")
        raise Unavailable("database_crowded") from error
    except (OperationalError, InterfaceError, ConnectionError) as error:
        if _is_about_the_statement(error):
            raise
        if _sqlstate_of(error) in _IN_THE_WAY:
            raise Unavailable("database_busy") from error
        # Nobody gets room by waiting: it is told apart from a database that is away for a moment.
        if (trouble := trouble_of(error)) == "disk_full":
            log.error("database_full")
            raise Unavailable("database_full") from error
        if trouble is not None:
            log.error("database_disk_failed")
            raise Unavailable("database_disk_failed") from error
        log.error("database_gone", kind=type(error).__name__)
        raise Unavailable("database_gone") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            log.error("database_gone", kind=type(error).__name__)
            raise Unavailable("database_gone") from error
        raise


def carried(tx: AsyncConnection, name: str) -> object:
    """Give what `Database.carry` gave a transaction under this name; None if nothing."""
    return tx.sync_connection.get_execution_options().get(name) if tx.sync_connection is not None else None


def _is_about_the_statement(error: Exception) -> bool:
    """True for a table or column that does not exist: SQLite's driver gives it the class of an outage."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_ERROR


async def ping(database: Database) -> None:
    """Prove that a write transaction opens and commits. Raises Unavailable("database_gone")."""
    async with database.write() as connection:
        await connection.execute(text("SELECT 1"))
