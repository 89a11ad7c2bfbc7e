"""The address table: every row names its network, its verdict and its source with a date; no library decides.

`ipaddress.is_global` is not used: it is wrong for several of these networks and its answers differ between Python
versions. Where rows overlap, the longest prefix wins. A row is added with its source; `tests/egress` holds every edge.
"""

from enum import StrEnum
from typing import Final, NamedTuple

# Registries, with the day on which their content was as below.
_V4: Final = "IANA IPv4 Special-Purpose Address Registry, 2025-10-09"
_V6: Final = "IANA IPv6 Special-Purpose Address Registry, 2025-10-09"
_MULTICAST: Final = "IANA IPv4 Multicast Address Space Registry, 2025-10-09"
_SPACE: Final = "IANA Internet Protocol Version 6 Address Space, 2025-10-10"
_UNICAST: Final = "IANA IPv6 Global Unicast Address Assignments, 2025-10-10"

# What no registry tells: addresses on which clouds serve metadata, credentials, name resolution or their own platform.
_ALIBABA: Final = "Alibaba Cloud ECS manual, instance metadata and private DNS, 2026-11"
_AWS: Final = "Amazon EC2, ECS and EKS manuals, instance metadata, time, DNS, pod identity, 2026-11"
_AZURE: Final = "Azure manual, what is IP address 168.63.129.16, 2026-11"
_CLOUDS: Final = "manuals of AWS, Azure, Google, Oracle, DigitalOcean, Hetzner, IBM, OpenStack, Tencent, 2026-11"
_GOOGLE: Final = "Google Compute Engine manual, metadata server over IPv6, 2026-11"
_IBM: Final = "IBM Cloud manual, private network IP ranges (service endpoints, resolvers), 2026-11"
_OPENSTACK: Final = "OpenStack Nova manual, metadata over IPv6, 2026-11"
_ORACLE: Final = "Oracle Cloud manual, instance metadata, iSCSI boot volumes, 2026-11"
_SCALEWAY: Final = "Scaleway manual, instance metadata, 2026-11"
_TENCENT: Final = "Tencent Cloud manual, instance metadata, 2026-11"

# Deprecated forms that no registry keeps any more.
_RFC3879: Final = "RFC 3879, deprecating site-local addresses"
_RFC4291: Final = "RFC 4291 section 2.5.5.1, IPv4-compatible addresses"
_RFC2765: Final = "RFC 2765 and RFC 7915, IPv4-translated addresses"


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
    """One network, what its source calls it, what it is here, and where that is written."""

    network: str
    name: str
    verdict: Verdict
    source: str


