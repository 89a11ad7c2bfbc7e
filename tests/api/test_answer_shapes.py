"""What an answer can be beside words, over the real API: tool calls, refusals, stops by length, sources, thinking."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.model_server.shapes import ARGUMENTS, REFUSAL, SOURCES
from tests.support.running import Event, Harbour, Person

CALLS = [
    {"name": "search", "arguments": ARGUMENTS, "ran": False},
    {"name": "read_page", "arguments": "{}", "ran": False},
]


async def olga_with(harbour: Harbour, *models: str) -> tuple[Person, dict[str, str]]:
    """Give Olga, and the picker's refs by model id."""
    olga = await harbour.olga()
    await olga.connect(harbour.models.base_url, ["steady", *models])
    return olga, {line["model_id"]: line["ref"] for line in (await olga.get("/api/models"))["models"]}


async def follow(person: Person, exchange: Any) -> list[Event]:
    reply_id = exchange["answer"]["reply"]["reply_id"]
    return [one async for one in person.events("GET", f"/api/replies/{reply_id}/events")]


async def stored(person: Person, exchange: Any) -> Any:
    conversation = await person.get(f"/api/conversations/{exchange['conversation_id']}")
    return next(one for one in conversation["messages"] if one["id"] == exchange["answer"]["id"])


def seen(events: list[Event]) -> list[dict[str, Any]]:
    """Put the calls together that a reader saw."""
    calls: list[dict[str, Any]] = []
    for event in events[:-1]:
        beside = event.data.get("beside") or {"calls": []}
        if event.name == "snapshot":
            calls = [dict(one) for one in beside["calls"]]
            continue
        for piece in beside["calls"]:
            if piece["at"] == len(calls):
                calls.append({"name": "", "arguments": "", "ran": False})
            calls[piece["at"]]["name"] += piece["name"]
            calls[piece["at"]]["arguments"] += piece["arguments"]
    return calls


async def test_an_answer_that_only_calls_tools_is_an_answer_and_nobody_runs_them(harbour: Harbour) -> None:
    """P2: streamed, stored, told in the receipt; one request went out, and nothing followed it."""
    olga, refs = await olga_with(harbour, "calls-tools")
    exchange = await olga.ask("When is high water?", refs["calls-tools"])
    before = harbour.models.counts.chat_requests
    events = await follow(olga, exchange)
    receipt = events[-1].data["receipt"]
    assert (receipt["state"], receipt["problem"]) == ("done", None)
    assert (receipt["finish_reason"], receipt["finish_stated"]) == ("tool_calls", "tool_calls")
    assert seen(events) == CALLS
    message = await stored(olga, exchange)
    assert (message["text"], message["beside"]) == ("", {"calls": CALLS, "sources": []})
    assert harbour.models.counts.chat_requests <= max(before, 2)  # the test of the connection, and this one
    assert "tools" not in harbour.models.last_chat


async def test_the_field_that_openai_had_first_means_the_same(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "calls-as-before")
    exchange = await olga.ask("When is high water?", refs["calls-as-before"])
    receipt = await olga.wait_for(exchange)
    assert (receipt["state"], receipt["finish_reason"], receipt["finish_stated"]) == (
        "done",
        "tool_calls",
        "function_call",
    )
    message = await stored(olga, exchange)
    assert (message["text"], message["beside"]["calls"]) == ("I look it up.", [{**CALLS[0]}])


async def test_a_conversation_goes_on_after_a_tool_call_in_words_alone(harbour: Harbour) -> None:
    """P2: the next request is valid for the strictest server, and holds nothing of a call that nobody answered."""
    olga, refs = await olga_with(harbour, "calls-tools", "echo")
    first = await olga.ask("When is high water?", refs["calls-tools"])
    await olga.wait_for(first)
    second = await olga.ask("Then without.", refs["echo"], first["conversation_id"], first["answer"]["id"])
    assert (await olga.wait_for(second))["state"] == "done"
    sent = harbour.models.last_chat["messages"]
    assert sent == [{"role": "user", "content": "When is high water?\n\nThen without."}]


async def test_half_a_call_is_kept_when_the_answer_is_stopped_and_by_the_checkpoint_before(harbour: Harbour) -> None:
    """What had arrived is kept, whatever it is."""
    olga, refs = await olga_with(harbour, "calls-and-hangs")
    exchange = await olga.ask("When is high water?", refs["calls-and-hangs"])
    half = {"name": "search", "arguments": ARGUMENTS[:11], "ran": False}
    async with asyncio.timeout(20):
        while (message := await stored(olga, exchange))["beside"] is None:
            await asyncio.sleep(0.05)
    assert (message["reply"]["state"], message["beside"]["calls"]) == ("running", [half])
    reply_id = exchange["answer"]["reply"]["reply_id"]
    reader = olga.events("GET", f"/api/replies/{reply_id}/events")
    first = await anext(reader)
    assert (first.name, first.data["beside"]["calls"]) == ("snapshot", [half])
    await reader.aclose()
    await olga.post(f"/api/replies/{reply_id}/stop")
    async with asyncio.timeout(20):
        while (message := await stored(olga, exchange))["reply"]["state"] == "running":
            await asyncio.sleep(0.05)
    assert (message["reply"]["state"], message["beside"]["calls"]) == ("stopped", [half])
    assert message["reply"]["tokens_out"] > 0  # what was written of the call is estimated too


