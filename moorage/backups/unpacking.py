"""A backup becomes a SQLite file of today's schema, in a place where nobody uses it; whatever happens, only that file.

Both `restore` and `backup verify` begin like this: what is put back is what was checked.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from moorage.backups.archive import Archive
from moorage.backups.filling import ArchiveSource, Progress, Tally, fill
from moorage.errors import Invalid, Unavailable
from moorage.storage.database import Database
from moorage.storage.disk import disk_trouble_told
from moorage.storage.engines import sqlite_url
from moorage.storage.migrate import knows_revision, make_schema, upgrade_within

_BESIDE = ("", "-wal", "-shm", "-journal", ".lock")


@contextlib.asynccontextmanager
async def unpacked(archive: Archive, file: Path, progress: Progress) -> AsyncIterator[Database]:
    """Give the backup as a database in a new file, at the newest schema. The caller removes the file.

    Raises Invalid: backup_newer (`by`), backup_damaged. Unavailable: disk_full, disk_failed, backup_schema_failed,
    copy_differs.
    """
    manifest = archive.manifest
    if not knows_revision(manifest.schema_revision):
        raise Invalid("backup_newer", by=manifest.moorage)
    with disk_trouble_told():
        make_file(file)
    database = Database(sqlite_url(file))
    try:
        with disk_trouble_told():
            await _unpack(archive, database, progress)
        yield database
    finally:
        await database.close()


async def _unpack(archive: Archive, database: Database, progress: Progress) -> None:
    manifest = archive.manifest
    async with database.write() as tx:
        await tx.run_sync(make_schema, manifest.schema_revision)
    written = await fill(ArchiveSource(archive), database.write, progress)
    if written != {table.name: Tally(table.rows, table.content) for table in manifest.tables}:
        raise Invalid("backup_damaged")
    progress("migrate", 0, 1)
    try:
        async with database.write() as tx:
            await tx.run_sync(upgrade_within)
    except IntegrityError:
        # Rows that no start ever wrote.
        raise Unavailable("backup_schema_failed") from None
    progress("migrate", 1, 1)


def make_file(file: Path) -> None:
    """Make an empty file of mode 0600, in the place of what a killed run left."""
    remove_file(file)
    file.touch(mode=0o600, exist_ok=False)


def remove_file(file: Path) -> None:
    """Remove a SQLite file and what lies beside it."""
    for ending in _BESIDE:
        file.with_name(file.name + ending).unlink(missing_ok=True)
