"""A conversation over the real API, the real door and a real model server behind TLS."""

import asyncio
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from moorage.accounts.tables import TeamRow
from moorage.chat.recover import close_orphans
from moorage.storage.types import db_now
from moorage.usage.ledger import Ledger
from moorage.usage.tables import ReservationRow
from tests.support.model_server import LEAK_MARKER
from tests.support.running import Harbour, Person


async def _ref(person: Person, model_id: str) -> str:
    lines = (await person.get("/api/models"))["models"]
    return str(next(line["ref"] for line in lines if line["model_id"] == model_id))


async def test_a_question_is_answered_and_the_receipt_tells_what_is_known(harbour: Harbour) -> None:
    """P2, P21."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    exchange = await olga.ask("Hello?", await _ref(olga, "steady"))
    receipt = await olga.wait_for(exchange)
    assert receipt["state"] == "done"
    assert receipt["connection_name"] == "Kanzlei GPU"
    assert receipt["origin"] == "own_hardware"
    assert (receipt["count_source"], receipt["tokens_out"]) == ("reported", 20)
    assert receipt["ttft_ms"] > 0
    shown = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    assert [message["role"] for message in shown["messages"]] == ["user", "assistant"]
    assert shown["messages"][1]["text"].strip()
    assert shown["title"] == "Hello?"
    assert shown["head_id"] == exchange["answer"]["id"]


async def test_the_message_streams_inline_where_the_client_accepts_a_stream(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    conversation = await olga.post("/api/conversations", {})
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": await _ref(olga, "steady")}
    path = f"/api/conversations/{conversation['id']}/messages"
    events = [event async for event in olga.events("POST", path, body)]
    assert events[0].name == "exchange"
    assert events[-1].name == "end"
    text = "".join(event.data["text"] for event in events if event.name == "delta")
    stored = (await olga.get(f"/api/conversations/{conversation['id']}"))["messages"][1]["text"]
    assert text == stored


async def test_a_reader_that_returns_gets_exactly_what_it_missed(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    exchange = await olga.ask("Hello?", await _ref(olga, "held"))
    path = f"/api/replies/{exchange['answer']['reply']['reply_id']}/events"
    first = olga.events("GET", path)
    seen, last_id = "", None
    async for event in first:
        seen, last_id = seen + event.data["text"], event.id
        if seen:
            break
    await first.aclose()
    harbour.models.release()
    assert last_id is not None
    rest = [event async for event in olga.events("GET", path, **{"Last-Event-ID": last_id})]
    resumed = seen + "".join(event.data["text"] for event in rest if event.name == "delta")
    if any(event.name == "snapshot" for event in rest):  # it had ended and was stored before we came back
        resumed = next(event.data["text"] for event in rest if event.name == "snapshot")
    stored = (await olga.get(f"/api/conversations/{exchange['conversation_id']}"))["messages"][1]["text"]
    assert resumed == stored
    assert rest[-1].name == "end"


async def test_nobody_listening_the_reply_goes_on_and_is_stored(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    exchange = await olga.ask("Hello?", await _ref(olga, "steady"))
    async with asyncio.timeout(20):
        while True:
            shown = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
            if shown["messages"][1]["reply"]["state"] == "done":
                break
            await asyncio.sleep(0.02)
    assert shown["messages"][1]["text"]


async def test_stop_keeps_what_had_arrived_and_closes_the_endpoint(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    exchange = await olga.ask("Hello?", await _ref(olga, "held"))
    reply_id = exchange["answer"]["reply"]["reply_id"]
    stopped, receipt = False, {}
    async for event in olga.events("GET", f"/api/replies/{reply_id}/events"):
        if event.name != "end" and event.data["text"] and not stopped:
            stopped = True
            await olga.post(f"/api/replies/{reply_id}/stop")
        if event.name == "end":
            receipt = event.data["receipt"]
    assert receipt["state"] == "stopped"
    assert receipt["count_source"] == "estimated"
    stored = (await olga.get(f"/api/conversations/{exchange['conversation_id']}"))["messages"][1]
    assert stored["text"]
    await olga.post(f"/api/replies/{reply_id}/stop")  # once more does no harm


async def test_another_model_gets_the_whole_conversation(harbour: Harbour) -> None:
    """P2."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "echo"])
    first = await olga.ask("My name is Olga.", await _ref(olga, "steady"))
    await olga.wait_for(first)
    second = await olga.ask(
        "What is my name?", await _ref(olga, "echo"), first["conversation_id"], first["answer"]["id"]
    )
    await olga.wait_for(second)
    messages = (await olga.get(f"/api/conversations/{first['conversation_id']}"))["messages"]
    heard = json.loads(messages[3]["text"])
    turns = heard if isinstance(heard, list) else heard["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[0]["content"] == "My name is Olga."
    assert turns[1]["content"] == messages[1]["text"]


async def test_regenerate_makes_a_sibling_and_the_first_answer_stays(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "echo"])
    first = await olga.ask("Hello?", await _ref(olga, "steady"))
    await olga.wait_for(first)
    base = f"/api/conversations/{first['conversation_id']}"
    again = await olga.post(
        f"{base}/messages/{first['answer']['id']}/regenerate", {"model_ref": await _ref(olga, "echo")}
    )
    await olga.wait_for(again)
    shown = await olga.get(base)
    answers = [message for message in shown["messages"] if message["role"] == "assistant"]
    assert len(answers) == 2
    assert {answer["parent_id"] for answer in answers} == {first["question"]["id"]}
    assert shown["head_id"] == again["answer"]["id"]
    moved = await olga.call("PUT", f"{base}/head", {"message_id": first["answer"]["id"]})
    assert moved.json()["head_id"] == first["answer"]["id"]


