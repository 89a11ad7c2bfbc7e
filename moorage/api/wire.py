"""The web server's settings, and what it does not limit by itself: how long and how large the head of a request may be.

uvicorn collects headers until they end, however many, and waits for them for ever.
"""

import asyncio
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from moorage.api.pages import SECURITY_HEADERS

MAX_TARGET_BYTES: Final = 8 * 1024
MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_DEADLINE_S: Final = 15.0
KEEP_ALIVE_S: Final = 30
# A body that was refused is read on a while and thrown away: whoever hangs up on a sender takes the answer from it.
REST_DEADLINE_S: Final = 20.0
MAX_REST_BYTES: Final = 32 * 1024 * 1024
# The readers of event streams leave when their replies end; whoever still reads then is cut after this.
CLOSE_GRACE_S: Final = 5

TOO_LARGE: Final = "Request Header Fields Too Large"


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head that is too long (414, 431), and hangs up on one that does not end in time (408)."""

    head_deadline_s = HEAD_DEADLINE_S
    rest_deadline_s = REST_DEADLINE_S
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _rest_timer: asyncio.TimerHandle | None = None
    _rest_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        self._forget_rest()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to count anew."""
        super().on_message_begin()
        if self._head_timer is None and not self.transport.is_closing():
            self._expect_head()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse(414, "URI Too Long")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer after the body, which would be added to the headers unseen."""
        if self._head_timer is None:
            return
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(431, TOO_LARGE)
            return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request on, unless it was refused."""
        self._stop_waiting()
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; of one that was answered already, count it only."""
        if self.transport.is_closing():
            return
        if self.cycle.response_complete:
            self._rest_bytes += len(body)
            if self._rest_bytes > MAX_REST_BYTES:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request that was not refused."""
        self._forget_rest()
        if not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request; what is missing of this one must come soon."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body and not self.transport.is_closing():
            self._rest_timer = self.loop.call_later(self.rest_deadline_s, self.transport.close)

    def data_received(self, data: bytes) -> None:
        """Read on, unless what came before was refused. What the parser still collects is counted here."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._head_bytes = 0 if self._head_timer is None else self._head_bytes + len(data)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431, TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, msg)

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_deadline_s, self._refuse, 408, "Request Timeout")

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _forget_rest(self) -> None:
        self._rest_bytes = 0
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _refuse(self, status: int, text: str) -> None:
        """Answer without the application, with the headers that every answer has, and hang up."""
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if _is_free(self.cycle):
            body = text.encode("ascii", "replace")
            headers = [
                *SECURITY_HEADERS,
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close"),
            ]
            lines = [f"HTTP/1.1 {status} {text}".encode("ascii", "replace"), *(b": ".join(pair) for pair in headers)]
            self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()


def _is_free(cycle: RequestResponseCycle | None) -> bool:
    """True while no answer of the application is under way, into which ours would fall."""
    return cycle is None or cycle.response_complete


def server_config(app: Any, *, host: str, port: int) -> uvicorn.Config:
    """Give how Moorage listens. Who asks is read by `proxies.py`: uvicorn itself would believe 127.0.0.1."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",
        proxy_headers=False,
        server_header=False,
        log_level="error",  # its warnings are about what strangers send, one line for each
        access_log=False,
        log_config=None,  # what it says goes through our own processors
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSE_GRACE_S,
    )
