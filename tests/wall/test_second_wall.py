"""The shipped rules in a real kernel: plain sockets reach what the first wall calls public, and nothing else (P11)."""

import subprocess
import sys
from ipaddress import ip_address, ip_network
from typing import Final

import pytest

from moorage.egress.policy import Address, Verdict, classify
from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL
from tests.support.codebase import ROOT
from tests.wall.grounds import BRIDGE, GATEWAY, MACHINE, MOORAGE, SOMEBODY_ELSE, Grounds, host, reason_to_skip
from tests.wall.rules import RULES

SHIPPED: Final = RULES.parent
JUDGED: Final = (f"users {{ {MOORAGE} }}", f'bridges {{ "{BRIDGE}" }}')
PUBLIC: Final = "20.0.5.5"
PUBLIC_6: Final = "2a05::5"
INNER: Final = "10.0.0.5"
INNER_6: Final = "fd00::5"
METADATA: Final = "169.254.169.254"
RESOLVER: Final = "20.0.5.53"


def edges() -> dict[str, Address]:
    """Give the first and the last address of every row of the tables, and the one before and after it."""
    found: dict[str, Address] = {}
    for row in (*IPV4_SPECIAL, *IPV6_SPECIAL, *IPV6_ALLOCATED):
        network = ip_network(row.network)
        first, last = int(network.network_address), int(network.broadcast_address)
        kind = type(network.network_address)
        numbers = [number for number in (first - 1, first, last, last + 1) if 0 <= number < 2**network.max_prefixlen]
        found |= {str(kind(number)): kind(number) for number in numbers}
    return found


EDGES: Final = edges()
# The kernel itself sends no TCP there, walls or none.
NOWHERE: Final = {
    "127.255.255.255",
    "224.0.0.0",
    "239.255.255.255",
    "255.255.255.255",
    "::ffff:ffff:ffff",
    "fe80::",
    "fe80::a9fe:a9fd",
    "fe80::a9fe:a9fe",
    "fe80::a9fe:a9ff",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ff00::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
}


def test_root_never_skips_these_tests() -> None:
    assert reason_to_skip(user_id=0) is None
    assert reason_to_skip(user_id=1000) is not None


def test_without_the_wall_every_address_is_reached(grounds: Grounds) -> None:
    """The control: whatever is not reached below was stopped by the wall."""
    assert EDGES.keys() - grounds.reached(*EDGES) == NOWHERE
    own = {"0.0.0.0", "127.0.0.0", "::", "::1", "::ffff:0:0"}
    assert EDGES.keys() - grounds.reached(*EDGES, at=grounds.container, user=None) == NOWHERE | own


@pytest.mark.parametrize("side", ["machine", "container"])
def test_at_every_edge_of_the_tables_both_walls_decide_the_same(grounds: Grounds, side: str) -> None:
    """P11."""
    grounds.wall.build(*JUDGED)
    public = {text for text, address in EDGES.items() if classify(address) is Verdict.PUBLIC}
    if side == "machine":
        assert grounds.reached(*EDGES) == public
    else:
        assert grounds.reached(*EDGES, at=grounds.container, user=None) == public
    assert grounds.wall.counted()["passed_public"] == len(public)


REASONS: Final = {
    "dropped_never": (
        METADATA,
        "168.63.129.16",
        "fd00:ec2::254",
        "64:ff9b::a9fe:a9fe",
        "2002:a00:5::1",
        "2a05::5efe:a00:5",
        "2a05::200:5efe:a00:5",
    ),
    "dropped_inner": (INNER, INNER_6, f"::ffff:{INNER}", "127.0.0.1", "::1"),
    "dropped_not_allocated": ("3ffe::1", "4000::1"),
}


@pytest.mark.parametrize("counter", REASONS)
def test_what_is_dropped_is_counted_by_reason(grounds: Grounds, counter: str) -> None:
    grounds.wall.build(*JUDGED)
    assert grounds.reached(*REASONS[counter]) == set()
    assert grounds.wall.counted() == {counter: len(REASONS[counter])}


