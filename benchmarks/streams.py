"""The load: a lean client that counts words in event streams and knows when the first one came.

It parses nothing but the end of a chunked body. Words are counted, not events: Moorage joins what arrives together,
so one of its events may carry hundreds of the endpoint's chunks, each of which is one word here.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

WORD: Final = b"word "
END: Final = b"0\r\n\r\n"
ANSWER_TIMEOUT_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a stream is asked for: `tls` is None for Moorage, which speaks plain HTTP on loopback."""

    port: int
    tls: ssl.SSLContext | None
    headers: Mapping[str, str]

    def request(self, path: str, body: bytes) -> bytes:
        """Write the request."""
        lines = [f"POST {path} HTTP/1.1", f"host: localhost:{self.port}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class Stream:
    """What came of one request. Times in seconds of the monotonic clock; `first_at` is 0 until the first word."""

    asked_at: float = 0.0
    first_at: float = 0.0
    ended_at: float = 0.0
    words: int = 0
    received_bytes: int = 0

    @property
    def ttft_ms(self) -> float:
        """Time to the first word."""
        return (self.first_at - self.asked_at) * 1000


class Client(asyncio.Protocol):
    """One kept-alive connection, one stream at a time."""

    def __init__(self) -> None:
        self.stream = Stream()
        self._transport: asyncio.Transport | None = None
        self._ended: asyncio.Future[None] | None = None
        self._tail = b""
        self._head = b""

    @classmethod
    async def open(cls, target: Target) -> "Client":
        """Connect."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(
            cls, "127.0.0.1", target.port, ssl=target.tls, server_hostname="localhost" if target.tls else None
        )
        return client

    def begin(self, request: bytes) -> None:
        """Send a request and don't wait."""
        if self._transport is None:
            raise ConnectionError
        self._ended = asyncio.get_running_loop().create_future()
        self._tail = self._head = b""
        self.stream = Stream(asked_at=time.perf_counter())
        self._transport.write(request)

    async def ended(self) -> Stream:
        """Wait for the end of the answer."""
        if self._ended is None:
            raise ConnectionError
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await self._ended
        return self.stream

    async def ask(self, request: bytes) -> Stream:
        """Send a request and read its answer."""
        self.begin(request)
        return await self.ended()

    def close(self) -> None:
        """Hang up; what was still to come is nobody's any more."""
        self._ended = None
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        """Count; the tail of the previous read goes first, so that no word is cut in two."""
        stream = self.stream
        if not stream.received_bytes:
            self._head = data[:64]
        stream.received_bytes += len(data)
        data = self._tail + data
        self._tail = data[1 - len(WORD) :]
        found = data.count(WORD)
        if found:
            if not stream.words:
                stream.first_at = time.perf_counter()
            stream.words += found
        if data.endswith(END):
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits."""
        self._end(exc or ConnectionResetError("the server hung up"))

    def _end(self, error: Exception | None) -> None:
        if self._ended is None or self._ended.done():
            return
        self.stream.ended_at = time.perf_counter()
        status = self._head.split(b" ", 2)[1:2]
        if error is None and status not in ([b"200"], [b"201"]):
            error = RuntimeError(f"answered {self._head!r}")
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)
