"""What happens to every request: an id for answer, log lines and audit entries; no error escapes; one line logged."""

import time

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.api.errors import unexpected
from moorage.reports.desk import Reports
from moorage.storage.types import new_id

log = structlog.get_logger(__name__)


class Requests:
    """Pure ASGI, so that a stream costs nothing extra per chunk."""

    def __init__(self, app: ASGIApp, *, reports: Reports) -> None:
        self._app = app
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id, log how it went."""
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
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 - the server above would print its text, and what people wrote with it
            self._reports.note("unexpected_error", error, request_id=request_id)
            if not status:
                await unexpected(Request(scope))(scope, receive, send_with_id)
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
