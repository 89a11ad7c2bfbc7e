"""Standard providers at the operator's desk: is there a key, what does its test find; never the key itself (P12)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.operating import operator_of
from tests.support.running import MODEL_KEY, Harbour, Person, running, settings_for

WRONG_KEY = "sk-this-one-was-withdrawn-0123456789"
CATALOGUE = """
[openai]
name = "OpenAI"
base_url = "{url}"
data_location = "United States"
zone = "included"
models = [
  {{ id = "steady", name = "Steady", price_in = 1.5, price_out = 6.0, context_length = 128000 }},
  {{ id = "gone", name = "Long gone", retires_on = 2026-01-01 }},
]

[mistral]
name = "Mistral"
base_url = "{url}"
models = [{{ id = "steady", name = "Steady" }}]

[open]
name = "Our own cluster"
base_url = ""
models = [{{ id = "llama" }}]
"""


@pytest_asyncio.fixture
async def offered(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Harbour]:
    """Give a Moorage with one key that works, one that does not, and one for a provider without an address."""
    authority, server = models
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(CATALOGUE.format(url=server.base_url), encoding="utf-8")
    keys = f"openai={MODEL_KEY},mistral={WRONG_KEY},open=sk-for-nothing"
    settings = settings_for(database_url, tmp_path, authority, server, catalogue=catalogue, standard_keys=keys)
    async with running(settings, server) as harbour:
        yield harbour


async def _providers(person: Person) -> dict[str, Any]:
    return {one["provider"]: one for one in (await person.get("/api/operator/providers"))["providers"]}


async def test_each_provider_of_the_list_says_whether_it_can_be_used(offered: Harbour) -> None:
    olga = await operator_of(offered)
    found = await _providers(olga)
    states = {name: one["state"] for name, one in found.items()}
    assert states == {
        "openai": "ready",
        "mistral": "ready",
        "anthropic": "no_key",
        "google": "no_key",
        "open": "no_address",
    }
    openai = found["openai"]
    assert (openai["zone"], openai["data_location"], openai["last_test"]) == ("included", "United States", None)
    assert [(one["model_id"], one["price_in"], one["is_retired"]) for one in openai["models"]] == [
        ("steady", 1.5, False),
        ("gone", None, True),
    ]
    assert found["mistral"]["zone"] is None
    assert found["anthropic"]["model_count"] > 0


async def test_a_test_tells_whether_the_key_works_and_which_models_are_not_offered(offered: Harbour) -> None:
    olga = await operator_of(offered)
    asked = offered.models.counts.requests
    for provider in ("openai", "mistral"):
        await olga.post("/api/operator/provider-tests", {"provider": provider})
    assert offered.models.counts.requests == asked + 2, "one free request each"
    found = await _providers(olga)
    good, bad = found["openai"]["last_test"], found["mistral"]["last_test"]
    assert (good["problem"], good["missing"], good["offered"] > 0) == (None, ["gone"], True)
    assert bad["problem"]["code"] == "bad_key"
    assert found["openai"]["uses"] == 1
    assert found["openai"]["last_at"] is not None
    health = await olga.get("/api/operator/health")
    assert "health.keys_refused.warning" in [one["code"] for one in health["findings"]]
    unknown = await olga.call("POST", "/api/operator/provider-tests", {"provider": "anthropic"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "standard_provider_gone")


async def test_no_answer_holds_a_key_or_an_address_of_a_provider(offered: Harbour) -> None:
    """P12: not before a test, not after one, not of a key that was refused."""
    olga = await operator_of(offered)
    told = [(await olga.call("POST", "/api/operator/provider-tests", {"provider": "mistral"})).text]
    told += [(await olga.call("GET", f"/api/operator/{path}")).text for path in ("providers", "health", "plans")]
    for text in told:
        for secret in (MODEL_KEY, WRONG_KEY, "sk-for-nothing", MODEL_KEY[-8:], "localhost", str(offered.models.port)):
            assert secret not in text
