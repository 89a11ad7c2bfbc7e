"""Connections over the real API: a test that can be watched, and nothing secret in any answer (P8, P12)."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from moorage.connections.tables import ConnectionRow, ConnectionTestRow
from moorage.usage.tables import ReservationRow
from tests.support.model_server import LEAK_MARKER
from tests.support.running import MODEL_KEY, Harbour, Person

STAGES = ["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"]


async def _watch(person: Person, path: str, body: Any, **headers: str) -> list[Any]:
    return [event async for event in person.events("POST", path, body, **headers)]


async def test_a_test_can_be_watched_and_its_sentences_are_in_the_readers_language(harbour: Harbour) -> None:
    olga = await harbour.olga()
    wish = {"base_url": harbour.models.base_url, "api_key": MODEL_KEY}
    events = await _watch(olga, "/api/connection-tests", wish, **{"Accept-Language": "de"})
    assert [event.name for event in events] == ["stage"] * 18 + ["finished"]
    assert [event.data["stage"] for event in events if event.data.get("state") == "passed"] == STAGES
    finished = events[-1].data
    assert finished["passed"]
    assert finished["models_offered"]
    assert [model["model_id"] for model in finished["models"]] == ["steady", "echo"]
    assert [stage["stage"] for stage in finished["stages"]] == STAGES
    assert all(stage["message"] for stage in finished["stages"])
    assert finished["stages"][0]["message"] == "Die Adresse ist richtig aufgebaut."


async def test_a_failing_stage_says_what_to_do(harbour: Harbour) -> None:
    olga = await harbour.olga()
    events = await _watch(olga, "/api/connection-tests", {"base_url": "http://localhost:11434"})
    first = events[1].data
    assert (first["stage"], first["state"], first["code"], first["ms"]) == ("url", "failed", "ollama_local", None)
    assert "HTTPS tunnel" in first["message"]
    assert not events[-1].data["passed"]


async def test_what_was_corrected_is_said(harbour: Harbour) -> None:
    olga = await harbour.olga()
    wish = {"base_url": harbour.models.base_url.removesuffix("/v1"), "api_key": MODEL_KEY}
    events = await _watch(olga, "/api/connection-tests", wish)
    assert events[-1].data["notes"] == ["“/v1” was added to the address: that is where the API answers."]


async def test_no_answer_holds_the_key_the_address_or_the_endpoints_words(harbour: Harbour) -> None:
    """P12."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady", "error-500"])
    path = f"/api/connections/{made['id']}"
    harbour.models.models[:] = ["error-500"]
    answers: list[Any] = [made]
    answers += [event.data for event in await _watch(olga, f"{path}/tests", {})]
    answers.append(await olga.post(f"{path}/discovery"))
    wish = {"base_url": harbour.models.base_url, "api_key": MODEL_KEY}
    answers += [event.data for event in await _watch(olga, f"{path}/endpoint", wish)]
    answers += [await olga.get("/api/connections"), await olga.get(path), await olga.get("/api/models")]
    answers += [await olga.get("/api/audit"), await olga.get("/api/usage")]
    text = json.dumps(answers)
    for secret in (MODEL_KEY, harbour.models.base_url, str(harbour.models.port), "localhost", LEAK_MARKER):
        assert secret not in text


