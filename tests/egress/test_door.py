"""P11: the dialled address is a judged address; INTERNAL listens, its certificate would even fit, and nobody calls."""

import asyncio
import json
import ssl
from pathlib import Path

import pytest
import uvloop

from moorage.egress.door import Door, Limits, Outbound
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.trust import build_tls_context
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused, EndpointFailure, Invalid
from moorage.vault.secret import Secret
from tests.egress.harbour import GOOD, INTERNAL, SECOND, Harbour, ScriptedResolver, answer, endless, open_harbour, raw

GET = Outbound(method="GET", path="/v1/models")
OK = b"HTTP/1.1 200 OK\r\n"


async def code_of(door: Door, endpoint: Endpoint, request: Outbound = GET) -> EndpointFailure:
    with pytest.raises(EndpointFailure) as caught:
        await door.line("connection-1", endpoint).fetch(request)
    return caught.value


async def test_an_answer_arrives_whole(harbour: Harbour) -> None:
    server = await harbour.serve(answer(b'{"ok":true}', headers="X-Request-Id: 7\r\n"))
    door = harbour.door(ScriptedResolver([GOOD]))
    reply = await door.line("connection-1", harbour.endpoint()).fetch(
        Outbound(
            method="POST",
            path="/v1/chat/completions",
            query={"api-version": "2026-01 a/b"},
            headers={"Authorization": Secret("sk-mia"), "OpenAI-Project": "p 1"},
            body=b'{"a":1}',
        )
    )
    assert (reply.status, reply.body, reply.headers["x-request-id"]) == (200, b'{"ok":true}', "7")
    head = server.heads[0].decode()
    assert head.startswith("POST /v1/chat/completions?api-version=2026-01%20a%2Fb HTTP/1.1\r\n")
    lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
    assert lines["host"] == f"llm.test:{harbour.port}"
    assert lines["authorization"] == "bearer sk-mia"
    assert lines["openai-project"] == "p 1"
    assert lines["accept-encoding"] == "identity"
    assert lines["content-type"] == "application/json"
    assert lines["user-agent"].startswith("moorage/")
    assert "cookie" not in lines
    assert server.bodies == [b'{"a":1}']
    assert "ok" not in repr(reply)
    assert "sk-mia" not in repr(GET)


async def test_a_large_body_is_sent_whole(harbour: Harbour) -> None:
    server = await harbour.serve(answer(b"{}"))
    body = json.dumps({"text": "x" * 3_000_000}).encode()
    await (
        harbour.door(ScriptedResolver([GOOD]))
        .line("connection-1", harbour.endpoint())
        .fetch(Outbound(method="POST", path="/v1/embeddings", body=body))
    )
    assert server.bodies == [body]


async def test_a_stream_arrives_piece_by_piece(harbour: Harbour) -> None:
    go_on = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n")
        await writer.drain()
        await go_on.wait()
        writer.write(b"8\r\ndata: 2\n\r\n0\r\n\r\n")
        await writer.drain()
        await reader.read()

    await harbour.serve(script)
    door = harbour.door(ScriptedResolver([GOOD]))
    async with door.line("connection-1", harbour.endpoint()).stream(GET) as incoming:
        assert incoming.status == 200
        assert await incoming.read() == b"data: 1\n"
        go_on.set()
        assert await incoming.read() == b"data: 2\n"
        assert await incoming.read() == b""
        assert await incoming.read() == b""


