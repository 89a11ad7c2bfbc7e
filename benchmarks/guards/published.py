"""Clients and guards from PyPI, used as their own documents say, with defaults; runs in an environment of its own.

Names are looked up by the system's resolver: directly, or by the client's own thread or hook that asks it.
"""

import asyncio
import ipaddress
import socket
import sys
from urllib.parse import urlsplit

import aiohttp
import drawbridge
import httpx
import httpx2
import requests_hardened
import safehttpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from AntiSSRF import AntiSSRFPolicy, PolicyConfigOptions
from egressweave import EgressPolicy, build_egress_http_client
from httpx_secure import httpx_ssrf_protection

from benchmarks.guards.asking import Asker, serve


class Refused(Exception):
    """A home-made check said no."""


def require_global(addresses: list[str]) -> None:
    """Refuse unless every address is global: the check that most code begins with."""
    if not addresses or not all(ipaddress.ip_address(address).is_global for address in addresses):
        raise Refused


class Httpx(Asker):
    """httpx.AsyncClient as it comes."""

    def __init__(self) -> None:
        self.client = httpx.AsyncClient()

    async def ask(self, url: str) -> int:
        """Get it."""
        status: int = (await self.client.get(url)).status_code
        return status

    async def aclose(self) -> None:
        """Let go."""
        await self.client.aclose()


class Httpx2(Asker):
    """httpx2.AsyncClient as it comes."""

    def __init__(self) -> None:
        self.client = httpx2.AsyncClient()

    async def ask(self, url: str) -> int:
        """Get it."""
        return (await self.client.get(url)).status_code

    async def aclose(self) -> None:
        """Let go."""
        await self.client.aclose()


class Checked(Httpx):
    """A lookup and a check of all addresses, then httpx."""

    async def ask(self, url: str) -> int:
        """Check, then get."""
        found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname, 443, type=socket.SOCK_STREAM)
        require_global([str(info[4][0]) for info in found])
        return await super().ask(url)


class Aiohttp(Asker):
    """aiohttp.ClientSession as it comes."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession()

    async def ask(self, url: str) -> int:
        """Get it."""
        async with self.session.get(url) as response:
            await response.read()
            return response.status

    async def aclose(self) -> None:
        """Let go."""
        await self.session.close()


class JudgingResolver(AbstractResolver):
    """aiohttp's documented hook: looks up as aiohttp does, and refuses unless every address is global."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look up and check."""
        found = await self._inner.resolve(host, port, family)
        require_global([entry["host"] for entry in found])
        return found

    async def close(self) -> None:
        """Let go."""
        await self._inner.close()


class AiohttpResolver(Aiohttp):
    """aiohttp with a resolver that checks, and nothing else."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=JudgingResolver()))


class Drawbridge(Asker):
    """drawbridge.Client as it comes."""

    def __init__(self) -> None:
        self.client = drawbridge.Client()

    async def ask(self, url: str) -> int:
        """Get it."""
        status: int = (await self.client.get(url)).status_code
        return status

    async def aclose(self) -> None:
        """Let go."""
        await self.client.aclose()


class HttpxSecure(Httpx):
    """httpx with httpx_ssrf_protection."""

    def __init__(self) -> None:
        super().__init__()
        httpx_ssrf_protection(self.client)


class Safehttpx(Asker):
    """safehttpx.get; it has no client to keep."""

    async def ask(self, url: str) -> int:
        """Get it."""
        status: int = (await safehttpx.get(url)).status_code
        return status


class RequestsHardened(Asker):
    """A session of requests_hardened with the settings of its README."""

    def __init__(self) -> None:
        config = requests_hardened.Config(
            default_timeout=(2, 10),
            never_redirect=False,
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=False,
        )
        self.session = requests_hardened.Manager(config).get_session()

    async def ask(self, url: str) -> int:
        """Get it."""
        status: int = (await asyncio.to_thread(self.session.get, url)).status_code
        return status

    async def aclose(self) -> None:
        """Let go."""
        self.session.close()


class AntiSsrf(RequestsHardened):
    """A session of Microsoft's AntiSSRF for hosts of the internet."""

    def __init__(self) -> None:
        self.session = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST).get_antissrf_session()


class Egressweave(Asker):
    """egressweave, with the host of each URL on its list of allowed hosts."""

    async def ask(self, url: str) -> int:
        """Check, build the pinned client, get."""
        policy = EgressPolicy.from_hosts(urlsplit(url).hostname or "")
        normalised, client = await build_egress_http_client(url, policy=policy)
        async with client:
            status: int = (await client.get(normalised)).status_code
            return status


ASKERS: dict[str, type[Asker]] = {
    "httpx": Httpx,
    "httpx2": Httpx2,
    "aiohttp": Aiohttp,
    "checked": Checked,
    "aiohttp-resolver": AiohttpResolver,
    "drawbridge": Drawbridge,
    "httpx-secure": HttpxSecure,
    "safehttpx": Safehttpx,
    "requests-hardened": RequestsHardened,
    "microsoft-antissrf": AntiSsrf,
    "egressweave": Egressweave,
}

if __name__ == "__main__":
    asyncio.run(serve(ASKERS, sys.argv[1]))
