"""The rule "only cleared models": whatever asks a model, by whatever name, and also what is answering already."""

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest

from moorage.connections.cleared import is_bound, is_cleared
from tests.privacy.leaver import found_in
from tests.scope.world import World
from tests.support.attaching import send
from tests.support.running import Person

TODAY = datetime.now(UTC).date()
RULE = "/api/team/privacy/clearing"
OWN_HARDWARE = "/api/team/privacy/own-hardware"


def _days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


async def _outside(world: World) -> tuple[Person, str, str]:
    """Olga, a connection of hers that is not on own hardware, and its model."""
    olga, server = world.people["olga"], world.harbour.models
    made = await olga.connect(server.base_url, ["steady"], name="Rented", key=server.key or "", zone="own_contract")
    return olga, made["id"], next(one["ref"] for one in made["models"] if one["enabled"])


async def _put(person: Person, path: str, body: Any) -> Any:
    answer = await person.call("PUT", path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _bind(person: Person, connection_id: str, signed: int = -10, ends: int | None = 10) -> Any:
    wish = {"signer": "Rechenwerk GmbH", "signed_on": _days(signed), "document": "Folder 7"}
    wish["expires_on"] = None if ends is None else _days(ends)  # type: ignore[assignment]
    return await _put(person, f"/api/team/privacy/undertakings/{connection_id}", wish)


def _ways(exchange: Any, ref: str, alias: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every way to have a model asked in a conversation that there is."""
    talk = f"/api/conversations/{exchange['conversation_id']}"
    question, answer = (f"{talk}/messages/{exchange[one]['id']}" for one in ("question", "answer"))
    new = {"parent_id": exchange["answer"]["id"], "text": "More?", "attachments": []}
    several = {"blind": False, "model_refs": [ref, "scripted:demo"]}
    return {
        "message": (f"{talk}/messages", {**new, "client_id": str(uuid.uuid4()), "model_ref": ref}),
        "message by alias": (f"{talk}/messages", {**new, "client_id": str(uuid.uuid4()), "model_ref": alias}),
        "regenerate": (f"{answer}/regenerate", {"model_ref": ref}),
        "continue": (f"{answer}/continue", {"model_ref": ref}),
        "comparison": (f"{talk}/comparisons", {**new, **several, "client_id": str(uuid.uuid4())}),
        "compare again": (f"{question}/compare", {**several, "client_id": str(uuid.uuid4())}),
    }


async def test_no_kind_of_call_reaches_a_model_that_is_not_cleared(world: World) -> None:
    olga, connection_id, ref = await _outside(world)
    exchange = await send(olga, "Before the rule", ref=ref)
    alias = f"alias:{(await olga.post('/api/aliases', {'name': 'Away', 'target_ref': ref}))['alias']['id']}"
    await _put(olga, RULE, {"only_cleared": True})
    asked = world.harbour.models.counts.chat_requests
    for way, (path, body) in _ways(exchange, ref, alias).items():
        answer = await olga.call("POST", path, body)
        assert (way, answer.status_code, answer.json()["error"]["code"]) == (way, 409, "model_not_cleared"), answer.text
    assert world.harbour.models.counts.chat_requests == asked, "nothing was sent"
    lines = {one["ref"]: one for one in (await olga.get("/api/models"))["models"]}
    assert lines[ref]["problem"]["code"] == lines[alias]["problem"]["code"] == "model_not_cleared"
    assert lines["scripted:demo"]["available"]
    state = await olga.get(f"/api/models/state?ref={ref}")
    assert state["problem"]["code"] == "model_not_cleared"
    await _bind(olga, connection_id)
    for way, (path, body) in _ways(exchange, ref, alias).items():
        answer = await olga.call("POST", path, body)
        assert answer.status_code < 300, f"{way}: {answer.text}"
        await _let_end(olga, answer.json())
    refusals = [one["action"] for one in (await olga.get("/api/audit?action=clearing.refused"))["entries"]]
    assert len(refusals) == 6


async def _let_end(person: Person, told: Any) -> None:
    for answer in told.get("answers", [told.get("answer")]):
        await person.wait_for({"answer": answer})


async def test_own_hardware_needs_no_undertaking(world: World) -> None:
    olga = world.people["olga"]
    await _put(olga, RULE, {"only_cleared": True})
    await send(olga, "In the house", ref=world.belongings["olga"]["model_ref"])


@pytest.mark.parametrize(
    ("signed", "ends", "holds"), [(-10, -1, False), (-10, 0, True), (1, 9, False), (0, None, True)]
)
async def test_it_holds_from_its_first_day_to_the_end_of_its_last(
    world: World, signed: int, ends: int | None, holds: bool
) -> None:
    olga, connection_id, ref = await _outside(world)
    await _put(olga, RULE, {"only_cleared": True})
    listed = await _bind(olga, connection_id, signed, ends)
    [its] = [one for one in listed["recipients"] if one["connection_id"] == connection_id]
    assert its["is_cleared"] is holds
    talk = (await olga.post("/api/conversations", {}))["id"]
    body: Any = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": "Now?", "model_ref": ref, "attachments": []}
    answer = await olga.call("POST", f"/api/conversations/{talk}/messages", body)
    assert holds or answer.json()["error"]["code"] == "model_not_cleared"
    assert (answer.status_code < 300) is holds


@pytest.mark.parametrize("way", ["moves", "declares"])
async def test_what_an_admin_calls_own_hardware_counts_once_an_owner_has_confirmed_it(world: World, way: str) -> None:
    olga, connection_id, ref = await _outside(world)
    adam, server = world.people["adam"], world.harbour.models
    confirm = f"{OWN_HARDWARE}/{connection_id}"
    await _put(olga, RULE, {"only_cleared": True})
    if way == "moves":
        assert _told(await olga.call("POST", confirm, {})) == (409, "recipient_changed"), "it is no own hardware"
        moved = await adam.call("PATCH", f"/api/connections/{connection_id}", {"zone": "own_hardware"})
        assert moved.status_code == 200, moved.text
    else:
        made = await adam.connect(server.base_url, ["steady"], name="Rack", key=server.key or "")
        ref, confirm = next(one["ref"] for one in made["models"] if one["enabled"]), f"{OWN_HARDWARE}/{made['id']}"
        connection_id = made["id"]
    assert await _standing(olga, connection_id) == {"needs_owner": True, "is_cleared": False}
    assert await _asked(adam, ref) == (409, "model_not_cleared")
    assert (await adam.call("POST", confirm, {})).status_code == 403
    assert await _asked(olga, ref) == (409, "model_not_cleared")
    if way == "moves":
        assert _told(await olga.call("POST", confirm, {})) == (409, "recipient_changed"), "seen before it moved"
    listed = (await olga.get("/api/team/privacy/recipients"))["recipients"]
    [seen] = [one["zone_since"] for one in listed if one["connection_id"] == connection_id]
    assert (await olga.call("POST", confirm, {"zone_since": seen})).status_code == 200
    assert await _standing(olga, connection_id) == {"needs_owner": False, "is_cleared": True}
    await send(adam, "In the house", ref=ref)
    [entry] = (await olga.get("/api/audit?action=connection.own_hardware_confirmed"))["entries"]
    assert entry["sentence"] == f"Olga confirmed that {'Rented' if way == 'moves' else 'Rack'} runs on own hardware."


async def _standing(person: Person, connection_id: str) -> dict[str, bool]:
    listed = (await person.get("/api/team/privacy/recipients"))["recipients"]
    [its] = [one for one in listed if one["connection_id"] == connection_id]
    return {name: its[name] for name in ("needs_owner", "is_cleared")}


async def _asked(person: Person, ref: str) -> tuple[int, str]:
    """Ask a model in a new conversation; gives how that was refused."""
    talk = (await person.post("/api/conversations", {}))["id"]
    body: Any = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": "Now?", "model_ref": ref, "attachments": []}
    return _told(await person.call("POST", f"/api/conversations/{talk}/messages", body))


def _told(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_what_is_answering_is_stopped_when_its_undertaking_is_taken_away(world: World) -> None:
    olga, server = world.people["olga"], world.harbour.models
    made = await olga.connect(server.base_url, ["slow"], name="Rented", key=server.key or "", zone="own_contract")
    ref = next(one["ref"] for one in made["models"] if one["enabled"])
    await _bind(olga, made["id"])
    await _put(olga, RULE, {"only_cleared": True})
    exchange = await olga.ask("Go on for ever", ref)
    await asyncio.sleep(0.3)
    assert (await olga.call("DELETE", f"/api/team/privacy/undertakings/{made['id']}")).status_code == 200
    receipt = await asyncio.wait_for(olga.wait_for(exchange), 15)
    assert receipt["problem"]["code"] == "model_not_cleared_meanwhile"


async def test_only_owners_change_it_and_each_change_is_told_without_who_signed(world: World) -> None:
    olga, connection_id, _ = await _outside(world)
    adam, eve = world.people["adam"], world.people["eve"]
    assert (await adam.get("/api/team/privacy/recipients"))["may_rule"] is False
    path = f"/api/team/privacy/undertakings/{connection_id}"
    wish = {"signer": "Rechenwerk GmbH", "signed_on": _days(0), "expires_on": None, "document": ""}
    assert (await adam.call("PUT", path, wish)).status_code == 403
    assert (await eve.call("PUT", path, wish)).status_code == 404
    await _bind(olga, connection_id)
    await olga.call("DELETE", path)
    entries = (await olga.get("/api/audit"))["entries"][:2]
    assert [one["action"] for one in entries] == ["undertaking.removed", "undertaking.recorded"]
    assert found_in({"trail": entries}, ["Rechenwerk"]) == []


@pytest.mark.parametrize("days", [("", None), ("soon", None), ("2026-13-01", None), ("2026-01-01", "later")])
def test_a_day_that_can_not_be_read_clears_nothing(days: tuple[str, str | None]) -> None:
    assert not is_bound(days, TODAY)
    assert not is_cleared("own_contract", days, TODAY)


@pytest.mark.parametrize("zone", ["unstated", "included", "router", "own_contract", "", "own_hardware "])
def test_no_other_zone_is_the_house(zone: str) -> None:
    assert not is_cleared(zone, None, date(2026, 1, 1))
