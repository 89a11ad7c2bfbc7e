"""One at a time over a ledger of erasures: whoever asks for one, and a start that reads what was asked for.

A start that read a line before its transaction ended would carry out what may still be refused. The lock is the
kernel's: a killed process lets go.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from moorage.errors import Unavailable
from moorage.privacy.tombstones import make_ledger

_LOOK_EVERY_S: Final = 0.05
# A transaction of an erasure ends before; whoever holds longer is in the debugger.
PATIENCE_S: Final = 60.0


@contextlib.asynccontextmanager
async def held_to_write(file: Path) -> AsyncIterator[None]:
    """Hold a ledger, made if it is not there.

    Raises Unavailable: erasures_file_unwritable; database_busy after a minute of waiting.
    """
    await asyncio.to_thread(make_ledger, file)
    async with _held(os.open(file, os.O_RDONLY | os.O_CLOEXEC)):
        yield


@contextlib.asynccontextmanager
async def held_to_read(file: Path) -> AsyncIterator[None]:
    """Hold a ledger. One that is not there, or can't be opened, holds nobody up: who reads it says so.

    Raises Unavailable("database_busy") after a minute of waiting.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    async with _held(descriptor):
        yield


@contextlib.asynccontextmanager
async def _held(descriptor: int) -> AsyncIterator[None]:
    try:
        await _take(descriptor)
        yield
    finally:
        os.close(descriptor)


async def _take(descriptor: int) -> None:
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock() > until:
                raise Unavailable("database_busy") from None
            await asyncio.sleep(_LOOK_EVERY_S)
        else:
            return
