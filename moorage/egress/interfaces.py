"""The addresses that this machine's interfaces have: what leads back to the deployment is no endpoint of a team."""

import socket
from ipaddress import ip_address

import psutil

from moorage.egress.policy import Address


def own_addresses() -> frozenset[Address]:
    """Give the addresses of all interfaces as they are now, without zone ids."""
    found = (
        ip_address(entry.address.partition("%")[0])
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in {socket.AF_INET, socket.AF_INET6}
    )
    return frozenset(found)
