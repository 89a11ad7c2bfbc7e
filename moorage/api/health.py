"""Is the process alive, and can it serve."""

from fastapi import Response

from moorage.api.parts import PartsDep
from moorage.api.schemas.base import Done
from moorage.storage.database import ping


async def live() -> Done:
    """The event loop turns. Asks nothing of anybody."""
    return Done()


async def ready(parts: PartsDep, response: Response) -> Done:
    """The database takes writes. 503 `database_gone` otherwise."""
    await ping(parts.database)
    response.headers["Cache-Control"] = "no-store"
    return Done()
