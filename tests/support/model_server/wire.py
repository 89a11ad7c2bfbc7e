"""The least HTTP/1.1 that a model server needs: one request in, one answer out, chunked bodies, kept-alive sockets."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BODY_BYTES = 32 * 1024 * 1024
REASONS = {200: "OK", 302: "Found", 404: "Not Found", 500: "Internal Server Error"}


@dataclass(frozen=True, slots=True)
class Request:
    """One parsed request; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """Give the body as a JSON object; empty if it is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the peer has closed."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError, OSError):
        return None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = min(int(headers.get("content-length", "0")), MAX_BODY_BYTES)
    body = await reader.readexactly(length) if length else b""
    path, _, query = target.partition("?")
    return Request(method, path, query, headers, body)


@dataclass(slots=True)
class Answerer:
    """Writes one answer. `is_kept` says whether the connection can carry another request afterwards."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    released: asyncio.Event
    is_kept: bool = True
    extra_headers: dict[str, str] = field(default_factory=dict)

    async def send(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        """Send a whole answer."""
        self.writer.write(self._head(status, content_type, f"content-length: {len(body)}") + body)
        await self.writer.drain()

    async def send_json(self, document: object, status: int = 200) -> None:
        """Send a whole JSON answer."""
        await self.send(status, json.dumps(document).encode())

    async def start_stream(self, content_type: str = "text/event-stream; charset=utf-8") -> None:
        """Send the head of a chunked answer."""
        self.writer.write(self._head(200, content_type, "transfer-encoding: chunked"))
        await self.writer.drain()

    async def write(self, *events: bytes) -> None:
        """Send each of these as one HTTP chunk, in one write."""
        await self.write_raw(b"".join(as_chunk(event) for event in events if event))

    async def write_raw(self, data: bytes) -> None:
        """Send bytes that are chunked already. Raises ConnectionResetError when the peer has gone."""
        if self.writer.transport.is_closing():
            # A closing TLS transport would take bytes for ever: `drain` fails only after the goodbye.
            raise ConnectionResetError
        self.writer.write(data)
        await self.writer.drain()

    async def end_stream(self) -> None:
        """Send the end of a chunked answer."""
        await self.write_raw(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection off without a goodbye."""
        self.is_kept = False
        transport = self.writer.transport
        transport.abort()

    async def hang(self) -> bool:
        """Say nothing until released (True) or until the peer has gone (False)."""
        gone = asyncio.ensure_future(self.reader.read(1))
        let_go = asyncio.ensure_future(self.released.wait())
        done, pending = await asyncio.wait({gone, let_go}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if let_go in done:
            return True
        self.is_kept = False
        gone.exception()
        return False

    def _head(self, status: int, content_type: str, framing: str) -> bytes:
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.extra_headers.items())
        reason = REASONS.get(status, "Answer")
        return f"HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\n{extra}{framing}\r\n\r\n".encode()


def as_chunk(data: bytes) -> bytes:
    """Frame bytes as one HTTP chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)
