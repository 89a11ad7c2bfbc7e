"""P11: connections are kept per key and origin, judged again when old, and closed when nobody wants them."""

import asyncio

import pytest

from moorage.egress.door import Limits, Scope
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.errors import EndpointFailure
from tests.egress.harbour import (
    ANYBODY,
    GET,
    GOOD,
    INTERNAL,
    OK,
    Harbour,
    ScriptedResolver,
    answer,
    code_of,
    endless,
    raw,
)


async def test_two_connections_of_one_key_share_a_socket_and_two_keys_never_do(harbour: Harbour) -> None:
    """D15: Mia's team and Eve's team use the same endpoint."""
    server = await harbour.serve(answer(b"{}"))
    door = harbour.door(ScriptedResolver([GOOD]))
    for team in ("mia's", "mia's", "eve's", "mia's", "eve's"):
        await door.line(Scope(team, "connection-1"), harbour.endpoint()).fetch(GET)
    first, second, third, fourth, fifth = server.peers
    assert first == second == fourth
    assert third == fifth
    assert first != third


async def test_another_name_on_the_same_address_shakes_hands_anew(harbour: Harbour) -> None:
    """H23."""
    server = await harbour.serve(answer(b"{}"))
    names = [Exceptions.parse(f"{host}:{harbour.port}={GOOD}").triples[0] for host in ("llm.test", "other.test")]
    door = harbour.door(ScriptedResolver([GOOD]), policy=AddressPolicy(Exceptions(tuple(names))))
    await door.line(ANYBODY, harbour.endpoint()).fetch(GET)
    assert (await code_of(door, harbour.endpoint("other.test"))).code == "tls_name"
    assert server.connections == 2


async def test_a_pool_that_has_grown_old_is_replaced_and_judged_again(harbour: Harbour) -> None:
    """D14: a kept socket does not outlive the judgement of its address for long."""
    await harbour.serve(answer(b"{}"))
    victim = await harbour.victim()
    door = harbour.door(ScriptedResolver([GOOD], [INTERNAL]), limits=Limits(pool_age_s=0.0, refusal_after_s=0.0))
    await door.line(ANYBODY, harbour.endpoint()).fetch(GET)
    assert (await code_of(door, harbour.endpoint())).code == "address_not_public"
    assert victim.connections == 0


async def test_hanging_up_ends_kept_sockets_and_lets_a_running_answer_finish(harbour: Harbour) -> None:
    """P10: changing a key cuts nobody off in the middle of a sentence."""
    server = await harbour.serve(raw(OK + b"Content-Length: 4\r\n\r\nab", b"cd", hold=True))
    resolver = ScriptedResolver([GOOD], [INTERNAL])
    door = harbour.door(resolver)
    async with door.line(ANYBODY, harbour.endpoint()).stream(GET) as incoming:
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
    async with door.line(ANYBODY, harbour.endpoint()).stream(GET) as incoming:
        await incoming.read()
        await door.aclose()
        with pytest.raises(EndpointFailure, match="connection_lost"):
            await incoming.read()
    assert (await code_of(door, harbour.endpoint())).code == "connection_lost"


async def test_leaving_early_closes_the_connection(harbour: Harbour) -> None:
    """H30: the stop button."""
    server = await harbour.serve(endless(OK + b"\r\n", b"x" * 1000))
    door = harbour.door(ScriptedResolver([GOOD]))
    async with door.line(ANYBODY, harbour.endpoint()).stream(GET) as incoming:
        assert await incoming.read()
    await asyncio.wait_for(server.closed.wait(), 10)


async def test_cancelling_a_request_closes_the_connection(harbour: Harbour) -> None:
    server = await harbour.serve(raw(hold=True))
    door = harbour.door(ScriptedResolver([GOOD]))
    task = asyncio.create_task(door.line(ANYBODY, harbour.endpoint()).fetch(GET))
    await asyncio.wait_for(server.asked.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(server.closed.wait(), 10)
