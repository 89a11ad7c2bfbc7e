# ruff: noqa: E501 - cases read as rows
"""DNS answers: one address that is not public refuses all of them, and an honest answer is taken as it is."""

from typing import Final

from tests.egress.attacks.rows import ACCEPTED, GOOD, INTERNAL, SECOND, DnsRow

PUBLIC: Final = "1.1.1.1"
PUBLIC6: Final = "2606:4700::1111"

# As many as a lookup may give, and one more.
_SIXTY_FOUR: Final = tuple(f"1.1.1.{last}" for last in range(1, 65))

# Good and bad beside each other, in every order: nobody else's sorting may decide.
MIXED: Final = (
    DnsRow("D001", "nothing at all", ()),
    DnsRow("D002", "loopback", (INTERNAL,)),
    DnsRow("D003", "the excepted address, but not for this host", (GOOD,)),
    DnsRow("D004", "public, then loopback", (PUBLIC, INTERNAL)),
    DnsRow("D005", "loopback, then public", (INTERNAL, PUBLIC)),
    DnsRow("D006", "excepted, then loopback", (GOOD, INTERNAL), excepted=True),
    DnsRow("D007", "loopback, then excepted", (INTERNAL, GOOD), excepted=True),
    DnsRow("D008", "two excepted, then loopback", (GOOD, SECOND, INTERNAL), excepted=True),
    DnsRow("D009", "excepted, then IPv6 loopback", (GOOD, "::1"), excepted=True),
    DnsRow("D010", "IPv6 loopback, then excepted", ("::1", GOOD), excepted=True),
    DnsRow("D011", "public IPv4, public IPv6, loopback", (PUBLIC, PUBLIC6, INTERNAL)),
    DnsRow("D012", "public IPv6, then IPv6 loopback", (PUBLIC6, "::1")),
    DnsRow("D013", "loopback between two public ones", (PUBLIC, INTERNAL, "1.0.0.1")),
    DnsRow("D014", "the same good one often, then loopback", (*(PUBLIC,) * 10, INTERNAL)),
    DnsRow("D015", "loopback last of 64", (*_SIXTY_FOUR[:63], INTERNAL)),
    DnsRow("D016", "loopback first of 64", (INTERNAL, *_SIXTY_FOUR[:63])),
    DnsRow("D017", "loopback in the middle of 64", (*_SIXTY_FOUR[:32], INTERNAL, *_SIXTY_FOUR[33:])),
    DnsRow("D018", "65 good ones", (*_SIXTY_FOUR, "1.1.1.65")),
    DnsRow("D019", "100 good ones", tuple(f"1.1.2.{last}" for last in range(1, 101))),
    DnsRow("D020", "300 good ones", tuple(f"1.1.{third}.{last}" for third in (3, 4) for last in range(1, 151))),
    DnsRow("D021", "a bad one behind the bound", (*_SIXTY_FOUR, INTERNAL)),
    DnsRow("D022", "excepted in the form of IPv6, then itself", (f"::ffff:{GOOD}", GOOD), excepted=True),
    DnsRow("D023", "excepted, then metadata", (GOOD, "169.254.169.254"), excepted=True),
    DnsRow("D024", "excepted, then private", (GOOD, "10.0.0.1"), excepted=True),
)  # fmt: skip

# Names that spell where they lead, and names that do not look like it.
NAMED: Final = (
    DnsRow("D030", "a name that spells loopback", (INTERNAL,), host="127.0.0.3.nip.io"),
    DnsRow("D031", "a name that spells metadata", ("169.254.169.254",), host="169-254-169-254.nip.io"),
    DnsRow("D032", "a name that says public and is not", (INTERNAL,), host="1.1.1.1.nip.io"),
    DnsRow("D033", "a well-known name for loopback", (GOOD,), host="localtest.me"),
    DnsRow("D034", "a name with an umlaut", (INTERNAL,), host="xn--bcher-kva.example"),
    DnsRow("D035", "the name of a big provider, answered from inside", ("10.1.2.3",), host="api.openai.com"),
    DnsRow("D036", "an alias of Google's metadata", ("169.254.169.254",), host="cname-to-metadata.example"),
    DnsRow("D037", "an alias of localhost", ("127.0.0.1", "::1"), host="cname-to-localhost.example"),
)  # fmt: skip

