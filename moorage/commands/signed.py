"""A database for commands that leave an entry in a trail: with the vault opened, and a pen to sign with."""

import contextlib
from collections.abc import AsyncIterator

from moorage.audit.keys import KeyChest
from moorage.audit.rotation import open_pen
from moorage.commands.terminal import opened
from moorage.composition.key_sources import open_sources
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.vault.check import check_keys
from moorage.vault.keys import Vault


@contextlib.asynccontextmanager
async def opened_to_record(settings: Settings, *, accepts_loss: bool = False) -> AsyncIterator[Database]:
    """As `opened`; ends the command, too, where the keys to sign with are not to be had.

    `accepts_loss`: a signing key that does not open any more is replaced instead.
    """
    async with opened(settings) as database, open_sources(settings) as sources:
        await check_keys(database, sources.all)
        chest = await KeyChest.over(Vault(database, sources.all))
        await open_pen(database, chest, accepts_loss=accepts_loss)
        yield database
