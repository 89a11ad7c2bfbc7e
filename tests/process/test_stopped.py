"""SIGTERM: running replies may end, those that don't are interrupted with what had arrived, and the exit code is 0."""

import asyncio
import time

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
from tests.support.model_server import ModelServer
from tests.support.running import Person
from tests.support.serving import Serving


async def test_a_running_reply_may_end_when_the_server_stops(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Take your time", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    reading = asyncio.create_task(follow(olga, exchange))

    deployment.ask_to_end()
    await _wait_until_it_drains(olga, refs["steady"])
    model_server.release()
    events = await reading
    assert await deployment.ended() == 0

    assert (text_of(events), events[-1].data["receipt"]["state"]) == (WHOLE, "done")
    await deployment.start()
    follow_move(olga, deployment)
    answer = await read_answer(olga, exchange)
    assert (answer["text"], answer["reply"]["state"], answer["reply"]["count_source"]) == (WHOLE, "done", "reported")


async def test_a_reply_that_does_not_end_in_time_is_interrupted_with_what_had_arrived(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start(DRAIN_S=0.2)
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Take your time", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    reading = asyncio.create_task(follow(olga, exchange))
    assert await deployment.stop() == 0
    events = await reading

    receipt = events[-1].data["receipt"]
    assert (text_of(events), receipt["state"]) == (HALF, "interrupted")
    assert receipt["problem"]["message"] == INTERRUPTED
    # Settled on the way out, not swept after the restart.
    assert deployment.query("SELECT count(*) FROM reservation") == [(0,)]
    assert deployment.query("SELECT ended FROM byom_usage_event WHERE purpose = 'reply'") == [("shutdown",)]
    await deployment.start()
    follow_move(olga, deployment)
    answer = await read_answer(olga, exchange)
    assert (answer["text"], answer["reply"]["state"]) == (HALF, "interrupted")


async def test_a_stop_with_nothing_to_wait_for_is_over_at_once_and_the_data_is_taken_over(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server)
    exchange = await olga.ask("Good morning", refs["steady"])
    await olga.wait_for(exchange)
    assert await deployment.stop() == 0

    await deployment.start()
    follow_move(olga, deployment)
    assert (await olga.get("/api/session"))["me"]["name"] == "Olga"
    assert (await read_answer(olga, exchange))["text"] == WHOLE
    later = await olga.ask("Good evening", refs["steady"], exchange["conversation_id"], exchange["answer"]["id"])
    assert (await olga.wait_for(later))["state"] == "done"


async def _wait_until_it_drains(olga: Person, ref: str) -> None:
    """Ask until the server refuses new replies because it is on its way out."""
    deadline = time.monotonic() + 20
    while True:
        conversation = await olga.post("/api/conversations", {})
        body = {"client_id": conversation["id"], "text": "One more", "model_ref": ref}
        answer = await olga.call("POST", f"/api/conversations/{conversation['id']}/messages", body)
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "draining"
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
