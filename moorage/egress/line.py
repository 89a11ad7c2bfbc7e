"""One request at a time over judged connections: bounded in time and size, never redirected, never decompressed."""

import asyncio
import io
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from moorage.egress.failures import NETWORK_ERRORS, translate
from moorage.egress.headers import encode_form, sendable_headers
from moorage.egress.limits import MIB
from moorage.egress.messages import Answer, Outbound
from moorage.egress.pools import Pool, Pools, Sentry
from moorage.egress.scope import Scope
from moorage.egress.trust import Trust
from moorage.egress.urls import HTTPS_PORT, Endpoint
from moorage.errors import AddressRefused, EndpointFailure

_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?")

# First digits of a status: what is handed on, and what is never followed. 101 would be another protocol.
_ANSWERS: Final = frozenset({2, 4, 5})
_REDIRECTION: Final = 3

# aiohttp warns about larger bytes in one write; a BytesIO is sent in pieces.
_WHOLE_WRITE_BYTES: Final = MIB


class Line:
    """What a provider is handed: the way to one origin, for one scope."""

    __slots__ = ("_endpoint", "_pools", "_scope", "_trust")

    def __init__(self, pools: Pools, scope: Scope, endpoint: Endpoint, trust: Trust) -> None:
        self._pools = pools
        self._scope = scope
        self._endpoint = endpoint
        self._trust = trust

    async def fetch(self, request: Outbound) -> Answer:
        """Send, and collect the whole answer, at most `max_body_bytes`. Raises EndpointFailure, Invalid."""
        pieces: list[bytes] = []
        async with self.stream(request) as incoming:
            while piece := await incoming.read():
                pieces.append(piece)
        return Answer(incoming.status, incoming.headers, b"".join(pieces))

    def stream(self, request: Outbound) -> AbstractAsyncContextManager["Incoming"]:
        """Send, and hand over the answer while it arrives; leaving early closes the connection."""
        return _Exchange(self._pools, self._scope, self._endpoint, self._trust, request)


class Incoming:
    """An answer that is arriving: `status`, `headers` (lower-case names) and `read()`."""

    __slots__ = (
        "_content",
        "_failure",
        "_how_it_ended",
        "_idle_timeout_s",
        "_is_first_read",
        "_later_idle_timeout_s",
        "_loop",
        "_max_body_bytes",
        "_port",
        "_received_bytes",
        "_response",
        "_sentry",
        "_timer",
        "_total_at_s",
        "_total_timeout_s",
        "_waiting_since_s",
        "headers",
        "status",
    )

    def __init__(self, response: aiohttp.ClientResponse, request: Outbound, *, port: int, total_at_s: float) -> None:
        self.status = response.status
        # Undecodable bytes would come back as lone surrogates and break whoever stores or sends them.
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.headers.items() if value.isascii()
        }
        self._response = response
        self._content = response.content
        self._port = port
        protocol = None if response.connection is None else response.connection.protocol
        self._sentry = protocol if isinstance(protocol, Sentry) else None
        # Only a body that says nothing of its length ends when the server hangs up.
        has_length = response.content_length is not None or "Transfer-Encoding" in response.headers
        self._how_it_ended = None if has_length or protocol is None else protocol.exception
        self._loop = asyncio.get_running_loop()
        self._max_body_bytes = request.max_body_bytes
        self._received_bytes = 0
        self._failure: EndpointFailure | None = None
        self._is_first_read = True
        self._idle_timeout_s = request.first_byte_timeout_s
        # Not the request itself: its body may be large, and is not needed while the answer arrives.
        self._later_idle_timeout_s = request.idle_timeout_s
        self._total_timeout_s = request.total_timeout_s
        self._waiting_since_s = 0.0
        self._total_at_s = total_at_s
        self._timer = self._loop.call_at(min(total_at_s, self._loop.time() + self._idle_timeout_s), self._watch)

    async def read(self) -> bytes:
        """Give whatever has arrived, b"" at the end. Raises EndpointFailure."""
        # The hot path. One timer per answer watches `_waiting_since_s` instead of one timer per read (ADR 0003).
        self._waiting_since_s = self._loop.time()
        try:
            data = await self._content.readany()
        except NETWORK_ERRORS as error:
            if self._failure is not None:
                raise self._failure from None
            raise translate(error, port=self._port, connect_timeout_s=0) from None
        finally:
            self._waiting_since_s = 0.0
        if self._sentry is not None:
            self._sentry.unread_bytes = 0
        if not data and self._how_it_ended is not None and isinstance(self._how_it_ended(), OSError):
            # aiohttp takes a reset for such an end; it may have cut the answer in the middle.
            raise EndpointFailure("connection_lost")
        self._received_bytes += len(data)
        if self._received_bytes > self._max_body_bytes:
            self._fail(_too_large(self._max_body_bytes))
            raise _too_large(self._max_body_bytes)
        if self._is_first_read:
            self._is_first_read = False
            self._idle_timeout_s = self._later_idle_timeout_s
            self._rearm()
        return data

    def close(self) -> None:
        """Stop watching and close the connection, unless the answer was complete and it went back to its pool."""
        self._timer.cancel()
        self._response.close()

    def _fail(self, failure: EndpointFailure) -> None:
        if self._failure is None:
            self._failure = failure
            self.close()

    def _rearm(self) -> None:
        self._timer.cancel()
        since_s = self._waiting_since_s or self._loop.time()
        self._timer = self._loop.call_at(min(self._total_at_s, since_s + self._idle_timeout_s), self._watch)

    def _watch(self) -> None:
        """Fail the answer if a deadline has passed, else sleep until the next one that could."""
        now_s = self._loop.time()
        if now_s >= self._total_at_s:
            self._fail(EndpointFailure("took_too_long", timeout_s=self._total_timeout_s))
        elif self._waiting_since_s and now_s >= self._waiting_since_s + self._idle_timeout_s:
            code = "first_byte_timeout" if self._is_first_read else "stalled"
            self._fail(EndpointFailure(code, timeout_s=self._idle_timeout_s))
        else:
            self._rearm()


