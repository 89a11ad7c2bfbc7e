"""The server of llama-cpp-python, llama.cpp in Python: real tokens, streams without figures, an odd "too long"."""

from pathlib import Path

import pytest

from tests.support.peer_journey import Asked, ask, ask_and_stop, beside, connect, read_usage, watch_test
from tests.support.peers import Peer
from tests.support.running import Person

pytestmark = pytest.mark.real
MODEL = "tiny-random"
ATTEMPTS = 20


async def test_a_test_of_llama_passes_and_warns_that_it_reports_no_tokens(
    llama: Peer, database_url: str, tmp_path: Path
) -> None:
    """P5, P8, P16."""
    async with beside(llama, database_url, tmp_path) as olga:
        finished = await watch_test(olga, llama, None)
    states = {stage["stage"]: (stage["state"], stage["code"]) for stage in finished["stages"]}
    assert finished["passed"]
    assert states.pop("usage") == ("warned", "usage_missing")
    assert {state for state, _ in states.values()} == {"passed"}
    assert [model["model_id"] for model in finished["models"]] == [MODEL]


async def test_llama_refuses_a_wrong_key_at_the_stage_of_the_credential(
    llama: Peer, database_url: str, tmp_path: Path
) -> None:
    async with beside(llama, database_url, tmp_path) as olga:
        finished = await watch_test(olga, llama, None, key="sk-not-the-one")
    failed = [(stage["stage"], stage["code"]) for stage in finished["stages"] if stage["state"] == "failed"]
    assert failed == [("credential", "bad_key")]


async def test_a_conversation_with_llama_streams_and_its_figures_are_marked_as_estimates(
    llama: Peer, database_url: str, tmp_path: Path
) -> None:
    """P2, P16: what the endpoint does not report is never shown as reported."""
    async with beside(llama, database_url, tmp_path) as olga:
        refs = await connect(olga, llama, MODEL)
        first = await _ask_until_answered(olga, refs[MODEL])
        assert first.receipt["count_source"] == "estimated"
        second = await ask(olga, "And then?", refs[MODEL], after=first)
        assert second.conversation_id == first.conversation_id
        usage = await read_usage(olga)
    (row,) = usage["byom"]["rows"]
    assert row["tokens"]["reported_calls"] == 0
    assert row["tokens"]["estimated_calls"] >= 1


async def test_llama_stops_when_asked_and_answers_the_next_question(
    llama: Peer, database_url: str, tmp_path: Path
) -> None:
    async with beside(llama, database_url, tmp_path) as olga:
        refs = await connect(olga, llama, MODEL)
        stopped = await ask_and_stop(olga, "Tell me a long story", refs[MODEL])
        # Random weights may be faster than a click, or have nothing to say.
        assert (stopped.receipt["state"], stopped.problem) in {
            ("stopped", None),
            ("done", None),
            ("failed", "empty_answer"),
        }
        await _ask_until_answered(olga, refs[MODEL])


async def test_a_question_that_is_too_long_for_llama_is_a_named_failure_and_not_an_empty_answer(
    llama: Peer, database_url: str, tmp_path: Path
) -> None:
    """It answers 200 and an event stream without one byte."""
    async with beside(llama, database_url, tmp_path) as olga:
        refs = await connect(olga, llama, MODEL)
        asked = await ask(olga, "much too long! " * 399 + "much too long!", refs[MODEL])
    assert (asked.receipt["state"], asked.problem, asked.text) == ("failed", "empty_answer", "")
    assert "too long" in asked.receipt["problem"]["message"]


async def _ask_until_answered(olga: Person, ref: str) -> Asked:
    """Random weights sometimes end before the first word; that is named, and the next question may do better."""
    for number in range(ATTEMPTS):
        asked = await ask(olga, f"Good morning {number}", ref)
        if asked.receipt["state"] == "done":
            assert asked.text.strip()
            return asked
        assert (asked.problem, asked.text.strip()) == ("empty_answer", "")
    raise AssertionError("not one answer")
