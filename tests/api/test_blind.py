"""Blind comparisons, looked at by somebody who wants to know: no route tells before the verdict (P3)."""

import asyncio
import json
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from moorage.api.routes import ROUTES
from moorage.chat.tables import MessageRow
from tests.support.authority import TestAuthority
from tests.support.comparing import all_ended, choose, compare, events_of, judge, refs_of
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, running, settings_for

# Thinking, missing usage, a reason of its own to stop: each betrays its model where it is shown.
MODELS = ("steady", "reasoning-parts", "no-usage", "crlf")
# What lists every model of the team alike, whether it answered or not.
LISTS = ("/api/models", "/api/connections")
NEVER_READ = ("/api/openapi.json", "/api/metrics")


async def _waiting(harbour: Harbour, count: int) -> None:
    for _ in range(400):
        if harbour.built.parts.replies.running_count == count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(harbour.built.parts.replies.running_count)


async def _walk(person: Person, made: Any) -> dict[str, str]:
    """Read everything that can be read, by path."""
    ids = defaultdict(lambda: str(uuid.uuid4())) | {
        "conversation_id": made["conversation_id"],
        "reply_id": made["answers"][0]["reply"]["reply_id"],
        "team_id": person.session["team"]["id"],
        "connection_id": (await person.get("/api/connections"))["connections"][0]["id"],
        "provider": "openai",
        "user_id": person.session["me"]["id"],
    }
    paths = [route.path.format_map(ids) for route in ROUTES if route.method == "GET" and not route.events]
    read = {}
    for path in [*paths, f"/api/conversations/{ids['conversation_id']}/export?format=json"]:
        if path not in NEVER_READ:
            read[path] = (await person.call("GET", path)).text
    found = await person.call("POST", "/api/searches", {"text": "word7"})
    read["POST /api/searches"] = found.text
    return read


async def _tellers(person: Person, made: Any, refs: list[str]) -> list[str]:
    """Paths whose answer tells which models took part, by any of their names."""
    lines = (await person.get("/api/models"))["models"]
    names = {line[key] for line in lines for key in ("ref", "name", "model_id") if line["ref"] in refs}
    read = await _walk(person, made)
    told = []
    for path, text in read.items():
        if path.startswith(LISTS):
            continue
        told += [f"{path}: {name}" for name in names if json.dumps(name) in text or f">{name}<" in text]
    return told


async def test_no_route_tells_which_model_wrote_which_answer_before_the_verdict(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, *MODELS, "echo")
    await olga.wait_for(await olga.ask("Hello?", refs.pop()))
    made = await compare(olga, refs, blind=True)
    receipts = await all_ended(olga, made)
    assert await _tellers(olga, made, refs) == []
    assert len({json.dumps({**one, "reply_id": 0, "model_name": 0}) for one in receipts}) == 1, "receipts differ"
    shown = await olga.get(f"/api/conversations/{made['conversation_id']}")
    answers = {one["id"]: one for one in shown["messages"] if one["role"] == "assistant"}
    assert [answers[one]["reply"]["model_name"] for one in made["comparison"]["answer_ids"]] == ["A", "B", "C", "D"]
    assert {one["reasoning"] for one in answers.values()} == {""}
    usage = await olga.get("/api/usage")
    assert (usage["byom"]["calls"], usage["undecided_calls"]) == (1, 4), "the call beside it, and nothing else"
    assert (await judge(olga, made, "tie")).is_success
    told = await _tellers(olga, made, refs)
    assert {one.split("?")[0].split(":")[0] for one in told} >= {
        f"/api/conversations/{made['conversation_id']}",
        f"/api/conversations/{made['conversation_id']}/export",
        "/api/usage",
        "/api/comparisons/tally",
    }, "a walk that finds nothing afterwards finds nothing before"


async def test_what_is_shared_before_the_verdict_tells_nothing_either(harbour: Harbour) -> None:
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    refs = await refs_of(harbour, olga, "steady", "reasoning-parts")
    made = await compare(olga, refs, blind=True)
    await all_ended(olga, made)
    assert (await olga.call("PUT", f"/api/conversations/{made['conversation_id']}/sharing/team")).is_success
    shown = await mia.get(f"/api/shared-conversations/{made['conversation_id']}")
    assert shown["messages"][1]["reply"]["model_name"] == "A"
    assert not any(name in str(shown) for name in ("steady", "reasoning-parts", *refs))


