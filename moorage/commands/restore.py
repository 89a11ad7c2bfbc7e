"""`moorage restore`: a backup takes the place of what is stored, whole or not at all. The server must be stopped."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from moorage.api.sentences import Language
from moorage.app import take_instance
from moorage.audit.trail import Act, Detail
from moorage.backups.afterwards import GoingBack, go_back
from moorage.backups.archive import open_archive
from moorage.backups.checks import Subject, run_checks
from moorage.backups.manifest import Manifest, told_at
from moorage.backups.placing import place_file, place_rows, require_room
from moorage.backups.unpacking import remove_file, unpacked
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
from moorage.commands.keys_at_hand import read_passphrase, tell_trail
from moorage.commands.progress import Progress
from moorage.commands.terminal import settings_or_fail
from moorage.composition.ground import build_database
from moorage.composition.key_sources import ring_file, ring_of
from moorage.doctor.terminal import language_of
from moorage.errors import Unavailable
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.migrate import look_at_schema, schema_held, sqlite_file
from moorage.vault.keyring import KeyRing
from moorage.vault.sources import Sources


def restore(
    file: BackupFile,
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of what is stored now. A SQLite file is kept beside it.")
    ] = False,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Put back the key ring that is inside, too.")] = False,
    passphrase_file: PassphraseFile = None,
    accept_problems: Annotated[
        bool, typer.Option("--accept-problems", help="Put it back although a check found something.")
    ] = False,
    language: InLanguage = None,
) -> None:
    """Check a backup and put it back, whole or not at all. The server must be stopped; everybody signs in anew."""
    if passphrase_file is not None and not with_keys:
        raise typer.BadParameter("--passphrase-file goes with --with-keys.")
    told = language or language_of(os.environ)
    settings = settings_or_fail()
    work = _Restore(settings, told, replaces=replace, accepts_problems=accept_problems)
    run(work.run(file, with_keys=with_keys, passphrase_file=passphrase_file))


class _Restore:
    """One restore."""

    def __init__(self, settings: Settings, language: Language, *, replaces: bool, accepts_problems: bool) -> None:
        self._settings = settings
        self._language: Language = language
        self._replaces = replaces
        self._accepts_problems = accepts_problems

    async def run(self, file: Path, *, with_keys: bool, passphrase_file: Path | None) -> None:
        """Check everything that can be checked before anything is changed, then change it in one step."""
        settings = self._settings
        target = build_database(settings)
        working = settings.data / "moorage.db.restoring"
        old: Path | None = None
        has_keys = False
        try:
            if take_instance(settings.data).lock is None:
                raise Unavailable("server_in_the_way")
            await require_room(target, sqlite_file(target), replaces=self._replaces)
            with Progress() as progress:
                archive = open_archive(file, lambda done, total: progress("read", done, total))
                with archive:
                    ring = None
                    if with_keys:
                        ring = ring_in(archive, read_passphrase(passphrase_file, twice=False))
                        _require_room_for(ring, settings)
                    async with (
                        schema_held(target),
                        sources_for(settings, ring) as sources,
                        unpacked(archive, working, progress) as database,
                    ):
                        has_keys = sources is not None
                        await self._make_ready(archive.manifest, database, target, sources)
                        old = await self._place(database, working, target, ring, progress)
        finally:
            remove_file(working)
            await target.close()
        self._say_what_next(archive.manifest, old, has_keys=has_keys)

    async def _make_ready(
        self, manifest: Manifest, database: Database, target: Database, sources: Sources | None
    ) -> None:
        tell_manifest(manifest)
        subject = Subject(database, sources, RESEALERS)
        good = await run_checks(subject, lambda name, one: tell_check(name, one, self._language))
        if not good and not self._accepts_problems:
            typer.echo("Nothing was changed. Put it back all the same: --accept-problems", err=True)
            raise typer.Exit(EXIT_PROBLEM)
        await go_back(GoingBack(database, await _readable(target)))
        facts: dict[str, Detail] = {
            "made_at": manifest.made_at.isoformat(),
            "rows": manifest.rows,
            "schema": manifest.schema_revision,
            "problems": not good,
        }
        await tell_trail(database, sources, Act("deployment.restored", "deployment", "", "", details=facts))

    async def _place(
        self, database: Database, working: Path, target: Database, ring: KeyRing | None, progress: Progress
    ) -> Path | None:
        if ring is not None and not _is_ring_here(self._settings):
            # First: a ring that fits nothing yet harms nobody, and a database without its ring does not start.
            ring.save(ring_file(self._settings))
        file = sqlite_file(target)
        if file is None:
            await place_rows(database, target, replaces=self._replaces, progress=progress)
            return None
        await database.close()
        await target.close()
        return await asyncio.to_thread(place_file, working, file, keeps_old=True)

    @staticmethod
    def _say_what_next(manifest: Manifest, old: Path | None, *, has_keys: bool) -> None:
        typer.echo(f"The database is what it was {told_at(manifest.made_at)}. Everybody signs in anew.")
        if old is not None:
            typer.echo(f"What was there before: {old}")
        if not has_keys:
            named = ", ".join(manifest.key_ids) or "none"
            typer.echo(f"Before you start the server, put the key ring in its place; it needs: {named}")


def _require_room_for(ring: KeyRing, settings: Settings) -> None:
    """Another ring is never replaced; the same one may lie there, from a run that was interrupted."""
    if settings.key_source != "local":
        raise Unavailable("key_ring_not_a_file")
    if _is_ring_here(settings) and not ring.is_same(ring_of(settings)):
        raise Unavailable("key_ring_exists", file=str(ring_file(settings)))


def _is_ring_here(settings: Settings) -> bool:
    return settings.key_ring is not None or ring_file(settings).exists()


async def _readable(target: Database) -> Database | None:
    """Give what is to be replaced, if it has our schema. Nothing is made where nothing is."""
    file = sqlite_file(target)
    if file is not None and not await asyncio.to_thread(file.exists):
        return None
    try:
        async with target.read() as tx:
            return target if (await look_at_schema(tx)).kind == "current" else None
    except Exception:  # noqa: BLE001 - damaged in whatever way, and that may be why it is replaced
        return None
