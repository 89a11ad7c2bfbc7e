"""Writes the second wall from the rows of the first, so that both refuse the same: `python -m tools.egress_rules WHAT`.

    nft [--nat64 PREFIX …]    the rule set for nftables: deploy/egress.nft
    systemd                   a drop-in for the service: deploy/egress.systemd.conf

It prints; a test compares what it prints with the files in deploy/. `--nat64` takes what MOORAGE_EGRESS_NAT64 names.
"""

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_network,
    summarize_address_range,
)
from pathlib import Path
from typing import Final, NamedTuple

from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL, Row, Verdict
from moorage.egress.urls import DEFAULT_PORTS

FRAME: Final = Path(__file__).with_name("egress_rules.nft")
# What an operator's exception opens, here as in the first wall; every other row is closed to exceptions.
OPENABLE: Final = frozenset({Verdict.LOOPBACK, Verdict.PRIVATE, Verdict.SHARED, Verdict.BENCHMARKING})
NAT64: Final = IPv6Network("64:ff9b::/96")
# Nothing outside 2000::/3 is allocated to anybody; what `::/3` holds is told row by row.
FAR_OUTSIDE: Final = (IPv6Network("4000::/2"), IPv6Network("8000::/1"))
NAME_COLUMN: Final = 48


class Span(NamedTuple):
    """Addresses from the first to the last, as numbers, and what the table calls them."""

    first: int
    last: int
    name: str

    def written(self, version: int) -> str:
        """Write it as nft reads it: a network if it is one."""
        if version == 4:  # noqa: PLR2004 - of the Internet Protocol
            low4, high4 = IPv4Address(self.first), IPv4Address(self.last)
            blocks = [str(block) for block in summarize_address_range(low4, high4)]
            return blocks[0] if len(blocks) == 1 else f"{low4}-{high4}"
        low6, high6 = IPv6Address(self.first), IPv6Address(self.last)
        blocks = [str(block) for block in summarize_address_range(low6, high6)]
        return blocks[0] if len(blocks) == 1 else f"{low6}-{high6}"


@dataclass(frozen=True)
class Sets:
    """`never*` is closed to everybody, `inner*` opens to exceptions; of IPv6 only `public6` is public at all."""

    never4: list[Span]
    inner4: list[Span]
    never6: list[Span]
    inner6: list[Span]
    public6: list[Span]


def make_sets(nat64: Sequence[IPv6Network] = ()) -> Sets:
    """Sort the rows of the tables into the sets of the wall."""
    special6 = [row for row in IPV6_SPECIAL if row.verdict is not Verdict.TRANSLATED]
    translators = [_whole(prefix, "NAT64") for prefix in (NAT64, *nat64)]
    behind = [
        Span(prefix.first + span.first, prefix.first + span.last, f"behind NAT64: {span.name}")
        for prefix in translators
        for span in _spans(IPV4_SPECIAL, set(Verdict))
    ]
    # Wherever a translator's prefix lies, what is behind it is judged as IPv4.
    return Sets(
        never4=_spans(IPV4_SPECIAL, set(Verdict) - OPENABLE),
        inner4=_spans(IPV4_SPECIAL, OPENABLE),
        never6=sorted([*_without(_spans(special6, set(Verdict) - OPENABLE), translators), *behind]),
        inner6=_without(_spans(special6, OPENABLE), translators),
        public6=sorted([*_without(map(_span, IPV6_ALLOCATED), translators), *translators]),
    )


def _spans(rows: Iterable[Row], verdicts: Collection[Verdict]) -> list[Span]:
    """Give the addresses of these verdicts; where rows overlap, the longest prefix decides."""
    found: list[Span] = []
    for row in sorted(rows, key=lambda row: ip_network(row.network).prefixlen):
        span = _span(row)
        if row.verdict not in verdicts:
            found = _without(found, [span])
        elif not any(one.first <= span.first and span.last <= one.last for one in found):
            found.append(span)
    return sorted(found)


def _without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Cut the holes out."""
    left = list(spans)
    for hole in holes:
        cut = [Span(one.first, min(one.last, hole.first - 1), one.name) for one in left]
        cut += [Span(max(one.first, hole.last + 1), one.last, one.name) for one in left if one.last > hole.last]
        left = sorted({piece for piece in cut if piece.first <= piece.last})
    return left


def _span(row: Row) -> Span:
    return _whole(ip_network(row.network), row.name)


def _whole(network: IPv4Network | IPv6Network, name: str) -> Span:
    return Span(int(network.network_address), int(network.broadcast_address), name)


def write_nft(nat64: Sequence[IPv6Network] = ()) -> str:
    """Write the rule set."""
    sets = make_sets(nat64)
    ports = "\t\telements = { " + ", ".join(str(port) for port in sorted(DEFAULT_PORTS)) + " }"
    filled = {"ports": ports}
    for name, spans in vars(sets).items():
        filled[name] = _elements(spans, version=int(name[-1]))
    return FRAME.read_text(encoding="utf-8").format_map(filled)


def _elements(spans: Sequence[Span], *, version: int) -> str:
    lines = [f"\t\t\t{span.written(version) + ',':<{NAME_COLUMN}} # {span.name}" for span in spans]
    return "\n".join(["\t\telements = {", *lines, "\t\t}"])


def write_systemd() -> str:
    """Write the drop-in: refused networks only, because systemd knows neither ports nor an order of rules."""
    sets = make_sets()
    inside4 = [
        block
        for span in sets.never4 + sets.inner4
        for block in summarize_address_range(IPv4Address(span.first), IPv4Address(span.last))
    ]
    inside6 = [
        block
        for span in sets.never6 + sets.inner6
        for block in summarize_address_range(IPv6Address(span.first), IPv6Address(span.last))
    ]
    networks = [*map(str, collapse_addresses(inside4)), *map(str, collapse_addresses([*inside6, *FAR_OUTSIDE]))]
    lines = [
        "# A cheaper second wall, for a kernel with cgroup v2: /etc/systemd/system/moorage.service.d/egress.conf",
        "# Written by `python -m tools.egress_rules systemd` from moorage/egress/tables.py; a test holds both to it.",
        "# It knows no ports, counts nothing, and judges packets both ways: who may ask Moorage (the proxy before it)",
        "# and what Moorage itself asks (DNS, the database) must be allowed, and is then open on every port.",
        "[Service]",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "IPAddressAllow=127.0.0.1 127.0.0.53 ::1",
        *(f"IPAddressDeny={network}" for network in networks),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["nft", "systemd"])
    parser.add_argument("--nat64", type=IPv6Network, nargs="*", default=[])
    asked = parser.parse_args(arguments)
    sys.stdout.write(write_nft(asked.nat64) if asked.what == "nft" else write_systemd())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
