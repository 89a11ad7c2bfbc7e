"""The only door out (P11): https only, every address judged, one pool per key, everything bounded. See ADR 0003."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from moorage.egress.dial import Dialler
from moorage.egress.failures import connect_failure, translate
from moorage.egress.limits import Limits
from moorage.egress.line import Incoming, Line
from moorage.egress.messages import Answer, Finding, Outbound
from moorage.egress.policy import AddressPolicy
from moorage.egress.pools import Pools
from moorage.egress.resolver import Resolver
from moorage.egress.trust import build_tls_context
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure

__all__ = ["Answer", "Door", "Finding", "Incoming", "Limits", "Line", "Outbound"]

_MAX_ISSUER_CHARS: Final = 80


class Door:
    """Hands out lines and surveys endpoints. One per process; close it with `aclose`."""

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        resolver: Resolver,
        extra_ca_file: Path | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen, so sharing the default is harmless
    ) -> None:
        self._dialler = Dialler(policy, resolver, limits)
        self._tls = build_tls_context(extra_ca_file)
        self._pools = Pools(self._dialler, self._tls)

    def line(self, key: str, endpoint: Endpoint) -> Line:
        """Give the way to an endpoint. Same key and same origin share connections, different keys never do."""
        return Line(self._pools, key, endpoint)

    async def hang_up(self, key: str) -> None:
        """Drop the connections of a key: the next request dials anew, an answer that is arriving may finish."""
        await self._pools.hang_up(key)

    async def aclose(self) -> None:
        """Close every connection at once."""
        await self._pools.aclose()

    async def survey(self, endpoint: Endpoint) -> AsyncGenerator[Finding, None]:
        """Walk the way to an endpoint without sending a request; yield "dns", "address", "tcp", "tls" as they pass.

        Raises EndpointFailure or AddressRefused at the first step that fails. A name that does not resolve and one
        that resolves to an address behind the wall both fail before "dns", so that neither can be told apart.
        """
        limits = self._dialler.limits
        started_s = time.perf_counter()
        addresses = await self._dialler.judged_addresses(endpoint)
        yield Finding("dns", _ms_since(started_s), {})
        yield Finding("address", 0.0, {"addresses": len(addresses)})

        started_s = time.perf_counter()
        deadline = asyncio.timeout(limits.connect_timeout_s)
        try:
            async with deadline:
                sock = await self._dialler.connect(endpoint, addresses)
        except OSError as error:
            if deadline.expired():
                raise EndpointFailure("connect_timeout", timeout_s=limits.connect_timeout_s) from None
            raise connect_failure(error, port=endpoint.port) from None
        try:
            yield Finding("tcp", _ms_since(started_s), {"ip_version": 4 if sock.family.name == "AF_INET" else 6})
            started_s = time.perf_counter()
            facts = await self._shake_hands(sock, endpoint)
        finally:
            sock.close()
        yield Finding("tls", _ms_since(started_s), facts)

    async def _shake_hands(self, sock: Any, endpoint: Endpoint) -> dict[str, str | int | float]:
        """Do the TLS handshake on a connected socket, read the certificate, and close."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._dialler.limits.connect_timeout_s):
                transport, _ = await loop.create_connection(
                    asyncio.Protocol, sock=sock, ssl=self._tls, server_hostname=endpoint.host
                )
        except ssl.SSLCertVerificationError as error:
            raise translate(error, port=endpoint.port, connect_timeout_s=0) from None
        except OSError:
            raise EndpointFailure("tls_failed") from None
        try:
            session = transport.get_extra_info("ssl_object")
            return _certificate_facts(session.version(), session.getpeercert())
        finally:
            transport.abort()


def _certificate_facts(version: str, certificate: Any) -> dict[str, str | int | float]:
    expires_s = ssl.cert_time_to_seconds(certificate["notAfter"])
    issuer = {name: text for part in certificate["issuer"] for name, text in part}
    # An issuer's common name may be a host name; its organisation is not.
    text = issuer.get("organizationName", "")
    if not text and "." not in issuer.get("commonName", "."):
        text = issuer["commonName"]
    shown = "".join(char for char in text if char.isprintable())[:_MAX_ISSUER_CHARS]
    return {
        "version": version,
        "issuer": shown or "?",
        "expires_on": datetime.fromtimestamp(expires_s, UTC).date().isoformat(),
    }


def _ms_since(started_s: float) -> float:
    return round((time.perf_counter() - started_s) * 1000, 1)
