"""What `backup verify` and `restore` both do: choose the keys, say what a backup is, and what its checks found."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from moorage.api.sentences import Language, sentence
from moorage.backups.archive import Archive
from moorage.backups.checks import Finding
from moorage.backups.manifest import Manifest, told_at
from moorage.commands.keys_at_hand import sources_if_any
from moorage.commands.terminal import errors_told
from moorage.errors import Invalid
from moorage.settings import Settings
from moorage.telemetry import configure_logging
from moorage.vault.keyring import KeyRing
from moorage.vault.portable import open_ring
from moorage.vault.secret import Secret
from moorage.vault.sources import LocalSource, Sources

EXIT_PROBLEM = 1

PassphraseFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read the passphrase of the keys from here instead of asking.")
]
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup")]
InLanguage = Annotated[Language | None, typer.Option(help="Default: from LC_ALL, LC_MESSAGES, LANG.")]


def ring_in(archive: Archive, passphrase: Secret) -> KeyRing:
    """Open the key ring in a backup. Raises Invalid: backup_without_keys, or as `open_ring`."""
    sealed = archive.sealed_keys
    if sealed is None:
        raise Invalid("backup_without_keys")
    return open_ring(sealed, passphrase)


@contextlib.asynccontextmanager
async def sources_for(
    settings: Settings, ring: KeyRing | None, *, no_keys: bool = False
) -> AsyncIterator[Sources | None]:
    """Give the keys to check with: those of the backup, or else those of this deployment, if there are any."""
    if ring is not None:
        yield Sources(LocalSource(ring))
    elif no_keys:
        yield None
    else:
        async with sources_if_any(settings) as sources:
            yield sources


def tell_manifest(manifest: Manifest) -> None:
    """Say what a backup is."""
    made = f"{told_at(manifest.made_at)} by Moorage {manifest.moorage}, schema {manifest.schema_revision}"
    keys = "with the key ring" if manifest.keys is not None else "without keys"
    typer.echo(f"Made {made}, {manifest.engine}: {len(manifest.tables)} tables, {manifest.rows} rows, {keys}")


def tell_check(name: str, finding: Finding, language: Language) -> None:
    """Say what a check found, in a line of its own."""
    state = sentence(f"doctor.state.{finding.state}", {}, language)
    label = sentence(f"backup.check.{name}", {}, language)
    typer.echo(f"{state:<8}  {label:<14}  {sentence(finding.code, finding.facts, language)}")


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command that takes its time; an error that we know ends it with its sentence."""
    # What migrations log would stand between the rows.
    configure_logging(style="console", level="critical")
    with errors_told():
        asyncio.run(work)
