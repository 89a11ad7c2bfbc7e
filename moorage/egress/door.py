"""The only door out (P11): https only, every address judged, no scope shares a socket, all bounded. See ADR 0003."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moorage.egress.dial import Dialler
from moorage.egress.failures import connect_failure, translate
from moorage.egress.limits import Limits
from moorage.egress.line import Incoming, Line
from moorage.egress.mail import MailLine, MailServer
from moorage.egress.messages import Answer, Finding, Outbound
from moorage.egress.policy import AddressPolicy
from moorage.egress.pools import Pools
from moorage.egress.refusals import Refusals
from moorage.egress.resolver import Resolver
from moorage.egress.scope import Scope
from moorage.egress.trust import Contexts, Trust, build_tls_context
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure, Invalid
from moorage.telemetry import Metrics
from moorage.vault.certificates import public_key_pin, shown_name

__all__ = ["Answer", "Door", "Finding", "Incoming", "Limits", "Line", "Outbound", "Scope", "Trust"]


class Door:
    """Hands out lines and surveys endpoints. One per process; close it with `aclose`."""

    def __init__(
        self,
        *,
        policy: AddressPolicy,
        resolver: Resolver,
        extra_ca_file: Path | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen, so sharing the default is harmless
        metrics: Metrics | None = None,
    ) -> None:
        metrics = metrics or Metrics()
        self.refusals = Refusals(metrics)
        self._dialler = Dialler(policy, resolver, limits, metrics, self.refusals)
        self._extra_ca_file = extra_ca_file
        self._contexts = Contexts(extra_ca_file)
        self._pools = Pools(self._dialler, self._contexts)

    def line(self, scope: Scope, endpoint: Endpoint, trust: Trust = Trust()) -> Line:  # noqa: B008 - frozen
        """Give the way to an endpoint. The same scope, origin and trust share connections, others never do."""
        return Line(self._pools, scope, endpoint, trust)

    def mail_line(self, server: MailServer) -> MailLine:
        """Give the way to the operator's mail server."""
        return MailLine(self._dialler, build_tls_context(self._extra_ca_file, speaks_http=False), server)

    async def hang_up(self, connection: str) -> None:
        """Drop a connection's sockets: the next request dials anew, an answer that is arriving may finish."""
        await self._pools.hang_up(connection)

    async def aclose(self) -> None:
        """Close every connection at once."""
        await self._pools.aclose()

    async def survey(
        self,
        scope: Scope,
        endpoint: Endpoint,
        trust: Trust = Trust(),  # noqa: B008 - frozen
    ) -> AsyncGenerator[Finding, None]:
        """Walk the way to an endpoint without sending a request; yield "dns", "address", "tcp", "tls" as they pass.

        Raises EndpointFailure or AddressRefused at the first step that fails. A name that does not resolve and one
        that resolves to an address behind the wall both fail before "dns", so that neither can be told apart.
        """
        limits = self._dialler.limits
        tls = await self._contexts.give(trust)
        started_s = time.perf_counter()
        addresses = await self._dialler.judged_addresses(scope, endpoint)
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
            facts = await self._shake_hands(sock, endpoint, tls)
        finally:
            sock.close()
        yield Finding("tls", _ms_since(started_s), facts)

    async def _shake_hands(self, sock: Any, endpoint: Endpoint, tls: ssl.SSLContext) -> dict[str, str | int | float]:
        """Do the TLS handshake on a connected socket, read the certificate, and close."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._dialler.limits.connect_timeout_s):
                transport, _ = await loop.create_connection(
                    asyncio.Protocol, sock=sock, ssl=tls, server_hostname=endpoint.host
                )
        except ssl.SSLError as error:
            raise translate(error, port=endpoint.port, connect_timeout_s=0) from None
        except (OSError, UnicodeDecodeError):
            raise EndpointFailure("tls_failed") from None
        try:
            session = transport.get_extra_info("ssl_object")
            pin = public_key_pin(session.getpeercert(binary_form=True))
            return {**_certificate_facts(session.version(), session.getpeercert()), "key_sha256": pin}
        except Invalid:
            raise EndpointFailure("tls_failed") from None
        finally:
            transport.abort()


def _certificate_facts(version: str, certificate: Any) -> dict[str, str | int | float]:
    expires_s = ssl.cert_time_to_seconds(certificate["notAfter"])
    issuer = {name: text for part in certificate["issuer"] for name, text in part}
    shown = shown_name([issuer.get("organizationName", "")], [issuer.get("commonName", "")])
    return {
        "version": version,
        "issuer": shown,
        "expires_on": datetime.fromtimestamp(expires_s, UTC).date().isoformat(),
    }


def _ms_since(started_s: float) -> float:
    return round((time.perf_counter() - started_s) * 1000, 1)