async def test_a_reader_that_returns_gets_the_rest_of_a_call(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "calls-and-hangs")
    exchange = await olga.ask("When is high water?", refs["calls-and-hangs"])
    path = f"/api/replies/{exchange['answer']['reply']['reply_id']}/events"
    reader = olga.events("GET", path)
    begun: list[Event] = []
    async for event in reader:
        begun.append(event)
        if seen([*begun, event]) and seen([*begun, event])[0]["arguments"]:
            break
    await reader.aclose()
    harbour.models.release()
    rest = [one async for one in olga.events("GET", path, **{"Last-Event-ID": begun[-1].id or ""})]
    whole = seen(rest) if rest[0].name == "snapshot" else seen([*begun, *rest])
    assert whole == [CALLS[0]]


async def test_a_refusal_is_told_as_one_with_the_words_it_gave(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "declines")
    exchange = await olga.ask("Help me.", refs["declines"])
    receipt = await olga.wait_for(exchange)
    assert (receipt["state"], receipt["finish_reason"], receipt["finish_stated"]) == ("done", "refusal", "stop")
    assert receipt["problem"] is None
    assert (await stored(olga, exchange))["text"] == REFUSAL


@pytest.mark.parametrize(
    ("model", "state", "reason", "stated"),
    [
        ("length", "done", "length", "length"),
        ("length-thinking", "done", "length", "length"),
        ("filtered-mid", "done", "content_filter", "content_filter"),
        ("content-filter", "failed", "content_filter", "content_filter"),
        ("paused", "done", "pause", "pause_turn"),
        ("ends-oddly", "done", "other", "tired"),
        ("steady", "done", "stop", "stop"),
    ],
)
async def test_the_receipt_tells_why_it_ended_in_our_word_and_in_the_endpoints(
    harbour: Harbour, model: str, state: str, reason: str, stated: str
) -> None:
    """P21."""
    olga, refs = await olga_with(harbour, model)
    receipt = await olga.wait_for(await olga.ask("Hello?", refs[model]))
    assert (receipt["state"], receipt["finish_reason"], receipt["finish_stated"]) == (state, reason, stated)


async def test_sources_are_kept_with_the_answer_that_names_them(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "cites")
    exchange = await olga.ask("When is high water?", refs["cites"])
    await olga.wait_for(exchange)
    message = await stored(olga, exchange)
    assert message["text"].endswith("[2].")
    assert message["beside"] == {"calls": [], "sources": [{"url": url, "title": title} for url, title in SOURCES]}


async def test_how_long_was_thought_is_in_the_receipt(harbour: Harbour) -> None:
    """P21."""
    olga, refs = await olga_with(harbour, "thinks-long")
    exchange = await olga.ask("When is high water?", refs["thinks-long"])
    path = f"/api/replies/{exchange['answer']['reply']['reply_id']}/events"
    receipt: dict[str, Any] = {}
    async for event in olga.events("GET", path):
        if event.name == "end":
            receipt = event.data["receipt"]
        elif event.data["reasoning"] and not harbour.models.released.is_set():
            await asyncio.sleep(0.2)
            harbour.models.release()
    assert 150 < receipt["thought_ms"] <= receipt["duration_ms"]
    plain = await olga.wait_for(await olga.ask("Hello?", refs["steady"]))
    assert plain["thought_ms"] is None


async def test_a_file_of_a_conversation_has_calls_as_data_and_sources_as_links(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "calls-tools", "cites")
    first = await olga.ask("When is high water?", refs["calls-tools"])
    await olga.wait_for(first)
    second = await olga.ask("Then look.", refs["cites"], first["conversation_id"], first["answer"]["id"])
    await olga.wait_for(second)
    path = f"/api/conversations/{first['conversation_id']}/export?format="
    whole = json.loads((await olga.call("GET", f"{path}json")).text)
    called, cited = whole["messages"][1], whole["messages"][3]
    assert (called["tool_calls"], called["sources"]) == (CALLS, [])
    assert (cited["tool_calls"], cited["sources"]) == ([], [{"url": url, "title": title} for url, title in SOURCES])
    reply = called["reply"]
    assert (reply["finish_reason"], reply["finish_stated"], reply["thought_ms"]) == ("tool_calls", "tool_calls", None)
    english = (await olga.call("GET", f"{path}markdown")).text
    assert "The model asked to call “search”. Moorage ran nothing." in english
    assert '```json\n{\n  "place": "harbour",\n  "when": "tomorrow"\n}\n```' in english
    assert "1. [Tide table](<https://tides.example/table>)\n2. [Harbour office](<https://harbour.example/>)" in english
    german = (await olga.call("GET", f"{path}markdown", **{"Accept-Language": "de"})).text
    assert "Das Modell wollte „search“ aufrufen. Moorage hat nichts ausgeführt." in german


async def test_readers_of_a_shared_conversation_see_what_stands_beside_the_words(harbour: Harbour) -> None:
    olga, refs = await olga_with(harbour, "calls-tools")
    exchange = await olga.ask("When is high water?", refs["calls-tools"])
    await olga.wait_for(exchange)
    mia = await harbour.invited_by(olga, "Mia", "member")
    conversation = exchange["conversation_id"]
    assert (await olga.call("PUT", f"/api/conversations/{conversation}/sharing/team")).status_code == 200
    shared = await mia.get(f"/api/shared-conversations/{conversation}")
    assert shared["messages"][1]["beside"]["calls"] == CALLS
