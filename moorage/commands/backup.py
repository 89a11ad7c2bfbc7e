"""`moorage backup` and `moorage backup verify`: the whole database as one file, and whether such a file is good."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from moorage.api.sentences import Language, sentence
from moorage.audit.trail import Act, Detail
from moorage.backups.archive import open_archive, sweep_partials
from moorage.backups.checks import Subject, run_checks
from moorage.backups.making import Made, make_backup, name_for
from moorage.backups.unpacking import unpacked
from moorage.commands.backups_told import (
    EXIT_PROBLEM,
    BackupFile,
    InLanguage,
    PassphraseFile,
    ring_in,
    run,
    sources_for,
    tell_check,
    tell_manifest,
)
from moorage.commands.keys import RESEALERS
from moorage.commands.keys_at_hand import read_passphrase, sources_if_any, tell_trail
from moorage.commands.progress import Progress
from moorage.commands.terminal import fail, opened_as_it_is, settings_or_fail
from moorage.composition.key_sources import has_ring, ring_of
from moorage.doctor.terminal import language_of
from moorage.errors import MoorageError, Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.migrate import look_at_schema
from moorage.vault.portable import seal_ring

_MIB: Final = 1024 * 1024

backup_command = typer.Typer(help="The whole database as one file, and whether such a file is good.")


@backup_command.callback(invoke_without_command=True)
def backup(
    context: typer.Context,
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A new file, or a folder, in which it is named by the time.")
    ] = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the key ring inside, sealed under a passphrase.")
    ] = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write everything in the database to one file, while the server serves; without its keys unless you ask."""
    if context.invoked_subcommand is not None:
        return
    if to is None:
        raise typer.BadParameter("--to: say where, a file or a folder; best on another disk.")
    if passphrase_file is not None and not with_keys:
        raise typer.BadParameter("--passphrase-file goes with --with-keys.")
    run(_backup(settings_or_fail(), to, with_keys=with_keys, passphrase_file=passphrase_file))


@backup_command.command("verify")
def backup_verify(
    file: BackupFile,
    *,
    passphrase_file: PassphraseFile = None,
    no_keys: Annotated[
        bool, typer.Option("--no-keys", help="Leave out what needs the keys, although they are here.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="FOLDER", help="Where to unpack it. Default: TMPDIR, or /tmp.")
    ] = None,
    language: InLanguage = None,
) -> None:
    """Put a backup back in a temporary place, bring it up to date and check it. Exit code 1 if something is wrong."""
    told = language or language_of(os.environ)
    run(_verify(settings_or_fail(), file, folder, told, passphrase_file=passphrase_file, no_keys=no_keys))


async def _backup(settings: Settings, to: Path, *, with_keys: bool, passphrase_file: Path | None) -> None:
    sealed_keys = None
    if with_keys:
        if not has_ring(settings):
            raise Unavailable("backup_keys_elsewhere")
        sealed_keys = seal_ring(ring_of(settings), read_passphrase(passphrase_file, twice=True))
    target = _target_in(to)
    async with opened_as_it_is(settings) as database:
        with Progress() as progress:
            made = await make_backup(database, target, sealed_keys, progress)
        await _tell_made(settings, database, made)
    manifest = made.manifest
    typer.echo(f"{made.path}  {_size(made.size)}, {len(manifest.tables)} tables, {manifest.rows} rows")
    if sealed_keys is None:
        typer.echo("The keys are not inside: keep a copy of the ring somewhere else, or back up the key store.")
    else:
        typer.echo("The key ring is inside, sealed under your passphrase: keep that somewhere else.")


def _target_in(to: Path) -> Path:
    if not to.is_dir():
        return to
    sweep_partials(to)
    return to / name_for(datetime.now(UTC))


async def _tell_made(settings: Settings, database: Database, made: Made) -> None:
    async with database.read() as tx:
        schema = await look_at_schema(tx)
    if schema.kind != "current":
        typer.echo("Not in the audit trail: the schema is an older one. The next start brings it up to date.", err=True)
        return
    facts: dict[str, Detail] = {"rows": made.manifest.rows, "bytes": made.size, "keys": made.manifest.keys is not None}
    try:
        async with sources_if_any(settings) as sources:
            await tell_trail(database, sources, Act("deployment.backed_up", "deployment", "", "", details=facts))
    except MoorageError as error:
        # The backup is good all the same.
        typer.echo(f"Not in the audit trail: {sentence(error.code, error.params, 'en')}", err=True)


async def _verify(
    settings: Settings,
    file: Path,
    folder: Path | None,
    language: Language,
    *,
    passphrase_file: Path | None,
    no_keys: bool,
) -> None:
    good = False
    with Progress() as progress:
        archive = open_archive(file, lambda done, total: progress("read", done, total))
        with archive, _temporary(folder) as place:
            ring = None if passphrase_file is None else ring_in(archive, read_passphrase(passphrase_file, twice=False))
            async with (
                sources_for(settings, ring, no_keys=no_keys) as sources,
                unpacked(archive, place / "moorage.db", progress) as database,
            ):
                tell_manifest(archive.manifest)
                subject = Subject(database, sources, RESEALERS)
                good = await run_checks(subject, lambda name, one: tell_check(name, one, language))
    if not good:
        raise typer.Exit(EXIT_PROBLEM)


@contextlib.contextmanager
def _temporary(folder: Path | None) -> Iterator[Path]:
    if folder is not None and not folder.is_dir():
        fail(f"{folder}: there is no such folder.")
    with tempfile.TemporaryDirectory(prefix="moorage-verify-", dir=folder) as place:
        yield Path(place)


def _size(size: int) -> str:
    return f"{size / _MIB:.1f} MiB" if size >= _MIB else f"{size} bytes"
