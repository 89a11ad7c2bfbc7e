"""Connections that are kept: one pool per (team, connection, person, origin, trust); nobody else ever shares a socket.

A kept socket on which a byte arrived while it was idle is thrown away, and what a race may still let through belongs
to the same person (ADR 0010).
"""

import asyncio
import functools
import ssl
from collections import Counter
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from moorage import __version__
from moorage.egress.dial import Dialler, JudgingResolver
from moorage.egress.scope import Scope
from moorage.egress.trust import Contexts, Trust
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure

_SWEEP_EVERY_S: Final = 30.0
# A reader that is slow holds back the network at a quarter of this; what is beyond is framing without content.
UNREAD_BYTES: Final = 2 * 1024 * 1024

Where = tuple[Scope, str, bytes]


class Sentry(ResponseHandler):
    """Hangs up when its peer speaks unasked, or speaks on and on without a byte for the reader.

    aiohttp would parse what comes unasked and hand a complete answer to the next request; and it counts neither chunk
    extensions nor trailers, which can go on as fast as the network. The reader sets `unread_bytes` to 0 at each read.
    """

    is_idle = False
    unread_bytes = 0

    def set_response_params(self, **params: Any) -> None:
        """Begin to wait for an answer."""
        self.is_idle = False
        self.unread_bytes = 0
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take what has come; aiohttp calls this with nothing when it resumes reading."""
        self.unread_bytes += len(data)
        if self.is_idle and data:
            self.close()  # and the connector passes over what is closed
        elif self.unread_bytes > UNREAD_BYTES:
            self._give_up()
        else:
            super().data_received(data)
            if self.is_idle and self.should_close:
                # The end of the answer and more came in one piece: released already, and not silent.
                self.close()

    def _give_up(self) -> None:
        flood = HttpProcessingError(code=400, message="framing without content")
        if self._payload is not None:
            self._payload.set_exception(flood)
        self._buffer.clear()  # early hints, a hundred thousand of them
        self.set_exception(flood)
        self.close()


class SilentConnector(aiohttp.TCPConnector):
    """Keeps a connection only as long as its peer keeps silent. Two private names of aiohttp; a test watches them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory: Any = functools.partial(Sentry, loop=asyncio.get_running_loop())

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        protocol.is_idle = True
        super()._release(key, protocol, should_close=should_close)


class Pool:
    """The kept connections of one scope to one origin. Closes itself when retired and no longer in use."""

    def __init__(
        self, dialler: Dialler, tls: ssl.SSLContext, scope: Scope, endpoint: Endpoint, *, now_s: float
    ) -> None:
        limits = dialler.limits
        self.scope = scope
        self.born_at_s = now_s
        self.used_at_s = now_s
        self.in_use = 0
        self.is_retired = False
        self.session = aiohttp.ClientSession(
            connector=SilentConnector(
                ssl=tls,
                resolver=JudgingResolver(dialler, scope, endpoint),
                socket_factory=dialler.socket_factory(endpoint),
                use_dns_cache=False,
                happy_eyeballs_delay=limits.next_address_after_s,
                limit=0,  # Pools counts, and says no instead of waiting
                keepalive_timeout=limits.keepalive_s,
            ),
            headers={"User-Agent": f"moorage/{__version__}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect_timeout_s),
            trust_env=False,
            auto_decompress=False,
            read_bufsize=limits.read_buffer_bytes,
            max_line_size=limits.status_line_bytes,
            max_field_size=limits.header_line_bytes,
            max_headers=limits.header_count,
        )

    async def retire(self) -> None:
        """Take no further request; what is running may finish."""
        self.is_retired = True
        if not self.in_use:
            await self.session.close()


class Pools:
    """All pools of the process: made when needed, reaped when idle, replaced when old; counts what is under way."""

    def __init__(self, dialler: Dialler, contexts: Contexts) -> None:
        self._dialler = dialler
        self._contexts = contexts
        self._pools: dict[Where, Pool] = {}
        self._retired: set[Pool] = set()
        self._under_way: Counter[str] = Counter()
        self._swept_at_s = 0.0
        self._is_closed = False

    @property
    def dialler(self) -> Dialler:
        """The way out that every pool uses."""
        return self._dialler

    async def take(self, scope: Scope, endpoint: Endpoint, trust: Trust) -> Pool:
        """Give the pool for one request; the caller ends with `let_go`.

        Raises EndpointFailure("too_many_requests"): the connection or its team has as many under way as it may have;
        Invalid for a trust that can't be used.
        """
        now_s = asyncio.get_running_loop().time()
        if now_s - self._swept_at_s > _SWEEP_EVERY_S:
            self._swept_at_s = now_s
            await self._sweep(now_s)
        where = (scope, endpoint.origin, trust.digest)
        pool = self._pools.get(where)
        if pool is not None and now_s - pool.born_at_s > self._dialler.limits.pool_age_s:
            await self._retire(where)
            pool = self._pools.get(where)
        if pool is None:
            tls = await self._contexts.give(trust)
            # Somebody else may have made it meanwhile, or closed the door.
            pool = self._pools.get(where)
            if pool is None and not self._is_closed:
                pool = self._pools[where] = Pool(self._dialler, tls, scope, endpoint, now_s=now_s)
        if pool is None or self._is_closed:
            raise EndpointFailure("connection_lost")
        self._count_in(scope)
        pool.in_use += 1
        pool.used_at_s = now_s
        return pool

    async def let_go(self, pool: Pool) -> None:
        """End one use."""
        pool.in_use -= 1
        for one in _counted(pool.scope):
            self._under_way[one] -= 1
            if not self._under_way[one]:
                del self._under_way[one]
        if pool.is_retired and not pool.in_use:
            await pool.session.close()

    async def hang_up(self, connection: str) -> None:
        """Retire every pool of a connection: its next request dials anew, a running answer may finish."""
        for where in [where for where in self._pools if where[0].connection == connection]:
            await self._retire(where)

    async def aclose(self) -> None:
        """Close everything at once; what is running fails with `connection_lost`."""
        self._is_closed = True
        pools = [*self._pools.values(), *self._retired]
        self._pools.clear()
        self._retired.clear()
        for pool in pools:
            await pool.session.close()

    def _count_in(self, scope: Scope) -> None:
        limits = self._dialler.limits
        connection, team = _counted(scope)
        for one, limit in ((connection, limits.requests_per_connection), (team, limits.requests_per_team)):
            if self._under_way[one] >= limit:
                raise EndpointFailure("too_many_requests", limit=limit)
        self._under_way[connection] += 1
        self._under_way[team] += 1

    async def _sweep(self, now_s: float) -> None:
        limits = self._dialler.limits
        idle = [
            where
            for where, pool in self._pools.items()
            if not pool.in_use and now_s - pool.used_at_s > min(limits.pool_idle_s, limits.pool_age_s)
        ]
        for where in idle:
            await self._retire(where)
        self._retired = {pool for pool in self._retired if not pool.session.closed}

    async def _retire(self, where: Where) -> None:
        pool = self._pools.pop(where, None)
        if pool is None:
            return
        self._retired.add(pool)
        await pool.retire()
        if pool.session.closed:
            self._retired.discard(pool)


def _counted(scope: Scope) -> tuple[str, str]:
    return f"connection {scope.team} {scope.connection}", f"team {scope.team}"
