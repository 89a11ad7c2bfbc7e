"""Where somebody comes from, as coarse as it is kept: a network that many share, if their team rules nothing else."""

import ipaddress
from typing import Final, Literal, get_args

ClientRule = Literal["none", "coarse", "full"]

CLIENT_RULES: Final[tuple[ClientRule, ...]] = get_args(ClientRule)
DEFAULT_RULE: Final[ClientRule] = "coarse"
_KEPT_BITS: Final = {4: 24, 6: 48}


def coarsen(address: str) -> str:
    """Give the /24 of an IPv4 address, the /48 of an IPv6 one (a mapped one counts as IPv4); "" for what is neither."""
    found = _read(address)
    if found is None:
        return ""
    return str(ipaddress.ip_network((found, _KEPT_BITS[found.version]), strict=False))


def tell_client(address: str, rule: str) -> str:
    """Give what a trail may say of an address by its team's rule; nothing by a rule that nobody knows."""
    if rule == "coarse":
        return coarsen(address)
    found = _read(address) if rule == "full" else None
    return "" if found is None else str(found)


def _read(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
