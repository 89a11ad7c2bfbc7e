"""One process in one network namespace: serves models where its orders say, lies about names, and counts who called.

Started as `python -m tests.network.station ORDERS` with JSON; then one JSON line in, one JSON line out, until its
standard input ends.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.network.name_server import Name, NameServer
from tests.network.tap import Tap
from tests.support.model_server import ModelServer
from tests.support.model_server.wire import Answerer
from tests.support.tls_front import relay


class CountingSocket(socket.socket):
    """A listening socket that counts what it accepts, before a byte is read. asyncio's own loop calls `accept`."""

    accepted = 0

    def accept(self) -> tuple[socket.socket, Any]:
        connection = super().accept()
        self.accepted += 1
        return connection


def listen(host: str, port: int) -> CountingSocket:
    listener = CountingSocket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


class Redirecting(ModelServer):
    """Says of its model list that it is elsewhere."""

    location = ""

    async def _list_models(self, answerer: Answerer) -> None:
        answerer.extra_headers["location"] = self.location
        await answerer.send(302, b"", "text/plain")


class Station:
    """What runs here. Every server speaks the models' API, victims too: nothing but the product keeps one away."""

    def __init__(self, orders: Mapping[str, Any]) -> None:
        self._orders = orders
        self._stack = contextlib.AsyncExitStack()
        self._listeners: dict[str, CountingSocket] = {}
        self._servers: dict[str, ModelServer] = {}
        self._names = NameServer({name: Name.from_json(told) for name, told in orders.get("names", {}).items()})
        self._tap: Tap | None = None

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Serve, and carry out one order a line."""
        async with self._stack:
            port = 0
            for post in self._orders["posts"]:
                port = await self._serve(post, post.get("port", port))
            if "name_server" in self._orders:
                await self._names.start(self._orders["name_server"])
            if "tap" in self._orders:
                self._tap = Tap()
                self._tap.start(self._orders["tap"])
            _say({"port": port})
            while line := await lines.readline():
                _say(await self._carry_out(json.loads(line)))

    async def _serve(self, post: Mapping[str, Any], port: int) -> int:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*post["certificate"])
        listener = listen(post["host"], port)
        kind = Redirecting if "location" in post else ModelServer
        server = kind(context, key=post.get("key"), models=["steady", "echo"], listener=listener)
        if isinstance(server, Redirecting):
            server.location = post["location"]
        await self._stack.enter_async_context(server)
        self._listeners[post["host"]], self._servers[post["host"]] = listener, server
        return server.port

    async def _carry_out(self, order: Mapping[str, Any]) -> dict[str, Any]:
        if order["do"] == "names":
            for name, told in order["names"].items():
                self._names.set(name, Name.from_json(told))
        elif order["do"] == "front":
            await self._open_front(order["path"], order["port"])
        elif order["do"] == "forget":
            self._forget()
        return self._tell()

    async def _open_front(self, path: str, port: int) -> None:
        """Let whoever finds this file reach 127.0.0.1:`port` of this namespace: the way for people's browsers."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await relay(reader, writer, port)

        await asyncio.start_unix_server(accept, path)

    def _forget(self) -> None:
        for listener in self._listeners.values():
            listener.accepted = 0
        self._names.asked.clear()
        if self._tap is not None:
            self._tap.read()
            self._tap.contacts.clear()

    def _tell(self) -> dict[str, Any]:
        if self._tap is not None:
            self._tap.read()
        return {
            "accepted": {host: listener.accepted for host, listener in self._listeners.items()},
            "chats": {host: server.counts.chat_requests for host, server in self._servers.items()},
            "asked": self._names.asked,
            "contacts": [] if self._tap is None else self._tap.contacts,
            "lost": 0 if self._tap is None else self._tap.count_lost(),
        }


def _say(told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def _main(orders: Mapping[str, Any]) -> None:
    lines = asyncio.StreamReader(limit=1024 * 1024)
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    await Station(orders).run(lines)


if __name__ == "__main__":
    asyncio.run(_main(json.loads(Path(sys.argv[1]).read_text())))
