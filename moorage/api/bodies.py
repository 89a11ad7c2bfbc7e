"""What a request may bring: so many bytes, in so much time, as JSON of bounded depth; judged before it is parsed."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from moorage.errors import Invalid

KIB: Final = 1024
MAX_DEPTH: Final = 16
MAX_ITEMS: Final = 20_000

# A text is skipped as a whole, so that brackets and commas in what people write don't count. Possessive: it can't be
# made to try twice. An unfinished text is a match of its own; the parser refuses it.
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]|,', re.DOTALL)


class Body(Enum):
    """A kind of body: its largest size in bytes, and the seconds in which it must have arrived."""

    SMALL = (16 * KIB, 10.0)
    """Forms of a few fields: sign-in, names, choices."""
    LARGE = (2048 * KIB, 60.0)
    """Messages, certificates, lists of models."""
    FILE = (64 * 1024 * KIB, 300.0)
    """Files; how large one may be is a setting below this."""

    @property
    def max_bytes(self) -> int:
        """The largest size."""
        return self.value[0]

    @property
    def deadline_s(self) -> float:
        """How long all of it may take, from the end of the headers."""
        return self.value[1]


def route_for(body: Body) -> type[APIRoute]:
    """Give the class of routes whose bodies are held to this."""

    class BoundedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            takes_json = self.body_field is not None

            async def bounded(request: Request) -> Response:
                if (_declared_bytes(request) or 0) > body.max_bytes:
                    raise HTTPException(413)
                held = Request(request.scope, _bounded(request.receive, body), request._send)  # noqa: SLF001 - only so
                if takes_json:
                    await _judge(held)
                return await handle(held)

            return bounded

    return BoundedRoute


async def _judge(request: Request) -> None:
    """Read the body and refuse what is not JSON by its headers or its shape. Raises HTTPException(415), Invalid."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(415)
    body = await request.body()
    if body and not _is_json(request.headers.get("content-type", "")):
        raise HTTPException(415)
    require_shallow(body)


def require_shallow(body: bytes) -> None:
    """Refuse JSON that is nested too deeply or has too many parts, in one pass. Raises Invalid("json_too_deep")."""
    depth = items = 0
    for match in _STRUCTURE.finditer(body):
        sign = match[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        elif sign != b",":
            continue
        items += 1
        if depth > MAX_DEPTH or items > MAX_ITEMS:
            raise Invalid("json_too_deep")


def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return kind == "application/json" and all(part in {"", "charset=utf-8", 'charset="utf-8"'} for part in parameters)


def _declared_bytes(request: Request) -> int | None:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else None


def _bounded(receive: Receive, body: Body) -> Callable[[], Awaitable[Message]]:
    """Count and time what arrives; once all of it is here, waiting for the end of the connection has no limit."""
    taken = 0
    is_whole = False
    deadline_s = asyncio.get_running_loop().time() + body.deadline_s

    async def receive_bounded() -> Message:
        nonlocal taken, is_whole
        if is_whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline_s):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > body.max_bytes:
                raise HTTPException(413)
        return message

    return receive_bounded
