"""The guard in tests/conftest.py would really stop a connection, blocking or not."""

import asyncio
import socket

import pytest

from tests.conftest import GUARD
from tests.support.loopback_only import LeavesTheMachineError, LoopbackGuard

OUTSIDE = "192.0.2.1"  # RFC 5737: documentation, never routed


@pytest.fixture
def guard(request: pytest.FixtureRequest) -> LoopbackGuard:
    return request.config.stash[GUARD]


def test_a_blocking_connection_to_the_outside_is_refused(guard: LoopbackGuard) -> None:
    with socket.socket() as sock, pytest.raises(LeavesTheMachineError):
        sock.connect((OUTSIDE, 443))
    assert guard.take() == [f"{OUTSIDE}:443"]


def test_a_datagram_to_the_outside_is_refused(guard: LoopbackGuard) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(LeavesTheMachineError):
        sock.sendto(b"?", (OUTSIDE, 53))
    assert guard.take() == [f"{OUTSIDE}:53"]


async def test_an_asyncio_connection_to_the_outside_is_refused(guard: LoopbackGuard) -> None:
    with pytest.raises(LeavesTheMachineError):
        await asyncio.open_connection(OUTSIDE, 443)
    assert guard.take() == [f"{OUTSIDE}:443"]


async def test_a_lookup_of_a_name_on_the_internet_is_refused(guard: LoopbackGuard) -> None:
    with pytest.raises(LeavesTheMachineError):
        await asyncio.get_running_loop().getaddrinfo("models.example.com", 443)
    assert guard.take() == ["name lookup of models.example.com"]


async def test_loopback_and_unix_sockets_stay_open(
    guard: LoopbackGuard, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    path = str(tmp_path_factory.mktemp("s") / "s")
    by_address = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    by_path = await asyncio.start_unix_server(hang_up, path)
    async with by_address, by_path:
        port = by_address.sockets[0].getsockname()[1]
        for reader, writer in (
            await asyncio.open_connection("localhost", port),
            await asyncio.open_unix_connection(path),
        ):
            assert await reader.read() == b""
            writer.close()
            await writer.wait_closed()
    assert guard.take() == []


def test_every_test_with_a_database_gets_an_empty_one(database_url: str) -> None:
    assert database_url.startswith(("sqlite+aiosqlite:///", "postgresql+psycopg://"))