async def test_rebinding_between_two_connections_reaches_nobody(harbour: Harbour) -> None:
    """D01: the second lookup answers INTERNAL."""
    await harbour.serve(raw(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"))
    victim = await harbour.victim()
    door = harbour.door(ScriptedResolver([GOOD], [INTERNAL]))
    line = door.line("connection-1", harbour.endpoint())
    assert (await line.fetch(GET)).body == b"hi"
    assert (await code_of(door, harbour.endpoint())).code == "address_not_public"
    assert victim.connections == 0


def test_the_pin_holds_on_the_event_loop_of_production(tmp_path: Path) -> None:
    async def play() -> tuple[bytes, str, int]:
        async with open_harbour(tmp_path) as harbour:
            await harbour.serve(raw(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"))
            victim = await harbour.victim()
            door = harbour.door(ScriptedResolver([GOOD], [GOOD, INTERNAL]))
            reply = await door.line("connection-1", harbour.endpoint()).fetch(GET)
            failure = await code_of(door, harbour.endpoint())
            return reply.body, failure.code, victim.connections

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(play()) == (b"hi", "address_not_public", 0)


async def test_rebinding_within_one_connection_asks_only_once(harbour: Harbour) -> None:
    """D02: the judged address is dead and a second lookup would answer INTERNAL."""
    victim = await harbour.victim()
    resolver = ScriptedResolver([GOOD], [INTERNAL])
    failure = await code_of(harbour.door(resolver), harbour.endpoint())
    assert (failure.code, failure.params) == ("connect_refused", {"port": harbour.port})
    assert len(resolver.asked) == 1
    assert victim.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        [GOOD, INTERNAL],
        [INTERNAL, GOOD],
        [GOOD, SECOND, INTERNAL],
        [GOOD, "::1"],
        [f"::ffff:{INTERNAL}"],
        [f"::ffff:{GOOD}"],
        ["::ffff:100.100.100.200"],
        ["64:ff9b::a9fe:a9fe"],
        ["169.254.169.254"],
        ["0.0.0.0"],
        ["fe80::1%lo"],
        ["10.0.0.1"],
        [],
    ],
    ids=str,
)
async def test_one_bad_address_in_an_answer_refuses_all_of_it(harbour: Harbour, addresses: list[str]) -> None:
    """D03–D06: with the same words as a name that does not exist."""
    server = await harbour.serve(answer(b"{}"))
    victim = await harbour.victim()
    failure = await code_of(harbour.door(ScriptedResolver(addresses)), harbour.endpoint())
    assert isinstance(failure, AddressRefused)
    assert (failure.code, failure.params, failure.retryable) == ("address_not_public", {}, False)
    assert server.connections == victim.connections == 0


@pytest.mark.parametrize("host", [INTERNAL, "::1", "::ffff:7f00:3", "127.0.0.99"])
async def test_a_literal_address_is_judged_although_nobody_resolves_it(harbour: Harbour, host: str) -> None:
    """aiohttp asks its resolver about names only."""
    victim = await harbour.victim()
    six = await harbour.victim("::1")
    resolver = ScriptedResolver([GOOD])
    assert (await code_of(harbour.door(resolver), harbour.endpoint(host))).code == "address_not_public"
    assert (victim.connections, six.connections, resolver.asked) == (0, 0, [])


@pytest.mark.parametrize(("host", "network"), [(GOOD, "127.0.0.1/32"), ("::1", "::1/128")])
async def test_an_excepted_literal_is_reached(harbour: Harbour, host: str, network: str) -> None:
    await harbour.serve(answer(b"here"), at=host, names=[host])
    written = f"[{host}]" if ":" in host else host
    policy = AddressPolicy(Exceptions.parse(f"{written}:{harbour.port}={network}"))
    door = harbour.door(ScriptedResolver([INTERNAL]), policy=policy)
    assert (await door.line("connection-1", harbour.endpoint(host)).fetch(GET)).body == b"here"


async def test_the_second_judged_address_is_used_when_the_first_is_dead(harbour: Harbour) -> None:
    """D09."""
    await harbour.serve(answer(b"second"), at=SECOND)
    door = harbour.door(ScriptedResolver([GOOD, SECOND]))
    assert (await door.line("connection-1", harbour.endpoint()).fetch(GET)).body == b"second"


async def test_at_most_four_addresses_are_tried(harbour: Harbour) -> None:
    """D08."""
    living = await harbour.serve(answer(b"fifth"), at="127.0.0.15")
    policy = AddressPolicy(harbour.exceptions(networks=["127.0.0.8/29"]))
    resolver = ScriptedResolver([f"127.0.0.{last}" for last in range(11, 16)])
    door = harbour.door(resolver, policy=policy)
    assert (await code_of(door, harbour.endpoint())).code == "connect_refused"
    assert living.connections == 0


async def test_a_redirect_to_internal_is_not_followed_and_not_shown(harbour: Harbour) -> None:
    """H01–H03."""
    victim = await harbour.victim()
    where = f"https://{INTERNAL}:{harbour.port}/secret"
    await harbour.serve(answer(b"", status="302 Found", headers=f"Location: {where}\r\n"))
    failure = await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())
    assert (failure.code, failure.params) == ("redirected", {})
    assert victim.connections == 0


@pytest.mark.parametrize("status", ["300 X", "301 X", "303 X", "304 X", "307 X", "308 X"])
async def test_every_redirection_is_refused(harbour: Harbour, status: str) -> None:
    await harbour.serve(raw(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()))
    assert (await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())).code == "redirected"