# Where rows overlap, the longest prefix wins, so that a metadata address inside a private network stays metadata.
IPV4_SPECIAL: Final[tuple[Row, ...]] = (
    Row("0.0.0.0/8", "This network", Verdict.UNSPECIFIED, _V4),
    Row("10.0.0.0/8", "Private-Use", Verdict.PRIVATE, _V4),
    Row("100.64.0.0/10", "Shared Address Space (carrier-grade NAT)", Verdict.SHARED, _V4),
    Row("100.100.2.136/32", "Alibaba Cloud resolver", Verdict.METADATA, _ALIBABA),
    Row("100.100.2.138/32", "Alibaba Cloud resolver", Verdict.METADATA, _ALIBABA),
    Row("100.100.100.200/32", "Alibaba Cloud metadata", Verdict.METADATA, _ALIBABA),
    Row("127.0.0.0/8", "Loopback", Verdict.LOOPBACK, _V4),
    Row("161.26.0.0/16", "IBM Cloud service network, in public space", Verdict.METADATA, _IBM),
    Row("166.8.0.0/14", "IBM Cloud service endpoints, in public space", Verdict.METADATA, _IBM),
    Row("168.63.129.16/32", "Azure WireServer, in public space", Verdict.METADATA, _AZURE),
    Row("169.254.0.0/16", "Link Local", Verdict.LINK_LOCAL, _V4),
    Row("169.254.0.2/32", "Oracle Cloud boot volumes", Verdict.METADATA, _ORACLE),
    Row("169.254.0.23/32", "Tencent Cloud metadata", Verdict.METADATA, _TENCENT),
    Row("169.254.42.42/32", "Scaleway metadata", Verdict.METADATA, _SCALEWAY),
    Row("169.254.169.123/32", "AWS time", Verdict.METADATA, _AWS),
    Row("169.254.169.253/32", "AWS resolver", Verdict.METADATA, _AWS),
    Row("169.254.169.254/32", "Metadata of nearly every cloud", Verdict.METADATA, _CLOUDS),
    Row("169.254.170.2/32", "AWS container credentials", Verdict.METADATA, _AWS),
    Row("169.254.170.23/32", "AWS pod identity", Verdict.METADATA, _AWS),
    Row("172.16.0.0/12", "Private-Use", Verdict.PRIVATE, _V4),
    Row("192.0.0.0/24", "IETF Protocol Assignments", Verdict.PROTOCOL, _V4),
    Row("192.0.0.0/29", "IPv4 Service Continuity Prefix", Verdict.PROTOCOL, _V4),
    Row("192.0.0.8/32", "IPv4 dummy address", Verdict.PROTOCOL, _V4),
    Row("192.0.0.9/32", "Port Control Protocol Anycast", Verdict.PROTOCOL, _V4),
    Row("192.0.0.10/32", "TURN Anycast", Verdict.PROTOCOL, _V4),
    Row("192.0.0.170/31", "NAT64/DNS64 Discovery", Verdict.PROTOCOL, _V4),
    Row("192.0.0.192/32", "Oracle Cloud Classic metadata", Verdict.METADATA, _ORACLE),
    Row("192.0.2.0/24", "Documentation (TEST-NET-1)", Verdict.DOCUMENTATION, _V4),
    Row("192.31.196.0/24", "AS112-v4", Verdict.PROTOCOL, _V4),
    Row("192.52.193.0/24", "AMT", Verdict.PROTOCOL, _V4),
    Row("192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", Verdict.PROTOCOL, _V4),
    Row("192.168.0.0/16", "Private-Use", Verdict.PRIVATE, _V4),
    Row("192.175.48.0/24", "Direct Delegation AS112 Service", Verdict.PROTOCOL, _V4),
    Row("198.18.0.0/15", "Benchmarking", Verdict.BENCHMARKING, _V4),
    Row("198.51.100.0/24", "Documentation (TEST-NET-2)", Verdict.DOCUMENTATION, _V4),
    Row("203.0.113.0/24", "Documentation (TEST-NET-3)", Verdict.DOCUMENTATION, _V4),
    Row("224.0.0.0/4", "Multicast", Verdict.MULTICAST, _MULTICAST),
    Row("240.0.0.0/4", "Reserved", Verdict.RESERVED, _V4),
    Row("255.255.255.255/32", "Limited Broadcast", Verdict.BROADCAST, _V4),
)

