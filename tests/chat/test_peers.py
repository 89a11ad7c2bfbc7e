"""aimock, an OpenAI-compatible server that is not ours, behind TLS: the whole journey through the whole product."""

from pathlib import Path

import pytest

from tests.support.peer_journey import ask, ask_and_stop, beside, connect, read_usage, watch_test
from tests.support.peers import Peer

MODEL = "gpt-4.1-mini"
LISTED = {"gpt-4", "gpt-4o", "claude-3-5-sonnet-20241022", "gemini-2.0-flash", "text-embedding-3-small"}
SLOW = "slow slow slow slow slow"


async def test_a_test_of_aimock_passes_every_stage_and_finds_its_models(
    aimock: Peer, database_url: str, tmp_path: Path
) -> None:
    """P5, P8."""
    async with beside(aimock, database_url, tmp_path) as olga:
        finished = await watch_test(olga, aimock, MODEL)
    assert finished["passed"]
    assert {stage["stage"]: stage["state"] for stage in finished["stages"]} == dict.fromkeys(
        ("url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"), "passed"
    )
    assert {model["model_id"] for model in finished["models"]} == LISTED


async def test_a_wrong_key_is_named_at_its_stage_and_what_comes_after_is_skipped(
    aimock: Peer, database_url: str, tmp_path: Path
) -> None:
    """P8, P12: neither the key nor aimock's own words come back."""
    async with beside(aimock, database_url, tmp_path) as olga:
        finished = await watch_test(olga, aimock, MODEL, key="sk-not-the-one")
    states = {stage["stage"]: stage["state"] for stage in finished["stages"]}
    assert not finished["passed"]
    assert states["tls"] == "passed"
    assert [states[name] for name in ("credential", "models", "completion", "usage")] == ["failed", *["skipped"] * 3]
    assert "sk-not-the-one" not in str(finished)


async def test_a_conversation_with_aimock_streams_and_is_counted_as_reported(
    aimock: Peer, database_url: str, tmp_path: Path
) -> None:
    """P2, P15, P16: aimock cuts the emoji in half between two events."""
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL, "gpt-4o")
        first = await ask(olga, "hello", refs[MODEL])
        assert (first.text, first.receipt["state"]) == ("Hello from aimock. Grüße, 世界 🌍.", "done")
        counted = (first.receipt["tokens_in"], first.receipt["tokens_out"], first.receipt["count_source"])
        assert counted == (11, 7, "reported")
        # Another model goes on with the same conversation.
        second = await ask(olga, "hello again", refs["gpt-4o"], after=first)
        assert (second.conversation_id, second.receipt["model_id"]) == (first.conversation_id, "gpt-4o")
        assert second.text == first.text
        usage = await read_usage(olga)
    assert usage["standard"]["calls"] == 0
    rows = usage["byom"]["rows"]
    assert {row["model_id"]: (row["connection_name"], row["tokens"]["tokens_in"]) for row in rows} == {
        MODEL: ("Not ours", 11),
        "gpt-4o": ("Not ours", 11),
    }
    assert [(row["calls"], row["tokens"]["reported_calls"]) for row in rows] == [(1, 1), (1, 1)]


async def test_thinking_is_kept_apart_from_the_answer(aimock: Peer, database_url: str, tmp_path: Path) -> None:
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL)
        asked = await ask(olga, "think", refs[MODEL])
    assert (asked.text, asked.reasoning) == ("Forty-two.", "Six times seven is forty-two.")


async def test_a_slow_answer_comes_in_pieces_and_can_be_stopped(
    aimock: Peer, database_url: str, tmp_path: Path
) -> None:
    """P2: what had arrived is kept, and a stopped call is counted with what is known of it."""
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL)
        whole = await ask(olga, "slow", refs[MODEL])
        assert (whole.text, whole.receipt["state"]) == (SLOW, "done")
        assert whole.deltas > 1
        stopped = await ask_and_stop(olga, "slow", refs[MODEL])
    assert stopped.receipt["state"] == "stopped"
    assert stopped.text
    assert SLOW.startswith(stopped.text)
    assert stopped.receipt["count_source"] == "estimated"


@pytest.mark.parametrize(
    ("question", "code", "sentence"),
    [
        ("ratelimit", "rate_limited", "The endpoint is limiting requests."),
        ("toolong", "context_too_long", "This conversation is too long for “gpt-4.1-mini”."),
    ],
)
async def test_a_failure_of_aimock_gets_its_own_sentence_and_the_conversation_goes_on(
    aimock: Peer, database_url: str, tmp_path: Path, question: str, code: str, sentence: str
) -> None:
    """P12: the sentence is ours; P20: nobody else is asked instead."""
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL)
        asked = await ask(olga, question, refs[MODEL])
        assert (asked.receipt["state"], asked.problem, asked.text) == ("failed", code, "")
        assert asked.receipt["problem"]["message"].startswith(sentence)
        later = await ask(olga, "hello", refs[MODEL], after=asked)
    assert later.receipt["state"] == "done"


async def test_a_tool_call_of_aimock_is_an_answer(aimock: Peer, database_url: str, tmp_path: Path) -> None:
    """P2: and the conversation goes on after it, as aimock's own client would."""
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL)
        asked = await ask(olga, "weather", refs[MODEL])
        assert (asked.receipt["state"], asked.receipt["finish_reason"], asked.text) == ("done", "tool_calls", "")
        assert asked.calls == [("get_weather", {"city": "Bonn"})]
        later = await ask(olga, "hello", refs[MODEL], after=asked)
    assert later.receipt["state"] == "done"


async def test_an_answer_that_aimock_cuts_off_is_never_called_complete(
    aimock: Peer, database_url: str, tmp_path: Path
) -> None:
    async with beside(aimock, database_url, tmp_path) as olga:
        refs = await connect(olga, aimock, MODEL)
        asked = await ask(olga, "cutoff", refs[MODEL])
    assert asked.receipt["state"] == "failed"
    assert asked.problem in {"cut_off", "connection_lost"}
    assert "This answer is cut off in the middle of the".startswith(asked.text)
