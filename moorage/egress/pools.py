"""Connections that are kept: one pool per (key, origin), so that two teams never share a socket."""

import asyncio
import ssl
from typing import Final

import aiohttp

from moorage import __version__
from moorage.egress.dial import Dialler, JudgingResolver
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure

_SWEEP_EVERY_S: Final = 30.0


class Pool:
    """The kept connections to one origin under one key. Closes itself when retired and no longer in use."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext, endpoint: Endpoint, now_s: float) -> None:
        limits = dialler.limits
        self.born_at_s = now_s
        self.used_at_s = now_s
        self.in_use = 0
        self.is_retired = False
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls,
                resolver=JudgingResolver(dialler, endpoint),
                socket_factory=dialler.socket_factory(endpoint),
                use_dns_cache=False,
                happy_eyeballs_delay=limits.next_address_after_s,
                limit=limits.connections_per_pool,
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

    async def let_go(self) -> None:
        """End one use."""
        self.in_use -= 1
        if self.is_retired and not self.in_use:
            await self.session.close()

    async def retire(self) -> None:
        """Take no further request; what is running may finish."""
        self.is_retired = True
        if not self.in_use:
            await self.session.close()


class Pools:
    """All pools of the process, made when first needed, reaped when idle, replaced when old."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext) -> None:
        self._dialler = dialler
        self._tls = tls
        self._pools: dict[tuple[str, str], Pool] = {}
        self._retired: set[Pool] = set()
        self._swept_at_s = 0.0
        self._is_closed = False

    @property
    def dialler(self) -> Dialler:
        """The way out that every pool uses."""
        return self._dialler

    async def take(self, key: str, endpoint: Endpoint) -> Pool:
        """Give the pool for one request; the caller ends with `pool.let_go()`."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._swept_at_s > _SWEEP_EVERY_S:
            self._swept_at_s = now_s
            await self._sweep(now_s)
        where = (key, endpoint.origin)
        pool = self._pools.get(where)
        if pool is not None and now_s - pool.born_at_s > self._dialler.limits.pool_age_s:
            await self._retire(where)
            pool = self._pools.get(where)
        if self._is_closed:
            raise EndpointFailure("connection_lost")
        if pool is None:
            pool = self._pools[where] = Pool(self._dialler, self._tls, endpoint, now_s)
        pool.in_use += 1
        pool.used_at_s = now_s
        return pool

    async def hang_up(self, key: str) -> None:
        """Retire every pool of a key: its next request dials anew, a running answer may finish."""
        for where in [where for where in self._pools if where[0] == key]:
            await self._retire(where)

    async def aclose(self) -> None:
        """Close everything at once; what is running fails with `connection_lost`."""
        self._is_closed = True
        pools = [*self._pools.values(), *self._retired]
        self._pools.clear()
        self._retired.clear()
        for pool in pools:
            await pool.session.close()

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

    async def _retire(self, where: tuple[str, str]) -> None:
        pool = self._pools.pop(where, None)
        if pool is None:
            return
        self._retired.add(pool)
        await pool.retire()
        if pool.session.closed:
            self._retired.discard(pool)
