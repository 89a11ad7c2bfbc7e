"""The address table at its edges, row by row, and the exceptions that an operator may and may not make (P11)."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moorage.egress.policy import Address, AddressPolicy, Exceptions, Verdict, classify
from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL, Row
from moorage.errors import AddressRefused, Invalid

ROWS = (*IPV4_SPECIAL, *IPV6_SPECIAL, *IPV6_ALLOCATED)


def judged_slowly(address: Address) -> Verdict:
    """Say the verdict by walking over the rows, without any precomputed range."""
    if isinstance(address, IPv4Address):
        rows, default = IPV4_SPECIAL, Verdict.PUBLIC
    else:
        rows, default = IPV6_SPECIAL, Verdict.UNALLOCATED
    special = [row for row in rows if address in ip_network(row.network)]
    carried = None if isinstance(address, IPv4Address) else carried_by_text(address)
    if special:
        verdict = max(special, key=lambda row: ip_network(row.network).prefixlen).verdict
        if verdict not in {Verdict.TRANSLATED, Verdict.EMBEDDED} or carried is None:
            return verdict
        inner = judged_slowly(carried)
        return verdict if inner is Verdict.PUBLIC and verdict is Verdict.EMBEDDED else inner
    if isinstance(address, IPv6Address) and any(address in ip_network(row.network) for row in IPV6_ALLOCATED):
        return Verdict.PUBLIC if carried is None else judged_slowly(carried)
    return default


def carried_by_text(address: IPv6Address) -> IPv4Address | None:
    """Find an embedded IPv4 address in the written groups, the way a person would."""
    digits = f"{int(address):032x}"  # not `exploded`: newer Pythons write mapped addresses with dots
    groups = [digits[place : place + 4] for place in range(0, 32, 4)]
    if groups[0] == "2002":
        found = groups[1] + groups[2]
    elif groups[:2] == ["2001", "0000"]:
        found = "".join(f"{int(group, 16) ^ 0xFFFF:04x}" for group in groups[6:])
    elif (
        groups[:6] in (["0000"] * 6, ["0000"] * 5 + ["ffff"], ["0000"] * 4 + ["ffff", "0000"])
        or groups[:6] == ["0064", "ff9b", "0000", "0000", "0000", "0000"]
        or groups[:3] == ["0064", "ff9b", "0001"]
        or groups[4:6] in (["0000", "5efe"], ["0200", "5efe"])
    ):
        found = groups[6] + groups[7]
    else:
        return None
    return IPv4Address(int(found, 16))


def edges(row: Row) -> Iterator[Address]:
    """Give the first and last address of a row, one below and one above."""
    network = ip_network(row.network)
    kind = type(network.network_address)
    first, last = int(network.network_address), int(network.broadcast_address)
    for value in (first, last, first - 1, last + 1):
        if 0 <= value < 2**network.max_prefixlen:
            yield kind(value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.network} {row.name}")
def test_every_row_holds_at_its_edges(row: Row) -> None:
    for address in edges(row):
        assert classify(address) is judged_slowly(address), address


@pytest.mark.parametrize("row", [*IPV4_SPECIAL, *IPV6_SPECIAL], ids=lambda row: f"{row.network} {row.name}")
def test_no_special_network_is_public_at_its_edges(row: Row) -> None:
    network = ip_network(row.network)
    if row.verdict is not Verdict.TRANSLATED:
        assert classify(network.network_address) is not Verdict.PUBLIC
        assert classify(network.broadcast_address) is not Verdict.PUBLIC


def test_every_network_appears_once() -> None:
    networks = [row.network for row in ROWS]
    assert len(networks) == len(set(networks))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        # Written out by hand from the registries, so that a row that goes missing is missed.
        ("0.0.0.0", "unspecified"), ("0.255.255.255", "unspecified"), ("1.0.0.0", "public"), ("1.1.1.1", "public"),
        ("9.255.255.255", "public"), ("10.0.0.0", "private"), ("10.255.255.255", "private"), ("11.0.0.0", "public"),
        ("100.63.255.255", "public"), ("100.64.0.0", "shared"), ("100.100.100.199", "shared"),
        ("100.100.100.200", "metadata"), ("100.127.255.255", "shared"), ("100.128.0.0", "public"),
        ("126.255.255.255", "public"), ("127.0.0.0", "loopback"), ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"), ("128.0.0.0", "public"), ("168.63.129.15", "public"),
        ("168.63.129.16", "metadata"), ("168.63.129.17", "public"), ("169.253.255.255", "public"),
        ("169.254.0.0", "link_local"), ("169.254.0.23", "metadata"), ("169.254.42.42", "metadata"),
        ("169.254.169.123", "metadata"), ("169.254.169.253", "metadata"), ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"), ("169.254.170.23", "metadata"), ("169.254.255.255", "link_local"),
        ("169.255.0.0", "public"), ("172.15.255.255", "public"), ("172.16.0.0", "private"),
        ("172.31.255.255", "private"), ("172.32.0.0", "public"), ("191.255.255.255", "public"),
        ("192.0.0.0", "protocol"), ("192.0.0.8", "protocol"), ("192.0.0.9", "protocol"), ("192.0.0.170", "protocol"),
        ("192.0.0.171", "protocol"), ("192.0.0.192", "metadata"), ("192.0.0.255", "protocol"),
        ("192.0.1.0", "public"), ("192.0.2.0", "documentation"), ("192.0.3.0", "public"),
        ("192.31.195.255", "public"), ("192.31.196.0", "protocol"), ("192.31.197.0", "public"),
        ("192.52.193.1", "protocol"), ("192.88.99.1", "protocol"), ("192.88.99.2", "protocol"),
        ("192.167.255.255", "public"), ("192.168.0.0", "private"), ("192.168.255.255", "private"),
        ("192.169.0.0", "public"), ("192.175.48.1", "protocol"), ("198.17.255.255", "public"),
        ("198.18.0.0", "benchmarking"), ("198.19.255.255", "benchmarking"), ("198.20.0.0", "public"),
        ("198.51.100.1", "documentation"), ("203.0.113.255", "documentation"), ("223.255.255.255", "public"),
        ("224.0.0.0", "multicast"), ("239.255.255.255", "multicast"), ("240.0.0.0", "reserved"),
        ("255.255.255.254", "reserved"), ("255.255.255.255", "broadcast"),
        ("::", "unspecified"), ("::1", "loopback"), ("::2", "unspecified"), ("::127.0.0.1", "loopback"),
        ("::169.254.169.254", "metadata"), ("::ffff:127.0.0.1", "loopback"), ("::ffff:8.8.8.8", "embedded"),
        ("::ffff:100.100.100.200", "metadata"), ("::ffff:0:127.0.0.1", "loopback"), ("64:ff9b::8.8.8.8", "public"),
        ("64:ff9b::127.0.0.1", "loopback"), ("64:ff9b::10.0.0.1", "private"), ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b::1:0:0", "unallocated"), ("64:ff9b:1::8.8.8.8", "embedded"), ("100::1", "reserved"),
        ("100:0:0:1::1", "reserved"), ("100:0:0:2::", "unallocated"), ("1fff:ffff::", "unallocated"),
        ("2000::", "unallocated"), ("2001::1", "reserved"), ("2001:0:7f00:1::80ff:fffe", "loopback"),
        ("2001:0:7f00:1::f7f7:f7f7", "embedded"), ("2001:1::1", "protocol"),
        ("2001:1::3", "protocol"), ("2001:2::", "benchmarking"), ("2001:3::1", "protocol"),
        ("2001:4:112::1", "protocol"), ("2001:10::", "protocol"), ("2001:20::", "protocol"), ("2001:30::", "protocol"),
        ("2001:1ff:ffff::", "protocol"), ("2001:200::", "public"), ("2001:4860:4860::8888", "public"),
        ("2001:db7:ffff::", "public"), ("2001:db8::", "documentation"), ("2001:db9::", "public"),
        ("2001:1000::", "unallocated"), ("2001:3fff:ffff::", "public"), ("2001:c000::", "unallocated"),
        ("2002::", "unspecified"), ("2002:7f00:1::", "loopback"), ("2002:808:808::", "embedded"),
        ("64:ff9b:1::10.0.0.1", "private"), ("2a00:1450::5efe:10.0.0.1", "private"),
        ("2a00:1450::200:5efe:169.254.169.254", "metadata"), ("2a00:1450::5efe:8.8.8.8", "public"),
        ("fd00::5efe:8.8.8.8", "private"), ("2003::", "public"), ("2003:4000::", "unallocated"),
        ("23ff:ffff::", "unallocated"), ("2400::", "public"), ("2420::", "unallocated"), ("2606:4700::1111", "public"),
        ("2620:4f:7fff::", "public"), ("2620:4f:8000::", "protocol"), ("2620:4f:8001::", "public"),
        ("2700::", "unallocated"), ("2a00:1450::", "public"), ("2a20::", "unallocated"), ("2c10::", "unallocated"),
        ("3fff::", "documentation"), ("3fff:1000::", "unallocated"), ("4000::", "unallocated"),
        ("5f00::", "protocol"), ("5f01::", "unallocated"), ("8000::", "unallocated"), ("fbff::", "unallocated"),
        ("fc00::", "private"), ("fd00:ec2::254", "metadata"), ("fd00:ec2::253", "metadata"),
        ("fd00:ec2::123", "metadata"), ("fd00:ec2::23", "metadata"), ("fd20:ce::254", "metadata"),
        ("fd00:42::42", "metadata"), ("fd00:c1::a9fe:a9fe", "metadata"), ("fdff::", "private"),
        ("fe00::", "unallocated"), ("fe80::1", "link_local"), ("fe80::a9fe:a9fe", "metadata"),
        ("febf:ffff::", "link_local"), ("fec0::", "private"), ("feff::", "private"), ("ff00::", "multicast"),
        ("ff02::1", "multicast"), ("fe80::1%lo", "link_local"), ("2606:4700::1111%eth0", "link_local"),
    ],
)  # fmt: skip
def test_an_address_is_what_the_registries_say(text: str, verdict: str) -> None:
    assert classify(ip_address(text)) == verdict


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_the_fast_verdict_is_the_slow_one(address: Address) -> None:
    assert classify(address) is judged_slowly(address)


def policy(text: str) -> AddressPolicy:
    return AddressPolicy(Exceptions.parse(text))


def test_an_answer_is_returned_in_order_and_without_repeats() -> None:
    two, one = ip_address("1.1.1.2"), ip_address("1.1.1.1")
    assert AddressPolicy().judge("llm.test", 443, [two, one, two]) == [two, one]


@pytest.mark.parametrize("answer", [[], ["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["10.0.0.1", "1.1.1.1"]])
def test_nothing_and_one_bad_address_are_refused_alike(answer: list[str]) -> None:
    with pytest.raises(AddressRefused) as caught:
        AddressPolicy().judge("llm.test", 443, [ip_address(text) for text in answer])
    assert (caught.value.code, caught.value.params, caught.value.field) == ("address_not_public", {}, "base_url")


@pytest.mark.parametrize(
    ("host", "port", "address", "is_permitted"),
    [
        ("ollama.corp", 443, "10.1.2.3", True),
        ("ollama.corp", 443, "10.1.2.4", False),
        ("ollama.corp", 8443, "10.1.2.3", False),
        ("a.ollama.corp", 443, "10.1.2.3", False),
        ("localhost", 11434, "127.0.0.1", True),
        ("localhost", 11434, "127.0.0.2", True),
        ("localhost", 11434, "::1", True),
        ("::1", 9443, "::1", True),
        ("wide", 443, "10.0.0.1", True),
        ("wide", 443, "169.254.169.254", False),
        ("wide", 443, "169.254.1.1", False),
        ("wide", 443, "100.100.100.200", False),
        ("wide", 443, "168.63.129.16", False),
        ("wide", 443, "192.0.0.192", False),
        ("wide", 443, "0.0.0.0", False),
        ("wide", 443, "224.0.0.1", False),
        ("wide", 443, "255.255.255.255", False),
        ("wide", 443, "fd00:ec2::254", False),
        ("wide", 443, "fe80::1", False),
        ("wide", 443, "::ffff:10.0.0.1", False),
        ("wide", 443, "64:ff9b::169.254.169.254", False),
        ("wide", 443, "fd12::1", True),
    ],
)
def test_an_exception_holds_for_its_host_port_and_network_only(
    host: str, port: int, address: str, is_permitted: bool
) -> None:
    text = (
        "Ollama.corp.:443=10.1.2.3/32, localhost:11434=127.0.0.0/8,localhost:11434=::1/128,"
        "[0:0::1]:9443=::1/128, wide:443=0.0.0.0/0, wide:443=::/0"
    )
    assert Exceptions.parse(text).permits(host, port, ip_address(address)) is is_permitted
    refused = AddressRefused("")
    try:
        policy(text).judge(host, port, [ip_address(address)])
    except AddressRefused as error:
        refused = error
    assert refused.code == ("" if is_permitted else "address_not_public")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_exceptions_is_a_valid_list(text: str) -> None:
    assert Exceptions.parse(text) == Exceptions()


@pytest.mark.parametrize(
    "text",
    [
        "ollama.corp", "ollama.corp=10.0.0.0/8", "ollama.corp:443", "ollama.corp:443=", ":443=10.0.0.0/8",
        "a:b:443=10.0.0.0/8", "a:0=10.0.0.0/8", "a:65536=10.0.0.0/8", "a:-1=10.0.0.0/8", "a:４４３=10.0.0.0/8",
        "a:443=10.0.0.1/8", "a:443=10.0.0.0/33", "a:443=llm.test", "*.corp:443=10.0.0.0/8", "a b:443=10.0.0.0/8",
        "[llm.test]:443=10.0.0.0/8", "[::1:443=::1/128", "bücher:443=10.0.0.0/8", "https://a:443=10.0.0.0/8",
        "a/b:443=10.0.0.0/8",
    ],
)  # fmt: skip
def test_an_exception_that_can_not_be_read_names_its_place_and_not_its_text(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        Exceptions.parse(f"fine:443=10.0.0.0/8, {text}")
    assert (caught.value.code, caught.value.params) == ("exceptions_invalid", {"entry": 2})


def test_an_operator_can_close_public_networks_too() -> None:
    closed = AddressPolicy(refused_networks=(ip_network("1.1.1.0/24"),))
    with pytest.raises(AddressRefused, match="address_not_public"):
        closed.judge("llm.test", 443, [ip_address("1.1.1.1")])
    assert closed.judge("llm.test", 443, [ip_address("1.1.2.1")])


ANY = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.sampled_from([a for row in ROWS for a in edges(row)]))


@given(st.lists(ANY, max_size=5), st.sampled_from(["llm.test", "wide"]), st.sampled_from([443, 8443]))
@example([IPv6Address("::ffff:10.0.0.1")], "wide", 443)
def test_whatever_is_judged_is_public_or_excepted(answer: list[Address], host: str, port: int) -> None:
    """P11: whatever the DNS says."""
    try:
        judged = policy("wide:443=0.0.0.0/0, wide:443=::/0").judge(host, port, answer)
    except AddressRefused:
        judged = []
    allowed = {Verdict.PUBLIC}
    if (host, port) == ("wide", 443):
        allowed |= {Verdict.LOOPBACK, Verdict.PRIVATE, Verdict.SHARED, Verdict.BENCHMARKING}
    assert all(judged_slowly(address) in allowed for address in judged)
    assert not judged or set(judged) == set(answer)