def test_translated_public_addresses_pass(grounds: Grounds) -> None:
    """In a network with IPv6 alone most of the internet has no other address."""
    grounds.wall.build(*JUDGED)
    assert grounds.reached("64:ff9b::808:808") == {"64:ff9b::808:808"}


def test_only_the_ports_of_endpoints_are_open(grounds: Grounds) -> None:
    grounds.wall.build(*JUDGED)
    assert grounds.reached(PUBLIC, PUBLIC_6, port=8443) == {PUBLIC, PUBLIC_6}
    assert grounds.wall.counted().keys() == {"passed_public"}
    assert grounds.reached(PUBLIC, PUBLIC_6, port=25) == set()
    assert {*grounds.knock(("udp", PUBLIC, 443), ("udp", PUBLIC_6, 443)).values()} == {None}
    assert grounds.wall.counted().keys() == {"passed_public", "dropped_port", "dropped_not_tcp"}


def test_names_are_asked_of_the_named_server_only(grounds: Grounds) -> None:
    ways = [(protocol, RESOLVER, 53) for protocol in ("udp", "tcp")]
    elsewhere = [(protocol, PUBLIC, 53) for protocol in ("udp", "tcp")]
    assert None not in grounds.knock(*ways, *elsewhere).values()
    grounds.wall.build(*JUDGED, f"resolvers4 {{ {RESOLVER} }}")
    said = grounds.knock(*ways, *elsewhere, ("udp", RESOLVER, 5353))
    assert {target for target, word in said.items() if word is not None} == set(ways)
    assert grounds.wall.counted()["passed_dns"] == len(ways)


def test_a_resolver_that_docker_rewrites_is_judged_as_it_was_asked(grounds: Grounds) -> None:
    """Docker's own resolver listens on a port that it makes up, and a NAT rule leads port 53 of 127.0.0.11 there."""
    grounds.wall.build(*JUDGED, "resolvers4 { 127.0.0.11 }")
    grounds.wall.nft("add", "table", "ip", "docker")
    chain = "{ type nat hook output priority -100 ; }"
    grounds.wall.nft("add", "chain", "ip", "docker", "output", chain)
    rule = "ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:5353"
    grounds.wall.nft("add", "rule", "ip", "docker", "output", *rule.split())
    assert grounds.knock(("udp", "127.0.0.11", 53)) == {("udp", "127.0.0.11", 53): "anybody there?"}
    assert grounds.wall.counted() == {"passed_dns": 1}


def test_the_database_is_reached_on_its_port_and_nowhere_else(grounds: Grounds) -> None:
    grounds.wall.build(*JUDGED, f"databases4 {{ {INNER} . 5432 }}", f"databases6 {{ {INNER_6} . 5432 }}")
    assert grounds.reached(INNER, INNER_6, "10.0.0.6", port=5432) == {INNER, INNER_6}
    assert grounds.reached(INNER, INNER_6) == set()
    assert grounds.wall.counted().keys() == {"passed_database", "dropped_inner"}


def test_an_exception_opens_one_port_of_a_network_and_never_metadata(grounds: Grounds) -> None:
    everything = "exceptions4 { 0.0.0.0/0 . 443 }"
    grounds.wall.build(*JUDGED, "exceptions4 { 10.0.0.0/24 . 443 }", "exceptions6 { fd00::/64 . 443 }")
    assert grounds.reached(INNER, INNER_6, "10.0.1.5", "fd01::5") == {INNER, INNER_6}
    assert grounds.reached(INNER, INNER_6, port=8443) == set()
    grounds.wall.build(*JUDGED, everything)
    assert grounds.reached(INNER, METADATA, "100.100.100.200", "168.63.129.16", "64:ff9b::a00:5") == {INNER}


