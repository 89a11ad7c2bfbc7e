"""A running Moorage whose OpenRouter is a double on loopback: the one address that nobody types leads there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from moorage.api.parts import Parts
from moorage.connections.credentials import AddressRules
from moorage.connections.facade import Connections
from tests.support.authority import TestAuthority
from tests.support.dialects.openrouter import OpenRouterServer
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for


@asynccontextmanager
async def routed_harbour(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Harbour]:
    """Run one; its `models` is the double."""
    authority = TestAuthority(folder / "ca")
    async with OpenRouterServer(authority.server_context("localhost"), key=MODEL_KEY) as server:

        def lead_there(parts: Parts) -> Parts:
            rules = AddressRules(
                parts.door.refusals, exceptions=parts.exceptions, fixed={"openrouter": server.base_url}
            )
            connections = Connections(
                database=parts.database, door=parts.door, vault=parts.vault, ledger=parts.ledger, rules=rules
            )
            return replace(parts, connections=connections)

        chosen = settings_for(database_url, folder, authority, server, **settings)
        async with running(chosen, server, change=lead_there) as harbour:
            yield harbour


async def connect_router(olga: Person, *ticked: str) -> dict[str, Any]:
    """Connect OpenRouter the way the wizard does, with these models in the picker; gives the connection."""
    wish = {"provider": "openrouter", "api_key": MODEL_KEY, "model_id": "maker/one"}
    finished = [one async for one in olga.events("POST", "/api/connection-tests", wish)][-1]
    assert finished.data["passed"], finished.data
    body = {
        "name": "Router",
        "provider": "openrouter",
        "api_key": MODEL_KEY,
        "zone": "router",
        "test_id": finished.data["test_id"],
        "models": [{"model_id": model, "name": "", "enabled": True} for model in ticked],
    }
    made: dict[str, Any] = await olga.post("/api/connections", body)
    return made