async def test_the_same_message_sent_twice_is_stored_and_asked_once(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    conversation = await olga.post("/api/conversations", {})
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": await _ref(olga, "steady")}
    path = f"/api/conversations/{conversation['id']}/messages"
    first = await olga.post(path, body)
    second = await olga.post(path, body)
    assert first["answer"]["id"] == second["answer"]["id"]
    await olga.wait_for(first)
    assert len((await olga.get(f"/api/conversations/{conversation['id']}"))["messages"]) == 2
    elsewhere = await olga.post("/api/conversations", {})
    refused = await olga.call("POST", f"/api/conversations/{elsewhere['id']}/messages", body)
    assert refused.status_code == 409


async def test_a_second_question_waits_for_the_answer_to_the_first(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    ref = await _ref(olga, "held")
    first = await olga.ask("Hello?", ref)
    body = {
        "client_id": str(uuid.uuid4()),
        "parent_id": first["answer"]["id"],
        "text": "And?",
        "model_ref": ref,
    }
    refused = await olga.call("POST", f"/api/conversations/{first['conversation_id']}/messages", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "reply_running")
    harbour.models.release()
    await olga.wait_for(first)


FAILURES = {
    "error-401": "bad_key",
    "error-404-model": "model_missing",
    "error-429": "rate_limited",
    "quota": "quota_exhausted",
    "context": "context_too_long",
    "error-500": "upstream_failed",
    "html": "not_api",
    "redirect": "redirected",
    "cut": "cut_off",
    "error-in-stream": "midstream_error",
    "empty": "empty_answer",
}


@pytest.mark.parametrize("model_id", FAILURES)
async def test_each_failure_has_its_own_sentence_in_both_languages(harbour: Harbour, model_id: str) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", model_id])
    exchange = await olga.ask("Hello?", await _ref(olga, model_id))
    receipt = await olga.wait_for(exchange)
    assert receipt["state"] == "failed"
    assert receipt["problem"]["code"] == FAILURES[model_id]
    path = f"/api/conversations/{exchange['conversation_id']}"
    english = await olga.get(path)
    german = await olga.get(path, **{"Accept-Language": "de"})
    said = [page["messages"][1]["reply"]["problem"]["message"] for page in (english, german)]
    assert said[0] != said[1]
    for page in (english, german):
        assert LEAK_MARKER not in json.dumps(page)
        assert str(harbour.models.port) not in json.dumps(page)
    # What the person wrote is there, and another model can answer it.
    again = await olga.post(
        f"{path}/messages/{exchange['question']['id']}/regenerate", {"model_ref": await _ref(olga, "steady")}
    )
    assert (await olga.wait_for(again))["state"] == "done"


async def test_a_suspended_team_keeps_its_models_and_can_not_write_until_access_is_restored(harbour: Harbour) -> None:
    """P14."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    ref = await _ref(olga, "steady")
    await _set_standing(harbour, "suspended")
    lines = (await olga.get("/api/models"))["models"]
    assert [(line["available"], line["problem"]["code"]) for line in lines] == [(False, "access_suspended")]
    conversation = await olga.post("/api/conversations", {})
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": ref}
    before = harbour.models.counts.requests
    refused = await olga.call("POST", f"/api/conversations/{conversation['id']}/messages", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "access_suspended")
    assert harbour.models.counts.requests == before
    assert "access.refused" in [entry["action"] for entry in (await olga.get("/api/audit"))["entries"]]
    await _set_standing(harbour, "active")
    assert (await olga.wait_for(await olga.ask("Hello?", ref)))["state"] == "done"


async def test_a_suspension_ends_what_is_being_written_and_keeps_what_had_arrived(harbour: Harbour) -> None:
    """P14."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    exchange = await olga.ask("Hello?", await _ref(olga, "held"))
    await _set_standing(harbour, "suspended")
    receipt = await olga.wait_for(exchange)  # the endpoint is never released: only the gate can end this
    assert (receipt["state"], receipt["problem"]["code"]) == ("interrupted", "access_suspended")
    stored = (await olga.get(f"/api/conversations/{exchange['conversation_id']}"))["messages"][1]
    assert stored["text"]


async def test_an_answer_that_was_swept_by_mistake_corrects_the_ledger_and_says_the_same(harbour: Harbour) -> None:
    """P15: the receipt never claims what the ledger does not say."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    exchange = await olga.ask("Hello?", await _ref(olga, "held"))
    parts = harbour.built.parts
    async with parts.database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
    assert await parts.writer.do(lambda tx: close_orphans(tx, Ledger("elsewhere", "boot"))) == 1
    harbour.models.release()
    receipt = await olga.wait_for(exchange)
    assert (receipt["state"], receipt["count_source"]) == ("done", "reported")
    [used] = [row for row in (await olga.get("/api/usage"))["byom"]["rows"] if row["model_id"] == "held"]
    tokens = used["tokens"]
    assert (used["calls"], tokens["reported_calls"], tokens["estimated_calls"]) == (1, 1, 0)
    assert (tokens["tokens_in"], tokens["tokens_out"]) == (receipt["tokens_in"], receipt["tokens_out"])


async def _set_standing(harbour: Harbour, standing: str) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(TeamRow).values(standing=standing))


async def test_usage_is_counted_per_connection_in_the_byom_log_and_nowhere_else(harbour: Harbour) -> None:
    """P15, P16."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "no-usage"])
    for model_id in ("steady", "no-usage"):
        await olga.wait_for(await olga.ask("Hello?", await _ref(olga, model_id)))
    usage = await olga.get("/api/usage")
    rows = {row["model_id"]: row for row in usage["byom"]["rows"]}
    assert rows["steady"]["connection_name"] == "Kanzlei GPU"
    assert rows["steady"]["tokens"]["reported_calls"] >= 1
    assert rows["no-usage"]["tokens"]["estimated_calls"] == 1
    assert rows["no-usage"]["tokens"]["tokens_out"] > 0
    assert usage["standard"]["calls"] == 0


async def test_mia_writes_but_sees_neither_connections_nor_the_trail(harbour: Harbour) -> None:
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    mia = await harbour.invited_by(olga, "Mia", "member")
    assert (await mia.wait_for(await mia.ask("Hello?", await _ref(mia, "steady"))))["state"] == "done"
    for path in ("/api/connections", "/api/audit", "/api/audit/check"):
        assert (await mia.call("GET", path)).status_code == 403
    assert (await mia.get("/api/conversations"))["conversations"][0]["title"] == "Hello?"
    assert (await olga.get("/api/conversations"))["conversations"] == []


async def test_eve_can_not_reach_anything_of_another_team(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    connection = await olga.connect(harbour.models.base_url, ["steady"])
    ref = await _ref(olga, "steady")
    exchange = await olga.ask("Hello?", ref)
    await olga.wait_for(exchange)
    conversation, reply = exchange["conversation_id"], exchange["answer"]["reply"]["reply_id"]
    attempts: list[tuple[str, str, Any]] = [
        ("GET", f"/api/conversations/{conversation}", None),
        ("PATCH", f"/api/conversations/{conversation}", {"title": "mine"}),
        ("DELETE", f"/api/conversations/{conversation}", None),
        ("PUT", f"/api/conversations/{conversation}/head", {"message_id": exchange["answer"]["id"]}),
        ("GET", f"/api/replies/{reply}/events", None),
        ("POST", f"/api/replies/{reply}/stop", None),
        ("GET", f"/api/connections/{connection['id']}", None),
        ("PATCH", f"/api/connections/{connection['id']}", {"name": "mine"}),
        ("DELETE", f"/api/connections/{connection['id']}", None),
        ("POST", f"/api/connections/{connection['id']}/tests", None),
        ("POST", f"/api/connections/{connection['id']}/discovery", None),
        ("PUT", f"/api/connections/{connection['id']}/models", {"models": []}),
    ]
    for method, path, body in attempts:
        refused = await eve.call(method, path, body)
        assert refused.status_code == 404, (method, path, refused.status_code)
    own = await eve.post("/api/conversations", {})
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": ref}
    refused = await eve.call("POST", f"/api/conversations/{own['id']}/messages", body)
    assert refused.status_code in {404, 422}


async def test_the_scripted_model_is_not_offered_unless_asked_for(harbour: Harbour) -> None:
    olga = await harbour.olga()
    assert (await olga.get("/api/models"))["models"] == []
    assert not (await harbour.somebody().get("/api/session"))["demo"]
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": "scripted:demo"}
    conversation = await olga.post("/api/conversations", {})
    refused = await olga.call("POST", f"/api/conversations/{conversation['id']}/messages", body)
    assert refused.status_code in {404, 422}
    assert refused.json()["error"]["message"]


async def _until_nothing_runs(harbour: Harbour) -> None:
    for _ in range(1000):
        if not harbour.built.parts.replies.running_count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it runs on")


async def test_what_is_written_for_somebody_who_is_removed_stops(harbour: Harbour) -> None:
    """The team's endpoint no longer works for them, and their open page gets the end."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    mia = await harbour.invited_by(olga, "Mia", "member")
    exchange = await mia.ask("Hello?", await _ref(mia, "held"))
    path = f"/api/replies/{exchange['answer']['reply']['reply_id']}/events"
    receipt = None
    async for event in mia.events("GET", path):
        if event.name == "end":
            receipt = event.data["receipt"]
        elif event.data["text"]:
            removed = await olga.call("DELETE", f"/api/team/members/{mia.session['me']['id']}")
            assert removed.status_code == 200
    assert receipt is not None
    assert receipt["state"] == "stopped"
    assert (await mia.call("GET", path)).status_code == 401


async def test_a_deleted_conversation_stops_what_is_written_in_it_and_the_call_is_counted(harbour: Harbour) -> None:
    """P15."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", "held"])
    exchange = await olga.ask("Hello?", await _ref(olga, "held"))
    deleted = await olga.call("DELETE", f"/api/conversations/{exchange['conversation_id']}")
    assert deleted.status_code == 200
    await _until_nothing_runs(harbour)
    async with harbour.built.parts.database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(ReservationRow)) == 0


async def test_an_end_that_the_database_never_takes_is_given_up_and_swept(harbour: Harbour) -> None:
    """P15: it neither runs for ever nor gets lost."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady"])
    database, ledger = harbour.built.parts.database, harbour.built.parts.ledger
    async with database.write() as tx:
        # Every receipt is refused from now on.
        await tx.execute(text("ALTER TABLE reply RENAME COLUMN ttft_ms TO moved"))
        await tx.execute(text("ALTER TABLE reply ADD COLUMN ttft_ms FLOAT CHECK (ttft_ms IS NULL)"))
    exchange = await olga.ask("Hello?", await _ref(olga, "steady"))
    assert (await olga.wait_for(exchange))["state"] == "interrupted"
    assert harbour.built.parts.replies.running_count == 0
    async with database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
    assert await harbour.built.parts.writer.do(lambda tx: close_orphans(tx, ledger)) == 1
    shown = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    assert shown["messages"][1]["reply"]["state"] == "interrupted"
    assert shown["messages"][1]["reply"]["count_source"] == "orphan"