# IPv4 inside of IPv6: a packet to any of these may end up at the address inside.
CARRIED: Final = (
    DnsRow("D050", "mapped loopback", (f"::ffff:{INTERNAL}",)),
    DnsRow("D051", "mapped loopback in hexadecimal", ("::ffff:7f00:3",)),
    DnsRow("D052", "a mapped address that is excepted unmapped", (f"::ffff:{GOOD}",), excepted=True),
    DnsRow("D053", "mapped Alibaba metadata", ("::ffff:100.100.100.200",)),
    DnsRow("D054", "mapped metadata", ("::ffff:169.254.169.254",)),
    DnsRow("D055", "mapped multicast", ("::ffff:224.0.0.1",)),
    DnsRow("D056", "mapped Oracle Classic metadata", ("::ffff:192.0.0.192",)),
    DnsRow("D057", "mapped Azure platform", ("::ffff:168.63.129.16",)),
    DnsRow("D058", "a mapped public address, which nobody needs", ("::ffff:1.1.1.1",)),
    DnsRow("D059", "compatible loopback", (f"::{INTERNAL}",)),
    DnsRow("D060", "compatible metadata", ("::169.254.169.254",)),
    DnsRow("D061", "a compatible public address", ("::1.1.1.1",)),
    DnsRow("D062", "SIIT of loopback", (f"::ffff:0:{INTERNAL}",)),
    DnsRow("D063", "SIIT of metadata", ("::ffff:0:169.254.169.254",)),
    DnsRow("D064", "6to4 of loopback", ("2002:7f00:1::",)),
    DnsRow("D065", "6to4 of metadata", ("2002:a9fe:a9fe::1",)),
    DnsRow("D066", "6to4 of a private address", ("2002:a00:1::1",)),
    DnsRow("D067", "6to4 of a public address", ("2002:101:101::1",)),
    DnsRow("D068", "Teredo of a public client", ("2001:0:4136:e378:8000:63bf:fefe:fefe",)),
    DnsRow("D069", "Teredo of a loopback client", ("2001:0:4136:e378:8000:63bf:80ff:fffe",)),
    DnsRow("D070", "NAT64 of loopback", ("64:ff9b::7f00:3",)),
    DnsRow("D071", "NAT64 of metadata", ("64:ff9b::a9fe:a9fe",)),
    DnsRow("D072", "NAT64 of a private address", ("64:ff9b::10.0.0.1",)),
    DnsRow("D073", "NAT64 of Azure's platform", ("64:ff9b::168.63.129.16",)),
    DnsRow("D074", "NAT64's local prefix with loopback", ("64:ff9b:1::7f00:3",)),
    DnsRow("D075", "NAT64's local prefix with a public address", ("64:ff9b:1::1.1.1.1",)),
    DnsRow("D076", "NAT64's prefix with text before the address", ("64:ff9b::1:7f00:3",)),
    DnsRow("D077", "ISATAP of loopback in public space", (f"2606:4700::5efe:{INTERNAL}",)),
    DnsRow("D078", "ISATAP of metadata in public space", ("2a00:1450:4001::5efe:169.254.169.254",)),
    DnsRow("D079", "ISATAP of loopback, global bit set", ("2606:4700::200:5efe:7f00:3",)),
    DnsRow("D080", "ISATAP of a private address, global bit set", ("2001:4860::200:5efe:a00:1",)),
    DnsRow("D081", "ISATAP of Alibaba's metadata", ("2400:cb00::5efe:6464:64c8",)),
    DnsRow("D082", "ISATAP on the link", ("fe80::5efe:7f00:3",)),
)  # fmt: skip

# What clouds serve to whoever asks from inside.
METADATA: Final = (
    DnsRow("D100", "AWS, Google, Azure, Oracle, DigitalOcean, Hetzner, IBM, OpenStack", ("169.254.169.254",)),
    DnsRow("D101", "AWS over IPv6", ("fd00:ec2::254",)),
    DnsRow("D102", "AWS resolver", ("169.254.169.253",)),
    DnsRow("D103", "AWS resolver over IPv6", ("fd00:ec2::253",)),
    DnsRow("D104", "AWS time", ("169.254.169.123",)),
    DnsRow("D105", "AWS container credentials", ("169.254.170.2",)),
    DnsRow("D106", "AWS pod identity", ("169.254.170.23",)),
    DnsRow("D107", "AWS pod identity over IPv6", ("fd00:ec2::23",)),
    DnsRow("D108", "Google over IPv6", ("fd20:ce::254",)),
    DnsRow("D109", "Azure's platform, in public space", ("168.63.129.16",)),
    DnsRow("D110", "Azure's platform beside a public address", (PUBLIC, "168.63.129.16")),
    DnsRow("D111", "Oracle Classic", ("192.0.0.192",)),
    DnsRow("D112", "Oracle over IPv6", ("fd00:c1::a9fe:a9fe",)),
    DnsRow("D113", "Alibaba", ("100.100.100.200",)),
    DnsRow("D114", "Tencent", ("169.254.0.23",)),
    DnsRow("D115", "Scaleway", ("169.254.42.42",)),
    DnsRow("D116", "Scaleway over IPv6", ("fd00:42::42",)),
    DnsRow("D117", "OpenStack over IPv6", ("fe80::a9fe:a9fe",)),
)  # fmt: skip

