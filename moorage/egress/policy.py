"""Address → verdict, without a network: what is not provably public is refused; no exception reaches metadata.

The rows of `tables.py` are flattened once into sorted integer ranges, so that a verdict costs one binary search.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL, Row, Verdict
from moorage.errors import AddressRefused, Invalid

__all__ = [
    "Address",
    "AddressPolicy",
    "Exceptions",
    "Network",
    "Reason",
    "Triple",
    "Verdict",
    "classify",
    "parse_literal",
]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAX_PORT: Final = 65_535
_LOW_32: Final = 0xFFFF_FFFF
_SIX_TO_FOUR: Final = 0x2002
_TEREDO: Final = 0x2001_0000
_NAT64_LOCAL: Final = 0x0064_FF9B_0001
# The 96 bits before an IPv4 address: compatible, mapped, translated (SIIT), NAT64's well-known prefix.
_BEFORE_IPV4: Final = frozenset({0, 0xFFFF, 0xFFFF << 16, 0x0064_FF9B << 64})
# RFC 5214 section 6.1: 0000:5efe or, for a globally unique IPv4 address, 0200:5efe.
_ISATAP: Final = 0x0000_5EFE
_ISATAP_MASK: Final = 0xFDFF_FFFF
_CARRIERS: Final = frozenset({Verdict.PUBLIC, Verdict.EMBEDDED, Verdict.TRANSLATED})
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")

# An operator's exception can open these and no others: never metadata, link-local, multicast or an embedded form.
_PERMITTABLE: Final = frozenset(
    {Verdict.PUBLIC, Verdict.LOOPBACK, Verdict.PRIVATE, Verdict.SHARED, Verdict.BENCHMARKING}
)

# Where databases and caches listen: MySQL, PostgreSQL, Redis and Valkey, Memcached, MongoDB. Never opened to a team.
DATA_PORTS: Final = frozenset({3306, 5432, 6379, 11211, 27017})


def _flatten(special: Iterable[Row], allocated: Iterable[Row], default: Verdict) -> tuple[list[int], list[Verdict]]:
    """Turn overlapping rows into (starts, verdicts): special before allocated, longest prefix first, else `default`."""
    layers: list[list[tuple[Network, Verdict]]] = []
    for rows in (special, allocated):
        parsed: list[tuple[Network, Verdict]] = [(ip_network(row.network), row.verdict) for row in rows]
        layers.append(sorted(parsed, key=lambda pair: pair[0].prefixlen, reverse=True))
    ordered = layers[0] + layers[1]
    edges = {0}
    for network, _ in ordered:
        edges.add(int(network.network_address))
        edges.add(int(network.broadcast_address) + 1)
    starts: list[int] = []
    verdicts: list[Verdict] = []
    for edge in sorted(edges):
        found = default
        for network, verdict in ordered:
            if int(network.network_address) <= edge <= int(network.broadcast_address):
                found = verdict
                break
        if not verdicts or verdicts[-1] is not found:
            starts.append(edge)
            verdicts.append(found)
    return starts, verdicts


_V4_STARTS, _V4_VERDICTS = _flatten(IPV4_SPECIAL, (), Verdict.PUBLIC)
_V6_STARTS, _V6_VERDICTS = _flatten(IPV6_SPECIAL, IPV6_ALLOCATED, Verdict.UNALLOCATED)


class Reason(StrEnum):
    """Why an answer is refused, where it is not what an address is (`Verdict`). For operators, never for teams."""

    NO_ANSWER = "no_answer"
    TOO_MANY_ANSWERS = "too_many_answers"
    LOOKUP_TIMEOUT = "lookup_timeout"
    LOOKUPS_BUSY = "lookups_busy"
    OWN_HOST = "own_host"
    OWN_ADDRESS = "own_address"
    OWN_PORT = "own_port"
    REFUSED_NETWORK = "refused_network"
    NOT_THE_JUDGED = "not_the_judged"


def classify(address: Address) -> Verdict:
    """Say what an address is; one that carries an IPv4 address is judged by that one. A zone id is link-local.

    NAT64's well-known prefix is public where the address inside is: networks with IPv6 alone reach the rest of the
    world through it. No other carrier is ever public: no honest answer has a reason to use one.
    """
    if isinstance(address, IPv4Address):
        return _V4_VERDICTS[bisect_right(_V4_STARTS, int(address)) - 1]
    if address.scope_id is not None:
        return Verdict.LINK_LOCAL
    verdict = _V6_VERDICTS[bisect_right(_V6_STARTS, int(address)) - 1]
    inside = embedded_ipv4(address)
    if inside is None or verdict not in _CARRIERS:
        return verdict
    carried = classify(inside)
    return Verdict.EMBEDDED if carried is Verdict.PUBLIC and verdict is Verdict.EMBEDDED else carried


def embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that a packet to this one may end up at, None if it carries none.

    Mapped, compatible, translated (SIIT), NAT64 with the well-known and with the local prefix, 6to4, Teredo's client,
    and ISATAP's interface id in any prefix.
    """
    value = int(address)
    if value >> 112 == _SIX_TO_FOUR:
        return IPv4Address((value >> 80) & _LOW_32)
    if value >> 96 == _TEREDO:
        return IPv4Address(~value & _LOW_32)
    is_at_the_end = value >> 32 in _BEFORE_IPV4 or value >> 80 == _NAT64_LOCAL
    is_isatap = (value >> 32) & _ISATAP_MASK == _ISATAP
    return IPv4Address(value & _LOW_32) if is_at_the_end or is_isatap else None


