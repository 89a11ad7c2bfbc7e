"""SIGKILL in the middle of replies: what had been stored is there, each call is counted once, work goes on (P15)."""

import asyncio

from tests.process.people import (
    HALF,
    INTERRUPTED,
    WHOLE,
    SignUp,
    connect,
    follow,
    follow_move,
    read_answer,
    text_of,
    wait_until_stored,
)
from tests.support.comparing import all_ended, compare, judge
from tests.support.model_server import ModelServer
from tests.support.model_server.shapes import ARGUMENTS
from tests.support.serving import Serving


async def test_a_reply_that_was_cut_by_a_kill_is_there_afterwards_and_says_so(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    """P15, and: nothing a person typed is lost."""
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("What about the deadline?", refs["held"])
    await wait_until_stored(olga, exchange, HALF)

    await deployment.kill()
    await deployment.start()
    follow_move(olga, deployment)

    conversation = await olga.get(f"/api/conversations/{exchange['conversation_id']}")
    question, answer = conversation["messages"]
    assert question["text"] == "What about the deadline?"
    assert answer["text"] == HALF
    receipt = answer["reply"]
    assert (receipt["state"], receipt["count_source"]) == ("interrupted", "orphan")
    assert receipt["problem"]["message"] == INTERRUPTED
    assert deployment.query("SELECT count(*) FROM reservation") == [(0,)]
    used = deployment.query("SELECT count_source, ended, tokens_out > 0 FROM byom_usage_event WHERE purpose = 'reply'")
    assert used == [("orphan", "crashed", 1)]


async def test_half_a_tool_call_survives_a_kill_too(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "calls-and-hangs")
    exchange = await olga.ask("When is high water?", refs["calls-and-hangs"])
    async with asyncio.timeout(20):
        while (await read_answer(olga, exchange))["beside"] is None:
            await asyncio.sleep(0.05)

    await deployment.kill()
    await deployment.start()
    follow_move(olga, deployment)

    answer = await read_answer(olga, exchange)
    assert answer["beside"]["calls"] == [{"name": "search", "arguments": ARGUMENTS[:11], "ran": False}]
    receipt = answer["reply"]
    assert (receipt["state"], receipt["count_source"], receipt["tokens_out"] > 0) == ("interrupted", "orphan", True)


async def test_a_conversation_goes_on_after_a_kill(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("First", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    await deployment.kill()
    await deployment.start()
    follow_move(olga, deployment)

    conversation_id, answer_id = exchange["conversation_id"], exchange["answer"]["id"]
    later = await olga.ask("And now?", refs["steady"], conversation_id, answer_id)
    assert (await olga.wait_for(later))["state"] == "done"
    again = await olga.post(
        f"/api/conversations/{conversation_id}/messages/{answer_id}/regenerate", {"model_ref": refs["steady"]}
    )
    receipt = await olga.wait_for(again)
    assert receipt["state"] == "done"
    assert (await read_answer(olga, {**again, "conversation_id": conversation_id}))["text"] == WHOLE


async def test_a_reader_who_comes_back_after_a_kill_gets_what_was_stored_and_the_end(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Hold on", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    await deployment.kill()
    await deployment.start()
    follow_move(olga, deployment)
    events = await follow(olga, exchange)
    assert text_of(events) == HALF
    assert [event.name for event in events][-1] == "end"
    assert events[-1].data["receipt"]["state"] == "interrupted"


async def test_answers_of_a_comparison_that_a_kill_cut_are_all_there_afterwards(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    """P3, P15: each reply recovers for itself; what was judged blind stays blind over the crash."""
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    made = await compare(olga, [refs["steady"], refs["held"]], blind=True)
    cut = "SELECT count(*) FROM message WHERE role = 'assistant' AND text <> ''"
    for _ in range(300):
        if deployment.query(cut) == [(2,)]:
            break
        await asyncio.sleep(0.05)
    assert deployment.query(cut) == [(2,)]

    await deployment.kill()
    await deployment.start()
    follow_move(olga, deployment)

    receipts = await all_ended(olga, made)
    assert sorted(one["state"] for one in receipts) == ["done", "interrupted"]
    assert {one["origin"] for one in receipts} == {"hidden"}
    shown = (await judge(olga, made, "tie")).json()
    texts = {one["reply"]["model_ref"]: one["text"] for one in shown["messages"] if one["reply"]}
    assert texts == {refs["steady"]: WHOLE, refs["held"]: HALF}
    assert deployment.query("SELECT count(*) FROM reservation") == [(0,)]
