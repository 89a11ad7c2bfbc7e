"""How texts of settings are read: lists, networks, the ports of a database's URL, mistyped names. Pure."""

import difflib
import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

POSTGRESQL_PORT: Final = 5432


def entries(text: str) -> list[str]:
    """Give what stands between commas, without blanks."""
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def as_network(text: str) -> IPv4Network | IPv6Network | None:
    """Read a network or an address; None for what is neither."""
    try:
        return ip_network(text)
    except ValueError:
        return None


def ports_in(url: str) -> frozenset[int]:
    """Give every number that could be a port, wherever in a PostgreSQL URL.

    A password may hold any sign, and a port too many closes less than a port too few opens.
    """
    hosts, _, query = url.rpartition("@")[2].partition("?")
    written = re.findall(r":(\d{1,5})(?=[,/]|$)", hosts) + re.findall(r"(?:port=|:|,)(\d{1,5})(?=[,&]|$)", query)
    return frozenset(int(port) for port in written) or frozenset({POSTGRESQL_PORT})


def describe_unknown(name: str, known: Iterable[str]) -> str:
    """Say that there is no such setting, and which one may have been meant."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"{name}: no such setting." + (f" Did you mean {near[0]}?" if near else "")