async def test_a_connection_lives_its_life_over_the_api(harbour: Harbour) -> None:
    """P9, P10."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    path = f"/api/connections/{made['id']}"
    assert made["health"] == "healthy"
    assert made["key"] == {
        "present": True,
        "number": 1,
        "set_at": made["key"]["set_at"],
        "set_by": "Olga",
        "expires_on": None,
    }
    changed = (await olga.call("PATCH", path, {"name": "New name", "key_expires_on": "2027-02-14"})).json()
    assert (changed["name"], changed["key"]["expires_on"], changed["zone"]) == (
        "New name",
        "2027-02-14",
        "own_hardware",
    )
    body = {"models": [{"model_id": "echo", "name": "Parrot", "enabled": True}]}
    ticked = (await olga.call("PUT", f"{path}/models", body)).json()
    assert {model["name"]: model["enabled"] for model in ticked["models"]} == {"steady": True, "Parrot": True}
    paused = (await olga.call("PATCH", path, {"enabled": False})).json()
    assert not paused["enabled"]
    lines = (await olga.get("/api/models"))["models"]
    assert {line["problem"]["code"] for line in lines} == {"connection_paused"}
    assert "New name" in lines[0]["problem"]["message"]
    assert (await olga.call("DELETE", path)).json() == {"ok": True}
    assert (await olga.call("GET", path)).status_code == 404
    assert (await olga.get("/api/models"))["models"] == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"base_url": ""}, "base_url"),
        ({"base_url": "https://llm.example.com", "api_key": "two words"}, "api_key"),
        ({"base_url": "https://llm.example.com", "url": "x"}, "url"),
    ],
)
async def test_bad_input_is_an_ordinary_error_that_names_the_field(
    harbour: Harbour, wish: dict[str, str], field: str
) -> None:
    olga = await harbour.olga()
    answer = await olga.call("POST", "/api/connection-tests", wish)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "\0\u200b"}, "name_unreadable"),
        ({"models": [{"model_id": "a\0b"}]}, "model_id_unreadable"),
        ({"models": [{"model_id": "a\u202eb"}]}, "model_id_unreadable"),
    ],
)
async def test_invisible_characters_are_refused_where_they_would_deceive(
    harbour: Harbour, change: dict[str, Any], code: str
) -> None:
    olga = await harbour.olga()
    wish = {"name": "GPU", "base_url": "https://llm.example.com/v1"}
    answer = await olga.call("POST", "/api/connections", {**wish, **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    made = await olga.post("/api/connections", {**wish, "name": "G\0PU", "data_location": "Ki\0el"})
    assert (made["name"], made["data_location"]) == ("GPU", "Kiel")


async def test_members_and_strangers_get_ordinary_errors(harbour: Harbour) -> None:
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    mia, eve = await harbour.invited_by(olga, "Mia", "member"), await harbour.eve()
    wish = {"base_url": harbour.models.base_url, "api_key": MODEL_KEY}
    assert (await mia.call("POST", "/api/connection-tests", wish)).status_code == 403
    assert (await mia.call("GET", "/api/connections")).status_code == 403
    picker = await mia.get("/api/models")
    assert (picker["can_connect"], [line["name"] for line in picker["models"]]) == (False, ["steady"])
    path = f"/api/connections/{made['id']}"
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
        ("PUT", "/models", {"models": []}),
        ("POST", "/discovery", {}),
        ("POST", "/tests", {}),
        ("POST", "/endpoint", wish),
    ):
        answer = await eve.call(method, path + tail, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "connection_gone"), (method, tail)
    assert (await eve.get("/api/models"))["models"] == []


async def test_too_many_tests_say_when_to_come_back(harbour: Harbour) -> None:
    olga = await harbour.olga()
    for _ in range(10):
        await _watch(olga, "/api/connection-tests", {"base_url": "http://x"})
    answer = await olga.call("POST", "/api/connection-tests", {"base_url": "http://x"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["retry_after_s"] >= 1


async def test_a_browser_that_leaves_ends_the_test_and_nothing_is_stored(harbour: Harbour) -> None:
    olga = await harbour.olga()
    wish = {"base_url": harbour.models.base_url, "api_key": MODEL_KEY, "model_id": "hang-before-headers"}
    async for event in olga.events("POST", "/api/connection-tests", wish):
        if event.data.get("stage") == "completion":
            break
    await olga.client.aclose()
    async with asyncio.timeout(20):
        while harbour.models.counts.open_connections:
            await asyncio.sleep(0.02)
    async with harbour.built.parts.database.read() as tx:
        for table in (ConnectionRow, ConnectionTestRow):
            assert await tx.scalar(select(func.count()).select_from(table)) == 0


async def test_two_rediscoveries_at_once_both_work_and_no_call_stays_open(harbour: Harbour) -> None:
    """P9, P15: on PostgreSQL both would otherwise add the same new model."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    harbour.models.models[:] = ["steady", *(f"burst-{number}" for number in range(200))]
    path = f"/api/connections/{made['id']}"
    answers = await asyncio.gather(*(olga.call("POST", f"{path}/discovery") for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    wish = {"models": [{"model_id": f"typed-{number}"} for number in range(200)]}
    answers = await asyncio.gather(*(olga.call("PUT", f"{path}/models", wish) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    async with harbour.built.parts.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(ReservationRow)) == 0