def test_what_is_public_and_the_operators_own_is_closed(grounds: Grounds) -> None:
    """The reason for a second wall: no table knows these."""
    grounds.wall.build(*JUDGED, "own4 { 20.0.5.0/24 }", "own6 { 2a05::/32 }")
    assert grounds.reached(PUBLIC, "20.0.6.5", PUBLIC_6, "2a06::5") == {"20.0.6.5", "2a06::5"}
    assert grounds.wall.counted().keys() == {"passed_public", "dropped_own"}


def test_other_programs_of_the_machine_are_none_of_its_business(grounds: Grounds) -> None:
    grounds.wall.build(*JUDGED)
    targets = {PUBLIC, INNER, METADATA, "127.0.0.1", INNER_6}
    assert grounds.reached(*targets, user=SOMEBODY_ELSE) == targets
    assert grounds.reached(PUBLIC, port=25, user=SOMEBODY_ELSE) == {PUBLIC}
    assert grounds.wall.counted() == {}


def test_a_container_reaches_neither_its_host_nor_what_only_the_host_may(grounds: Grounds) -> None:
    own = [host(network) for network in (*GATEWAY, *MACHINE)]
    assert grounds.reached(*own, at=grounds.container, user=None) == set(own)
    grounds.wall.build(*JUDGED, *(f"own{number} {{ {host(MACHINE[number == 6])} }}" for number in (4, 6)))
    assert grounds.reached(*own, at=grounds.container, user=None) == set()
    assert grounds.reached(PUBLIC, PUBLIC_6, at=grounds.container, user=None) == {PUBLIC, PUBLIC_6}


def test_whoever_asks_moorage_is_answered(grounds: Grounds) -> None:
    """Here root is judged, and root's server is asked from outside."""
    grounds.wall.build("users { 0 }")
    asked = [host(network) for network in MACHINE]
    assert grounds.reached(*asked, port=8443, at=grounds.outside, user=None) == set(asked)
    assert grounds.reached(INNER, user=None) == set()


def test_loading_the_wall_again_replaces_it(grounds: Grounds) -> None:
    grounds.wall.build(*JUDGED, "exceptions4 { 10.0.0.0/24 . 443 }")
    assert grounds.reached(INNER) == {INNER}
    grounds.wall.build(*JUDGED)
    assert grounds.reached(INNER) == set()


def test_a_wall_that_names_nobody_judges_nobody(grounds: Grounds) -> None:
    """Loaded without a site's file it stops nothing, and its counters say so."""
    grounds.wall.build()
    assert grounds.reached(PUBLIC, INNER) == {PUBLIC, INNER}
    assert grounds.wall.counted() == {}


@pytest.mark.parametrize("site", ["egress.site.nft", "egress.compose.nft"])
def test_the_shipped_site_files_load(grounds: Grounds, site: str) -> None:
    shipped = (SHIPPED / site).read_text()
    told = shipped.replace('include "/etc/moorage/egress.nft"', f'include "{RULES}"')
    assert told != shipped
    commented = told.replace("# add element", "add element").replace("{ moorage }", f"{{ {MOORAGE} }}")
    for text in (told.replace("{ moorage }", f"{{ {MOORAGE} }}"), commented):
        grounds.wall.nft("-f", "-", text=text)
        assert grounds.reached(INNER) == set()


def test_the_tool_writes_rules_for_another_translator(grounds: Grounds) -> None:
    command = [sys.executable, "-m", "tools.egress_rules", "nft", "--nat64", "64:ff9b:1::/96", "2a05:64::/96"]
    written = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    grounds.wall.nft("-f", "-", text=written)
    grounds.wall.nft("add", "element", "inet", "moorage_egress", "users", f"{{ {MOORAGE} }}")
    public = {str(ip_address(f"{prefix}808:808")) for prefix in ("64:ff9b:1::", "2a05:64::", "64:ff9b::")}
    inner = {str(ip_address(f"{prefix}a00:5")) for prefix in ("64:ff9b:1::", "2a05:64::", "64:ff9b::")}
    assert grounds.reached(*public, *inner) == public
