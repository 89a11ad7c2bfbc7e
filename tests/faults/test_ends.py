"""Whoever leaves, does not read, tells no usage or lies about it: the ledger has each call as it was (P15, P16)."""

import asyncio
import contextlib
import random
import socket
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import BREAKS, LIES, Rig, make_rig
from tests.faults.truth import QUESTION
from tests.support.nursery import Nursery
from tests.support.running import Person
from tests.support.serving import Serving

SEED = 11
MOMENTS, SILENT = 30, 20
SHORT, LONG = 200, 20_000
ASKED_FOR, WRITTEN = 256, 600
NOT_BELIEVED = {"lies-nothing", "lies-negative", "lies-words", "lies-endless", "lies-free"}


async def begin(rig: Rig) -> tuple[Serving, Person]:
    serving = rig.process()
    await serving.start()
    return serving, await rig.sign_up(serving)


async def test_an_answer_goes_on_and_is_counted_whole_when_its_reader_has_gone(rig: Rig) -> None:
    serving, olga = await begin(rig)
    for model in (f"standard/paced-{SHORT}", f"own/paced-{SHORT}"):
        said = await rig.ask(olga, model)
        reply_id = said.json()["answer"]["reply"]["reply_id"]
        async with asyncio.timeout(20):
            async with contextlib.aclosing(olga.events("GET", f"/api/replies/{reply_id}/events")) as events:
                async for event in events:
                    if event.name == "delta":
                        break
    await rig.until_settled()
    books = await rig.is_true()
    assert books.kinds == {("reported", "ok"): 2}
    assert {one["tokens_out"] for one in books.events.values()} == {SHORT}
    assert await serving.stop() == 0


async def test_a_question_whose_asker_hangs_up_is_stored_and_answered_or_neither(rig: Rig) -> None:
    """The request itself is broken off, at random moments: before, while and after it is decided."""
    serving, olga = await begin(rig)
    moments = random.Random(SEED)
    places = [str((await olga.post("/api/conversations", {}))["id"]) for _ in range(MOMENTS)]
    asking = []
    for number, place in enumerate(places):
        body = {"client_id": str(uuid.uuid4()), "parent_id": None, "text": f"{QUESTION}left {number}"}
        body |= {"model_ref": rig.refs["standard/burst-300" if number % 2 else "own/steady"]}
        asking.append(asyncio.create_task(olga.call("POST", f"/api/conversations/{place}/messages", body)))
        # One in five leaves before its request has.
        await asyncio.sleep(moments.uniform(0.0, 0.05) if number % 5 else 0)
        asking[-1].cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert (await rig.follow(olga, await rig.ask(olga, "standard/steady")))["state"] == "done"
    await rig.until_settled()
    books = await rig.is_true()
    assert 1 < len(books.events) < len(places) + 1
    assert set(books.kinds) == {("reported", "ok")}
    assert await serving.stop() == 0


async def test_readers_who_never_read_slow_no_answer_and_no_stop(rig: Rig) -> None:
    serving, olga = await begin(rig)
    said = await rig.ask(olga, f"own/burst-{LONG}")
    reply_id = said.json()["answer"]["reply"]["reply_id"]
    host, port = serving.url.removeprefix("http://").split(":")
    cookies = "; ".join(f"{name}={value}" for name, value in olga.client.cookies.items())
    request = f"GET /api/replies/{reply_id}/events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n\r\n"
    silent = []
    for _ in range(SILENT):
        line = socket.create_connection((host, int(port)))
        line.sendall(request.encode())
        silent.append(line)
    others = [await rig.ask(olga, "standard/burst-300") for _ in range(4)]
    for other in others:
        assert (await rig.follow(olga, other))["state"] == "done"
    await rig.until_settled()
    books = await rig.is_true()
    assert books.kinds == {("reported", "ok"): 5}
    assert await serving.stop() == 0
    for line in silent:
        line.close()


async def test_an_endpoint_without_usage_is_estimated_and_never_free(rig: Rig) -> None:
    serving, olga = await begin(rig)
    for model in ("standard/no-usage", "own/no-usage"):
        assert (await rig.follow(olga, await rig.ask(olga, model)))["count_source"] == "estimated"
    books = await rig.is_true()
    assert books.kinds == {("estimated", "ok"): 2}
    [standard] = [one for one in books.events.values() if "charged_tokens" in one]
    assert standard["charged_tokens"] >= 20
    assert await serving.stop() == 0


@pytest.mark.parametrize("side", ["standard", "own"])
async def test_an_endpoint_that_lies_about_usage_spoils_nothing_and_gives_nothing_for_free(rig: Rig, side: str) -> None:
    """What cannot be is not believed; what can be is, and is flagged when it is more than was held."""
    serving, olga = await begin(rig)
    told: dict[str, Any] = {}
    for model in LIES:
        said = await rig.ask(olga, f"{side}/{model}")
        assert said.status_code == 201
        told[model] = await rig.follow(olga, said)
    assert {one["state"] for one in told.values()} == {"done"}
    believed = {model for model, receipt in told.items() if receipt["count_source"] == "reported"}
    assert believed == {"lies-more", "lies-huge"}
    assert all(told[model]["tokens_out"] >= 20 for model in NOT_BELIEVED)
    books = await rig.is_true()
    if side == "standard":
        flagged = [one for one in books.events.values() if one["overrun"]]
        assert len(flagged) == 2
        # The month's budget went with it, and the next call says so.
        refused = await rig.ask(olga, "standard/steady")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_spent")
    assert (await rig.follow(olga, await rig.ask(olga, "own/steady")))["state"] == "done"
    assert await serving.stop() == 0


async def test_an_answer_that_breaks_off_costs_what_had_come(rig: Rig) -> None:
    serving, olga = await begin(rig)
    for model in BREAKS:
        for side in ("standard", "own"):
            assert (await rig.follow(olga, await rig.ask(olga, f"{side}/{model}")))["state"] == "failed"
    books = await rig.is_true()
    assert books.kinds == {("estimated", "upstream_error"): 6, ("missing", "upstream_error"): 2}
    assert await serving.stop() == 0


async def test_more_than_was_asked_for_is_charged_whole_and_flagged(
    empty_database_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    async with make_rig(empty_database_url, tmp_path, nursery, answer_tokens=ASKED_FOR) as rig:
        serving, olga = await begin(rig)
        receipt = await rig.follow(olga, await rig.ask(olga, f"standard/talks-on-{WRITTEN}"))
        assert receipt["tokens_out"] == WRITTEN
        books = await rig.is_true()
        [event] = books.events.values()
        assert (event["overrun"], rig.truth.sent[0].limit) == (True, ASKED_FOR)
        assert await serving.stop() == 0
