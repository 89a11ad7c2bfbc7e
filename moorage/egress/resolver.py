"""One bounded DNS lookup: at most 2 s, at most 64 answers, own threads, and search domains never apply."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final, Protocol

from moorage.egress.policy import Address
from moorage.egress.urls import is_local_name

MAX_ANSWERS: Final = 64
_THREADS: Final = 32

LookUp = Callable[[str, int], list[Address]]


class Resolver(Protocol):
    """Turns a name into addresses; an empty list means that there are none, for whatever reason."""

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Look the host up, in the order in which the addresses should be tried."""
        ...


class SystemResolver:
    """Asks the system's resolver on threads of its own, so that hung lookups stall nobody else's work.

    Lookups of the same name in flight are shared: a name whose server never answers holds one thread, not all.
    """

    def __init__(
        self, *, timeout_s: float = 2.0, max_answers: int = MAX_ANSWERS, look_up: LookUp | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._look_up = look_up or ask_system
        self._max_answers = max_answers
        self._threads = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="moorage-dns")
        self._in_flight: dict[tuple[str, int], asyncio.Future[list[Address]]] = {}

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Look the host up. Empty when it does not resolve, takes too long, or answers with too many addresses."""
        where = (host, port)
        lookup = self._in_flight.get(where)
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, host, port)
            self._in_flight[where] = lookup
            lookup.add_done_callback(lambda _: self._in_flight.pop(where, None))
        try:
            async with asyncio.timeout(self._timeout_s):
                addresses = await asyncio.shield(lookup)
        except TimeoutError:
            return []
        # Cutting the list would leave addresses unjudged that the name also has.
        return [] if len(addresses) > self._max_answers else list(addresses)

    def close(self) -> None:
        """Give the threads back; lookups that still hang are abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


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
