"""The address table: every row names its network, its registry entry and its verdict; no library decides.

Source: the IANA special-purpose registries (updated 2025-10-09) and the IPv6 unicast allocations (2025-10-10), plus the
clouds' metadata addresses, which no registry lists. `ipaddress.is_global` is not used: it is wrong for several of these
networks and its answers differ between Python versions.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """What an address is. Only `PUBLIC` may be dialled without an operator's exception."""

    PUBLIC = "public"
    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    SHARED = "shared"
    LINK_LOCAL = "link_local"
    METADATA = "metadata"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    BENCHMARKING = "benchmarking"
    DOCUMENTATION = "documentation"
    PROTOCOL = "protocol"
    RESERVED = "reserved"
    EMBEDDED = "embedded"
    TRANSLATED = "translated"
    UNALLOCATED = "unallocated"


class Row(NamedTuple):
    """One network with the registry's name for it."""

    network: str
    name: str
    verdict: Verdict


# Where rows overlap, the longest prefix wins, so that a metadata address inside a private network stays metadata.
IPV4_SPECIAL: Final[tuple[Row, ...]] = (
    Row("0.0.0.0/8", "This network", Verdict.UNSPECIFIED),
    Row("10.0.0.0/8", "Private-Use", Verdict.PRIVATE),
    Row("100.64.0.0/10", "Shared Address Space (carrier-grade NAT)", Verdict.SHARED),
    Row("100.100.100.200/32", "Alibaba Cloud metadata", Verdict.METADATA),
    Row("127.0.0.0/8", "Loopback", Verdict.LOOPBACK),
    Row("168.63.129.16/32", "Azure WireServer, in public space", Verdict.METADATA),
    Row("169.254.0.0/16", "Link Local", Verdict.LINK_LOCAL),
    Row("169.254.0.23/32", "Tencent Cloud metadata", Verdict.METADATA),
    Row("169.254.42.42/32", "Scaleway metadata", Verdict.METADATA),
    Row("169.254.169.123/32", "AWS time", Verdict.METADATA),
    Row("169.254.169.253/32", "AWS resolver", Verdict.METADATA),
    Row("169.254.169.254/32", "Metadata of AWS, Azure, Google Cloud, Oracle, OpenStack", Verdict.METADATA),
    Row("169.254.170.2/32", "AWS container credentials", Verdict.METADATA),
    Row("169.254.170.23/32", "AWS pod identity", Verdict.METADATA),
    Row("172.16.0.0/12", "Private-Use", Verdict.PRIVATE),
    Row("192.0.0.0/24", "IETF Protocol Assignments", Verdict.PROTOCOL),
    Row("192.0.0.0/29", "IPv4 Service Continuity Prefix", Verdict.PROTOCOL),
    Row("192.0.0.8/32", "IPv4 dummy address", Verdict.PROTOCOL),
    Row("192.0.0.9/32", "Port Control Protocol Anycast", Verdict.PROTOCOL),
    Row("192.0.0.10/32", "TURN Anycast", Verdict.PROTOCOL),
    Row("192.0.0.170/31", "NAT64/DNS64 Discovery", Verdict.PROTOCOL),
    Row("192.0.0.192/32", "Oracle Cloud Classic metadata", Verdict.METADATA),
    Row("192.0.2.0/24", "Documentation (TEST-NET-1)", Verdict.DOCUMENTATION),
    Row("192.31.196.0/24", "AS112-v4", Verdict.PROTOCOL),
    Row("192.52.193.0/24", "AMT", Verdict.PROTOCOL),
    Row("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", Verdict.PROTOCOL),
    Row("192.168.0.0/16", "Private-Use", Verdict.PRIVATE),
    Row("192.175.48.0/24", "Direct Delegation AS112 Service", Verdict.PROTOCOL),
    Row("198.18.0.0/15", "Benchmarking", Verdict.BENCHMARKING),
    Row("198.51.100.0/24", "Documentation (TEST-NET-2)", Verdict.DOCUMENTATION),
    Row("203.0.113.0/24", "Documentation (TEST-NET-3)", Verdict.DOCUMENTATION),
    Row("224.0.0.0/4", "Multicast", Verdict.MULTICAST),
    Row("240.0.0.0/4", "Reserved", Verdict.RESERVED),
    Row("255.255.255.255/32", "Limited Broadcast", Verdict.BROADCAST),
)

