"""P11: the dialled address is a judged address; INTERNAL listens, its certificate would even fit, and nobody calls."""

import asyncio
import json
import ssl
import weakref
from pathlib import Path

import pytest
import uvloop

from moorage.egress.door import Door, Outbound
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.trust import build_tls_context
from moorage.vault.secret import Secret
from tests.egress.harbour import (
    ANYBODY,
    GET,
    GOOD,
    INTERNAL,
    OK,
    SECOND,
    Harbour,
    ScriptedResolver,
    answer,
    code_of,
    open_harbour,
    raw,
)


async def test_an_answer_arrives_whole(harbour: Harbour) -> None:
    server = await harbour.serve(answer(b'{"ok":true}', headers="X-Request-Id: 7\r\n"))
    door = harbour.door(ScriptedResolver([GOOD]))
    reply = await door.line(ANYBODY, harbour.endpoint()).fetch(
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


class Watched(Outbound):
    """A request of which can be told whether somebody keeps it."""


async def test_a_request_is_not_kept_while_its_answer_arrives(harbour: Harbour) -> None:
    await harbour.serve(answer(b"{}"))
    request = Watched(method="POST", path="/v1/chat/completions", body=b"x" * 3_000_000)
    kept = weakref.ref(request)
    exchange = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint()).stream(request)
    del request
    async with exchange as incoming:
        assert kept() is None
        assert await incoming.read() == b"{}"


async def test_a_large_body_is_sent_whole(harbour: Harbour) -> None:
    server = await harbour.serve(answer(b"{}"))
    body = json.dumps({"text": "x" * 3_000_000}).encode()
    await (
        harbour.door(ScriptedResolver([GOOD]))
        .line(ANYBODY, harbour.endpoint())
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
    async with door.line(ANYBODY, harbour.endpoint()).stream(GET) as incoming:
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
    line = door.line(ANYBODY, harbour.endpoint())
    assert (await line.fetch(GET)).body == b"hi"
    assert (await code_of(door, harbour.endpoint())).code == "address_not_public"
    assert victim.connections == 0


def test_the_pin_holds_on_the_event_loop_of_production(tmp_path: Path) -> None:
    async def play() -> tuple[bytes, str, int]:
        async with open_harbour(tmp_path) as harbour:
            await harbour.serve(raw(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"))
            victim = await harbour.victim()
            door = harbour.door(ScriptedResolver([GOOD], [GOOD, INTERNAL]))
            reply = await door.line(ANYBODY, harbour.endpoint()).fetch(GET)
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
    assert (await door.line(ANYBODY, harbour.endpoint(host)).fetch(GET)).body == b"here"


@pytest.mark.parametrize(("host", "network"), [(GOOD, "127.0.0.1/32"), ("::1", "::1/128")])
async def test_a_literal_needs_a_certificate_for_the_address_itself(harbour: Harbour, host: str, network: str) -> None:
    """A name in the certificate does not cover the address, nor does one that only reads like it."""
    server = await harbour.serve(answer(b"here"), at=host, names=["llm.test"])
    written = f"[{host}]" if ":" in host else host
    policy = AddressPolicy(Exceptions.parse(f"{written}:{harbour.port}={network}"))
    door = harbour.door(ScriptedResolver([INTERNAL]), policy=policy)
    assert (await code_of(door, harbour.endpoint(host))).code == "tls_name"
    assert server.heads == []


async def test_the_second_judged_address_is_used_when_the_first_is_dead(harbour: Harbour) -> None:
    """D09."""
    await harbour.serve(answer(b"second"), at=SECOND)
    door = harbour.door(ScriptedResolver([GOOD, SECOND]))
    assert (await door.line(ANYBODY, harbour.endpoint()).fetch(GET)).body == b"second"


async def test_at_most_four_addresses_are_tried(harbour: Harbour) -> None:
    """D08."""
    living = await harbour.serve(answer(b"fifth"), at="127.0.0.15")
    policy = AddressPolicy(harbour.exceptions(networks=["127.0.0.8/29"]))
    resolver = ScriptedResolver([f"127.0.0.{last}" for last in range(11, 16)])
    door = harbour.door(resolver, policy=policy)
    assert (await code_of(door, harbour.endpoint())).code == "connect_refused"
    assert living.connections == 0


async def test_proxies_in_the_environment_are_ignored(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    """H21."""
    proxy = await harbour.victim()
    await harbour.serve(answer(b"direct"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://{INTERNAL}:{harbour.port}")
    monkeypatch.setenv("NO_PROXY", "")
    door = harbour.door(ScriptedResolver([GOOD]))
    assert (await door.line(ANYBODY, harbour.endpoint()).fetch(GET)).body == b"direct"
    assert proxy.connections == 0


async def test_session_keys_are_never_written_to_a_log(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """H20."""
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    await harbour.serve(answer(b"{}"))
    await harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint()).fetch(GET)
    assert not (tmp_path / "keys").exists()


async def test_the_environment_does_not_choose_whom_to_trust(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await harbour.serve(answer(b"{}"))
    monkeypatch.setenv("SSL_CERT_FILE", str(harbour.authority.ca_pem))
    door = Door(policy=AddressPolicy(harbour.exceptions()), resolver=ScriptedResolver([GOOD]))
    assert (await code_of(door, harbour.endpoint())).code == "tls_untrusted"
    await door.aclose()


async def test_the_deployment_does_not_call_itself(harbour: Harbour) -> None:
    """P11: the own hosts; refused before any lookup."""
    server = await harbour.serve(answer(b"{}"))
    resolver = ScriptedResolver([GOOD])
    own = frozenset({"moorage.test", "llm.test"})
    door = harbour.door(resolver, policy=AddressPolicy(harbour.exceptions(), own_hosts=own))
    assert (await code_of(door, harbour.endpoint("moorage.test"))).code == "url_own_host"
    assert (server.connections, resolver.asked) == (0, [])
    # A port that the operator excepted by name is a model server beside it.
    assert (await door.line(ANYBODY, harbour.endpoint()).fetch(GET)).body == b"{}"


def test_the_tls_context_is_strict() -> None:
    """H19: TLS 1.2 or newer, names from the certificate's list of names only."""
    context = build_tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None
