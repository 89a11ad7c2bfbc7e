"""Address → verdict, without a network: what is not provably public is refused; no exception reaches metadata.

The rows of `tables.py` are flattened once into sorted integer ranges, so that a verdict costs one binary search.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL, Row, Verdict
from moorage.errors import AddressRefused, Invalid

__all__ = ["Address", "AddressPolicy", "Exceptions", "Network", "Triple", "Verdict", "classify", "parse_literal"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAX_PORT: Final = 65_535
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")

# An operator's exception can open these and no others: never metadata, link-local, multicast or an embedded form.
_PERMITTABLE: Final = frozenset(
    {Verdict.PUBLIC, Verdict.LOOPBACK, Verdict.PRIVATE, Verdict.SHARED, Verdict.BENCHMARKING}
)


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


def classify(address: Address) -> Verdict:
    """Say what an address is. NAT64 (`64:ff9b::/96`) is judged by the IPv4 address inside; a zone id is link-local."""
    if isinstance(address, IPv4Address):
        return _V4_VERDICTS[bisect_right(_V4_STARTS, int(address)) - 1]
    if address.scope_id is not None:
        return Verdict.LINK_LOCAL
    value = int(address)
    verdict = _V6_VERDICTS[bisect_right(_V6_STARTS, value) - 1]
    if verdict is Verdict.TRANSLATED:
        return _V4_VERDICTS[bisect_right(_V4_STARTS, value & 0xFFFF_FFFF) - 1]
    return verdict


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
    def parse(cls, text: str) -> "Exceptions":
        """Read `host:port=CIDR, host:port=CIDR`; an IPv6 host stands in brackets.

        Raises Invalid("exceptions_invalid", entry=<1-based position>); the entry itself is not repeated.
        """
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return cls(tuple(_parse_triple(entry, position) for position, entry in enumerate(entries, start=1)))

    def names(self, host: str, port: int) -> bool:
        """Tell whether any triple names this host and port."""
        return any(triple.host == host and triple.port == port for triple in self.triples)

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Tell whether this host on this port may be reached at this address. Metadata and link-local: never."""
        if classify(address) not in _PERMITTABLE:
            return False
        return any(triple.host == host and triple.port == port and address in triple.network for triple in self.triples)


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

    `own_hosts`: names of this deployment; refused, because a request to itself would loop. An exception that names
    host and port opens that port nevertheless, for a model server that shares the host.
    `refused_networks`: public networks of the operator that no team may reach.
    """

    exceptions: Exceptions = field(default_factory=Exceptions)
    own_hosts: frozenset[str] = frozenset()
    refused_networks: tuple[Network, ...] = ()

    def is_own(self, host: str, port: int) -> bool:
        """Tell whether this is the deployment itself."""
        return host in self.own_hosts and not self.exceptions.names(host, port)

    def judge(self, host: str, port: int, addresses: Sequence[Address]) -> list[Address]:
        """Return the addresses, in order and without repeats, if **every** one may be dialled.

        Raises AddressRefused("address_not_public") for an empty answer and for a single bad address alike, so that
        nobody can tell an internal name that exists from one that doesn't; AddressRefused("url_own_host").
        """
        if self.is_own(host, port):
            raise AddressRefused("url_own_host", field="base_url")
        judged = list(dict.fromkeys(addresses))
        if not judged or not all(self._may_dial(host, port, address) for address in judged):
            raise AddressRefused("address_not_public", field="base_url")
        return judged

    def _may_dial(self, host: str, port: int, address: Address) -> bool:
        if self.exceptions.permits(host, port, address):
            return True
        if classify(address) is not Verdict.PUBLIC:
            return False
        return not any(address in network for network in self.refused_networks)


def parse_literal(text: str) -> Address | None:
    """Read a canonical or canonicalisable IP literal without a zone id; None if it is not one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return None
    return address
