"""Puts a finished SQLite file, or its rows, in the place of what was there: all of it, or nothing.

What was there of a file stays beside it under another name. PostgreSQL's old tables go in the transaction that fills
the new ones: until its commit nothing has changed, whatever ends it.
"""

import contextlib
import itertools
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.backups.filling import DatabaseSource, Progress, Tally, fill
from moorage.backups.unpacking import remove_file
from moorage.errors import Conflict, Unavailable
from moorage.storage.database import Database
from moorage.storage.disk import disk_trouble_told
from moorage.storage.engines import sqlite_url
from moorage.storage.filling import drop_everything, has_rows, require_alone
from moorage.storage.migrate import hold_schema, upgrade_within
from moorage.storage.shapes import VERSION_TABLE, find_shapes, find_tables
from moorage.storage.types import Row
from moorage.usage.months import make_room

_NOT_ALLOWED: Final = "42501"
_SIDES: Final = ("-wal", "-shm", "-journal")


async def file_holds_something(file: Path) -> bool:
    """True for a file with a row in it, and for one that nobody can read: it may be all that is left."""
    if not _size_of(file):
        return False
    database = Database(sqlite_url(file), looks_only=True)
    try:
        async with database.read() as tx:
            return await has_rows(tx, await find_shapes(tx))
    except (Unavailable, DBAPIError, TypeError):
        return True
    finally:
        await database.close()


async def require_room(target: Database, file: Path | None, *, replaces: bool) -> None:
    """Refuse early what `place_file` and `place_rows` refuse: Conflict("target_not_empty"), and as `place_rows`."""
    if file is not None:
        if not replaces and await file_holds_something(file):
            raise Conflict("target_not_empty")
        return
    async with target.read() as tx:
        await require_alone(tx)
        await _require_ours(tx, replaces=replaces)


def place_file(new: Path, file: Path, *, keeps_old: bool) -> Path | None:
    """Give a finished database the name of the deployment's; gives where the old one is now.

    Raises Unavailable("database_in_use"): somebody has the old one open.
    """
    _close_log(new)
    old = None
    if file.exists():
        _require_unused(file)
        if keeps_old:
            old = _name_for_old(file)
            _keep(file, old)
    for side in _SIDES:
        # Left by a killed process; over the new file it would be taken for the new file's own.
        file.with_name(file.name + side).unlink(missing_ok=True)
    new.replace(file)
    _sync(file.parent)
    remove_file(new)
    return old


async def place_rows(source: Database, target: Database, *, replaces: bool, progress: Progress) -> dict[str, Tally]:
    """Make today's schema on PostgreSQL and fill it from a database of the same; one transaction.

    Raises Conflict: target_not_empty, target_not_ours (tables of somebody else, or of a newer Moorage). Unavailable:
    database_in_use (`count`), target_not_owned (this user may not make or drop tables), schema_busy, or as `fill`.
    """
    try:
        with disk_trouble_told():
            return await _place_rows(source, target, replaces=replaces, progress=progress)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
            raise Unavailable("target_not_owned") from None
        raise


async def _place_rows(source: Database, target: Database, *, replaces: bool, progress: Progress) -> dict[str, Tally]:
    async with source.read() as there, target.write() as tx:
        await hold_schema(tx)
        await require_alone(tx)
        await _require_ours(tx, replaces=replaces)
        await drop_everything(tx)
        await tx.run_sync(upgrade_within)
        await make_room(there, tx)

        @contextlib.asynccontextmanager
        async def same() -> AsyncIterator[AsyncConnection]:
            yield tx

        return await fill(await DatabaseSource.of(there), same, progress)


async def _require_ours(tx: AsyncConnection, *, replaces: bool) -> None:
    names = await find_tables(tx)
    if not names:
        return
    # All of the schema is dropped: one table that is not known to be ours, and nothing is.
    if VERSION_TABLE not in names or names - {VERSION_TABLE, *Row.metadata.tables}:
        raise Conflict("target_not_ours")
    try:
        is_full = await has_rows(tx, await find_shapes(tx))
    except TypeError:
        is_full = True  # by a newer Moorage, with a kind of column that this one does not know
    if is_full and not replaces:
        raise Conflict("target_not_empty")


def _require_unused(file: Path) -> None:
    """Take the write-ahead log into the file; that works for whoever is alone with it."""
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").close()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise Unavailable("database_in_use", count=1) from None
    except sqlite3.DatabaseError:
        return  # damaged, and the reason why it is replaced


def _size_of(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _close_log(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").close()
    _sync(file)


def _name_for_old(file: Path) -> Path:
    named = f"{file.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    numbered = (file.with_name(f"{named}-{number}") for number in itertools.count(2))
    return next(one for one in (file.with_name(named), *itertools.islice(numbered, 99)) if not one.exists())


def _keep(file: Path, old: Path) -> None:
    for side in ("", *_SIDES):
        present = file.with_name(file.name + side)
        if not present.exists():
            continue
        kept = old.with_name(old.name + side)
        try:
            os.link(present, kept)
        except OSError:
            shutil.copyfile(present, kept)
            kept.chmod(0o600)
    _sync(old.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
