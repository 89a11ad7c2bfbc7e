"""One bounded DNS lookup: at most 2 s, at most 64 answers, own threads, and search domains never apply."""

import asyncio
import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final, Protocol

from moorage.egress.policy import Address, Reason, no_public_address
from moorage.egress.urls import is_local_name

MAX_ANSWERS: Final = 64
LOOKUPS_PER_TEAM: Final = 8
TIMEOUT_S: Final = 2.0
_LOOKUPS: Final = 256  # of all teams; a thread that waits costs little memory

LookUp = Callable[[str, int], list[Address]]


class Resolver(Protocol):
    """Turns a name into addresses; an empty list means that there are none, for whatever reason."""

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        """Look the host up for a team, in the order in which the addresses should be tried.

        May raise AddressRefused("address_not_public") instead of giving an empty list, with the reason for operators.
        """
        ...


class SystemResolver:
    """Asks the system's resolver on threads of its own, so that hung lookups stall nobody else's work.

    Lookups of the same name in flight are shared: a name whose server never answers holds one thread, not all. And a
    team has at most eight threads, counted until they really return, so that its silent servers stall no other team.
    """

    def __init__(
        self,
        *,
        timeout_s: float = TIMEOUT_S,
        max_answers: int = MAX_ANSWERS,
        lookups_per_team: int = LOOKUPS_PER_TEAM,
        look_up: LookUp | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._look_up = look_up or ask_system
        self._max_answers = max_answers
        self._lookups_per_team = lookups_per_team
        self._is_closed = False
        self._in_flight: dict[tuple[str, int], asyncio.Future[list[Address]]] = {}
        self._asking: Counter[str] = Counter()

    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        """Look the host up. Empty when it does not resolve.

        Raises AddressRefused: it takes too long, answers with too many addresses, or the team asks too much at once.
        """
        lookup = self._in_flight.get((host, port)) or self._ask(host, port, team)
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await asyncio.shield(lookup)
        except TimeoutError:
            raise no_public_address(Reason.LOOKUP_TIMEOUT) from None
        if len(addresses) > self._max_answers:
            # Cutting the list would leave addresses unjudged that the name also has.
            raise no_public_address(Reason.TOO_MANY_ANSWERS)
        return list(addresses)

    def close(self) -> None:
        """Begin no more lookups; those that still hang are left to end with the process."""
        self._is_closed = True

    def _ask(self, host: str, port: int, team: str) -> "asyncio.Future[list[Address]]":
        if self._is_closed or self._asking[team] >= self._lookups_per_team or self._asking.total() >= _LOOKUPS:
            raise no_public_address(Reason.LOOKUPS_BUSY)
        loop = asyncio.get_running_loop()
        lookup: asyncio.Future[list[Address]] = loop.create_future()
        self._in_flight[host, port] = lookup
        self._asking[team] += 1

        def end(addresses: list[Address]) -> None:
            del self._in_flight[host, port]
            self._asking[team] -= 1
            if not self._asking[team]:
                del self._asking[team]
            lookup.set_result(addresses)

        def run() -> None:
            try:
                addresses = self._look_up(host, port)
            except Exception:  # noqa: BLE001 - a resolver's plug-in may raise anything, and this name has no address then
                addresses = []
            with contextlib.suppress(RuntimeError):  # the loop is gone, and so is whoever asked
                loop.call_soon_threadsafe(end, addresses)

        # A daemon, not one of a pool: Python waits for a pool's threads at its end, and a silent server would hold it.
        try:
            threading.Thread(target=run, name="moorage-dns", daemon=True).start()
        except RuntimeError:  # the system has no thread to give
            end([])
            raise no_public_address(Reason.LOOKUPS_BUSY) from None
        return lookup


def asked_name(host: str) -> str:
    """Add the final dot, with which no search domain is tried: `llm.eu` can't become `llm.eu.corp.example`.

    Local names get here only when an operator excepted them; hosts files and container networks know them bare.
    """
    return host if is_local_name(host) else f"{host}."


def ask_system(host: str, port: int) -> list[Address]:
    """Ask the operating system, blocking. Empty when it knows nothing or fails."""
    try:
        infos = socket.getaddrinfo(asked_name(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(ip_address(str(info[4][0])) for info in infos))
