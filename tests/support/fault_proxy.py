"""A TCP proxy between Moorage and PostgreSQL that breaks as networks do: silent, slow, gone at the n-th word.

    async with FaultProxy(cluster.socket) as proxy:
        proxy.url(url)          # where Moorage is sent instead
        proxy.silence()         # a black hole: takes bytes, carries none, says nothing
        proxy.delay_s = 0.05    # each statement arrives so much later
        proxy.cut_at(7)         # resets once, at the seventh statement of clients from now on

It reads as much of PostgreSQL's protocol as counting statements needs: a byte and a length, and which bytes end one.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

Moment = Literal["before", "after"]
# Resets instead of a goodbye: what a machine does that vanished and came back.
_NO_GOODBYE: Final = struct.pack("ii", 1, 0)
_HEAD: Final = 5
# Query and Sync: what the server answers to. Others are parts of a statement.
_ENDS_A_STATEMENT: Final = frozenset({b"Q", b"S"})


@dataclass(eq=False)
class _Pair:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_deaf: bool = False

    def reset(self) -> None:
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.family != socket.AF_UNIX:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_GOODBYE)
            writer.transport.abort()


class FaultProxy:
    """Listens on loopback from `async with` on, and carries to the Unix socket of a server."""

    def __init__(self, server: Path) -> None:
        self.delay_s = 0.0
        self.statements = 0
        """Of clients, since the last `cut_at`."""
        self.has_cut = False
        self._server_socket = server
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._cut_at: int | None = None
        self._moment: Moment = "before"

    def url(self, database: str) -> str:
        """Give the URL of a database of the cluster, by way of this proxy."""
        return f"postgresql+psycopg://moorage@127.0.0.1:{self.port}/{database}?sslmode=disable&gssencmode=disable"

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port: int = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listening.wait_closed()

    def reset(self) -> None:
        """Break all connections off; new ones are carried."""
        for pair in list(self._pairs):
            pair.reset()

    def silence(self) -> None:
        """Carry nothing any more, either way, and say nothing about it, until `heal`."""
        self._is_open.clear()

    def heal(self) -> None:
        """Carry again. What waited in the dark arrives."""
        self._is_open.set()

    def cut_at(self, number: int | None, moment: Moment = "before") -> None:
        """Reset the connection of the `number`-th statement of clients from now on, once; None: count only.

        "before": the server never gets it. "after": the server does, and its answer gets lost.
        """
        self.statements, self.has_cut, self._cut_at, self._moment = 0, False, number, moment

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a connection has a task")
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._is_open.wait()
        server_reader, server_writer = await asyncio.open_unix_connection(str(self._server_socket))
        pair = _Pair(writer, server_writer)
        self._pairs.add(pair)
        back = asyncio.create_task(self._carry_back(server_reader, pair))
        try:
            await self._carry_there(reader, pair)
        finally:
            self._pairs.discard(pair)
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            pair.reset()

    async def _carry_there(self, reader: asyncio.StreamReader, pair: _Pair) -> None:
        """Carry message by message. The first has no byte that names it."""
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await self._send(pair.server, struct.pack("!i", length) + await reader.readexactly(length - 4))
        while True:
            head = await reader.readexactly(_HEAD)
            body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            is_due = False
            if head[:1] in _ENDS_A_STATEMENT:
                await asyncio.sleep(self.delay_s)
                self.statements += 1
                is_due = self.statements == self._cut_at
            if is_due and self._moment == "before":
                self._break(pair)
                return
            pair.is_deaf = is_due
            await self._send(pair.server, head + body)
            if is_due:
                # The server is to have done it: its answer is what gets lost.
                await asyncio.sleep(0.05)
                self._break(pair)
                return

    def _break(self, pair: _Pair) -> None:
        self.has_cut = True
        pair.reset()

    async def _carry_back(self, reader: asyncio.StreamReader, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not pair.is_deaf:
                    await self._send(pair.client, data)
        pair.client.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        await self._is_open.wait()
        writer.write(data)
        await writer.drain()