class _Exchange(AbstractAsyncContextManager[Incoming]):
    """One request and its answer, from taking a connection to giving it back."""

    __slots__ = ("_endpoint", "_incoming", "_pool", "_pools", "_request", "_scope", "_trust")

    def __init__(self, pools: Pools, scope: Scope, endpoint: Endpoint, trust: Trust, request: Outbound) -> None:
        self._pools = pools
        self._scope = scope
        self._endpoint = endpoint
        self._trust = trust
        self._request = request
        self._pool: Pool | None = None
        self._incoming: Incoming | None = None

    async def __aenter__(self) -> Incoming:
        request = self._request
        url = _target(self._endpoint, request)
        headers = sendable_headers(request.headers, has_body=request.body is not None)
        if request.form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        pool = self._pool = await self._pools.take(self._scope, self._endpoint, self._trust)
        try:
            total_at_s = asyncio.get_running_loop().time() + request.total_timeout_s
            response = await self._send(pool, url, headers)
            try:
                _refuse_unusable(response, request.max_body_bytes)
                self._incoming = Incoming(response, request, port=self._endpoint.port, total_at_s=total_at_s)
            except BaseException:
                response.close()
                raise
        except BaseException:
            await self._pools.let_go(pool)
            raise
        del self._request
        return self._incoming

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._incoming is not None:
            self._incoming.close()
        if self._pool is not None:
            await self._pools.let_go(self._pool)

    async def _send(self, pool: Pool, url: URL, headers: dict[str, str]) -> aiohttp.ClientResponse:
        request = self._request
        connect_timeout_s = self._pools.dialler.limits.connect_timeout_s
        body: bytes | io.BytesIO | None = request.body if request.form is None else encode_form(request.form)
        if request.body is not None and len(request.body) > _WHOLE_WRITE_BYTES:
            body = io.BytesIO(request.body)
        deadline = asyncio.timeout(min(request.first_byte_timeout_s, request.total_timeout_s))
        try:
            async with deadline:
                # No keyword of the caller reaches this call: `ssl`, `proxy`, `server_hostname`, `cookies` are escapes.
                return await pool.session.request(
                    request.method, url, data=body, headers=headers, allow_redirects=False
                )
        except NETWORK_ERRORS as error:
            if deadline.expired():
                if request.total_timeout_s <= request.first_byte_timeout_s:
                    raise EndpointFailure("took_too_long", timeout_s=request.total_timeout_s) from None
                raise EndpointFailure("first_byte_timeout", timeout_s=request.first_byte_timeout_s) from None
            raise translate(error, port=self._endpoint.port, connect_timeout_s=connect_timeout_s) from None


def _target(endpoint: Endpoint, request: Outbound) -> URL:
    """Build the URL from components; nothing in it is parsed again."""
    if not _PATH.fullmatch(request.path):
        raise AddressRefused("url_invalid", field="base_url")
    return URL.build(
        scheme="https",
        host=f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host,
        port=None if endpoint.port == HTTPS_PORT else endpoint.port,
        path=request.path,
        query_string=urlencode(request.query, quote_via=quote) if request.query else "",
        encoded=True,
    )


def _refuse_unusable(response: aiohttp.ClientResponse, max_body_bytes: int) -> None:
    """Refuse, before a byte of the body is read, what this door does not carry."""
    kind = response.status // 100
    if kind == _REDIRECTION:
        raise EndpointFailure("redirected")
    if kind not in _ANSWERS:
        raise EndpointFailure("bad_http")
    headers = response.headers
    if any(encoding.strip().lower() not in {"", "identity"} for encoding in headers.getall("Content-Encoding", ())):
        raise EndpointFailure("compressed_answer")
    if any(coding.strip().lower() != "chunked" for coding in headers.getall("Transfer-Encoding", ())):
        raise EndpointFailure("bad_http")
    if (response.content_length or 0) > max_body_bytes:
        raise _too_large(max_body_bytes)


def _too_large(max_body_bytes: int) -> EndpointFailure:
    mib = max_body_bytes / MIB
    return EndpointFailure("answer_too_large", limit_mib=int(mib) if mib.is_integer() else round(mib, 3))