IPV6_SPECIAL: Final[tuple[Row, ...]] = (
    Row("::/96", "IPv4-compatible (deprecated)", Verdict.EMBEDDED),
    Row("::/128", "Unspecified Address", Verdict.UNSPECIFIED),
    Row("::1/128", "Loopback Address", Verdict.LOOPBACK),
    Row("::ffff:0:0/96", "IPv4-mapped Address", Verdict.EMBEDDED),
    Row("::ffff:0:0:0/96", "IPv4-translated (SIIT)", Verdict.EMBEDDED),
    Row("64:ff9b::/96", "IPv4-IPv6 Translation (NAT64)", Verdict.TRANSLATED),
    Row("64:ff9b:1::/48", "IPv4-IPv6 Translation, local", Verdict.EMBEDDED),
    Row("100::/64", "Discard-Only Address Block", Verdict.RESERVED),
    Row("100:0:0:1::/64", "Dummy IPv6 Prefix", Verdict.RESERVED),
    Row("2001::/23", "IETF Protocol Assignments", Verdict.PROTOCOL),
    Row("2001::/32", "TEREDO", Verdict.EMBEDDED),
    Row("2001:1::1/128", "Port Control Protocol Anycast", Verdict.PROTOCOL),
    Row("2001:1::2/128", "TURN Anycast", Verdict.PROTOCOL),
    Row("2001:1::3/128", "DNS-SD SRP Anycast", Verdict.PROTOCOL),
    Row("2001:2::/48", "Benchmarking", Verdict.BENCHMARKING),
    Row("2001:3::/32", "AMT", Verdict.PROTOCOL),
    Row("2001:4:112::/48", "AS112-v6", Verdict.PROTOCOL),
    Row("2001:10::/28", "Deprecated (ORCHID)", Verdict.PROTOCOL),
    Row("2001:20::/28", "ORCHIDv2", Verdict.PROTOCOL),
    Row("2001:30::/28", "Drone Remote ID", Verdict.PROTOCOL),
    Row("2001:db8::/32", "Documentation", Verdict.DOCUMENTATION),
    Row("2002::/16", "6to4", Verdict.EMBEDDED),
    Row("2620:4f:8000::/48", "Direct Delegation AS112 Service", Verdict.PROTOCOL),
    Row("3fff::/20", "Documentation", Verdict.DOCUMENTATION),
    Row("5f00::/16", "Segment Routing (SRv6) SIDs", Verdict.PROTOCOL),
    Row("fc00::/7", "Unique-Local", Verdict.PRIVATE),
    Row("fd00:42::42/128", "Scaleway metadata", Verdict.METADATA),
    Row("fd00:c1::a9fe:a9fe/128", "Oracle Cloud metadata", Verdict.METADATA),
    Row("fd00:ec2::23/128", "AWS pod identity", Verdict.METADATA),
    Row("fd00:ec2::123/128", "AWS time", Verdict.METADATA),
    Row("fd00:ec2::253/128", "AWS resolver", Verdict.METADATA),
    Row("fd00:ec2::254/128", "AWS metadata", Verdict.METADATA),
    Row("fd20:ce::254/128", "Google Cloud metadata", Verdict.METADATA),
    Row("fe80::/10", "Link-Local Unicast", Verdict.LINK_LOCAL),
    Row("fe80::a9fe:a9fe/128", "OpenStack metadata", Verdict.METADATA),
    Row("fec0::/10", "Site-Local (deprecated)", Verdict.PRIVATE),
    Row("ff00::/8", "Multicast", Verdict.MULTICAST),
)

# IPv6 is an allow-list: outside these blocks nothing is public, whatever the special-purpose registry forgot to name.
IPV6_ALLOCATED: Final[tuple[Row, ...]] = (
    Row("2001:200::/23", "APNIC", Verdict.PUBLIC),
    Row("2001:400::/23", "ARIN", Verdict.PUBLIC),
    Row("2001:600::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:800::/22", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:c00::/23", "APNIC", Verdict.PUBLIC),
    Row("2001:e00::/23", "APNIC", Verdict.PUBLIC),
    Row("2001:1200::/23", "LACNIC", Verdict.PUBLIC),
    Row("2001:1400::/22", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:1800::/23", "ARIN", Verdict.PUBLIC),
    Row("2001:1a00::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:1c00::/22", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:2000::/19", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:4000::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:4200::/23", "AFRINIC", Verdict.PUBLIC),
    Row("2001:4400::/23", "APNIC", Verdict.PUBLIC),
    Row("2001:4600::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:4800::/23", "ARIN", Verdict.PUBLIC),
    Row("2001:4a00::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:4c00::/23", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:5000::/20", "RIPE NCC", Verdict.PUBLIC),
    Row("2001:8000::/19", "APNIC", Verdict.PUBLIC),
    Row("2001:a000::/20", "APNIC", Verdict.PUBLIC),
    Row("2001:b000::/20", "APNIC", Verdict.PUBLIC),
    Row("2003::/18", "RIPE NCC", Verdict.PUBLIC),
    Row("2400::/12", "APNIC", Verdict.PUBLIC),
    Row("2410::/12", "APNIC", Verdict.PUBLIC),
    Row("2600::/12", "ARIN", Verdict.PUBLIC),
    Row("2610::/23", "ARIN", Verdict.PUBLIC),
    Row("2620::/23", "ARIN", Verdict.PUBLIC),
    Row("2630::/12", "ARIN", Verdict.PUBLIC),
    Row("2800::/12", "LACNIC", Verdict.PUBLIC),
    Row("2a00::/12", "RIPE NCC", Verdict.PUBLIC),
    Row("2a10::/12", "RIPE NCC", Verdict.PUBLIC),
    Row("2c00::/12", "AFRINIC", Verdict.PUBLIC),
)
