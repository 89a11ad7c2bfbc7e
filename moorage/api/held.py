"""Holds a route to its limit: counts its requests, by person and by network, before anything else is done for them."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from moorage.accounts.principal import Principal
from moorage.api.limits import Limit
from moorage.api.parts import Parts, PartsDep
from moorage.api.signed_in import find_principal
from moorage.errors import TooMany


def held_to(limit: Limit) -> Any:
    """Give the dependency that counts a request of a route."""

    async def count_person(
        request: Request, parts: PartsDep, who: Annotated[Principal | None, Depends(find_principal)]
    ) -> None:
        _take(request, parts, limit, None if who is None else str(who.user_id))

    async def count_stranger(request: Request, parts: PartsDep) -> None:
        _take(request, parts, limit, None)

    count: Callable[..., Any] = count_stranger if limit.per_person is None else count_person
    return Depends(count)


def take_more(request: Request, parts: Parts, limit: Limit, who: Principal, acts: int) -> None:
    """Count what one request asks for beyond the first, which `held_to` has counted. Refused, none of it counts."""
    try:
        _take(request, parts, limit, str(who.user_id), acts)
    except TooMany:
        client = request.client.host if request.client is not None else ""
        parts.limits.give_back(limit, person=str(who.user_id), client=client)
        raise


def _take(request: Request, parts: Parts, limit: Limit, person: str | None, acts: int = 1) -> None:
    client = request.client.host if request.client is not None else ""
    try:
        parts.limits.take(limit, person=person, client=client, acts=acts)
    except TooMany:
        parts.metrics.rate_limited.labels(limit.name).inc()
        raise
