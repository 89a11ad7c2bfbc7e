"""The second wall never drifts from the first: its files are written from the same tables and decide the same (P11)."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import pairwise
from typing import Final

import pytest

from moorage.egress.policy import Address, AddressPolicy, Exceptions, Triple, Verdict, classify
from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL
from moorage.egress.urls import DEFAULT_PORTS
from tests.support.codebase import ROOT
from tools import egress_rules

TRANSLATORS: Final = (IPv6Network("64:ff9b:1::/96"), IPv6Network("2a05:64::/96"), IPv6Network("fd00:64::/96"))
HOST: Final = "llm.test"

Interval = tuple[Address, Address]


def read(name: str) -> str:
    return (ROOT / "deploy" / name).read_text(encoding="utf-8")


def sets_of(rules: str) -> dict[str, list[Interval]]:
    """Read the address sets of a rule set as nft does."""
    found = {}
    for name, body in re.findall(r"\tset (\w+) \{\n(.*?)\n\t\}\n", rules, re.DOTALL):
        elements = re.findall(r"^\t\t\t([0-9a-f:./-]+), +#", body, re.MULTILINE)
        found[name] = [_interval(element) for element in elements]
    return found


def _interval(element: str) -> Interval:
    if "-" in element:
        first, last = (ip_address(text) for text in element.split("-"))
        return first, last
    network = ip_network(element)
    return network.network_address, network.broadcast_address


def has(intervals: Sequence[Interval], address: Address) -> bool:
    return any(int(first) <= int(address) <= int(last) for first, last in intervals)


def decided(sets: dict[str, list[Interval]], address: Address) -> str:
    """Decide as the chain `judge` does: never, inner, not allocated, public."""
    version = address.version
    if has(sets[f"never{version}"], address):
        return "never"
    if has(sets[f"inner{version}"], address):
        return "inner"
    return "public" if version == 4 or has(sets["public6"], address) else "not allocated"


def edges(translators: Sequence[IPv6Network] = ()) -> Iterator[Address]:
    """Give both ends of every row and their neighbours, IPv4 rows behind each translator too."""
    for row in (*IPV4_SPECIAL, *IPV6_SPECIAL, *IPV6_ALLOCATED):
        network = ip_network(row.network)
        yield from _ends(network)
        if isinstance(network, IPv4Network):
            for translator in (egress_rules.NAT64, *translators):
                yield from (translator[int(end)] for end in _ends(network))
    for translator in translators:
        yield from _ends(translator)


def _ends(network: IPv4Network | IPv6Network) -> Iterator[Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    for number in (first - 1, first, last, last + 1):
        if 0 <= number < 2**network.max_prefixlen:
            yield IPv4Address(number) if isinstance(network, IPv4Network) else IPv6Address(number)


@pytest.mark.parametrize(
    ("file", "written"),
    [("egress.nft", egress_rules.write_nft()), ("egress.systemd.conf", egress_rules.write_systemd())],
)
def test_the_shipped_wall_is_what_the_tool_writes(file: str, written: str) -> None:
    assert read(file) == written, f"run `python -m tools.egress_rules` and put what it prints into deploy/{file}"


def test_both_walls_decide_the_same_at_every_edge_P11() -> None:  # noqa: N802 - the promise's own name
    sets = sets_of(read("egress.nft"))
    assert [str(address) for address in edges() if decided(sets, address) != expected(address)] == []


def expected(address: Address) -> str:
    """Say what the first wall makes of an address, in the words of the second."""
    if classify(address) is Verdict.PUBLIC:
        return "public"
    if classify(address) is Verdict.UNALLOCATED:
        return "not allocated"
    everything = ip_network("0.0.0.0/0" if address.version == 4 else "::/0")
    return "inner" if Exceptions((Triple(HOST, 443, everything),)).permits(HOST, 443, address) else "never"


def test_a_translator_of_the_operator_is_open_to_public_addresses_alone() -> None:
    sets = sets_of(egress_rules.write_nft(TRANSLATORS))
    policy = AddressPolicy(nat64_prefixes=TRANSLATORS)
    wrong = [
        str(address)
        for address in edges(TRANSLATORS)
        if (decided(sets, address) == "public") is not (policy.refusal(HOST, 443, address) is None)
    ]
    assert wrong == []


def test_no_set_overlaps_itself() -> None:
    """nft would refuse to load it."""
    for name, intervals in sets_of(egress_rules.write_nft(TRANSLATORS)).items():
        ordered = sorted((int(first), int(last)) for first, last in intervals)
        assert all(last < first for (_, last), (first, _) in pairwise(ordered)), name


def test_both_walls_open_the_same_ports() -> None:
    ports = re.search(r"set ports \{\n\t\ttype inet_service\n\t\telements = \{ ([0-9, ]+) \}", read("egress.nft"))
    assert ports is not None
    assert {int(port) for port in ports[1].split(",")} == DEFAULT_PORTS


def test_the_systemd_wall_closes_what_is_special_and_nothing_public() -> None:
    denied = [
        ip_network(text) for text in re.findall(r"^IPAddressDeny=(\S+)$", read("egress.systemd.conf"), re.MULTILINE)
    ]
    closed = {address: any(address in network for network in denied) for address in edges()}
    special = [address for address in closed if classify(address) not in {Verdict.PUBLIC, Verdict.UNALLOCATED}]
    assert [str(address) for address in special if not closed[address]] == []
    public = [address for address in closed if classify(address) is Verdict.PUBLIC]
    assert [str(address) for address in public if closed[address]] == []


def test_the_composition_and_its_wall_name_the_same_user_and_database() -> None:
    site, composition, image = read("egress.compose.nft"), read("compose.egress.yaml"), read("Dockerfile")
    assert re.findall(r"users \{ (\d+) \}", site) == re.findall(r"--uid (\d+)", image)
    [database] = re.findall(r"databases4 \{ ([0-9.]+) \. 5432 \}", site)
    assert re.findall(r"ipv4_address: ([0-9.]+)", composition) == [database]
    assert re.findall(r"@([0-9.]+)/moorage", composition) == [database]
    [subnet] = re.findall(r"subnet: ([0-9./]+)", composition)
    assert ip_address(database) in ip_network(subnet)
    assert {*re.findall(r"egress[\w.]*\.nft", read("Dockerfile.egress"))} == {"egress.nft", "egress.compose.nft"}


def test_both_compositions_run_moorage_alike() -> None:
    """What the wall does not need stands in both, word for word."""
    plain, walled = (_service(read(name), "moorage") for name in ("compose.yaml", "compose.egress.yaml"))
    only_plain = {line for line in plain - walled if not line.startswith("#")}
    assert only_plain == {
        'ports: ["127.0.0.1:8080:8080"]',
        "MOORAGE_DATABASE_URL: postgresql://moorage:${POSTGRES_PASSWORD:?choose one}@database/moorage",
    }
    assert 'network_mode: "service:wall"' in walled - plain


def _service(composition: str, name: str) -> set[str]:
    block = re.search(rf"^  {name}:\n((?:    .*\n|\n)+)", composition, re.MULTILINE)
    assert block is not None
    return {line.strip() for line in block[1].splitlines() if line.strip()}
