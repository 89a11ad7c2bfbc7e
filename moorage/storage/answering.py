"""A PostgreSQL that takes bytes and says nothing is hung up on: nobody waits for its answer for ever.

The server itself ends what takes too long, and the kernel gives up a peer that acknowledges nothing. Neither helps with
one that acknowledges and is stuck, or with what stands between and swallows: only a limit of our own does.
"""

import asyncio
import contextlib
import os
import socket
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import PQGen
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction
from typing_extensions import override

T = TypeVar("T")

STATEMENT_TIMEOUT_S: Final = 10
# What the server would have ended itself has its time to say so.
ANSWER_S: Final = STATEMENT_TIMEOUT_S + 3
_WITHOUT_LIMIT: Final = text("SET LOCAL statement_timeout = 0")


class AnsweringConnection(AsyncConnection[Any]):
    """psycopg's connection, which breaks with OperationalError when an answer takes longer than `answer_s`."""

    answer_s: float = ANSWER_S
    takes_long = False

    @override
    async def wait(self, gen: PQGen[T], *arguments: Any, **options: Any) -> T:
        if self.takes_long:
            return await super().wait(gen, *arguments, **options)
        # Not cancelled: psycopg would then wait for an answer to the cancelling, and without an end.
        limit = asyncio.get_running_loop().call_later(self.answer_s, self._hang_up)
        try:
            return await super().wait(gen, *arguments, **options)
        finally:
            limit.cancel()

    def _hang_up(self) -> None:
        if self.closed:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.pgconn.socket)) as line:
            line.shutdown(socket.SHUT_RDWR)


async def let_take_long(tx: Transaction) -> None:
    """Let the statements of a transaction take as long as they do, on PostgreSQL: a migration's, or a whole copy's."""
    raw = (await tx.get_raw_connection()).driver_connection
    if isinstance(raw, AnsweringConnection):
        raw.takes_long = True
        await tx.execute(_WITHOUT_LIMIT)
