"""Every DNS answer of the table against a real door: whoever must not be dialled counts no connection (P11)."""

from contextlib import closing

import pytest

from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.resolver import SystemResolver
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused, EndpointFailure
from tests.egress.attacks import ACCEPTED, DNS, DnsRow
from tests.egress.attacks.rows import GOOD, INTERNAL, SECOND
from tests.egress.attacks.walking import Script, judged, line, refusal
from tests.egress.harbour import GET, Harbour, answer

HOST = "llm.example"
REFUSED = [row for row in DNS if row.verdict != ACCEPTED]
HONEST = [row for row in DNS if row.verdict == ACCEPTED]


def policy_of(row: DnsRow, port: int) -> AddressPolicy:
    if not row.excepted:
        return AddressPolicy()
    return AddressPolicy(Exceptions.parse(f"{row.host or HOST}:{port}={GOOD}/32,{row.host or HOST}:{port}={SECOND}/32"))


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
async def test_an_answer_with_an_address_that_is_not_public_reaches_nobody(harbour: Harbour, row: DnsRow) -> None:
    """Loopback is full of listeners whose certificates would even fit; with the same words as a name that is none."""
    victims = [await harbour.victim(at) for at in (INTERNAL, GOOD, SECOND, "::1")]
    look_up = Script(row.answer)
    with closing(SystemResolver(look_up=look_up)) as resolver:
        door = harbour.door(resolver, policy=policy_of(row, harbour.port))
        endpoint = Endpoint(row.host or HOST, harbour.port, "")
        surveyed = await refusal(door, endpoint)
        with pytest.raises(EndpointFailure) as caught:
            await line(door, endpoint).fetch(GET)
    for refused in (surveyed, caught.value):
        assert isinstance(refused, AddressRefused), row.what
        assert (refused.code, dict(refused.params), refused.retryable) == (row.verdict, {}, False), row.what
    assert [victim.connections for victim in victims] == [0, 0, 0, 0]
    assert look_up.asked == [(endpoint.host, endpoint.port)] * 2


@pytest.mark.parametrize("row", HONEST, ids=lambda row: row.id)
async def test_an_honest_answer_is_taken_whole(harbour: Harbour, row: DnsRow) -> None:
    """Public addresses are not dialled here: the test stays on this machine."""
    servers = [await harbour.serve(answer(b"{}"), at=at, names=[HOST]) for at in (GOOD, SECOND)]
    with closing(SystemResolver(look_up=Script(row.answer))) as resolver:
        door = harbour.door(resolver, policy=policy_of(row, harbour.port))
        endpoint = Endpoint(row.host or HOST, harbour.port, "")
        assert await judged(door, endpoint) == len(row.answer), row.what
        if row.excepted:
            assert (await line(door, endpoint).fetch(GET)).body == b"{}"
    assert sum(server.connections for server in servers) == int(row.excepted)
