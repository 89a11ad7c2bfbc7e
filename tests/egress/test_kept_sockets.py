"""P11: what arrives on a kept socket between two answers never answers anybody (ADR 0010)."""

import asyncio
from collections.abc import Sequence

import pytest

from moorage.egress.door import Limits, Scope, Trust
from moorage.errors import EndpointFailure
from tests.egress.harbour import ANYBODY, GET, GOOD, OK, Harbour, ScriptedResolver, answer, code_of, raw, read_request

POISON = OK + b"Content-Length: 8\r\n\r\nPOISONED"


class Chatty:
    """Answers each first request of a socket, then says more of its own accord, then answers on."""

    def __init__(self, extra: Sequence[bytes]) -> None:
        self._extra = extra
        self.said = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK + b"Content-Length: 5\r\n\r\nfirst")
        await writer.drain()
        await asyncio.sleep(0.05)  # past the moment at which the socket goes back to its pool
        try:
            for piece in self._extra:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        finally:
            self.said.set()  # also if the client hung up in the middle
        while True:
            await read_request(reader)
            writer.write(OK + b"Content-Length: 2\r\n\r\nok")
            await writer.drain()


@pytest.mark.parametrize(
    "extra",
    [
        [POISON],
        [POISON[:20], POISON[20:]],
        [POISON[:20]],
        [b"x"],
        [b"\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\n\r\n"],
        [POISON, POISON],
    ],
    ids=["whole", "in pieces", "a part", "a byte", "an empty line", "a hint", "twice"],
)
async def test_what_a_server_says_unasked_never_answers_the_next_request(harbour: Harbour, extra: list[bytes]) -> None:
    """H10b: a second answer that comes late, when the socket lies idle in its pool."""
    script = Chatty(extra)
    server = await harbour.serve(script)
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    assert (await line.fetch(GET)).body == b"first"
    await asyncio.wait_for(script.said.wait(), 10)
    await asyncio.sleep(0.05)
    assert (await line.fetch(GET)).body == b"first"
    assert server.connections == 2


async def test_an_answer_that_rides_in_with_the_end_of_another_is_nobodys(harbour: Harbour) -> None:
    """The head came before; its end and a whole second answer come in one write."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK + b"Content-Length: 5\r\n\r\nfi")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"rst" + POISON)
        await writer.drain()
        await reader.read()

    server = await harbour.serve(script)
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    for _ in range(2):
        async with line.stream(GET) as incoming:
            received = b""
            while piece := await incoming.read():
                received += piece
        assert received == b"first"
    assert server.connections == 2


async def test_the_next_request_of_a_silent_server_rides_on_the_same_socket(harbour: Harbour) -> None:
    """The control: without a word in between the socket is kept."""
    server = await harbour.serve(answer(b"{}"))
    line = harbour.door(ScriptedResolver([GOOD])).line(ANYBODY, harbour.endpoint())
    for _ in range(3):
        await line.fetch(GET)
    assert server.connections == 1


async def test_two_people_of_one_team_never_share_a_socket(harbour: Harbour) -> None:
    """What a race may still let through on a kept socket can only belong to the one who asked before."""
    server = await harbour.serve(answer(b"{}"))
    door = harbour.door(ScriptedResolver([GOOD]))
    for person in ("mia", "adam", "mia", "adam"):
        await door.line(Scope("team-1", "connection-1", person), harbour.endpoint()).fetch(GET)
    mia, adam, mia_again, adam_again = server.peers
    assert (mia, adam) == (mia_again, adam_again)
    assert mia != adam


async def test_a_request_with_another_trust_gets_a_socket_of_its_own(harbour: Harbour) -> None:
    """A socket that was opened without a pin must not carry what is only for the pinned key."""
    server = await harbour.serve(answer(b"{}"))
    door = harbour.door(ScriptedResolver([GOOD]))
    facts: dict[str, object] = {}
    async for finding in door.survey(ANYBODY, harbour.endpoint()):
        facts.update(finding.facts)
    before = server.connections
    for trust in (Trust(), Trust(pin=str(facts["key_sha256"])), Trust()):
        await door.line(ANYBODY, harbour.endpoint(), trust).fetch(GET)
    first, pinned, third = server.peers
    assert server.connections - before == 2
    assert first == third != pinned


async def test_a_request_that_fails_to_begin_counts_no_longer(harbour: Harbour) -> None:
    """P22: else a dead endpoint would use up what its team may have under way."""
    await harbour.serve(answer(b"{}"))
    door = harbour.door(ScriptedResolver([]), limits=Limits(requests_per_connection=1, refusal_after_s=0.0))
    for _ in range(3):
        assert (await code_of(door, harbour.endpoint())).code == "address_not_public"


@pytest.mark.parametrize(
    ("limits", "scopes"),
    [
        (Limits(requests_per_connection=2), [Scope("t", "c", "mia"), Scope("t", "c", "adam"), Scope("t", "c", "olga")]),
        (Limits(requests_per_team=2), [Scope("t", "c1"), Scope("t", "c2"), Scope("t", "c3")]),
    ],
    ids=["connection", "team"],
)
async def test_a_connection_and_a_team_have_so_many_requests_under_way(
    harbour: Harbour, limits: Limits, scopes: list[Scope]
) -> None:
    """P22: and nobody else is touched by it."""
    await harbour.serve(raw(OK + b"Content-Length: 4\r\n\r\nab", hold=True))
    door = harbour.door(ScriptedResolver([GOOD]), limits=limits)
    first, second, third = (door.line(scope, harbour.endpoint()) for scope in scopes)
    async with first.stream(GET) as one, second.stream(GET) as two:
        assert [await one.read(), await two.read()] == [b"ab", b"ab"]
        with pytest.raises(EndpointFailure) as refused:
            await third.fetch(GET)
        assert (refused.value.code, refused.value.params) == ("too_many_requests", {"limit": 2})
        async with door.line(Scope("other", "c4"), harbour.endpoint()).stream(GET) as other:
            assert await other.read() == b"ab"
    async with third.stream(GET) as freed:
        assert await freed.read() == b"ab"