async def test_the_answers_come_together_once_the_last_one_has_ended(harbour: Harbour) -> None:
    """How fast one comes would tell: neither its stream, nor the conversation, the file or the search has it before."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = await compare(olga, refs, blind=True)
    streams = [asyncio.create_task(events_of(olga, answer)) for answer in made["answers"]]
    await _waiting(harbour, 1)
    await asyncio.sleep(0.3)
    assert not any(stream.done() for stream in streams)
    path = f"/api/conversations/{made['conversation_id']}"
    shown = (await olga.get(path))["messages"][1:]
    assert [(one["text"], one["reply"]["state"]) for one in shown] == [("", "running")] * 2
    assert all("word7" not in text for text in (await _walk(olga, made)).values())
    harbour.models.release()
    told = await asyncio.gather(*streams)
    assert [[event.name for event in events] for events in told] == [["snapshot", "end"]] * 2
    assert all(events[0].data["text"] and events[0].data["reasoning"] == "" for events in told)
    again = await events_of(olga, made["answers"][1])
    assert [event.name for event in again] == ["snapshot", "end"]


async def test_why_an_answer_failed_is_told_after_the_verdict(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "error-429")
    made = await compare(olga, refs, blind=True)
    receipts = await all_ended(olga, made)
    failed = next(one for one in receipts if one["state"] == "failed")
    assert failed["problem"]["code"] == "comparison_answer_failed"
    shown = (await judge(olga, made, "none")).json()
    problems = [
        one["reply"]["problem"]["code"] for one in shown["messages"] if one["reply"] and one["reply"]["problem"]
    ]
    assert problems == ["rate_limited"]


async def test_the_verdict_names_the_models_and_cannot_be_changed(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    made = await compare(olga, refs, blind=True)
    await all_ended(olga, made)
    shown = (await judge(olga, made, "better", 1)).json()
    receipts = {one["id"]: one["reply"] for one in shown["messages"] if one["reply"]}
    named = [receipts[one]["model_ref"] for one in made["comparison"]["answer_ids"]]
    assert sorted(named) == sorted(refs)
    assert all(one["ttft_ms"] is not None and one["tokens_out"] for one in receipts.values())
    other = await judge(olga, made, "better", 0)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "comparison_decided")
    tally = (await olga.get("/api/comparisons/tally"))["blind"]
    won = next(one for one in tally["models"] if one["wins"])
    assert won["model_ref"] == named[1]
    assert (await olga.get("/api/usage"))["undecided_calls"] == 0


async def test_two_verdicts_at_once_leave_one(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    made = await compare(olga, refs, blind=True)
    await all_ended(olga, made)
    told = await asyncio.gather(*(judge(olga, made, "better", place) for place in (0, 1, 0, 1)))
    assert sorted({one.status_code for one in told}) == [200, 409]
    tally = (await olga.get("/api/comparisons/tally"))["blind"]
    assert (tally["verdicts"], sum(one["wins"] for one in tally["models"])) == (1, 1)


async def test_nothing_goes_on_from_an_answer_whose_model_is_hidden(harbour: Harbour) -> None:
    """ "The same model again" would be named by its own receipt."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = await compare(olga, refs, blind=True)
    # While one is being written, the refusals are no different: it would tell which of them is fast.
    await _waiting(harbour, 1)
    await _nothing_goes_on(olga, made, refs)
    harbour.models.release()
    await all_ended(olga, made)
    await _nothing_goes_on(olga, made, refs)


async def _nothing_goes_on(olga: Person, made: Any, refs: list[str]) -> None:
    path = f"/api/conversations/{made['conversation_id']}/messages"
    for place in (0, 1):
        answer_id = made["comparison"]["answer_ids"][place]
        body = {"client_id": str(uuid.uuid4()), "parent_id": answer_id, "text": "On", "model_ref": refs[0]}
        tries = [
            await olga.call("POST", f"{path}/{answer_id}/regenerate", {"model_ref": None}),
            await olga.call("POST", f"{path}/{answer_id}/continue", {"model_ref": None}),
            await olga.call("POST", path, body),
            await choose(olga, made, place),
            await olga.call("POST", "/api/message-previews", _preview(made, answer_id, refs[0])),
            await olga.call("POST", "/api/message-previews", {**_preview(made, None, refs[0]), "again_id": answer_id}),
        ]
        assert {(one.status_code, one.json()["error"]["code"]) for one in tries} == {(409, "comparison_undecided")}


def _preview(made: Any, parent_id: str | None, ref: str) -> dict[str, Any]:
    """What a page asks while somebody types; the answer counts what the branch holds."""
    where = {"conversation_id": made["conversation_id"], "parent_id": parent_id}
    return {**where, "model_ref": ref, "text_bytes": 10, "attachments": []}