@dataclass(frozen=True, slots=True)
class Triple:
    """One exception of the operator: this host on this port may resolve into this network."""

    host: str
    port: int
    network: Network


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What the operator lets through besides the public internet: exact `host:port=CIDR` triples."""

    triples: tuple[Triple, ...] = ()

    @classmethod
    def parse(cls, text: str, *, never_ports: frozenset[int] = DATA_PORTS) -> "Exceptions":
        """Read `host:port=CIDR` entries, separated by commas or lines; `#` begins a remark. IPv6 hosts in brackets.

        Raises Invalid("exceptions_invalid"|"exceptions_never", entry=<1-based position>): the second for a network of
        metadata, link-local or other addresses that no exception opens, and for a port of databases and caches. The
        entry itself is not repeated.
        """
        entries = exception_entries(text)
        triples = tuple(_parse_triple(entry, position) for position, entry in enumerate(entries, start=1))
        for position, triple in enumerate(triples, start=1):
            if triple.port in never_ports or _PERMITTABLE.isdisjoint(_verdicts_within(triple.network)):
                raise Invalid("exceptions_never", entry=position)
        return cls(triples)

    def tell(self) -> list[dict[str, str | int]]:
        """Give each as host, port and network, for whoever must know them: the operator."""
        return [{"host": one.host, "port": one.port, "network": str(one.network)} for one in self.triples]

    def names(self, host: str, port: int) -> bool:
        """Tell whether any triple names this host and port."""
        return any(triple.host == host and triple.port == port for triple in self.triples)

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Tell whether this host on this port may be reached at this address. Metadata and link-local: never."""
        if not _may_be_permitted(address):
            return False
        return any(triple.host == host and triple.port == port and address in triple.network for triple in self.triples)


