"""What a command does with keys if there are any: backups are also made, checked and put back where there are none."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import typer

from moorage.api.sentences import sentence
from moorage.audit.deployment import OPERATOR, begin_if_needed
from moorage.audit.keys import KeyChest
from moorage.audit.rotation import open_pen
from moorage.audit.trail import Act, record
from moorage.composition.key_sources import has_ring, open_sources
from moorage.errors import Invalid, MoorageError
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT
from moorage.vault.check import check_keys
from moorage.vault.keys import Vault
from moorage.vault.secret import Secret
from moorage.vault.sources import Sources

_MAX_PASSPHRASE_BYTES: Final = 4096


@contextlib.asynccontextmanager
async def sources_if_any(settings: Settings) -> AsyncIterator[Sources | None]:
    """Give the keys that the settings lead to; None where there is neither a ring nor a key store.

    Raises Unavailable for a ring, or a store, that is there and can't be used.
    """
    if not has_ring(settings) and not settings.transit_url:
        yield None
        return
    async with open_sources(settings) as sources:
        yield sources.all


async def tell_trail(database: Database, sources: Sources | None, act: Act) -> None:
    """Leave an entry in the deployment's trail; without the keys to sign it say so, and go on."""
    if sources is None:
        typer.echo("Not in the audit trail: there are no keys here to sign the entry with.", err=True)
        return
    try:
        await check_keys(database, sources)
        await open_pen(database, await KeyChest.over(Vault(database, sources)))
        async with database.write() as tx:
            await begin_if_needed(tx)
            await record(tx, DEPLOYMENT, OPERATOR, act)
    except MoorageError as error:
        typer.echo(f"Not in the audit trail: {sentence(error.code, error.params, 'en')}", err=True)


def read_passphrase(file: Path | None, *, twice: bool) -> Secret:
    """Read a passphrase from a file, its line's end left out, or ask for it. Raises Invalid."""
    if file is None:
        return Secret(typer.prompt("Passphrase of the keys", hide_input=True, confirmation_prompt=twice, err=True))
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_PASSPHRASE_BYTES).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeError):
        text = ""
    if not text:
        raise Invalid("passphrase_unreadable", field="passphrase", file=str(file))
    return Secret(text)
