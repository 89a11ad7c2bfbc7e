"""P22: ten endpoints that are dead in ten ways cost the picker and the list not one statement and not one socket more.

Not timed: statements and connections are counted. benchmarks/dead.py has the times.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import event, update

from moorage.connections.tables import ConnectionRow
from moorage.connections.watch import Watch
from moorage.settings import Settings
from moorage.storage.database import Database
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
IS_BESIDE: ContextVar[bool] = ContextVar("is_beside", default=False)
LOOKED_AT: Final = ("/api/models", "/api/connections", "/api/attention", "/api/conversations")


@dataclass
class Dead:
    """Ten ways to be dead, each a port; `accepted` counts every connection that came to one of them."""

    ports: list[int] = field(default_factory=list)
    accepted: int = 0


def _answer(text: str) -> Speak:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()

    return speak


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    for letter in "HTTP/1.1 200 OK\r\nX-Slow: " + "z" * 600:
        writer.write(letter.encode())
        await writer.drain()
        await asyncio.sleep(0.5)


async def _hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


HTML: Final = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>Sign in</h1"
REDIRECT: Final = "HTTP/1.1 302 Found\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n"
BROKEN: Final = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
REFUSED: Final = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}"
# In TLS that is believed, each; then those that don't get so far.
SPEAKING: Final = (_answer(HTML), _answer(REDIRECT), _answer(BROKEN), _answer(REFUSED), _drip, _hold, _hang_up)


@contextlib.asynccontextmanager
async def _dead(authority: TestAuthority, folder: Path) -> AsyncIterator[Dead]:
    dead = Dead()
    context = authority.server_context("localhost")
    strange = TestAuthority(folder / "strange").server_context("localhost")
    ways: list[tuple[Speak, ssl.SSLContext | None]] = [(speak, context) for speak in SPEAKING]
    ways += [(_answer(HTML), strange), (_answer(HTML), None)]
    async with contextlib.AsyncExitStack() as stack:
        for speak, tls in ways:
            dead.ports.append(await stack.enter_async_context(_serving(dead, speak, tls)))
        closed = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        dead.ports.append(closed.getsockname()[1])
        closed.close()  # nothing listens here any more
        yield dead


@contextlib.asynccontextmanager
async def _serving(dead: Dead, speak: Speak, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await speak(reader, writer)
        writer.transport.abort()

    listener = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.start_server(take, sock=listener, ssl=tls, ssl_handshake_timeout=5 if tls else None)
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    """Collect every statement that the database is asked for a page; what works beside the pages is left out."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # The server's loops have names (Steady); a request's task has none. What a new connection of the pool learns of
        # its server is of no page.
        task = asyncio.current_task()
        is_beside = IS_BESIDE.get() or (task is not None and not task.get_name().startswith("Task-"))
        if not is_beside and "pg_type" not in statement and "pg_catalog" not in statement:
            asked.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextlib.asynccontextmanager
async def _harbour(
    database_url: str, folder: Path, models: tuple[TestAuthority, ModelServer], dead: Dead
) -> AsyncIterator[Harbour]:
    authority, server = models
    ports = [server.port, *dead.ports]
    allowed = ", ".join(f"localhost:{port}=127.0.0.1/32" for port in ports)
    settings: Settings = settings_for(database_url, folder, authority, server, egress_allow=allowed, check_every_s=300)
    async with running(settings, server) as harbour:
        yield harbour


async def _look(person: Person, harbour: Harbour) -> tuple[list[int], int]:
    """Look at every page's data once; gives statements by page, and sockets that were opened outwards."""
    before = _outwards(harbour)
    counts = []
    for path in LOOKED_AT:
        with _counted(harbour.built.parts.database) as asked:
            await person.get(path)
        counts.append(len(asked))
    return counts, _outwards(harbour) - before


def _outwards(harbour: Harbour) -> int:
    text = harbour.built.parts.metrics.render().decode()
    line = next(line for line in text.splitlines() if line.startswith("moorage_egress_connections_total "))
    return round(float(line.split()[1]))


async def _let_all_be_due(harbour: Harbour) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(health_at=None, opened_at=None))
        await tx.exec_driver_sql("UPDATE connection_watch SET due_at = 0")


async def _connect_all(olga: Person, dead: Dead) -> list[UUID]:
    made = []
    for number, port in enumerate(dead.ports):
        body = {"name": f"Dead {number}", "base_url": f"https://localhost:{port}/v1", "api_key": MODEL_KEY}
        made.append(await olga.post("/api/connections", {**body, "models": [{"model_id": f"steady-{number}"}]}))
    return [UUID(one["id"]) for one in made]


@pytest.mark.parametrize("checked", [False, True])
async def test_ten_dead_endpoints_cost_no_page_a_statement_or_a_socket(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer], *, checked: bool
) -> None:
    """P22."""
    async with _dead(models[0], tmp_path) as dead, _harbour(database_url, tmp_path, models, dead) as harbour:
        olga = await harbour.olga()
        await _look(olga, harbour)  # what is asked once in a process's life
        with_none, _ = await _look(olga, harbour)
        assert min(with_none) > 0
        ids = await _connect_all(olga, dead)
        watch = harbour.built.parts.watch
        await watch.judge()
        async with asyncio.TaskGroup() as beside:
            if checked:
                # Discovered once, so that the watch looks at them; now it does, and hangs in the silent ones meanwhile.
                await _pretend_discovered(harbour)
                await _let_all_be_due(harbour)
                beside.create_task(_check_all(watch))
                await asyncio.sleep(0.5)
            with_ten, sockets = await _look(olga, harbour)
            assert with_ten == with_none
            assert checked or sockets == 0
        picker = await olga.get("/api/models")
        assert len(picker["models"]) == len(dead.ports)
        listed = await _listed(olga)
        assert listed.keys() == set(ids)
        if checked:
            # The product's own watch may have taken some of what was due, and be at it still.
            async with asyncio.timeout(60):
                while "unproven" in {one["health"] for one in listed.values()}:
                    await asyncio.sleep(0.1)
                    listed = await _listed(olga)
            assert {one["health"] for one in listed.values()} == {"unreachable", "refused"}
            assert all(one["health_cause"] and one["health_since"] for one in listed.values())


async def _pretend_discovered(harbour: Harbour) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.exec_driver_sql("UPDATE connection_model SET typed = false")


async def _listed(olga: Person) -> dict[UUID, Any]:
    return {UUID(one["id"]): one for one in (await olga.get("/api/connections"))["connections"]}


async def _check_all(watch: Watch) -> None:
    IS_BESIDE.set(True)
    while await watch.check_due():
        await asyncio.sleep(0.05)
