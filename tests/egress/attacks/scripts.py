"""What hostile servers do once a connection stands, beyond the plain scripts of the harbour."""

import asyncio
import gzip
import os
import socket
import struct
from typing import Final

from tests.egress.harbour import Script, read_request

OK: Final = b"HTTP/1.1 200 OK\r\n"
MINE: Final = OK + b"Content-Length: 4\r\n\r\nmine"
POISON: Final = OK + b"Content-Length: 8\r\n\r\nPOISONED"

# Ten megabytes of zeros in ten kilobytes.
BOMB: Final = gzip.compress(bytes(10 * 1024 * 1024), mtime=0)

_PAUSE_S: Final = 0.05


def each(*pieces: bytes, then: bytes = b"", after_s: float = _PAUSE_S) -> Script:
    """Answer every request of a connection with these bytes; `then` more while nobody asks for anything."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if then:
                await asyncio.sleep(after_s)
                writer.write(then)
                await writer.drain()

    return script


def once(*pieces: bytes, then: bytes = b"", hold: bool = False) -> Script:
    """Answer the first request, say `then` a little later, and hang up or wait until the client does."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then:
            await asyncio.sleep(_PAUSE_S)
            writer.write(then)
            await writer.drain()
        if hold:
            await reader.read()

    return script


def unasked(*pieces: bytes, hold: bool = False) -> Script:
    """Speak first, without waiting for a request."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hold:
            await reader.read()

    return script


def unasked_for_ever(piece: bytes) -> Script:
    """Speak without being asked and without an end."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()

    return script


def says_nothing() -> Script:
    """Listen and say nothing."""

    async def script(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass

    return script


def hangs_up() -> Script:
    """End the connection at once."""

    async def script(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    return script


def resets(*pieces: bytes, is_asked: bool = True) -> Script:
    """Say this much, then reset the connection."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_asked:
            await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(_PAUSE_S)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return script


def below_tls(piece: bytes) -> Script:
    """Wait for a request, then write bytes past the encryption."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        os.write(writer.get_extra_info("socket").fileno(), piece)
        await reader.read()

    return script


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n", head: bytes = b"") -> bytes:
    """Write an answer in chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return OK + head + b"Transfer-Encoding: chunked\r\n\r\n" + body + end


def redirect(status: str, *locations: str, body: bytes = b"") -> bytes:
    """Write a redirection to these places."""
    lines = "".join(f"Location: {location}\r\n" for location in locations)
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
