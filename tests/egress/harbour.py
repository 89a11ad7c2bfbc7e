"""A small world on loopback: TLS endpoints that say what a test scripts, and a victim that must never be called."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import pytest

from moorage.egress.dial import Dialler
from moorage.egress.door import Door, Limits, Outbound, Scope
from moorage.egress.policy import Address, AddressPolicy, Exceptions
from moorage.egress.refusals import Refusals
from moorage.egress.resolver import Resolver
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.telemetry import Metrics
from tests.support.authority import TestAuthority

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# The last one: a script that waits when the test ends is cancelled with its loop, which is no news.
_ENDS_OF_A_SCRIPT = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError)

GOOD = "127.0.0.1"
SECOND = "127.0.0.2"
INTERNAL = "127.0.0.3"
ANYBODY = Scope("team-1", "connection-1", "mia")


class ScriptedResolver:
    """Answers each lookup with the next list of addresses, the last one for ever; remembers what was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = [[ip_address(text) for text in answer] for answer in answers]
        self.asked: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        self.asked.append((host, port))
        return list(self._answers[min(len(self.asked), len(self._answers)) - 1])


def dialler(resolver: ScriptedResolver, policy: AddressPolicy | None = None) -> Dialler:
    metrics = Metrics()
    limits = Limits(refusal_after_s=0.0)
    return Dialler(policy or AddressPolicy(), resolver, limits, metrics, Refusals(metrics))


class Listener:
    """One listening address. Counts TCP connections, keeps the request heads it read and the SNI it saw."""

    def __init__(self) -> None:
        self.connections = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.peers: list[int] = []
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()


class Harbour:
    """Builds servers that share one port on different loopback addresses, and doors that lead to them."""

    def __init__(self, stack: contextlib.AsyncExitStack, directory: Path) -> None:
        self._stack = stack
        self.authority = TestAuthority(directory)
        self.port = 0
        self._loop = asyncio.get_running_loop()

    async def serve(
        self, script: Script, *, at: str = GOOD, names: Sequence[str] = ("llm.test",), expired: bool = False
    ) -> Listener:
        """Serve TLS; the first server picks the port, the others use the same one on their own address."""
        return await self._listen(script, at, self.authority.server_context(*names, expired=expired))

    async def serve_as(self, script: Script, tls: ssl.SSLContext | None, *, at: str = GOOD) -> Listener:
        """Serve with this side of TLS, or without any."""
        return await self._listen(script, at, tls)

    async def serve_plain(self, script: Script, *, at: str = GOOD) -> Listener:
        return await self._listen(script, at, None)

    async def victim(self, at: str = INTERNAL) -> Listener:
        """Listen where nobody may go. Even the certificate would fit."""
        return await self._listen(answer(b"INTERNAL"), at, self.authority.server_context("llm.test", at))

    async def _listen(self, script: Script, at: str, tls: ssl.SSLContext | None) -> Listener:
        listener = Listener()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # A script that waits when the test ends is cancelled with its loop; that is no news.
            with contextlib.suppress(
                ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError
            ):
                await script(_Noting(reader, writer, listener), writer)
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                writer.close()
            listener.closed.set()

        def accept() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(limit=2**20)
            return asyncio.StreamReaderProtocol(reader, serve)

        def count() -> asyncio.Protocol:
            # Plain TCP in front of TLS, so that a connection counts before any handshake.
            listener.connections += 1
            return _Upgrading(accept(), tls)

        server = await self._loop.create_server(count, at, self.port)
        self.port = self.port or server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)
        return listener

    def exceptions(self, *, host: str = "llm.test", networks: Sequence[str] = (GOOD, SECOND)) -> Exceptions:
        return Exceptions.parse(",".join(f"{host}:{self.port}={network}" for network in networks))

    def endpoint(self, host: str = "llm.test") -> Endpoint:
        return Endpoint(host, self.port, "")

    def door(self, resolver: Resolver, *, limits: Limits | None = None, policy: AddressPolicy | None = None) -> Door:
        door = Door(
            policy=policy or AddressPolicy(self.exceptions()),
            resolver=resolver,
            extra_ca_file=self.authority.ca_pem,
            limits=limits or Limits(refusal_after_s=0.0),
        )
        self._stack.push_async_callback(door.aclose)
        return door


class _Upgrading(asyncio.Protocol):
    """Starts TLS on an accepted connection by itself."""

    def __init__(self, inner: asyncio.StreamReaderProtocol, tls: ssl.SSLContext | None) -> None:
        self._inner = inner
        self._tls = tls
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it
        if self._tls is None:
            transport.set_protocol(self._inner)
            self._inner.connection_made(transport)
        else:
            transport.pause_reading()
            self._task = asyncio.get_running_loop().create_task(self._start(transport, self._tls))

    async def _start(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(transport, self._inner, tls, server_side=True)
        except (OSError, ssl.SSLError):
            transport.abort()
            return
        if secured is not None:
            self._inner.connection_made(secured)


class _Noting(asyncio.StreamReader):
    """Reads requests on behalf of a script and notes what they said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener) -> None:
        super().__init__()
        self._reader = reader
        self._listener = listener
        self._peer: int = writer.get_extra_info("peername")[1]

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override]
        head = await self._reader.readuntil(separator)
        self._listener.heads.append(head)
        self._listener.peers.append(self._peer)
        self._listener.asked.set()
        return head

    async def readexactly(self, n: int) -> bytes:
        body = await self._reader.readexactly(n)
        self._listener.bodies.append(body)
        return body

    async def read(self, n: int = -1) -> bytes:
        return await self._reader.read(n)


async def read_request(reader: asyncio.StreamReader) -> None:
    """Read one request: the head, and a body of Content-Length bytes."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    for line in head.split("\r\n"):
        if line.startswith("content-length:"):
            await reader.readexactly(int(line.partition(":")[2]))


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> Script:
    """Answer every request on a connection in the same way."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()

    return script


def raw(*pieces: bytes, hold: bool = False) -> Script:
    """Write these bytes after the first request; then close, or hold the line until the client leaves."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hold:
            await reader.read()

    return script


def endless(head: bytes, piece: bytes, *, pause_s: float = 0.0) -> Script:
    """Write a head, then the same piece until the client leaves."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return script


@contextlib.asynccontextmanager
async def open_harbour(directory: Path) -> AsyncIterator[Harbour]:
    async with contextlib.AsyncExitStack() as stack:
        yield Harbour(stack, directory)


GET = Outbound(method="GET", path="/v1/models")
OK = b"HTTP/1.1 200 OK\r\n"


async def code_of(door: Door, endpoint: Endpoint, request: Outbound = GET) -> EndpointFailure:
    with pytest.raises(EndpointFailure) as caught:
        await door.line(ANYBODY, endpoint).fetch(request)
    return caught.value
