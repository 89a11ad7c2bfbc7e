"""The head of a request is bounded in size, number and time; uvicorn alone would collect and wait for ever."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from moorage.api.wire import MAX_HEAD_BYTES, MAX_HEADERS, MAX_TARGET_BYTES, BoundedProtocol, server_config


class HastyProtocol(BoundedProtocol):
    """Waits as little as a test can bear."""

    head_deadline_s = 0.3
    rest_deadline_s = 0.3


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class App:
    """Remembers what reached it, and answers without reading the body unless told to."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.reads = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.scopes.append(scope)
        while self.reads and (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def app() -> App:
    return App()


async def _listening(app: App, protocol: type[BoundedProtocol]) -> tuple[_Server, asyncio.Task[None], int]:
    config = server_config(app, host="127.0.0.1", port=0)
    config.http, config.lifespan = protocol, "off"
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    return server, task, server.servers[0].sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def serving(app: App, protocol: type[BoundedProtocol] = BoundedProtocol) -> AsyncIterator[int]:
    server, task, port = await _listening(app, protocol)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


async def ask(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send pieces and read meanwhile, until the server hangs up or two seconds have passed after the last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = bytearray()

    async def read() -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                answer.extend(piece)

    reading = asyncio.create_task(read())
    with contextlib.suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
    await asyncio.wait((reading,), timeout=2)
    reading.cancel()
    await asyncio.wait((reading,))
    writer.close()
    return bytes(answer)


def status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer else 0


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"


async def test_an_ordinary_head_is_fine(app: App) -> None:
    async with serving(app) as port:
        many = b"".join(b"X-%d: y\r\n" % number for number in range(MAX_HEADERS - 2))
        assert status(await ask(port, GET + many + CLOSE)) == 200
        long = b"Cookie: " + b"c" * (MAX_HEAD_BYTES // 2) + b"\r\n"
        assert status(await ask(port, GET + long + CLOSE)) == 200
    assert len(app.scopes) == 2


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (GET + b"".join(b"X-%d: y\r\n" % number for number in range(MAX_HEADERS)) + CLOSE, 431),
        (GET + b"Cookie: " + b"c" * (MAX_HEAD_BYTES + 70_000), 431),
        (GET + b"X: y\r\n" * 20_000, 431),
        (b"GET /" + b"a" * MAX_TARGET_BYTES + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE, 414),
        (b"GET /" + b"a" * (MAX_HEAD_BYTES + 70_000), 414),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
async def test_a_head_that_is_too_much_is_refused_before_the_application(head: bytes, expected: int, app: App) -> None:
    async with serving(app) as port:
        pieces = [head[start : start + 16_384] for start in range(0, len(head), 16_384)]
        answer = await ask(port, *pieces)
    assert status(answer) == expected, answer[:200]
    assert b"x-content-type-options: nosniff" in answer
    assert b"cache-control: no-store" in answer
    assert app.scopes == []


@pytest.mark.parametrize("begun", [b"", b"GE", GET, GET + b"X-Slow: "])
async def test_a_head_that_does_not_end_is_not_waited_for(begun: bytes, app: App) -> None:
    async with serving(app, HastyProtocol) as port:
        since = time.monotonic()
        answer = await ask(port, begun)
    assert status(answer) == 408
    assert time.monotonic() - since < 2
    assert app.scopes == []


async def test_a_drop_at_a_time_does_not_move_the_deadline(app: App) -> None:
    async with serving(app, HastyProtocol) as port:
        assert status(await ask(port, GET, *[b"X: y\r\n"] * 20, pause_s=0.05)) in {0, 408}
    assert app.scopes == []


async def test_a_second_request_on_the_same_socket_has_a_deadline_of_its_own(app: App) -> None:
    async with serving(app, HastyProtocol) as port:
        answer = await ask(port, GET + b"\r\n", GET, pause_s=0.2)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 408") == 1


async def test_the_rest_of_a_refused_body_is_read_a_while_and_no_longer(app: App) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    async with serving(app, HastyProtocol) as port:
        since = time.monotonic()
        answer = await ask(port, head, *[b"x" * 1000] * 20, pause_s=0.03)
    assert status(answer) == 200
    assert time.monotonic() - since < 2


async def test_trailers_do_not_become_headers(app: App) -> None:
    """RFC 9112, section 7.1.2: what comes after the body was not there when the request was judged."""
    app.reads = True
    sent = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(app) as port:
        assert status(await ask(port, sent, b"1\r\nx\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n")) == 200
    [scope] = app.scopes
    names: list[Any] = [name for name, _ in scope["headers"]]
    assert names == [b"host", b"connection", b"transfer-encoding"]
