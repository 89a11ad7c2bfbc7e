"""P7: what OpenRouter says of who keeps nothing is stored with each model, shown, and never in the way of its list."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from moorage.connections.places import Entered
from moorage.connections.store import Wanted
from moorage.connections.views import ConnectionFacts
from moorage.storage.database import Database
from moorage.vault.secret import Secret
from tests.connections.quay import HOST, KEY, Quay, finish, open_quay
from tests.support.authority import TestAuthority
from tests.support.dialects.openrouter import KEEPS_NOTHING, OpenRouterServer
from tests.support.routed import connect_router, routed_harbour
from tests.support.running import MODEL_KEY, Harbour


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[OpenRouterServer]:
    async with OpenRouterServer(authority.server_context(HOST), name=HOST, key=KEY) as running:
        yield running


@pytest.fixture
async def quay(
    database: Database, tmp_path: Path, server: OpenRouterServer, authority: TestAuthority
) -> AsyncIterator[Quay]:
    async with AsyncExitStack() as stack:
        opened = open_quay(database, tmp_path, server, authority, fixed_at_server="openrouter")
        yield await stack.enter_async_context(opened)


@pytest.fixture
async def routed(database_url: str, tmp_path: Path) -> AsyncIterator[Harbour]:
    async with routed_harbour(database_url, tmp_path) as harbour:
        yield harbour


async def connect(quay: Quay) -> ConnectionFacts:
    typed = Entered("", Secret(KEY), adapter="openrouter")
    finished = await finish(quay.connections.test_draft(quay.olga, typed, "maker/one"))
    draft = quay.draft(
        provider="openrouter", entered=typed, test_id=finished.test_id, zone="router",
        models=[Wanted("maker/one", "", enabled=True), Wanted("maker/one:nitro", "", enabled=True)],
    )  # fmt: skip
    return await quay.connections.make(quay.olga, draft)


def hosts(facts: ConnectionFacts) -> dict[str, Any]:
    """Give what is stored of each model's hosts; "not known" where nothing is."""
    return {model.model_id: model.profile.facts.get("no_retention_hosts", "not known") for model in facts.models}


async def test_who_keeps_nothing_is_stored_with_the_model_and_told_apart_from_not_known(quay: Quay) -> None:
    told = hosts(await connect(quay))
    assert told["maker/one"] == ["DeepHarbour", "Quay Compute"]
    assert told["maker/dear"] == []
    assert told["openrouter/auto"] == "not known"
    # Nobody lists what was typed.
    assert told["maker/one:nitro"] == "not known"


async def test_a_new_look_tells_who_keeps_nothing_now(quay: Quay, server: OpenRouterServer) -> None:
    facts = await connect(quay)
    server.keepers = {"data": [one for one in KEEPS_NOTHING if one["model_id"] != "maker/one"]}
    facts, merged = await quay.connections.discover(quay.olga, facts.id)
    assert (hosts(facts)["maker/one"], hosts(facts)["maker/dies"]) == ([], ["DeepHarbour"])
    assert (list(merged.came), list(merged.went)) == ([], [])


async def test_a_new_look_that_hears_nothing_of_hosts_finds_the_models_and_says_not_known(
    quay: Quay, server: OpenRouterServer
) -> None:
    """What was known before may be otherwise by now."""
    facts = await connect(quay)
    server.keepers = None
    asked = server.counts.chat_requests
    facts, _ = await quay.connections.discover(quay.olga, facts.id)
    assert set(hosts(facts).values()) == {"not known"}
    assert (facts.health, len(facts.models)) == ("healthy", 6)
    # Never a call that costs something.
    assert server.counts.chat_requests == asked


async def test_the_api_shows_who_keeps_nothing_and_what_is_asked_for(routed: Harbour) -> None:
    olga = await routed.olga()
    wish = {"provider": "openrouter", "api_key": MODEL_KEY, "model_id": "maker/one"}
    *_, finished = [one async for one in olga.events("POST", "/api/connection-tests", wish)]
    found = {one["model_id"]: one["facts"]["no_retention_hosts"] for one in finished.data["models"]}
    assert (found["maker/one"], found["maker/dear"], found["openrouter/auto"]) == (
        ["DeepHarbour", "Quay Compute"],
        [],
        None,
    )
    made = await connect_router(olga, "maker/one", "maker/dear")
    known = {one["model_id"]: one for one in made["models"]}
    assert known["maker/one"]["facts"]["no_retention_hosts"] == ["DeepHarbour", "Quay Compute"]
    path = f"/api/connections/{made['id']}/models/{known['maker/one']['id']}"
    assert (await olga.call("PATCH", path, {"data_policy": "no_retention"})).status_code == 200
    lines = {one["model_id"]: one["data_policy"] for one in (await olga.get("/api/models"))["models"]}
    assert lines == {"maker/one": "no_retention", "maker/dear": "no_training"}


async def test_a_model_of_a_server_of_ones_own_has_no_policy_of_a_router(harbour: Harbour) -> None:
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    assert {one["facts"]["no_retention_hosts"] for one in made["models"]} == {None}
    assert [one["data_policy"] for one in (await olga.get("/api/models"))["models"]] == [None]
