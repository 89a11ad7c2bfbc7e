"""Every server of the table against a real door over real TLS: one code for each, and not a word of theirs (P11)."""

import asyncio
from contextlib import closing

import pytest

from moorage.egress.door import Door, Limits, Outbound
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.resolver import SystemResolver
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.vault.secret import Secret
from tests.egress.attacks import ANSWERED, SERVERS, ServerRow
from tests.egress.attacks.rows import GOOD, INTERNAL, UPSTREAM_WORDS, Patience
from tests.egress.attacks.walking import Script, line
from tests.egress.harbour import Harbour, Listener

HOST = "llm.attacks.example"
OURS = {b"accept-encoding", b"authorization", b"content-type", b"content-length"}
KEY = "sk-mia-0123456789"
# The server goes on for ever and learns that nobody listens any more.
CUT_OFF = {"first_byte_timeout", "stalled", "took_too_long", "answer_too_large"}
# Longer than a hostile server waits before it speaks without being asked.
BETWEEN_TWO_REQUESTS_S = 0.15


def request_of(row: ServerRow) -> Outbound:
    patience = row.patience or Patience()
    return Outbound(
        method="POST",
        path="/v1/chat/completions",
        body=b"{}",
        headers={"authorization": Secret(KEY)},
        first_byte_timeout_s=patience.first_byte_s,
        idle_timeout_s=patience.idle_s,
        total_timeout_s=patience.total_s,
        max_body_bytes=row.max_body_bytes,
    )


def figures_of(row: ServerRow) -> dict[str, float]:
    """Give what fills the sentence: the bound that was passed, and never anything of the server's."""
    patience = row.patience or Patience()
    waited = {
        "connect_timeout": patience.connect_s,
        "first_byte_timeout": patience.first_byte_s,
        "stalled": patience.idle_s,
        "took_too_long": patience.total_s,
    }
    if row.verdict in waited:
        return {"timeout_s": waited[row.verdict]}
    return {"limit_mib": round(row.max_body_bytes / 2**20, 3)} if row.verdict == "answer_too_large" else {}


async def ask(door: Door, endpoint: Endpoint, row: ServerRow) -> tuple[str, int, bytes]:
    """Give the verdict of one request; of an answer its status and body, too."""
    try:
        reply = await line(door, endpoint).fetch(request_of(row))
    except EndpointFailure as error:
        failure = error
    else:
        assert UPSTREAM_WORDS not in repr(reply)
        return ANSWERED, reply.status, reply.body
    assert failure.__cause__ is None
    assert failure.__suppress_context__ or failure.__context__ is None
    assert failure.params == figures_of(row)
    assert UPSTREAM_WORDS not in repr(failure) + str(failure)
    return failure.code, 0, b""


def require_no_more_was_sent(server: Listener, row: ServerRow) -> None:
    """Each request went out once, with our headers alone; before a good certificate none did."""
    if row.stage == "tls":
        assert server.heads == []
    for head in server.heads:
        names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:] if line}
        assert names == {b"host", b"user-agent", b"accept", *OURS}
        assert f"authorization: bearer {KEY}".encode() in head.lower()
    assert len(server.heads) <= row.asks


@pytest.mark.parametrize("row", SERVERS, ids=lambda row: row.id)
async def test_a_hostile_server_gets_its_verdict(harbour: Harbour, row: ServerRow) -> None:
    server = await harbour.serve_as(row.script, row.tls(harbour.authority, HOST))
    victim = await harbour.victim(INTERNAL)
    limits = Limits(connect_timeout_s=(row.patience or Patience()).connect_s, refusal_after_s=0.0)
    policy = AddressPolicy(Exceptions.parse(f"{HOST}:{harbour.port}={GOOD}/32"))
    expected = (row.verdict, row.status, row.body) if row.verdict == ANSWERED else (row.verdict, 0, b"")
    with closing(SystemResolver(look_up=Script([GOOD]))) as resolver:
        door = harbour.door(resolver, policy=policy, limits=limits)
        for number in range(row.asks):
            if number:
                await asyncio.sleep(BETWEEN_TWO_REQUESTS_S)
            assert await ask(door, Endpoint(HOST, harbour.port, ""), row) == expected, row.what
    require_no_more_was_sent(server, row)
    if row.verdict in CUT_OFF:
        await asyncio.wait_for(server.closed.wait(), 10)
    assert victim.connections == 0
    assert row.dials in {0, server.connections}
