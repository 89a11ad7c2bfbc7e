"""A collector of error reports behind TLS, as Sentry's relay answers; keeps every byte that arrives."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Delivery:
    """One request as it arrived."""

    head: bytes
    body: bytes

    @property
    def items(self) -> list[dict[str, Any]]:
        """The payloads of the envelope's items."""
        lines = self.body.split(b"\n")[1:]
        return [json.loads(line) for line in lines[1::2] if line]

    @property
    def envelope_head(self) -> dict[str, Any]:
        """The envelope's own headers."""
        head: dict[str, Any] = json.loads(self.body.split(b"\n")[0])
        return head


@dataclass
class Collector:
    """Listens on loopback. `status` and `headers` are what it answers; `is_silent`: it never answers."""

    context: ssl.SSLContext
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False
    deliveries: list[Delivery] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.context)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def dsn(self) -> str:
        """The DSN of its project."""
        port = self._server.sockets[0].getsockname()[1] if self._server is not None else 0
        return f"https://publickey@localhost:{port}/relay/7"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events that arrived."""
        return [item for delivery in self.deliveries for item in delivery.items]

    @property
    def everything(self) -> bytes:
        """Every byte that arrived."""
        return b"".join(delivery.head + delivery.body for delivery in self.deliveries)

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many events are there."""
        return await self.wait_until(lambda events: len(events) >= count)

    async def wait_until(self, is_enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait for as many events as it takes, 20 s at most; then give what is there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20), self._more:
                await self._more.wait_for(lambda: is_enough(self.events))
        return self.events

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                length = next(int(line[15:]) for line in lines if line.startswith("content-length:"))
                self.deliveries.append(Delivery(head, await reader.readexactly(length)))
                async with self._more:
                    self._more.notify_all()
                if self.is_silent:
                    await asyncio.sleep(60)
                more = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"HTTP/1.1 {self.status} So\r\n{more}Content-Length: 2\r\n\r\n{{}}".encode())
                await writer.drain()
        writer.close()