async def test_chance_orders_the_answers(harbour: Harbour) -> None:
    """Neither the order in which they were asked for nor that of ids and times tells."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "crlf")
    first = []
    for _ in range(24):
        made = await compare(olga, refs, blind=True)
        await all_ended(olga, made)
        ids = made["comparison"]["answer_ids"]
        shown = (await judge(olga, made, "tie")).json()
        answers = {one["id"]: one for one in shown["messages"] if one["reply"]}
        assert answers[ids[0]]["created_at"] <= answers[ids[1]]["created_at"]
        first.append(answers[ids[0]]["reply"]["model_ref"])
    assert set(first) == set(refs)


async def test_a_repeated_request_tells_no_more_than_the_first(harbour: Harbour) -> None:
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    path = f"/api/conversations/{(await olga.post('/api/conversations', {}))['id']}/comparisons"
    body = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_refs": refs, "blind": True}
    made = await olga.post(path, body)
    await _waiting(harbour, 1)
    again = await olga.post(path, body)
    assert again == {**made, "question": again["question"], "answers": again["answers"]}
    assert [{**one, "created_at": 0} for one in again["answers"]] == [
        {**one, "created_at": 0} for one in made["answers"]
    ]
    harbour.models.release()


async def test_the_question_sent_again_as_a_message_streams_no_more_than_may_be_read(harbour: Harbour) -> None:
    """It is answered as it was the first time: with the answer, which is a hidden one."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = await compare(olga, refs, blind=True)
    await _waiting(harbour, 1)
    path = f"/api/conversations/{made['conversation_id']}/messages"
    body = {"client_id": made["question"]["id"], "parent_id": None, "text": made["question"]["text"]}

    async def again() -> list[Any]:
        return [one async for one in olga.events("POST", path, {**body, "model_ref": refs[0]})]

    stream = asyncio.create_task(again())
    await asyncio.sleep(0.3)
    assert not stream.done()
    harbour.models.release()
    told = await stream
    assert [event.name for event in told] == ["exchange", "snapshot", "end"]
    assert told[-1].data["receipt"]["origin"] == "hidden"
    assert [name for name in ("steady", "held", "Kanzlei GPU", *refs) if f"'{name}'" in str(told)] == []


async def test_the_figures_of_a_connection_leave_out_what_is_not_judged(harbour: Harbour) -> None:
    """With a connection for each model, whose tokens went up would tell who wrote more."""
    olga = await harbour.olga()
    for name in ("steady", "crlf"):
        await olga.connect(harbour.models.base_url, [name], name=name)
    refs = [line["ref"] for line in (await olga.get("/api/models"))["models"] if line["model_id"] in {"steady", "crlf"}]
    before = await _figures(olga)
    made = await compare(olga, refs, blind=True)
    await all_ended(olga, made)
    assert await _figures(olga) == before
    assert (await judge(olga, made, "tie")).is_success
    assert [(calls - 1, tokens > 0) for calls, tokens in await _figures(olga)] == [(calls, True) for calls, _ in before]


async def _figures(person: Person) -> list[tuple[int, int]]:
    """Calls and tokens of each connection, in the list and by itself."""
    listed = (await person.get("/api/connections"))["connections"]
    alone = [await person.get(f"/api/connections/{one['id']}") for one in listed]
    assert [(one["calls_30d"], one["tokens_30d"]) for one in alone] == [
        (one["calls_30d"], one["tokens_30d"]) for one in listed
    ]
    return [(one["calls_30d"], one["tokens_30d"]) for one in listed]


async def test_what_is_found_stands_in_the_order_of_asking(harbour: Harbour) -> None:
    """Which answer came first would tell a fast model from a slow one."""
    olga = await harbour.olga()
    refs = await refs_of(harbour, olga, "steady", "held")
    made = [await compare(olga, refs, blind=True) for _ in range(8)]
    await _waiting(harbour, len(made))
    harbour.models.release()
    for one in made:
        await all_ended(olga, one)
    found = (await olga.post("/api/searches", {"text": "word7"}))["results"]
    hits = {one["conversation_id"]: [hit["message_id"] for hit in one["hits"]] for one in found}
    async with harbour.built.parts.database.read() as tx:
        rows = (await tx.execute(select(MessageRow.id, MessageRow.created_at))).all()
    asked_at = {str(row.id): (row.created_at, row.id) for row in rows}
    assert hits == {
        one["conversation_id"]: sorted(one["comparison"]["answer_ids"], key=lambda id_: asked_at[id_], reverse=True)
        for one in made
    }


async def test_blind_answers_of_a_process_that_died_are_shown_by_the_next(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    """What had arrived is kept, and still nobody knows whose it is."""
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        refs = await refs_of(harbour, olga, "steady", "held")
        made = await compare(olga, refs, blind=True)
        await _waiting(harbour, 1)
    async with running(settings, server) as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": _password()})
        receipts = await all_ended(olga, made)
        assert sorted(one["state"] for one in receipts) == ["done", "interrupted"]
        assert {one["origin"] for one in receipts} == {"hidden"}
        assert (await judge(olga, made, "none")).is_success


def _password() -> str:
    return "a long enough pass phrase"
