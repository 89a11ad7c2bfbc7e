"""P11: what a reader, a key, a header or a path may not do; hostile servers are in the table of attacks."""

import asyncio

import pytest

from moorage.egress.door import Outbound
from moorage.errors import AddressRefused, EndpointFailure, Invalid
from moorage.vault.secret import Secret
from tests.egress.harbour import (
    ANYBODY,
    GOOD,
    OK,
    Harbour,
    ScriptedResolver,
    answer,
    raw,
)


async def test_an_answer_that_stops_in_the_middle_is_stalled(harbour: Harbour) -> None:
    server = await harbour.serve(raw(OK + b"Content-Length: 5\r\n\r\nab", hold=True))
    request = Outbound(method="GET", path="/v1/models", idle_timeout_s=0.2)
    door = harbour.door(ScriptedResolver([GOOD]))
    async with door.line(ANYBODY, harbour.endpoint()).stream(request) as incoming:
        assert await incoming.read() == b"ab"
        for _ in range(2):
            with pytest.raises(EndpointFailure) as caught:
                await incoming.read()
            assert (caught.value.code, caught.value.params) == ("stalled", {"timeout_s": 0.2})
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_a_slow_reader_is_not_mistaken_for_a_stalled_server(harbour: Harbour) -> None:
    await harbour.serve(raw(OK + b"Content-Length: 4\r\n\r\nab", b"cd", hold=True))
    request = Outbound(method="GET", path="/v1/models", idle_timeout_s=0.1)
    pause_is_over = asyncio.Event()
    async with harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint()).stream(request) as reply:
        received = await reply.read()
        asyncio.get_running_loop().call_later(0.5, pause_is_over.set)
        await pause_is_over.wait()
        while piece := await reply.read():
            received += piece
    assert received == b"abcd"


@pytest.mark.parametrize(
    "key",
    [
        "sk-a\r\nX-Evil: 1",
        "sk-a\nb",
        "sk-a\x00",
        "",
        "sk ä",
        "sk\u2028",
        "Bearer a b",
        " sk",
        "sk ",
        "x" * 4097,
        "\x7f",
    ],
    ids=ascii,
)
async def test_a_key_that_can_not_travel_is_refused_and_not_printed(harbour: Harbour, key: str) -> None:
    """H14."""
    server = await harbour.serve(answer(b"{}"))
    request = Outbound(method="GET", path="/v1/models", headers={"x-api-key": Secret(key)})
    with pytest.raises(Invalid) as caught:
        await harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint()).fetch(request)
    assert caught.value.code == "key_not_sendable"
    assert caught.value.params == {}
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert server.connections == 0


@pytest.mark.parametrize("name", ["Host", "cookie", "Connection", "Transfer-Encoding", "Proxy-Authorization", "Via"])
async def test_headers_that_steer_are_a_programming_error(harbour: Harbour, name: str) -> None:
    """H15, H24."""
    await harbour.serve(answer(b"{}"))
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    with pytest.raises(ValueError, match=name.lower()):
        await line.fetch(Outbound(method="GET", path="/v1/models", headers={name: "x"}))


@pytest.mark.parametrize(
    "path", ["v1", "//evil.test/x", "/v1/../x", "/a b", "/a\r\nX: y", "/v1?x=1", "/v1#x", "", "/ä"]
)
async def test_a_path_stays_a_path(harbour: Harbour, path: str) -> None:
    await harbour.serve(answer(b"{}"))
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    with pytest.raises(AddressRefused, match="url_invalid"):
        await line.fetch(Outbound(method="GET", path=path))
