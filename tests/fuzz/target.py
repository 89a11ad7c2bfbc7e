"""What must hold for any bytes: the URL parser, the policy and the reader of exceptions keep their promises (P11).

The first byte of an input chooses: `a` an address and its judgement, `e` a list of exceptions, `u` what follows
`https://`, anything else a whole URL.
Nothing here needs the fuzzer, so that every input it ever kept is replayed by an ordinary test.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from yarl import URL

from moorage.egress.policy import Address, AddressPolicy, Exceptions, Verdict, classify, parse_literal
from moorage.egress.urls import MAX_NAME_CHARS, MAX_URL_CHARS, is_local_name, parse_base_url
from moorage.errors import AddressRefused, Invalid
from tests.egress.oracle import is_public

URL_CODES: Final = frozenset(
    {
        "url_too_long", "url_invalid", "url_not_https", "url_userinfo", "url_query", "url_fragment", "url_port",
        "url_host", "url_local",
    }
)  # fmt: skip
EXCEPTION_CODES: Final = frozenset({"exceptions_invalid", "exceptions_never"})
PORTS: Final = frozenset({443, 8443})
_IPV4_BYTES: Final = 4
_IPV6_BYTES: Final = 16

# What an operator's exceptions may never open, whatever they say.
_NEVER: Final = [
    ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1")
]


def check(data: bytes) -> None:
    """Run one input. Raises AssertionError when a promise does not hold, and whatever else goes wrong."""
    kind, rest = data[:1], data[1:]
    if kind == b"a":
        check_address(rest)
    elif kind == b"e":
        check_exceptions(rest.decode("utf-8", "surrogateescape"))
    else:
        # Without the scheme given, most of what a fuzzer makes up ends at the scheme.
        check_url((b"https://" + rest if kind == b"u" else data).decode("utf-8", "surrogateescape"))


def check_url(text: str) -> None:
    """A text is refused with a known code, or has one canonical form that every other parser reads in the same way."""
    endpoint, refused = None, AddressRefused("")
    try:
        endpoint = parse_base_url(text)
    except AddressRefused as error:
        refused = error
    if endpoint is None:
        assert refused.code in URL_CODES, refused.code
        assert refused.field == "base_url"
        assert all(isinstance(value, int) for value in refused.params.values())
        assert str(refused) == refused.code
        return
    assert endpoint.url.isascii()
    assert len(endpoint.url) <= MAX_URL_CHARS
    assert parse_base_url(endpoint.url) == endpoint
    assert endpoint.port in PORTS
    read = URL(endpoint.url, encoded=True)
    seen = (read.scheme, read.raw_host, read.port, read.raw_path, read.raw_query_string, read.raw_fragment, read.user)
    assert seen == ("https", endpoint.host, endpoint.port, endpoint.path or "/", "", "", None)
    literal = parse_literal(endpoint.host)
    if literal is not None:
        assert str(literal) == endpoint.host
        assert is_public(literal)
        return
    assert len(endpoint.host) <= MAX_NAME_CHARS
    assert not is_local_name(endpoint.host)
    labels = endpoint.host.split(".")
    assert all(label and len(label) <= 63 and label == label.lower() for label in labels)
    assert not labels[-1].isdigit()


def check_address(data: bytes) -> None:
    """An address is dialled only if the oracle calls it public, alone and beside a good one."""
    address: Address
    if len(data) == _IPV4_BYTES:
        address = IPv4Address(data)
    elif len(data) >= _IPV6_BYTES:
        address = IPv6Address(data[:_IPV6_BYTES])
    else:
        return
    assert isinstance(classify(address), Verdict)
    good = ip_address("1.1.1.1")
    for answer in ([address], [good, address], [address, good]):
        judged, refused = None, AddressRefused("")
        try:
            judged = AddressPolicy().judge("llm.example", 443, answer)
        except AddressRefused as error:
            refused = error
        if judged is None:
            assert (refused.code, dict(refused.params)) == ("address_not_public", {})
            assert classify(address) is not Verdict.PUBLIC
        else:
            assert is_public(address), address
            assert judged == list(dict.fromkeys(answer))


def check_exceptions(text: str) -> None:
    """A list of exceptions is read as a whole or refused by its entry's number, and opens no metadata ever."""
    exceptions, refused = None, Invalid("")
    try:
        exceptions = Exceptions.parse(text)
    except Invalid as error:
        refused = error
    if exceptions is None:
        assert refused.code in EXCEPTION_CODES, refused.code
        assert set(refused.params) == {"entry"}
        return
    for triple in exceptions.triples:
        assert 1 <= triple.port <= 65_535
        assert triple.host == triple.host.lower()
        assert exceptions.names(triple.host, triple.port)
        assert not any(exceptions.permits(triple.host, triple.port, address) for address in _NEVER)
        inside = triple.network.network_address
        if exceptions.permits(triple.host, triple.port, inside):
            assert AddressPolicy(exceptions).judge(triple.host, triple.port, [inside]) == [inside]
