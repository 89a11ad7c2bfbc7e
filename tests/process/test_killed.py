"""SIGKILL in the middle of replies: what had been stored is there, each call is counted once, work goes on (P15)."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

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
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.model_server.wire import Answerer, Request
from tests.support.running import MODEL_KEY, Person
from tests.support.serving import Serving

ROUNDS = 10
STREAMS = 6


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


class _RememberingServer(ModelServer):
    """Also remembers which questions reached it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.questions: list[str] = []

    async def _chat(self, request: Request, answerer: Answerer, deployment: str | None) -> None:
        turns = request.json()["messages"]
        assert isinstance(turns, list)
        self.questions.append(turns[-1]["content"])
        await super()._chat(request, answerer, deployment)


@dataclass
class _Told:
    """What the people were told before their server died."""

    exchanges: list[Any] = field(default_factory=list)
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Reply id → state and text, of those replies whose end somebody saw."""


@pytest.mark.timeout(400)
async def test_ten_kills_at_random_moments_lose_nothing_and_count_nothing_twice(
    tmp_path: Path, models: tuple[TestAuthority, ModelServer], sign_up: SignUp
) -> None:
    """P15: every call that reached the endpoint is in the ledger exactly once, and no reservation is left."""
    authority, _ = models
    moments = random.Random(20261123)
    told = _Told()
    async with _RememberingServer(authority.server_context("localhost"), key=MODEL_KEY) as server:
        allowed: dict[str, str | Path | float] = {
            "EGRESS_ALLOW": f"localhost:{server.port}=127.0.0.1/32",
            "EXTRA_CA_FILE": authority.ca_pem,
        }
        deployment = Serving(tmp_path / "killed", allowed)
        try:
            await deployment.start()
            olga = await sign_up(deployment)
            refs = await connect(olga, server, "paced-200", "burst-5000")
            for round_number in range(ROUNDS):
                asking = [
                    asyncio.create_task(_keep_asking(olga, list(refs.values()), f"{round_number}/{number}", told))
                    for number in range(STREAMS)
                ]
                await asyncio.sleep(moments.uniform(0.1, 2.5))
                await deployment.kill()
                await asyncio.gather(*asking)
                await deployment.start()
                follow_move(olga, deployment)
            assert await deployment.stop() == 0
        finally:
            await deployment.close()
        _compare(deployment, server, told)


async def _keep_asking(olga: Person, refs: list[str], name: str, told: _Told) -> None:
    """Ask one thing after the other until the server is gone."""
    number = 0
    with contextlib.suppress(httpx2.TransportError):
        while True:
            number += 1
            exchange = await olga.ask(f"question {name}/{number}", refs[number % len(refs)])
            told.exchanges.append(exchange)
            events = await follow(olga, exchange)
            if events and events[-1].name == "end":
                receipt = events[-1].data["receipt"]
                told.ends[receipt["reply_id"]] = (receipt["state"], text_of(events))


def _compare(deployment: Serving, server: _RememberingServer, told: _Told) -> None:
    replies = {
        _plain(reply_id): (question, state, text)
        for reply_id, question, state, text in deployment.query(
            "SELECT reply.id, question.text, reply.state, answer.text FROM reply "
            "JOIN message AS answer ON answer.id = reply.message_id "
            "JOIN message AS question ON question.id = answer.parent_id"
        )
    }
    used = [_plain(row[0]) for row in deployment.query("SELECT call_id FROM byom_usage_event WHERE purpose = 'reply'")]
    by_question = {question: reply_id for reply_id, (question, _, _) in replies.items()}

    assert deployment.query("SELECT count(*) FROM reservation") == [(0,)]
    assert len(told.exchanges) > ROUNDS  # the rounds did something
    assert any(state == "interrupted" for _, state, _ in replies.values())
    # Nothing that was acknowledged is lost, and what was told as the end still is the end.
    assert {_plain(exchange["answer"]["reply"]["reply_id"]) for exchange in told.exchanges} <= set(replies)
    for reply_id, (state, text) in told.ends.items():
        assert replies[_plain(reply_id)][1:] == (state, text)
    assert {state for _, state, _ in replies.values()} <= {"done", "interrupted"}
    # Each reply is in the ledger once, and each question that reached the endpoint belongs to one.
    assert sorted(used) == sorted(replies)
    reached = [question for question in server.questions if question.startswith("question ")]
    assert len(reached) == len(set(reached))
    assert set(reached) <= set(by_question)


def _plain(identifier: Any) -> str:
    return (identifier.hex() if isinstance(identifier, bytes) else str(identifier)).replace("-", "")
