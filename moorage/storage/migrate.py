"""Brings the schema up to date at start, under a lock and in one transaction; refuses a schema it doesn't know.

A process that is killed in the middle leaves the old schema. An existing SQLite file is copied before it is changed.
"""

import asyncio
import contextlib
import fcntl
import functools
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Unavailable
from moorage.storage.answering import let_take_long
from moorage.storage.database import Database

LOCK_TIMEOUT_S: Final = 60.0
SCRIPTS: Final = "moorage:migrations"  # inside the package, wherever it is installed
_LOCK_POLL_S: Final = 0.1
_NOT_ALLOWED: Final = "42501"  # PostgreSQL: insufficient_privilege
ADVISORY_LOCK: Final = 0x6D6F6F7261676501  # "moorage" and the number of this lock

log = structlog.get_logger(__name__)


async def upgrade(database: Database, *, lock_timeout_s: float = LOCK_TIMEOUT_S, scripts: str = SCRIPTS) -> None:
    """Bring the schema to the newest revision; does nothing if it is there.

    Raises Unavailable: schema_unknown (made by a newer Moorage, or by something else), schema_busy (another process
    holds the lock for longer than `lock_timeout_s`), schema_not_ours (this user of PostgreSQL may not change it),
    database_gone.
    """
    file = sqlite_file(database)
    async with _lock_file(file, lock_timeout_s):
        if file is not None:
            await _copy_before_change(database, file, scripts)
        async with database.write() as connection:
            if not database.is_sqlite:
                await _take_advisory_lock(connection, lock_timeout_s)
            try:
                await connection.run_sync(upgrade_within, scripts)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
                    raise Unavailable("schema_not_ours") from error
                raise


async def require_current(database: Database) -> None:
    """Raise Unavailable("schema_unknown") unless the schema is exactly the one this code was written for."""
    async with database.read() as connection:
        found = await connection.run_sync(_found_revisions)
    if found != (_history(SCRIPTS).get_current_head(),):
        raise Unavailable("schema_unknown", found=", ".join(found) or "–")


@dataclass(frozen=True, slots=True)
class SchemaState:
    """What a database's schema is to this code. `found` and `newest` are revisions, "–" where there is none."""

    kind: Literal["current", "older", "empty", "unknown"]
    found: str
    newest: str


async def look_at_schema(connection: AsyncConnection) -> SchemaState:
    """Say what a start would find; changes nothing. "unknown": of a newer Moorage, or of something else."""
    newest = _history(SCRIPTS).get_current_head()
    found = await connection.run_sync(_found_revisions)
    written = ", ".join(found) or "–"
    try:
        await connection.run_sync(_known_revisions, SCRIPTS)
    except Unavailable:
        return SchemaState("unknown", written, str(newest))
    kind: Literal["current", "older", "empty"] = "current" if found == (newest,) else "older" if found else "empty"
    return SchemaState(kind, written, str(newest))


def alembic_config(scripts: str = SCRIPTS) -> Config:
    """Give Alembic's configuration: the steps are found inside the installed package."""
    config = Config()
    config.set_main_option("script_location", scripts)
    config.set_main_option("path_separator", "os")
    return config


def sqlite_file(database: Database) -> Path | None:
    """Give the file of a SQLite database. None: another engine, or in memory."""
    name = database.engine.url.database
    return Path(name) if database.is_sqlite and name and name != ":memory:" else None


def upgrade_within(connection: Connection, scripts: str = SCRIPTS) -> None:
    """Bring the schema up to date in the transaction that is open on `connection`."""
    head = _history(scripts).get_current_head()
    if _known_revisions(connection, scripts) == (head,):
        return
    config = alembic_config(scripts)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    log.info("schema_upgraded", schema=head)


def knows_revision(revision: str) -> bool:
    """True for a revision of our history; a newer Moorage has others."""
    return revision in {step.revision for step in _history(SCRIPTS).walk_revisions()}


def make_schema(connection: Connection, revision: str) -> None:
    """Make the schema of a revision in a database that holds nothing, in the transaction that is open."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@contextlib.asynccontextmanager
async def schema_held(database: Database, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> AsyncIterator[None]:
    """Keep starts from changing a SQLite file, or making one, meanwhile. Raises Unavailable("schema_busy")."""
    async with _lock_file(sqlite_file(database), lock_timeout_s):
        yield


async def hold_schema(connection: AsyncConnection, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
    """Keep starts from PostgreSQL's schema until this transaction ends. Raises Unavailable("schema_busy")."""
    if connection.dialect.name == "postgresql":
        await _take_advisory_lock(connection, lock_timeout_s)


def _known_revisions(connection: Connection, scripts: str) -> tuple[str, ...]:
    """Give the schema's revisions. Raises Unavailable("schema_unknown") for one that is not in our history."""
    found = _found_revisions(connection)
    known = {step.revision for step in _history(scripts).walk_revisions()}
    if not set(found) <= known or (not found and _has_foreign_tables(connection)):
        raise Unavailable("schema_unknown", found=", ".join(found) or "–")
    return found


def _found_revisions(connection: Connection) -> tuple[str, ...]:
    return MigrationContext.configure(connection).get_current_heads()


def _has_foreign_tables(connection: Connection) -> bool:
    """True when there are tables although no revision is recorded: somebody else's database."""
    return bool(inspect(connection).get_table_names())


def _history(scripts: str) -> ScriptDirectory:
    return _own_history() if scripts == SCRIPTS else ScriptDirectory.from_config(alembic_config(scripts))


@functools.cache
def _own_history() -> ScriptDirectory:
    # Alembic runs every step's file each time it is asked for its history, and a start asks four times.
    return ScriptDirectory.from_config(alembic_config())


async def _copy_before_change(database: Database, file: Path, scripts: str) -> None:
    async with database.read() as connection:
        found = await connection.run_sync(_known_revisions, scripts)
    if not found or found == (_history(scripts).get_current_head(),):
        return
    copy = file.with_name(f"{file.name}.before-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{found[0]}")
    await asyncio.to_thread(copy_sqlite, file, copy)
    log.info("schema_copied", schema=found[0])


def copy_sqlite(file: Path, copy: Path) -> None:
    """Copy a database that may be in use to one new file of mode 0600."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        # Consistent, whatever is still in the write-ahead log.
        connection.execute("VACUUM INTO ?", (str(copy),))
    copy.chmod(0o600)


@contextlib.asynccontextmanager
async def _lock_file(file: Path | None, timeout_s: float) -> AsyncIterator[None]:
    """Hold `<file>.lock` exclusively. The kernel lets go when the process ends, however it ends."""
    if file is None:
        yield
        return
    descriptor = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _wait_for_lock(descriptor, timeout_s)
        yield
    finally:
        os.close(descriptor)


async def _take_advisory_lock(connection: AsyncConnection, timeout_s: float) -> None:
    """Take a lock that is held until the transaction ends, however it ends."""
    deadline = time.monotonic() + timeout_s
    take = text("SELECT pg_try_advisory_xact_lock(CAST(:lock AS BIGINT))")
    while not await connection.scalar(take, {"lock": ADVISORY_LOCK}):
        if time.monotonic() >= deadline:
            raise Unavailable("schema_busy")
        await asyncio.sleep(_LOCK_POLL_S)
    await let_take_long(connection)


async def _wait_for_lock(descriptor: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Unavailable("schema_busy") from None
            await asyncio.sleep(_LOCK_POLL_S)
        else:
            return
