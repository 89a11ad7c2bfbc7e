"""What happens to every request: an id for its answer, log lines and audit entries; a bounded body; one line logged."""

import time
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.api.errors import unexpected
from moorage.storage.types import new_id

MAX_BODY_BYTES: Final = 2 * 1024 * 1024

log = structlog.get_logger(__name__)


class Requests:
    """Pure ASGI, so that a stream costs nothing extra per chunk."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id, hold its body to the limit, log how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        # Whatever this request starts says its id in every log line: tests and replies inherit the context.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, _bounded(receive), send_with_id)
        except Exception as error:  # noqa: BLE001 - the server above would print its text, and what people wrote with it
            response = unexpected(Request(scope), error)
            if not status:
                await response(scope, receive, send_with_id)
        finally:
            route = scope.get("route")
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"],
                route=getattr(route, "path", ""),
                status=status,
                ms=round((time.perf_counter() - begun) * 1000, 1),
            )


def _bounded(receive: Receive) -> Receive:
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MAX_BODY_BYTES:
                raise HTTPException(413)
        return message

    return receive_bounded
