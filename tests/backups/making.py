"""Backups of a file for tests that are no coroutines themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.backups.archive import open_archive
from moorage.backups.making import make_backup
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url


def quiet(_step: str, _done: int, _total: int) -> None:
    """Progress that nobody reads."""


def make(file: Path, target: Path, before: Callable[[AsyncConnection], Awaitable[Any]] | None = None) -> bytes:
    """Back a SQLite file up; gives the bytes. `before` is done to the database first."""

    async def run() -> None:
        database = Database(sqlite_url(file))
        try:
            if before is not None:
                async with database.write() as tx:
                    await before(tx)
            await make_backup(database, target, None, quiet)
        finally:
            await database.close()

    # In a thread, because this one's event loop may belong to a test.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, run()).result()
    return target.read_bytes()


def read_everything(file: Path) -> int:
    """Read every row of a backup; gives how many there are. Raises as reading does."""
    with open_archive(file) as archive:
        count = sum(1 for table in archive.manifest.tables for _ in archive.lines(table))
        _ = archive.sealed_keys
    return count
