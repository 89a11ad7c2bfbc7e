"""Asks a standard provider, by one free request with the operator's key, which of its listed models it still offers."""

import asyncio
from dataclasses import dataclass
from typing import Final

from moorage.connections.catalogue import StandardProvider
from moorage.connections.credentials import AddressRules
from moorage.connections.opening import speak
from moorage.egress.door import Door
from moorage.egress.scope import Scope
from moorage.errors import MoorageError

_DEADLINE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Offer:
    """What one provider said. `problem`: the code of why it did not, if so; a key that it refuses is one.

    `gone`: ids of listed models that it offers no longer. `ending`: those whose end it has set to a day that the list
    does not know, with that day. `count`: how many models it offers.
    """

    gone: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    count: int = 0
    problem: str | None = None


async def ask_for_offer(door: Door, rules: AddressRules, provider: StandardProvider, asker: str) -> Offer:
    """Ask. Takes 20 seconds at most; never raises for what a provider or the way to it does. `asker`: who opens."""
    try:
        endpoint = rules.read(provider.base_url)
        line = door.line(Scope(asker, f"standard:{provider.id}"), endpoint)
        async with asyncio.timeout(_DEADLINE_S):
            found = await speak(provider, line, endpoint, provider.quirks).list_models()
    except MoorageError as failure:
        return Offer(problem=failure.code)
    except TimeoutError:
        return Offer(problem="took_too_long")
    offered = {model.id: model for model in found if not model.is_retired}
    gone = tuple(model.id for model in provider.models if model.id not in offered)
    ending = tuple(
        f"{model.id} → {day.isoformat()}"
        for model in provider.models
        if model.id in offered and (day := offered[model.id].retires_on) is not None and day != model.retires_on
    )
    return Offer(gone, ending, len(offered))