# The rest of what is not the public internet.
SPECIAL: Final = (
    DnsRow("D130", "the unspecified address", ("0.0.0.0",)),
    DnsRow("D131", "another one of this network", ("0.1.2.3",)),
    DnsRow("D132", "the last loopback", ("127.255.255.255",)),
    DnsRow("D133", "private 10/8", ("10.0.0.1",)),
    DnsRow("D134", "private 172.16/12, the last", ("172.31.255.255",)),
    DnsRow("D135", "private 192.168/16", ("192.168.0.1",)),
    DnsRow("D136", "carrier-grade NAT", ("100.64.0.1",)),
    DnsRow("D137", "link-local", ("169.254.1.1",)),
    DnsRow("D138", "protocol assignments", ("192.0.0.9",)),
    DnsRow("D139", "documentation 1", ("192.0.2.1",)),
    DnsRow("D140", "documentation 2", ("198.51.100.1",)),
    DnsRow("D141", "documentation 3", ("203.0.113.1",)),
    DnsRow("D142", "benchmarking", ("198.18.0.1",)),
    DnsRow("D143", "AS112", ("192.31.196.1",)),
    DnsRow("D144", "AMT", ("192.52.193.1",)),
    DnsRow("D145", "6to4 relays", ("192.88.99.1",)),
    DnsRow("D146", "multicast", ("224.0.0.251",)),
    DnsRow("D147", "reserved", ("240.0.0.1",)),
    DnsRow("D148", "broadcast", ("255.255.255.255",)),
    DnsRow("D149", "the unspecified IPv6 address", ("::",)),
    DnsRow("D150", "IPv6 loopback", ("::1",)),
    DnsRow("D151", "link-local IPv6", ("fe80::1",)),
    DnsRow("D152", "link-local with a zone id", ("fe80::1%lo",)),
    DnsRow("D153", "loopback with a zone id", ("::1%lo",)),
    DnsRow("D154", "a public address with a zone id", (f"{PUBLIC6}%eth0",)),
    DnsRow("D155", "a public address, bare and with a zone id", (PUBLIC6, f"{PUBLIC6}%1")),
    DnsRow("D156", "unique-local", ("fd12:3456::1",)),
    DnsRow("D157", "unique-local by registry", ("fc00::1",)),
    DnsRow("D158", "site-local", ("fec0::1",)),
    DnsRow("D159", "IPv6 multicast", ("ff02::fb",)),
    DnsRow("D160", "IPv6 documentation", ("2001:db8::1",)),
    DnsRow("D161", "the newer IPv6 documentation", ("3fff:fff::1",)),
    DnsRow("D162", "discard-only", ("100::1",)),
    DnsRow("D163", "the dummy prefix", ("100:0:0:1::1",)),
    DnsRow("D164", "segment routing", ("5f00::1",)),
    DnsRow("D165", "ORCHID", ("2001:10::1",)),
    DnsRow("D166", "ORCHIDv2", ("2001:20::1",)),
    DnsRow("D167", "drone remote id", ("2001:30::1",)),
    DnsRow("D168", "IPv6 benchmarking", ("2001:2::1",)),
    DnsRow("D169", "AS112 over IPv6", ("2620:4f:8000::1",)),
    DnsRow("D170", "unallocated, right above the allocated", ("2001:1000::1",)),
    DnsRow("D171", "unallocated in 2000::/3", ("3000::1",)),
    DnsRow("D172", "unallocated above it", ("4000::1",)),
    DnsRow("D173", "unallocated at the top", ("fe00::1",)),
    DnsRow("D174", "unallocated beside NAT64", ("64:ff9c::1.1.1.1",)),
)  # fmt: skip

# Honest answers, near the others.
HONEST: Final = (
    DnsRow("D190", "one public address", (PUBLIC,), ACCEPTED),
    DnsRow("D191", "both families", (PUBLIC, PUBLIC6), ACCEPTED),
    DnsRow("D192", "IPv6 only", (PUBLIC6,), ACCEPTED),
    DnsRow("D193", "64 good ones", _SIXTY_FOUR, ACCEPTED),
    DnsRow("D194", "NAT64 of a public address, as DNS64 makes it", ("64:ff9b::8.8.8.8",), ACCEPTED),
    DnsRow("D195", "the neighbours of private networks", ("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0"), ACCEPTED),
    DnsRow("D196", "the neighbours of Azure's platform", ("168.63.129.15", "168.63.129.17"), ACCEPTED),
    DnsRow("D197", "the last public IPv4 address", ("223.255.255.255",), ACCEPTED),
    DnsRow("D198", "right before and behind IPv6 documentation", ("2001:db7:ffff::1", "2001:db9::1"), ACCEPTED),
    DnsRow("D199", "ISATAP's digits elsewhere than in the interface id", ("2606:4700:5efe:7f00:1::1",), ACCEPTED),
    DnsRow("D200", "an excepted address for its host", (GOOD,), ACCEPTED, excepted=True),
    DnsRow("D201", "two excepted addresses for their host", (GOOD, SECOND), ACCEPTED, excepted=True),
)  # fmt: skip
