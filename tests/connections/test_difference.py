"""What a new look at a list changed, over the API: what people miss stands first; nothing they wrote is lost."""

from typing import Any

from tests.support.running import Harbour, Person


async def _look_again(olga: Person, made: dict[str, Any]) -> Any:
    return await olga.post(f"/api/connections/{made['id']}/discovery")


async def _write(person: Person, ref: str, times: int) -> str:
    conversation_id = ""
    for _ in range(times):
        exchange = await person.ask("Hello", ref)
        await person.wait_for(exchange)
        conversation_id = exchange["conversation_id"]
    return conversation_id


def _ref(made: dict[str, Any], model_id: str) -> str:
    return next(str(model["ref"]) for model in made["models"] if model["model_id"] == model_id)


async def test_the_difference_names_first_what_people_miss(harbour: Harbour) -> None:
    """P9."""
    harbour.models.models[:] = ["steady-1", "steady-2", "steady-3", "steady-4", "steady-9"]
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady-1", "steady-2", "steady-3"])
    await _write(olga, _ref(made, "steady-2"), 2)
    conversation_id = await _write(olga, _ref(made, "steady-3"), 1)
    for _ in range(2):
        # More answers in one conversation, which is one all the same.
        await olga.wait_for(await olga.ask("And then?", _ref(made, "steady-3"), conversation_id))
    harbour.models.models[:] = ["steady-5", "steady-9"]
    harbour.models.context_length = 4096
    diff = await _look_again(olga, made)
    assert diff["came"] == ["steady-5"]
    assert [(one["model_id"], one["was_on"], one["conversations_30d"]) for one in diff["went"]] == [
        ("steady-2", True, 2),
        ("steady-3", True, 1),
        ("steady-1", True, 0),
        ("steady-4", False, 0),
    ]
    assert diff["changed"] == [
        {
            "model_id": "steady-9",
            "context_before": 8192,
            "context_now": 4096,
            "inputs_before": ["text"],
            "inputs_now": ["text"],
        }
    ]
    models = {model["model_id"]: model for model in diff["connection"]["models"]}
    assert not models["steady-5"]["enabled"], "new ones arrive off"
    assert all(models[f"steady-{number}"]["vanished_at"] for number in range(1, 5))
    again = await _look_again(olga, made)
    assert (again["came"], again["went"], again["changed"]) == ([], [], [])


async def test_a_model_that_is_asked_by_a_name_of_the_teams_own_is_used(harbour: Harbour) -> None:
    """P9: both ways to ask one model are one model, and what the name stood for before keeps its own."""
    harbour.models.models[:] = ["steady-1", "steady-2"]
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady-1", "steady-2"])
    alias = await olga.post("/api/aliases", {"name": "House model", "target_ref": _ref(made, "steady-1")})
    first = await _write(olga, alias["alias"]["ref"], 2)
    await olga.wait_for(await olga.ask("And by its own name?", _ref(made, "steady-1"), first))
    moved = {"target_ref": _ref(made, "steady-2"), "reason": ""}
    assert (await olga.call("PUT", f"/api/aliases/{alias['alias']['id']}/target", moved)).status_code == 200
    await _write(olga, alias["alias"]["ref"], 1)
    harbour.models.models[:] = ["steady-9"]
    went = {one["model_id"]: one["conversations_30d"] for one in (await _look_again(olga, made))["went"]}
    assert went == {"steady-1": 2, "steady-2": 1}


async def test_conversations_of_others_teams_and_of_deleted_ones_are_not_counted(harbour: Harbour) -> None:
    harbour.models.models[:] = ["steady-1", "steady-2"]
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady-1"])
    mia = await harbour.invited_by(olga, "Mia", "member")
    kept, deleted = await _write(mia, _ref(made, "steady-1"), 1), await _write(olga, _ref(made, "steady-1"), 1)
    assert kept != deleted
    await olga.call("DELETE", f"/api/conversations/{deleted}")
    harbour.models.models[:] = ["steady-2"]
    assert [one["conversations_30d"] for one in (await _look_again(olga, made))["went"]] == [1]


async def test_a_deleted_connection_leaves_its_conversations_readable(harbour: Harbour) -> None:
    """P9, P10, P20: nobody is moved to another model; the page says why it can't go on."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    ref = _ref(made, "steady")
    conversation_id = await _write(olga, ref, 1)
    assert (await olga.call("DELETE", f"/api/connections/{made['id']}")).status_code == 200
    conversation = await olga.get(f"/api/conversations/{conversation_id}")
    answer = conversation["messages"][-1]
    assert answer["text"].startswith("word1")
    assert (answer["reply"]["model_name"], answer["reply"]["connection_name"]) == ("steady", "Kanzlei GPU")
    asked = harbour.models.counts.requests
    body = {"client_id": made["id"], "parent_id": answer["id"], "text": "And now?", "model_ref": ref}
    refused = await olga.call("POST", f"/api/conversations/{conversation_id}/messages", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "connection_deleted")
    assert harbour.models.counts.requests == asked


async def test_a_message_to_what_nobody_could_connect_to_is_kept_and_says_why_it_was_not_sent(harbour: Harbour) -> None:
    """P20, ADR 0026."""
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"])
    async with harbour.built.parts.database.write() as tx:
        await tx.exec_driver_sql("UPDATE connection SET health = 'unreachable', health_code = 'connect_timeout'")
        await tx.exec_driver_sql("UPDATE connection SET opened_at = health_at, failures = 3, failing_since = health_at")
    picker = await olga.get("/api/models")
    assert picker["models"][0]["available"], "whoever wants to try, tries"
    assert picker["models"][0]["health_cause"].startswith("No connection could be made")
    exchange = await olga.ask("Is anybody there?", _ref(made, "steady"))
    receipt = await olga.wait_for(exchange)
    assert (receipt["state"], receipt["problem"]["code"]) == ("failed", "connection_resting")
    assert "“Kanzlei GPU” could not be reached a moment ago" in receipt["problem"]["message"]
    stored = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    assert stored["messages"][0]["text"] == "Is anybody there?"
    assert harbour.models.counts.chat_requests == 1, "the test's own"
