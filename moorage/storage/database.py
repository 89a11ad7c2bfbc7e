"""One database, two engines: short read and write transactions, and a writer that commits many writes at once.

SQLAlchemy's default transaction handling loses updates silently on SQLite (docs/adr/0002): this module takes over
BEGIN. Reads open a plain BEGIN, writes a BEGIN IMMEDIATE; a write therefore never starts as a read that later fails.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import structlog
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from moorage.errors import Unavailable
from moorage.storage import one_hop

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

BUSY_TIMEOUT_MS: Final = 10_000
MAX_GROUP: Final = 256

_PRAGMAS_OF_READERS: Final = (f"busy_timeout={BUSY_TIMEOUT_MS}",)
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a settled usage row survives a power cut
    *_PRAGMAS_OF_READERS,
    "foreign_keys=ON",
    "journal_size_limit=67108864",
)

log = structlog.get_logger(__name__)


class Database:
    """Opens transactions. `read` sees one snapshot and can't write; `write` is serialised on SQLite.

    `looks_only`: only `read` is used, and a SQLite file must exist; it is left as it is, with nothing beside it.
    """

    def __init__(self, url: str, *, pool_size: int = 5, looks_only: bool = False) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._engine = _sqlite_engine(url, looks_only) if self.is_sqlite else _postgresql_engine(url, pool_size)
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
        """A read-only transaction. Raises Unavailable("database_gone") when the database can't be reached."""
        with _outages_named():
            async with self._engine.connect() as connection:
                connection.info["writes"] = False
                async with connection.begin():
                    yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: commits at the end, rolls back on any exception."""
        with _outages_named():
            async with self._turn, self._engine.connect() as connection:
                connection.info["writes"] = True
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


class GroupWriter:
    """Runs small writes of the whole process in one task and commits them together.

    Each piece of work runs in its own savepoint, so that one that fails takes nobody with it; its future resolves only
    after the commit. Measured 4 to 29 times faster than a transaction each (docs/adr/0002).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: asyncio.Queue[tuple[Work[Any], asyncio.Future[Any]]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work. Needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name="group-writer")

    async def close(self) -> None:
        """Finish what is queued, then stop."""
        if self._task is None:
            return
        await self._queue.join()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def do(self, work: Work[T]) -> T:
        """Run `work` in the next group. Returns its result once committed; raises what it raised.

        A caller that is cancelled while it waits does not undo the work: what was queued is done.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, future))
        return await future

    async def _run(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < MAX_GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._commit(group)
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _commit(self, group: list[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        has_begun = False
        try:
            async with self._database.write() as connection:
                has_begun = True
                # A lone work needs no savepoint: the transaction is its own.
                alone = len(group) == 1
                for work, future in group:
                    outcomes.append((future, *await _attempt(connection, work, alone=alone)))
                if alone and outcomes[0][2] is not None:
                    raise _RolledBackError
        except _RolledBackError:
            pass
        except Exception as error:  # noqa: BLE001 - every waiting caller gets to know, whatever it was
            if has_begun and len(outcomes) < len(group) > 1 and _is_of_one_work(error):
                # Nothing of it was stored. One that waits for a lock, or too long, must not take the others with it.
                for one in group:
                    await self._commit([one])
                return
            outcomes = [(future, None, error) for _, future in group]
        for future, result, failure in outcomes:
            if future.done():
                continue
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _is_of_one_work(error: Exception) -> bool:
    """True for what the database says about a statement while it stays connected: lock timeout, deadlock, too slow."""
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    return isinstance(cause, OperationalError) and not cause.connection_invalidated


class _RolledBackError(Exception):
    """Leaves the transaction of a lone work that failed."""


async def _attempt(connection: AsyncConnection, work: Work[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
    try:
        if alone:
            return await work(connection), None
        async with connection.begin_nested():
            return await work(connection), None
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - handed to the caller of this one work
        return None, error


@contextlib.contextmanager
def _outages_named() -> Any:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, ConnectionError) as error:
        log.error("database_gone", kind=type(error).__name__)
        raise Unavailable("database_gone") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            log.error("database_gone", kind=type(error).__name__)
            raise Unavailable("database_gone") from error
        raise


def sqlite_url(file: Path) -> str:
    """Give the URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


def sqlite_looking_uri(file: Path) -> str:
    """Give the URI under which SQLite reads a file and leaves no other file beside it.

    Even a read-only connection makes a write-ahead log where there is none, and can't remove it. Where one exists,
    somebody uses the file or was killed while doing so, and its content counts.
    """
    is_in_use = any(file.with_name(file.name + ending).exists() for ending in ("-wal", "-journal"))
    return f"{file.absolute().as_uri()}?{'mode=ro' if is_in_use else 'immutable=1'}"


def _sqlite_engine(url: str, looks_only: bool) -> AsyncEngine:  # noqa: FBT001 - of this module, from one place
    file = make_url(url).database or ":memory:"
    opened = sqlite_looking_uri(Path(file)) if looks_only else file
    engine = create_async_engine(
        url,
        async_creator=lambda: one_hop.connect(opened),
        pool_size=8,
        max_overflow=4,
        pool_timeout=5,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(dbapi_connection: Any, _record: Any) -> None:
        cursor = dbapi_connection.cursor()
        for pragma in _PRAGMAS_OF_READERS if looks_only else _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.info.get("writes", True)
        raw = cast("one_hop.OneHopConnection", connection.connection.driver_connection)
        raw.begin_soon("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=2,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text would carry what people wrote into logs
        connect_args={
            "connect_timeout": 3,
            "options": "-c statement_timeout=10000 -c lock_timeout=5000",
            # A server that vanished without a word answers no statement: then the kernel gives up, not after 15 min.
            "tcp_user_timeout": 15_000,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.info.get("writes") is False:
            # At the default level every statement sees another moment: a trail that grows meanwhile looks broken.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


async def ping(database: Database) -> None:
    """Prove that a write transaction opens and commits. Raises Unavailable("database_gone")."""
    async with database.write() as connection:
        await connection.execute(text("SELECT 1"))
