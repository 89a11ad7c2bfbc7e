"""Resolve, judge, dial: a socket leaves here only when it can reach nothing but one judged address (P11)."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Any

import aiohappyeyeballs
from aiohttp.abc import AbstractResolver, ResolveResult

from moorage.egress.limits import Limits
from moorage.egress.policy import Address, AddressPolicy, Reason, no_public_address, parse_literal
from moorage.egress.refusals import Refusals
from moorage.egress.resolver import LOOKUPS_PER_TEAM, Resolver
from moorage.egress.scope import Scope
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused
from moorage.telemetry import Metrics

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
SocketFactory = Callable[[AddrInfo], socket.socket]


class JudgedSocket(socket.socket):
    """A TCP socket that refuses to connect anywhere but to the address it was judged for.

    aiohttp shows the peer of a new connection only through private methods, so the pin sits at the system call
    itself: both event loops (asyncio, uvloop) connect by calling this method, after every step that could look up,
    sort or swap addresses. What TCP has connected to is then the judged address, before the first byte of TLS.
    """

    def __init__(self, family: int, address: Address, port: int, metrics: Metrics) -> None:
        super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._judged = (address, port)
        self._metrics = metrics

    def connect(self, address: Any) -> None:
        """Connect to the judged address. Raises AddressRefused for any other."""
        if (ip_address(address[0]), address[1]) != self._judged:
            raise no_public_address(Reason.NOT_THE_JUDGED)
        self._metrics.egress_connections.inc()
        super().connect(address)

    def connect_ex(self, address: Any) -> int:  # noqa: ARG002 - the signature of socket.socket
        """Refuse: nobody dials this way, so nobody gets round `connect`."""
        raise no_public_address(Reason.NOT_THE_JUDGED)


@dataclass(frozen=True, slots=True)
class Dialler:
    """Knows the way to an endpoint: one lookup, every answer judged, only judged sockets."""

    policy: AddressPolicy
    resolver: Resolver
    limits: Limits
    metrics: Metrics
    refusals: Refusals
    asking: dict[str, Counter[tuple[str, int]]] = field(default_factory=dict)

    async def judged_addresses(self, scope: Scope, endpoint: Endpoint) -> list[Address]:
        """Look the host up once and judge every address of the answer. Raises AddressRefused.

        A name is refused a fixed time after the question, whatever the reason: else the time would tell whether a name
        exists inside a network. A literal is refused at once; it says itself what it is.
        """
        asked_at_s = asyncio.get_running_loop().time()
        literal = parse_literal(endpoint.host)
        has_slot = literal is None and self._take_slot(scope.team, endpoint)
        try:
            if literal is None and not has_slot:
                raise no_public_address(Reason.LOOKUPS_BUSY)
            return self.policy.judge(endpoint.host, endpoint.port, await self._answer(scope, endpoint, literal))
        except AddressRefused as refused:
            self.refusals.note(refused, team=scope.team, connection=scope.connection)
            if literal is None:
                now_s = asyncio.get_running_loop().time()
                await asyncio.sleep(max(0.0, asked_at_s + self.limits.refusal_after_s - now_s))
            raise
        finally:
            # Not before the refusal is told: else a team could tell from what it may ask next how long one took.
            if has_slot:
                self._give_slot_back(scope.team, endpoint)

    def _take_slot(self, team: str, endpoint: Endpoint) -> bool:
        """Count by name: all of a team may ask one model at once, as they share its lookup. False: too many names."""
        names = self.asking.setdefault(team, Counter())
        name = (endpoint.host, endpoint.port)
        if name not in names and len(names) >= LOOKUPS_PER_TEAM:
            return False
        names[name] += 1
        return True

    def _give_slot_back(self, team: str, endpoint: Endpoint) -> None:
        names, name = self.asking[team], (endpoint.host, endpoint.port)
        names[name] -= 1
        if not names[name]:
            del names[name]
        if not names:
            del self.asking[team]

    async def _answer(self, scope: Scope, endpoint: Endpoint, literal: Address | None) -> list[Address]:
        if literal is not None:
            return [literal]
        if self.policy.is_own(endpoint.host, endpoint.port):
            return []  # judged and refused without a question to the DNS
        return await self.resolver.resolve(endpoint.host, endpoint.port, scope.team)

    def socket_factory(self, endpoint: Endpoint) -> SocketFactory:
        """Give the one way to make a socket for this endpoint. It judges again, whoever proposes the address.

        aiohttp does not ask its resolver about IP literals, but it asks the socket factory about everything.
        """

        def make(info: AddrInfo) -> socket.socket:
            family, sockaddr = info[0], info[4]
            if family not in {socket.AF_INET, socket.AF_INET6} or sockaddr[1] != endpoint.port or any(sockaddr[3:]):
                raise no_public_address(Reason.NOT_THE_JUDGED)
            [address] = self.policy.judge(endpoint.host, endpoint.port, [ip_address(sockaddr[0])])
            return JudgedSocket(family, address, endpoint.port, self.metrics)

        return make

    async def connect(self, endpoint: Endpoint, addresses: list[Address]) -> socket.socket:
        """Open TCP to the first judged address that answers, in the way aiohttp does it. Raises OSError."""
        infos: list[AddrInfo] = [
            (_family(address), socket.SOCK_STREAM, socket.IPPROTO_TCP, "", _sockaddr(address, endpoint.port))
            for address in addresses[: self.limits.addresses_tried]
        ]
        return await aiohappyeyeballs.start_connection(
            infos,
            happy_eyeballs_delay=self.limits.next_address_after_s,
            interleave=1,
            socket_factory=self.socket_factory(endpoint),
        )


class JudgingResolver(AbstractResolver):
    """What aiohttp asks: answers for one endpoint only, with judged addresses, the first few of them."""

    def __init__(self, dialler: Dialler, scope: Scope, endpoint: Endpoint) -> None:
        self._dialler = dialler
        self._scope = scope
        self._endpoint = endpoint

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the policy decides, not the caller
    ) -> list[ResolveResult]:
        """Look up and judge. Raises AddressRefused, which is no OSError, so that no fail-over swallows it."""
        if (host, port) != (self._endpoint.host, self._endpoint.port):
            raise no_public_address(Reason.NOT_THE_JUDGED)
        addresses = await self._dialler.judged_addresses(self._scope, self._endpoint)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=_family(address),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses[: self._dialler.limits.addresses_tried]
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6


def _sockaddr(address: Address, port: int) -> tuple[Any, ...]:
    return (str(address), port) if isinstance(address, IPv4Address) else (str(address), port, 0, 0)