def exception_entries(text: str) -> list[str]:
    """Cut the operator's text into its entries, remarks left out; what they say is not read yet."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    return [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]


def may_be_permitted(reason: str) -> bool:
    """Tell whether an exception of the operator could open what was refused for this reason."""
    return reason in _PERMITTABLE


def _verdicts_within(network: Network) -> set[Verdict]:
    starts, verdicts = (_V4_STARTS, _V4_VERDICTS) if isinstance(network, IPv4Network) else (_V6_STARTS, _V6_VERDICTS)
    first, last = (bisect_right(starts, int(edge)) - 1 for edge in (network.network_address, network.broadcast_address))
    return set(verdicts[first : last + 1])


def _may_be_permitted(address: Address) -> bool:
    if isinstance(address, IPv6Address) and embedded_ipv4(address) is not None and not address.is_loopback:
        return False
    return classify(address) in _PERMITTABLE


def _parse_triple(entry: str, position: int) -> Triple:
    where, _, cidr = entry.partition("=")
    host, _, port = where.strip().rpartition(":")
    try:
        if host.startswith("[") and host.endswith("]"):
            host = str(IPv6Address(host[1:-1]))
        number = int(port) if port.isascii() and port.isdigit() else 0
        triple = Triple(host.lower().removesuffix("."), number, ip_network(cidr.strip()))
    except ValueError:
        raise Invalid("exceptions_invalid", entry=position) from None
    is_name = _NAME.fullmatch(triple.host) is not None or parse_literal(triple.host) is not None
    if not is_name or not 1 <= number <= _MAX_PORT:
        raise Invalid("exceptions_invalid", entry=position)
    return triple


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Judges whole DNS answers.

    `own_hosts`: names of this deployment, and with a dot before them whole domains; refused, because a request to
    itself would loop. `own_addresses`: those of this machine's interfaces. An exception that names host and port opens
    both nevertheless, for a model server on the same machine; `own_ports`, where the deployment itself listens or keeps
    its data, stay closed on the machine's own addresses even then.
    `refused_networks`: public networks of the operator that no team may reach.
    `nat64_prefixes`: /96 networks behind which this network's own translator stands (RFC 6052); an address in one is
    judged as the IPv4 address that it ends in, wherever the prefix lies.
    """

    exceptions: Exceptions = field(default_factory=Exceptions)
    own_hosts: frozenset[str] = frozenset()
    own_addresses: frozenset[Address] = frozenset()
    own_ports: frozenset[int] = frozenset()
    refused_networks: tuple[Network, ...] = ()
    nat64_prefixes: tuple[IPv6Network, ...] = ()

    def is_own(self, host: str, port: int) -> bool:
        """Tell whether this is the deployment itself, or one of the names that the operator calls own."""
        if self.exceptions.names(host, port):
            return False
        _, *parents = host.split(".")
        domains = (f".{'.'.join(parents[start:])}" for start in range(len(parents)))
        return host in self.own_hosts or f".{host}" in self.own_hosts or not self.own_hosts.isdisjoint(domains)

    def judge(self, host: str, port: int, addresses: Sequence[Address]) -> list[Address]:
        """Return the addresses, in order and without repeats, if **every** one may be dialled.

        Raises AddressRefused("address_not_public") for an empty answer and for a single bad address alike, so that
        nobody can tell an internal name that exists from one that doesn't; AddressRefused("url_own_host"). `reason`
        of either tells the operator which.
        """
        if self.is_own(host, port):
            raise AddressRefused("url_own_host", field="base_url", reason=Reason.OWN_HOST)
        judged = list(dict.fromkeys(addresses))
        if not judged:
            raise no_public_address(Reason.NO_ANSWER)
        for address in judged:
            reason = self.refusal(host, port, address)
            if reason is not None:
                raise no_public_address(reason)
        return judged

    def refusal(self, host: str, port: int, address: Address) -> Verdict | Reason | None:
        """Say why this host must not be dialled at this address; None if it may."""
        if isinstance(address, IPv6Address) and any(address in prefix for prefix in self.nat64_prefixes):
            address = IPv4Address(int(address) & _LOW_32)
        is_own = address in self.own_addresses or classify(address) is Verdict.LOOPBACK
        if is_own and port in self.own_ports:
            return Reason.OWN_PORT
        if self.exceptions.permits(host, port, address):
            return None
        verdict = classify(address)
        if verdict is not Verdict.PUBLIC:
            return verdict
        # NAT64 leads to the address inside, ISATAP may: own and refused ones stay so in these clothes.
        inside = embedded_ipv4(address) if isinstance(address, IPv6Address) else None
        faces = [address] if inside is None else [address, inside]
        if not self.own_addresses.isdisjoint(faces):
            return Reason.OWN_ADDRESS
        if any(face in network for face in faces for network in self.refused_networks):
            return Reason.REFUSED_NETWORK
        return None


def no_public_address(reason: Verdict | Reason) -> AddressRefused:
    """Make the one answer for a name without an address that may be dialled, whatever the reason."""
    return AddressRefused("address_not_public", field="base_url", reason=reason)


def parse_literal(text: str) -> Address | None:
    """Read a canonical or canonicalisable IP literal without a zone id; None if it is not one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return None
    return address
