"""P11 for any text and any answer: one canonical reading, shared by other parsers, and only public addresses."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from aiohttp import ClientRequest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from moorage.egress.policy import Address, Verdict, classify
from moorage.egress.urls import parse_base_url
from moorage.errors import AddressRefused
from tests.egress.attacks import DNS, URLS
from tests.egress.boundaries import written_addresses
from tests.egress.harbour import ANYBODY, ScriptedResolver, dialler
from tests.egress.oracle import is_public
from tests.fuzz.target import check_address, check_exceptions, check_url

PIECES = st.sampled_from(
    ["https://", "http://", "llm.example", "localhost", "127.0.0.1", "1.1.1.1", "[::1]", "[2606:4700::1111]", ":",
     "443", "8443", "/", "v1", "..", "@", "#", "?", "\\", "%2e", ".", "xn--", "-", "é", "。", "\u200d", "0x7f", " ",
     "\n", "[", "]"]
)  # fmt: skip
EXCEPTION_PIECES = st.sampled_from(
    ["a", "ollama.corp", "[::1]", ":", "443", "5432", "=", "10.0.0.0/8", "::/0", "0.0.0.0/0", "169.254.169.254/32", ",",
     "\n", "#", " ", "fd00::/8", "é", "%lo"]
)  # fmt: skip
ROWS = st.sampled_from([row.text for row in URLS if len(row.text) < 500])
SPLICED = st.tuples(ROWS, st.integers(0, 60), st.text(max_size=3), ROWS).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[3][parts[1] :]
)
TEXTS = st.one_of(
    SPLICED,
    ROWS,
    st.text(max_size=60),
    st.text(max_size=60).map(lambda tail: "https://" + tail),
    st.lists(PIECES, max_size=10).map(lambda pieces: "https://" + "".join(pieces)),
)

INSIDE = st.one_of(
    st.ip_addresses(v=4), st.sampled_from([address for address in written_addresses() if address.version == 4])
).map(int)
PREFIXES = st.sampled_from(["2606:4700::", "2a00:1450:4001::", "fe80::", "2400::", "2001:200::"]).map(
    lambda text: int(IPv6Address(text))
)
CARRYING = st.one_of(
    INSIDE.map(IPv6Address),
    INSIDE.map(lambda number: IPv6Address(0xFFFF << 32 | number)),
    INSIDE.map(lambda number: IPv6Address(0xFFFF << 48 | number)),
    INSIDE.map(lambda number: IPv6Address(0x64_FF9B << 96 | number)),
    INSIDE.map(lambda number: IPv6Address(0x2002 << 112 | number << 80)),
    INSIDE.map(lambda number: IPv6Address(0x2001 << 112 | number ^ 0xFFFF_FFFF)),
    st.builds(lambda prefix, number: IPv6Address(prefix | 0x5EFE << 32 | number), PREFIXES, INSIDE),
    st.builds(lambda prefix, number: IPv6Address(prefix | 0x0200_5EFE << 32 | number), PREFIXES, INSIDE),
)
ADDRESSES: st.SearchStrategy[Address] = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6),
    st.ip_addresses(network="2000::/3"),
    st.sampled_from(written_addresses()),
    CARRYING,
)
ANSWERED = st.one_of(st.lists(ADDRESSES, max_size=4), st.sampled_from([list(row.answer) for row in DNS]))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example(f"https://{'ü' * 20}.example/" + "a" * 2010)
def test_any_text_is_refused_by_a_known_code_or_has_one_canonical_form(text: str) -> None:
    """What other parsers read in that form is the same host, port and path."""
    check_url(text)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_the_client_that_dials_reads_the_same_host_port_and_path(text: str) -> None:
    try:
        endpoint = parse_base_url(text)
    except AddressRefused:
        return
    url = URL(endpoint.url, encoded=True)
    sent = asyncio.run(_as_aiohttp_sends(url))
    assert (sent.host, sent.port, sent.url.raw_path) == (endpoint.host, endpoint.port, endpoint.path or "/")
    assert sent.is_ssl()


async def _as_aiohttp_sends(url: URL) -> ClientRequest:
    return ClientRequest("GET", url, loop=asyncio.get_running_loop())


@settings(max_examples=400, deadline=None)
@given(TEXTS, ANSWERED)
def test_no_accepted_url_ever_dials_an_address_that_is_not_public(text: str, answer: list[Address | str]) -> None:
    """Whatever a resolver says, and whatever a library then proposes to the maker of sockets."""
    try:
        endpoint = parse_base_url(text)
    except AddressRefused:
        return
    dials = dialler(ScriptedResolver([str(address) for address in answer]))
    try:
        judged = asyncio.run(dials.judged_addresses(ANYBODY, endpoint))
    except AddressRefused:
        judged = []
    for address in judged:
        assert classify(address) is Verdict.PUBLIC
        assert is_public(address), address
    make = dials.socket_factory(endpoint)
    for address in (address for address in answer if isinstance(address, IPv4Address | IPv6Address)):
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            make((family, socket.SOCK_STREAM, 6, "", (str(address), endpoint.port))).close()
        except AddressRefused:
            assert classify(address) is not Verdict.PUBLIC
        else:
            assert is_public(address), address


@settings(max_examples=400, deadline=None)
@given(ADDRESSES)
def test_an_address_is_accepted_only_if_the_oracle_agrees(address: Address) -> None:
    check_address(address.packed)


@pytest.mark.parametrize("address", written_addresses(), ids=str)
def test_the_oracle_agrees_at_every_boundary(address: Address) -> None:
    check_address(address.packed)


def test_the_oracle_is_no_more_cautious_than_the_registries() -> None:
    """Else it would agree with anything: what it calls public is so, but for the networks of clouds."""
    refused = {classify(address) for address in written_addresses() if is_public(address)}
    assert refused <= {Verdict.PUBLIC, Verdict.METADATA}


@settings(deadline=None)
@given(st.lists(EXCEPTION_PIECES, max_size=12).map("".join))
def test_no_list_of_exceptions_ever_opens_metadata(text: str) -> None:
    check_exceptions(text)