IPV6_SPECIAL: Final[tuple[Row, ...]] = (
    Row("::/96", "IPv4-compatible (deprecated)", Verdict.EMBEDDED, _RFC4291),
    Row("::/128", "Unspecified Address", Verdict.UNSPECIFIED, _V6),
    Row("::1/128", "Loopback Address", Verdict.LOOPBACK, _V6),
    Row("::ffff:0:0/96", "IPv4-mapped Address", Verdict.EMBEDDED, _V6),
    Row("::ffff:0:0:0/96", "IPv4-translated (SIIT)", Verdict.EMBEDDED, _RFC2765),
    Row("64:ff9b::/96", "IPv4-IPv6 Translation (NAT64)", Verdict.TRANSLATED, _V6),
    Row("64:ff9b:1::/48", "IPv4-IPv6 Translation, local", Verdict.EMBEDDED, _V6),
    Row("100::/64", "Discard-Only Address Block", Verdict.RESERVED, _V6),
    Row("100:0:0:1::/64", "Dummy IPv6 Prefix", Verdict.RESERVED, _V6),
    Row("2001::/23", "IETF Protocol Assignments", Verdict.PROTOCOL, _V6),
    Row("2001::/32", "TEREDO", Verdict.EMBEDDED, _V6),
    Row("2001:1::1/128", "Port Control Protocol Anycast", Verdict.PROTOCOL, _V6),
    Row("2001:1::2/128", "TURN Anycast", Verdict.PROTOCOL, _V6),
    Row("2001:1::3/128", "DNS-SD SRP Anycast", Verdict.PROTOCOL, _V6),
    Row("2001:2::/48", "Benchmarking", Verdict.BENCHMARKING, _V6),
    Row("2001:3::/32", "AMT", Verdict.PROTOCOL, _V6),
    Row("2001:4:112::/48", "AS112-v6", Verdict.PROTOCOL, _V6),
    Row("2001:10::/28", "Deprecated (ORCHID)", Verdict.PROTOCOL, _V6),
    Row("2001:20::/28", "ORCHIDv2", Verdict.PROTOCOL, _V6),
    Row("2001:30::/28", "Drone Remote ID", Verdict.PROTOCOL, _V6),
    Row("2001:db8::/32", "Documentation", Verdict.DOCUMENTATION, _V6),
    Row("2002::/16", "6to4", Verdict.EMBEDDED, _V6),
    Row("2620:4f:8000::/48", "Direct Delegation AS112 Service", Verdict.PROTOCOL, _V6),
    Row("3fff::/20", "Documentation", Verdict.DOCUMENTATION, _V6),
    Row("5f00::/16", "Segment Routing (SRv6) SIDs", Verdict.PROTOCOL, _V6),
    Row("fc00::/7", "Unique-Local", Verdict.PRIVATE, _V6),
    Row("fd00:42::42/128", "Scaleway metadata", Verdict.METADATA, _SCALEWAY),
    Row("fd00:c1::a9fe:a9fe/128", "Oracle Cloud metadata", Verdict.METADATA, _ORACLE),
    Row("fd00:ec2::23/128", "AWS pod identity", Verdict.METADATA, _AWS),
    Row("fd00:ec2::123/128", "AWS time", Verdict.METADATA, _AWS),
    Row("fd00:ec2::253/128", "AWS resolver", Verdict.METADATA, _AWS),
    Row("fd00:ec2::254/128", "AWS metadata", Verdict.METADATA, _AWS),
    Row("fd20:ce::254/128", "Google Cloud metadata", Verdict.METADATA, _GOOGLE),
    Row("fe80::/10", "Link-Local Unicast", Verdict.LINK_LOCAL, _V6),
    Row("fe80::a9fe:a9fe/128", "OpenStack metadata", Verdict.METADATA, _OPENSTACK),
    Row("fec0::/10", "Site-Local (deprecated)", Verdict.PRIVATE, _RFC3879),
    Row("ff00::/8", "Multicast", Verdict.MULTICAST, _SPACE),
)

# IPv6 is an allow-list: outside these blocks nothing is public, whatever the special-purpose registry forgot to name.
IPV6_ALLOCATED: Final[tuple[Row, ...]] = (
    Row("2001:200::/23", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:400::/23", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2001:600::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:800::/22", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:c00::/23", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:e00::/23", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:1200::/23", "LACNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:1400::/22", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:1800::/23", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2001:1a00::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:1c00::/22", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:2000::/19", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4000::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4200::/23", "AFRINIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4400::/23", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4600::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4800::/23", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2001:4a00::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:4c00::/23", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:5000::/20", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2001:8000::/19", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:a000::/20", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2001:b000::/20", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2003::/18", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2400::/12", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2410::/12", "APNIC", Verdict.PUBLIC, _UNICAST),
    Row("2600::/12", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2610::/23", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2620::/23", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2630::/12", "ARIN", Verdict.PUBLIC, _UNICAST),
    Row("2800::/12", "LACNIC", Verdict.PUBLIC, _UNICAST),
    Row("2a00::/12", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2a10::/12", "RIPE NCC", Verdict.PUBLIC, _UNICAST),
    Row("2c00::/12", "AFRINIC", Verdict.PUBLIC, _UNICAST),
)
