"""Is the process alive, can it serve, what has it counted, and what can be asked of it."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from moorage.api.parts import PartsDep
from moorage.api.schemas.base import Done
from moorage.errors import NotFound
from moorage.storage.database import ping
from moorage.vault.tokens import hash_token, same


async def live() -> Done:
    """The event loop turns. Asks nothing of anybody."""
    return Done()


async def ready(parts: PartsDep, response: Response) -> Done:
    """The database takes writes. 503 `database_gone` otherwise."""
    await ping(parts.database)
    response.headers["Cache-Control"] = "no-store"
    return Done()


async def metrics(parts: PartsDep, request: Request) -> Response:
    """Give the counters in Prometheus' text format, to whoever has the operator's token; else there is nothing here."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    digest = parts.metrics_token_digest
    if digest is None or kind.lower() != "bearer" or not same(hash_token(token), digest):
        raise NotFound("not_found")
    return Response(parts.metrics.render(), media_type="text/plain; version=0.0.4")


async def api_document(request: Request) -> JSONResponse:
    """Give this document. Strangers are not told what runs here, nor which version of it."""
    return JSONResponse(request.app.openapi())
