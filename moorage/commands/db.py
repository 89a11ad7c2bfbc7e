"""`moorage db copy`: everything from the SQLite file to PostgreSQL, or back, compared table by table afterwards."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy import text

from moorage.app import take_instance
from moorage.audit.trail import Act, Detail
from moorage.backups.filling import DatabaseSource, Tally, fill
from moorage.backups.placing import place_file, place_rows, require_room
from moorage.backups.unpacking import make_file, remove_file
from moorage.commands.backups_told import run
from moorage.commands.keys_at_hand import sources_if_any, tell_trail
from moorage.commands.progress import Progress
from moorage.commands.terminal import settings_or_fail
from moorage.composition.ground import build_database
from moorage.errors import Invalid, Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.filling import require_alone
from moorage.storage.migrate import hold_schema, require_current, schema_held, upgrade_within

_BEGIN: Final = text("SELECT 1")

db_command = typer.Typer(no_args_is_help=True, help="The database: from one engine to the other.")


@db_command.command("copy")
def db_copy(
    *,
    back: Annotated[bool, typer.Option("--back", help="From PostgreSQL to the SQLite file instead.")] = False,
) -> None:
    """Copy the SQLite file of MOORAGE_DATA into the empty database of MOORAGE_DATABASE_URL; stop the server first."""
    run(_copy(settings_or_fail(), back=back))


async def _copy(settings: Settings, *, back: bool) -> None:
    if settings.database_url is None:
        raise Invalid("copy_needs_url")
    file = settings.data / "moorage.db"
    postgresql = build_database(settings)
    if take_instance(settings.data).lock is None:
        raise Unavailable("server_in_the_way")
    lite = Database(sqlite_url(file)) if back or _exists(file) else None
    if lite is None:
        raise Unavailable("database_missing")
    try:
        with Progress() as progress:
            written = await (
                _to_file(lite, postgresql, file, progress) if back else _to_postgresql(lite, postgresql, progress)
            )
        target = lite if back else postgresql
        facts: dict[str, Detail] = {
            "to": "SQLite" if back else "PostgreSQL",
            "tables": len(written),
            "rows": _rows_of(written),
        }
        async with sources_if_any(settings) as sources:
            await tell_trail(target, sources, Act("deployment.copied", "deployment", "", "", details=facts))
    finally:
        await lite.close()
        await postgresql.close()
    typer.echo(f"{len(written)} tables, {_rows_of(written)} rows: each table was read back and is the same.")
    if back:
        typer.echo("Take MOORAGE_DATABASE_URL out of the settings and start the server.")
    else:
        typer.echo(f"Start the server with these settings. {file} is as it was: put it away when all is well.")


async def _to_postgresql(lite: Database, postgresql: Database, progress: Progress) -> dict[str, Tally]:
    await require_current(lite)
    await require_room(postgresql, None, replaces=False)
    async with schema_held(lite), _writers_out(lite):
        return await place_rows(lite, postgresql, replaces=False, progress=progress)


async def _to_file(lite: Database, postgresql: Database, file: Path, progress: Progress) -> dict[str, Tally]:
    await require_current(postgresql)
    await require_room(lite, file, replaces=False)
    working = file.with_name(f"{file.name}.copying")
    make_file(working)
    new = Database(sqlite_url(working))
    try:
        async with schema_held(lite), postgresql.read() as tx:
            await hold_schema(tx)
            await require_alone(tx)
            async with new.write() as there:
                await there.run_sync(upgrade_within)
            written = await fill(await DatabaseSource.of(tx), new.write, progress)
            await new.close()
            await lite.close()
            await asyncio.to_thread(place_file, working, file, keeps_old=False)
    finally:
        await new.close()
        remove_file(working)
    return written


@contextlib.asynccontextmanager
async def _writers_out(lite: Database) -> AsyncIterator[None]:
    """Hold SQLite's one place for a writer: what somebody would write now would be missing in the copy."""
    async with lite.write() as tx:
        await tx.execute(_BEGIN)
        yield


def _rows_of(written: Mapping[str, Tally]) -> int:
    return sum(tally.rows for tally in written.values())


def _exists(file: Path) -> bool:
    return file.exists()
