"""The two engines, and what a connection of each is told: when a transaction begins, how long anything may take.

SQLAlchemy's default transaction handling loses updates silently on SQLite (docs/adr/0002): this module takes over
BEGIN. Reads open a plain BEGIN, writes a BEGIN IMMEDIATE; a write therefore never starts as a read that later fails.
"""

from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from moorage.storage import one_hop
from moorage.storage.answering import STATEMENT_TIMEOUT_S, AnsweringConnection

BUSY_TIMEOUT_MS: Final = 10_000
CONNECT_S: Final = 3
# What a connection's `info["glances"]` says of a read that is one SELECT.
LOOKS: Final = "looks"
_HAS_LOOKED: Final = "has looked"

_PRAGMAS_OF_READERS: Final = (f"busy_timeout={BUSY_TIMEOUT_MS}",)
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a settled usage row survives a power cut
    *_PRAGMAS_OF_READERS,
    "foreign_keys=ON",
    "journal_size_limit=67108864",
)


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


def sqlite_engine(url: str, *, looks_only: bool) -> AsyncEngine:
    """Give an engine over a file; `looks_only` leaves it as it is, with nothing beside it."""
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
        if connection.info.get("glances"):
            return
        writes = connection.info.get("writes", True)
        raw = cast("one_hop.OneHopConnection", connection.connection.driver_connection)
        raw.begin_soon("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine.sync_engine, "before_cursor_execute", _hold_to_one_select)
    return engine


def postgresql_engine(url: str, pool_size: int) -> AsyncEngine:
    """Give an engine of `pool_size` connections, and as many again when they are all in use."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=2,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text would carry what people wrote into logs
        connect_args={
            "async_creator_fn": AnsweringConnection.connect,
            "connect_timeout": CONNECT_S,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c lock_timeout=5s",
            # A server that vanished without a word answers no statement: then the kernel gives up, not after 15 min.
            "tcp_user_timeout": 15_000,
            "keepalives_idle": 15,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.info.get("writes") is False and not connection.info.get("glances"):
            # At the default level every statement sees another moment: a trail that grows meanwhile looks broken.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    @event.listens_for(engine.sync_engine, "checkin")
    def _limit_again(dbapi_connection: Any, _record: Any) -> None:
        if dbapi_connection is not None:
            dbapi_connection.driver_connection.takes_long = False

    event.listen(engine.sync_engine, "before_cursor_execute", _hold_to_one_select)
    return engine


def _hold_to_one_select(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
    glances = connection.info.get("glances")
    if glances:
        if glances == _HAS_LOOKED or not statement.startswith("SELECT"):
            raise RuntimeError("a glance is one SELECT")
        connection.info["glances"] = _HAS_LOOKED
