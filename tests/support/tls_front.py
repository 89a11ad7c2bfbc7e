"""Puts TLS in front of a server that speaks plain HTTP on loopback: bytes are passed on as they are."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

CHUNK_BYTES = 65536


@contextlib.asynccontextmanager
async def tls_front(backend_port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Relay TLS connections to 127.0.0.1:`backend_port`; gives the port to connect to. Open relays end with it."""
    relays: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            relays.add(task)
            task.add_done_callback(relays.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await relay(reader, writer, backend_port)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for running in relays:
            running.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
        await server.wait_closed()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend_port: int) -> None:
    """Pass bytes to 127.0.0.1:`backend_port` and back until either side has ended; then close both, as a proxy does."""
    try:
        backend_reader, backend_writer = await asyncio.open_connection("127.0.0.1", backend_port)
        try:
            ways = [
                asyncio.create_task(_pump(reader, backend_writer)),
                asyncio.create_task(_pump(backend_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            await _close(backend_writer)
    finally:
        await _close(writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()
