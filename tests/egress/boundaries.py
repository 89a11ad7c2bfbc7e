"""Prints what is decided about every boundary address: first and last of each block, one before and one after.

    python -m tests.egress.boundaries > tests/egress/boundaries.txt

writes the file that test_boundaries.py holds against. Needs nothing but the standard library and the product's policy,
so that any Python on the machine can be asked.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from moorage.egress.policy import Address, classify
from moorage.egress.tables import IPV4_SPECIAL, IPV6_ALLOCATED, IPV6_SPECIAL

GOLDEN = Path(__file__).with_name("boundaries.txt")

# IPv4 addresses that every way of carrying one in IPv6 is asked about.
_CARRIED = ("0.0.0.0", "1.1.1.1", "10.0.0.1", "100.100.100.200", "127.0.0.1", "168.63.129.16", "169.254.169.254")
_CARRIERS = (
    "::{dotted}", "::ffff:{dotted}", "::ffff:0:{dotted}", "64:ff9b::{dotted}", "64:ff9b:1::{dotted}", "2002:{groups}::",
    "2001:0:4136:e378:8000:63bf:{inverted}", "2606:4700::5efe:{dotted}", "2606:4700::200:5efe:{dotted}",
    "fe80::5efe:{dotted}", "4000::5efe:{dotted}",
)  # fmt: skip


def addresses() -> Iterator[Address]:
    """Give every boundary address once, IPv4 first, in the order of their numbers."""
    numbers: dict[int, set[int]] = {4: {0, 2**32 - 1}, 6: {0, 2**128 - 1}}
    for row in (*IPV4_SPECIAL, *IPV6_SPECIAL, *IPV6_ALLOCATED):
        network = ip_network(row.network)
        first, last = int(network.network_address), int(network.broadcast_address)
        numbers[network.version] |= {first - 1, first, last, last + 1}
    numbers[6] |= {int(address) for address in _carrying()}
    yield from (IPv4Address(number) for number in sorted(numbers[4]) if 0 <= number < 2**32)
    yield from (IPv6Address(number) for number in sorted(numbers[6]) if 0 <= number < 2**128)


def _carrying() -> Iterator[IPv6Address]:
    for dotted in _CARRIED:
        number = int(IPv4Address(dotted))
        groups, inverted = (f"{word >> 16:x}:{word & 0xFFFF:x}" for word in (number, number ^ 0xFFFF_FFFF))
        for carrier in _CARRIERS:
            yield IPv6Address(carrier.format(dotted=dotted, groups=groups, inverted=inverted))


def lines() -> Iterator[str]:
    """Give one line for each address."""
    for address in addresses():
        # Not `str` nor `exploded`: Pythons differ in how they write an IPv4 address inside of IPv6.
        written = str(address) if isinstance(address, IPv4Address) else address.packed.hex(":", 2)
        yield f"{written} {classify(address).value}"


def written() -> list[str]:
    """Give the lines that are written down."""
    return GOLDEN.read_text("ascii").splitlines()


def written_addresses() -> list[Address]:
    """Give the addresses that are written down, which a row that goes missing in the product can't take along."""
    return [ip_address(line.split()[0]) for line in written()]


if __name__ == "__main__":
    print(*lines(), sep="\n")  # noqa: T201 - it is what this is run for
