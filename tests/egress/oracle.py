"""Says again what is public, from the facts of the registries and written another way, to contradict the product.

The product flattens rows into ranges of integers. Here IPv4 is read octet by octet and IPv6 as text in hexadecimal,
both by hand, so that one slip does not stand in both. It answers yes or no and knows no finer verdict.
"""

import re
from ipaddress import IPv4Address, IPv6Address

# Fourth field of the registry's rows in 192.0.0.0/24 does not matter: the whole /24 is refused.
_SPECIAL_24 = {
    (192, 0, 0), (192, 0, 2), (192, 31, 196), (192, 52, 193), (192, 88, 99), (192, 175, 48), (198, 51, 100),
    (203, 0, 113),
}  # fmt: skip

# Allocated to the regional registries: text patterns over the first 32 bits, written as 8 hexadecimal digits.
_ALLOCATED = re.compile(
    r"2001(?:0[2-9a-f]|1[2-9a-f]|[23].|4[0-9a-d]|5.|[89ab].)..|2003[0-3]...|24[01].{5}|260.{5}|2610(?:00|01)..|"
    r"2620(?:00|01)..|263.{5}|280.{5}|2a[01].{5}|2c0.{5}"
)
# Special although they lie inside of those.
_CARVED_OUT = re.compile(r"20010db8.{24}|2620004f8000.{20}")
# An interface id with these digits before it carries an IPv4 address (RFC 5214).
_ISATAP = re.compile(r".{16}0[02]005efe(.{8})")
_NAT64 = re.compile(r"0064ff9b0{16}(.{8})")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether a packet to this address leaves for the public internet and for nothing else."""
    if isinstance(address, IPv4Address):
        return _is_public_v4(*(int(octet) for octet in str(address).split(".")))
    if "%" in str(address):
        return False
    digits = f"{int(address):032x}"
    if (translated := _NAT64.fullmatch(digits)) is not None:
        return _carries_public(translated[1])
    if (tunnelled := _ISATAP.fullmatch(digits)) is not None and not _carries_public(tunnelled[1]):
        return False
    return _ALLOCATED.match(digits) is not None and _CARVED_OUT.fullmatch(digits) is None


def _carries_public(digits: str) -> bool:
    return _is_public_v4(*(int(digits[at : at + 2], 16) for at in range(0, 8, 2)))


def _is_public_v4(first: int, second: int, third: int, fourth: int) -> bool:
    if first in {0, 10, 127} or first >= 224:
        return False
    if first == 100 and 64 <= second <= 127:
        return False
    if first == 172 and 16 <= second <= 31:
        return False
    if (first, second) in {(169, 254), (192, 168), (198, 18), (198, 19)}:
        return False
    if (first, second, third) in _SPECIAL_24:
        return False
    return (first, second, third, fourth) != (168, 63, 129, 16)
