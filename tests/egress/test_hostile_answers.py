"""P11: an answer that is endless, slow, broken or no HTTP at all ends with its own code, and is never repeated."""

import asyncio

import pytest

from moorage.egress.door import Outbound
from moorage.errors import AddressRefused, EndpointFailure, Invalid
from moorage.vault.secret import Secret
from tests.egress.harbour import (
    ANYBODY,
    GET,
    GOOD,
    OK,
    Harbour,
    ScriptedResolver,
    answer,
    code_of,
    endless,
    raw,
)


@pytest.mark.parametrize(
    "head",
    [OK + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["until close", "chunked"],
)
async def test_an_endless_body_is_cut_off(harbour: Harbour, head: bytes) -> None:
    """H05."""
    piece = b"1000\r\n" + b"x" * 4096 + b"\r\n" if b"chunked" in head else b"x" * 4096
    server = await harbour.serve(endless(head, piece))
    request = Outbound(method="GET", path="/v1/models", max_body_bytes=64 * 1024)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("answer_too_large", {"limit_mib": 0.062})
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_a_body_announced_too_large_is_not_read(harbour: Harbour) -> None:
    await harbour.serve(raw(OK + b"Content-Length: 99999999\r\n\r\n", hold=True))
    request = Outbound(method="GET", path="/v1/models", max_body_bytes=2**20)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("answer_too_large", {"limit_mib": 1})


async def test_a_server_that_never_answers_runs_into_the_first_byte_timeout(harbour: Harbour) -> None:
    server = await harbour.serve(raw(hold=True))
    request = Outbound(method="GET", path="/v1/models", first_byte_timeout_s=0.3)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("first_byte_timeout", {"timeout_s": 0.3})
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_headers_that_trickle_do_not_reset_the_clock(harbour: Harbour) -> None:
    """H07."""
    await harbour.serve(endless(OK, b"X-A: b\r\n", pause_s=0.02))
    request = Outbound(method="GET", path="/v1/models", first_byte_timeout_s=0.4)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert failure.code == "first_byte_timeout"


async def test_early_hints_without_end_do_not_reset_the_clock(harbour: Harbour) -> None:
    """H07."""
    await harbour.serve(endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", pause_s=0.02))
    request = Outbound(method="GET", path="/v1/models", first_byte_timeout_s=5, total_timeout_s=0.4)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("took_too_long", {"timeout_s": 0.4})


async def test_headers_without_a_first_byte_of_the_body_time_out(harbour: Harbour) -> None:
    await harbour.serve(raw(OK + b"Content-Length: 5\r\n\r\n", hold=True))
    request = Outbound(method="GET", path="/v1/models", first_byte_timeout_s=0.3, idle_timeout_s=0.1)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("first_byte_timeout", {"timeout_s": 0.3})


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


async def test_a_drip_runs_into_the_total_deadline(harbour: Harbour) -> None:
    """H07: no single read ever waits long."""
    await harbour.serve(endless(OK + b"\r\n", b"x", pause_s=0.02))
    request = Outbound(method="GET", path="/v1/models", idle_timeout_s=5, total_timeout_s=0.5)
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)
    assert (failure.code, failure.params) == ("took_too_long", {"timeout_s": 0.5})


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


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "gzip, gzip", "identity, gzip"])
async def test_a_compressed_answer_is_refused_unread(harbour: Harbour, encoding: str) -> None:
    """H06."""
    await harbour.serve(raw(OK + f"Content-Encoding: {encoding}\r\nContent-Length: 3\r\n\r\nabc".encode()))
    assert (await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())).code == "compressed_answer"


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 1000 X\r\n\r\n",
        b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Content-Length: +2\r\n\r\nab",
        OK + b"Content-Length: -2\r\n\r\nab",
        OK + b"Transfer-Encoding: gzip\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        OK + b"X: " + b"a" * 200_000 + b"\r\n\r\n",
        OK + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 200_000 + b"\r\n\r\n",
    ],
    ids=lambda text: text[:40].decode(),
)
async def test_what_is_not_http_is_refused_without_repeating_it(harbour: Harbour, bytes_sent: bytes) -> None:
    """H08–H10."""
    await harbour.serve(raw(bytes_sent))
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert (failure.code, failure.params, failure.__cause__) == ("bad_http", {}, None)
    assert failure.__suppress_context__ or failure.__context__ is None


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"",
        OK + b"Content-Length: 5\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n",
    ],
)
async def test_a_broken_off_answer_is_never_taken_for_a_whole_one(harbour: Harbour, bytes_sent: bytes) -> None:
    await harbour.serve(raw(bytes_sent))
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert failure.code in {"connection_lost", "bad_http"}
    assert failure.params == {}


async def test_an_appended_second_answer_is_never_given_to_the_next_request(harbour: Harbour) -> None:
    """H10b: response-queue poisoning on a kept connection."""

    async def poison(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 4\r\n\r\nmine" + OK + b"Content-Length: 8\r\n\r\nPOISONED")
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Length: 4\r\n\r\nmine")
        await writer.drain()

    await harbour.serve(poison)
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    for _ in range(4):
        try:
            assert (await line.fetch(GET)).body == b"mine"
        except EndpointFailure as failure:
            assert failure.code in {"connection_lost", "bad_http"}  # noqa: PT017 - both outcomes are safe


async def test_cookies_are_not_kept(harbour: Harbour) -> None:
    """H25."""
    server = await harbour.serve(answer(b"{}", headers="Set-Cookie: a=b; Path=/\r\n"))
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    await line.fetch(GET)
    await line.fetch(GET)
    assert len(server.heads) == 2
    assert b"cookie" not in server.heads[1].lower()


async def test_a_401_is_sent_once_and_answered_as_it_is(harbour: Harbour) -> None:
    """H04."""
    server = await harbour.serve(
        answer(b"no", status="401 Unauthorized", headers='WWW-Authenticate: Basic realm="x"\r\n')
    )
    assert (await harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint()).fetch(GET)).status == 401
    assert len(server.heads) == 1


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
