"""Who really asks: a proxy's word counts only if the operator named the proxy, and only hop by hop from the near end.

`Forwarded` (RFC 7239) is not read: a proxy that writes the X-Forwarded headers hands on what a stranger put into it.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAX_HOPS: Final = 32
_CLIENT: Final = b"x-forwarded-for"
_SCHEME: Final = b"x-forwarded-proto"
_SPOKEN: Final = frozenset({"http", "https"})

log = structlog.get_logger(__name__)


class Proxies:
    """Replaces client and scheme of a request by what the operator's proxies say of them."""

    def __init__(self, app: ASGIApp, *, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read who asks, and pass the request on."""
        if scope["type"] == "http" and any(name in {_CLIENT, _SCHEME} for name, _ in scope["headers"]):
            self._read(scope)
        await self._app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        peer = read_address(scope["client"][0]) if scope.get("client") else None
        if not self._trusts(peer):
            if not self._has_warned:
                self._has_warned = True
                log.warning("proxy_not_trusted")
            return
        client, scheme = peer, None
        # From the right: the last entry was written by the peer itself. The first address that is no proxy's ends the
        # walk; what stands to the left of it, anybody may have sent.
        for told, spoken in _claims(scope["headers"]):
            scheme = spoken or scheme
            client = told or client
            if not self._trusts(told):
                break
        scope["client"] = (str(client), 0)
        if scheme is not None:
            scope["scheme"] = scheme

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _claims(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[Address | None, str | None]]:
    """Give (client, scheme) of each hop, the nearest first. A missing scheme is None: the nearer one holds."""
    clients, schemes = _values(headers, _CLIENT), _values(headers, _SCHEME)
    for hop in range(min(_MAX_HOPS, max(len(clients), len(schemes)))):
        told = read_address(clients[hop]) if hop < len(clients) else None
        spoken = schemes[hop].lower() if hop < len(schemes) else ""
        yield told, spoken if spoken in _SPOKEN else None


def _values(headers: Sequence[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    joined = ",".join(value.decode("latin-1") for name, value in headers if name == wanted)
    return [part.strip() for part in reversed(joined.split(","))] if joined else []


def read_address(text: str) -> Address | None:
    """Read an address, with or without brackets and port; None for a name, `unknown` or what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as ::ffff:…; the operator writes them as IPv4.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
