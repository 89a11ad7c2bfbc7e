"""Refuses every connection and name lookup that would leave this machine, and fails the test that tried.

Python announces `socket.connect`, `socket.sendto` and `socket.getaddrinfo` to audit hooks, for blocking sockets and for
asyncio alike, so that nothing has to be replaced. A library that swallows the refusal is caught at the end of the test.
"""

import ipaddress
import socket
import sys
from typing import Any


class LeavesTheMachineError(RuntimeError):
    """A test tried to reach something that is not on loopback."""


class LoopbackGuard:
    """Watches this process; `attempts` are the targets refused since the last `take()`."""

    def __init__(self) -> None:
        self._attempts: list[str] = []

    def install(self) -> None:
        """Start watching. An audit hook stays until the process ends."""
        sys.addaudithook(self._judge)

    def take(self) -> list[str]:
        """Give the refused targets and forget them."""
        taken, self._attempts = self._attempts, []
        return taken

    def _judge(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.sendto"}:
            sock, address = arguments
            if sock.family in {socket.AF_INET, socket.AF_INET6}:
                self._refuse_unless_local(str(address[0]), f"{address[0]}:{address[1]}")
        elif event == "socket.getaddrinfo":
            host = arguments[0]
            if host:
                name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
                if not is_literal(name):  # writing an address down asks nobody
                    self._refuse_unless_local(name, f"name lookup of {name}")

    def _refuse_unless_local(self, host: str, target: str) -> None:
        if not is_local(host):
            self._attempts.append(target)
            raise LeavesTheMachineError(f"tests stay on loopback; refused: {target}")


def is_literal(host: str) -> bool:
    """True for an IP address written out."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_local(host: str) -> bool:
    """True for loopback addresses, the unspecified address (which connects to loopback) and `localhost` names."""
    if not is_literal(host):
        return host in {"", "localhost"} or host.endswith(".localhost")
    address = ipaddress.ip_address(host.partition("%")[0])
    return address.is_loopback or address.is_unspecified