async def test_proxies_in_the_environment_are_ignored(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    """H21."""
    proxy = await harbour.victim()
    await harbour.serve(answer(b"direct"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{INTERNAL}:{harbour.port}")
    monkeypatch.setenv("NO_PROXY", "")
    door = harbour.door(ScriptedResolver([GOOD]))
    assert (await door.line("connection-1", harbour.endpoint()).fetch(GET)).body == b"direct"
    assert proxy.connections == 0


async def test_session_keys_are_never_written_to_a_log(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """H20."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    await harbour.serve(answer(b"{}"))
    await harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint()).fetch(GET)
    assert not (tmp_path / "keys").exists()


async def test_the_environment_does_not_choose_whom_to_trust(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await harbour.serve(answer(b"{}"))
    monkeypatch.setenv("SSL_CERT_FILE", str(harbour.authority.ca_pem))
    door = Door(policy=AddressPolicy(harbour.exceptions()), resolver=ScriptedResolver([GOOD]))
    assert (await code_of(door, harbour.endpoint())).code == "tls_untrusted"
    await door.aclose()


@pytest.mark.parametrize(
    ("names", "expired", "code"),
    [
        (["other.test"], False, "tls_name"),
        (["*.llm.test"], False, "tls_name"),
        (["127.0.0.1"], False, "tls_name"),
        (["llm.test"], True, "tls_expired"),
    ],
)
async def test_a_wrong_certificate_never_sees_the_key(
    harbour: Harbour, names: list[str], expired: bool, code: str
) -> None:
    """H16, H17."""
    server = await harbour.serve(answer(b"{}"), names=names, expired=expired)
    request = Outbound(method="GET", path="/v1/models", headers={"authorization": Secret("sk-mia")})
    assert (await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint(), request)).code == code
    assert server.heads == []


async def test_an_unknown_authority_is_not_trusted(harbour: Harbour) -> None:
    """H18."""
    server = await harbour.serve(answer(b"{}"))
    door = Door(policy=AddressPolicy(harbour.exceptions()), resolver=ScriptedResolver([GOOD]))
    assert (await code_of(door, harbour.endpoint())).code == "tls_untrusted"
    assert server.heads == []
    await door.aclose()


async def test_plain_http_on_the_tls_port_fails_as_tls(harbour: Harbour) -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()

    await harbour.serve_plain(banner)
    assert (await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())).code == "tls_failed"


async def test_a_port_that_hangs_up_fails_as_tls(harbour: Harbour) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    await harbour.serve_plain(silent)
    assert (await code_of(harbour.door(ScriptedResolver([GOOD])), harbour.endpoint())).code == "tls_failed"


async def test_a_port_that_accepts_and_says_nothing_runs_into_the_connect_timeout(harbour: Harbour) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            pass

    await harbour.serve_plain(silent)
    door = harbour.door(ScriptedResolver([GOOD]), limits=Limits(connect_timeout_s=0.2))
    failure = await code_of(door, harbour.endpoint())
    assert (failure.code, failure.params) == ("connect_timeout", {"timeout_s": 0.2})


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
    async with door.line("connection-1", harbour.endpoint()).stream(request) as incoming:
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
    async with harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint()).stream(request) as reply:
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
    line = harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint())
    for _ in range(4):
        try:
            assert (await line.fetch(GET)).body == b"mine"
        except EndpointFailure as failure:
            assert failure.code in {"connection_lost", "bad_http"}  # noqa: PT017 - both outcomes are safe


async def test_cookies_are_not_kept(harbour: Harbour) -> None:
    """H25."""
    server = await harbour.serve(answer(b"{}", headers="Set-Cookie: a=b; Path=/\r\n"))
    line = harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint())
    await line.fetch(GET)
    await line.fetch(GET)
    assert len(server.heads) == 2
    assert b"cookie" not in server.heads[1].lower()


async def test_a_401_is_sent_once_and_answered_as_it_is(harbour: Harbour) -> None:
    """H04."""
    server = await harbour.serve(
        answer(b"no", status="401 Unauthorized", headers='WWW-Authenticate: Basic realm="x"\r\n')
    )
    assert (await harbour.door(ScriptedResolver([GOOD])).line("k", harbour.endpoint()).fetch(GET)).status == 401
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
        await harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint()).fetch(request)
    assert caught.value.code == "key_not_sendable"
    assert caught.value.params == {}
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert server.connections == 0


@pytest.mark.parametrize("name", ["Host", "cookie", "Connection", "Transfer-Encoding", "Proxy-Authorization", "Via"])
async def test_headers_that_steer_are_a_programming_error(harbour: Harbour, name: str) -> None:
    """H15, H24."""
    await harbour.serve(answer(b"{}"))
    line = harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint())
    with pytest.raises(ValueError, match=name.lower()):
        await line.fetch(Outbound(method="GET", path="/v1/models", headers={name: "x"}))


@pytest.mark.parametrize(
    "path", ["v1", "//evil.test/x", "/v1/../x", "/a b", "/a\r\nX: y", "/v1?x=1", "/v1#x", "", "/ä"]
)
async def test_a_path_stays_a_path(harbour: Harbour, path: str) -> None:
    await harbour.serve(answer(b"{}"))
    line = harbour.door(ScriptedResolver([GOOD])).line("connection-1", harbour.endpoint())
    with pytest.raises(AddressRefused, match="url_invalid"):
        await line.fetch(Outbound(method="GET", path=path))


async def test_two_connections_of_one_key_share_a_socket_and_two_keys_never_do(harbour: Harbour) -> None:
    """D15: Mia's team and Eve's team use the same endpoint."""
    server = await harbour.serve(answer(b"{}"))
    door = harbour.door(ScriptedResolver([GOOD]))
    for key in ("mia", "mia", "eve", "mia", "eve"):
        await door.line(key, harbour.endpoint()).fetch(GET)
    first, second, third, fourth, fifth = server.peers
    assert first == second == fourth
    assert third == fifth
    assert first != third


async def test_another_name_on_the_same_address_shakes_hands_anew(harbour: Harbour) -> None:
    """H23."""
    server = await harbour.serve(answer(b"{}"))
    names = [Exceptions.parse(f"{host}:{harbour.port}={GOOD}").triples[0] for host in ("llm.test", "other.test")]
    door = harbour.door(ScriptedResolver([GOOD]), policy=AddressPolicy(Exceptions(tuple(names))))
    await door.line("connection-1", harbour.endpoint()).fetch(GET)
    assert (await code_of(door, harbour.endpoint("other.test"))).code == "tls_name"
    assert server.connections == 2


async def test_a_pool_that_has_grown_old_is_replaced_and_judged_again(harbour: Harbour) -> None:
    """D14: a kept socket does not outlive the judgement of its address for long."""
    await harbour.serve(answer(b"{}"))
    victim = await harbour.victim()
    door = harbour.door(ScriptedResolver([GOOD], [INTERNAL]), limits=Limits(pool_age_s=0.0))
    await door.line("connection-1", harbour.endpoint()).fetch(GET)
    assert (await code_of(door, harbour.endpoint())).code == "address_not_public"
    assert victim.connections == 0


async def test_hanging_up_ends_kept_sockets_and_lets_a_running_answer_finish(harbour: Harbour) -> None:
    """P10: changing a key cuts nobody off in the middle of a sentence."""
    server = await harbour.serve(raw(OK + b"Content-Length: 4\r\n\r\nab", b"cd", hold=True))
    resolver = ScriptedResolver([GOOD], [INTERNAL])
    door = harbour.door(resolver)
    async with door.line("connection-1", harbour.endpoint()).stream(GET) as incoming:
        received = await incoming.read()
        await door.hang_up("connection-1")
        while piece := await incoming.read():
            received += piece
    assert received == b"abcd"
    await asyncio.wait_for(server.closed.wait(), 10)
    assert (await code_of(door, harbour.endpoint())).code == "address_not_public"


async def test_a_closed_door_ends_running_answers_and_opens_no_new_one(harbour: Harbour) -> None:
    await harbour.serve(raw(OK + b"Content-Length: 4\r\n\r\nab", hold=True))
    door = harbour.door(ScriptedResolver([GOOD]))
    async with door.line("connection-1", harbour.endpoint()).stream(GET) as incoming:
        await incoming.read()
        await door.aclose()
        with pytest.raises(EndpointFailure, match="connection_lost"):
            await incoming.read()
    assert (await code_of(door, harbour.endpoint())).code == "connection_lost"


async def test_leaving_early_closes_the_connection(harbour: Harbour) -> None:
    """H30: the stop button."""
    server = await harbour.serve(endless(OK + b"\r\n", b"x" * 1000))
    door = harbour.door(ScriptedResolver([GOOD]))
    async with door.line("connection-1", harbour.endpoint()).stream(GET) as incoming:
        assert await incoming.read()
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_cancelling_a_request_closes_the_connection(harbour: Harbour) -> None:
    server = await harbour.serve(raw(hold=True))
    door = harbour.door(ScriptedResolver([GOOD]))
    task = asyncio.create_task(door.line("connection-1", harbour.endpoint()).fetch(GET))
    await asyncio.wait_for(server.asked.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_the_deployment_does_not_call_itself(harbour: Harbour) -> None:
    """P11: the own hosts; refused before any lookup."""
    server = await harbour.serve(answer(b"{}"))
    resolver = ScriptedResolver([GOOD])
    own = frozenset({"moorage.test", "llm.test"})
    door = harbour.door(resolver, policy=AddressPolicy(harbour.exceptions(), own_hosts=own))
    assert (await code_of(door, harbour.endpoint("moorage.test"))).code == "url_own_host"
    assert (server.connections, resolver.asked) == (0, [])
    # A port that the operator excepted by name is a model server beside it.
    assert (await door.line("connection-1", harbour.endpoint()).fetch(GET)).body == b"{}"


def test_the_tls_context_is_strict() -> None:
    """H19: TLS 1.2 or newer, names from the certificate's list of names only."""
    context = build_tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None
