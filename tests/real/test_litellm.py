"""The LiteLLM proxy, as a gateway that a team runs itself: its lists, its errors in its own dialect, its streams."""

from pathlib import Path

import pytest

from tests.support.peer_journey import ask, ask_and_stop, beside, connect, read_usage, watch_test
from tests.support.peers import BEHIND, Peer

pytestmark = pytest.mark.real
MODEL = "mock-hello"
ANSWER = "Hello from the LiteLLM mock. Grüße, 世界 🌍."


async def test_a_test_of_litellm_passes_every_stage_and_finds_its_models(
    litellm: Peer, database_url: str, tmp_path: Path
) -> None:
    """P5, P8."""
    async with beside(litellm, database_url, tmp_path) as olga:
        finished = await watch_test(olga, litellm, MODEL)
    assert finished["passed"]
    assert {stage["state"] for stage in finished["stages"]} == {"passed"}
    found = {model["model_id"]: model for model in finished["models"]}
    assert set(found) == set(litellm.models)
    assert found[MODEL]["context_length"] == 32768


async def test_litellm_refuses_a_wrong_key_in_its_own_way_and_the_sentence_is_ours(
    litellm: Peer, database_url: str, tmp_path: Path
) -> None:
    """P12: without a database it says `no_db_connection`, status 400."""
    async with beside(litellm, database_url, tmp_path) as olga:
        finished = await watch_test(olga, litellm, MODEL, key="sk-not-the-one")
    failed = [(stage["stage"], stage["code"]) for stage in finished["stages"] if stage["state"] == "failed"]
    assert failed == [("credential", "bad_key")]
    assert "litellm" not in str(finished).lower()


async def test_a_conversation_with_litellm_streams_and_is_counted(
    litellm: Peer, database_url: str, tmp_path: Path
) -> None:
    """P2, P15."""
    async with beside(litellm, database_url, tmp_path) as olga:
        refs = await connect(olga, litellm, MODEL, "tiny")
        first = await ask(olga, "Good morning", refs[MODEL])
        assert (first.text, first.receipt["state"], first.receipt["count_source"]) == (ANSWER, "done", "reported")
        # Through the gateway to llama.cpp, in the same conversation.
        second = await ask(olga, "And now you", refs["tiny"], after=first)
        assert second.receipt["state"] == "done"
        assert second.text
        usage = await read_usage(olga)
    assert {row["model_id"]: row["calls"] for row in usage["byom"]["rows"]} == {MODEL: 1, "tiny": 1}


async def test_an_answer_through_litellm_can_be_stopped(litellm: Peer, database_url: str, tmp_path: Path) -> None:
    async with beside(litellm, database_url, tmp_path) as olga:
        refs = await connect(olga, litellm, MODEL)
        stopped = await ask_and_stop(olga, "Good morning", refs[MODEL])
    assert stopped.receipt["state"] in {"stopped", "done"}  # eleven words may all be there before the click
    assert ANSWER.startswith(stopped.text)


@pytest.mark.parametrize(
    ("model", "codes"),
    [
        ("mock-ratelimit", {"rate_limited"}),
        ("mock-context", {"context_too_long"}),
        ("mock-500", {"upstream_failed"}),
        ("mock-midstream", {"overloaded", "midstream_error"}),
        ("dead", {"upstream_failed"}),
    ],
)
async def test_a_failure_of_litellm_gets_its_own_sentence_and_the_conversation_goes_on(
    litellm: Peer, database_url: str, tmp_path: Path, model: str, codes: set[str]
) -> None:
    """P20: the gateway's other models are not asked instead."""
    async with beside(litellm, database_url, tmp_path) as olga:
        refs = await connect(olga, litellm, MODEL, model)
        asked = await ask(olga, "Good morning", refs[model])
        assert asked.receipt["state"] == "failed"
        assert asked.problem in codes
        assert "litellm" not in asked.receipt["problem"]["message"].lower()
        later = await ask(olga, "Good morning", refs[MODEL], after=asked)
    assert (later.receipt["state"], later.text) == ("done", ANSWER)


@pytest.mark.parametrize("model", BEHIND)
async def test_what_an_answer_can_be_survives_a_gateway_to_each_makers_protocol(
    litellm: Peer, database_url: str, tmp_path: Path, model: str
) -> None:
    """P2: LiteLLM speaks OpenAI's, Anthropic's, Google's and Azure's protocol to aimock; neither was written here."""
    async with beside(litellm, database_url, tmp_path) as olga:
        refs = await connect(olga, litellm, MODEL, model)
        thought = await ask(olga, "think", refs[model])
        assert (thought.text, thought.reasoning) == ("Forty-two.", "Six times seven is forty-two.")
        called = await ask(olga, "weather", refs[model], after=thought)
        assert (called.receipt["state"], called.receipt["finish_reason"], called.text) == ("done", "tool_calls", "")
        assert called.calls == [("get_weather", {"city": "Bonn"})]
        short = await ask(olga, "short", refs[model], after=thought)
        assert (short.receipt["state"], short.receipt["finish_reason"]) == ("done", "length")


async def test_a_gateway_that_stumbles_over_half_a_character_keeps_what_had_come(
    litellm: Peer, database_url: str, tmp_path: Path
) -> None:
    """aimock cuts an emoji in half between two events; straight it arrives whole, LiteLLM gives up at it."""
    async with beside(litellm, database_url, tmp_path) as olga:
        refs = await connect(olga, litellm, MODEL, BEHIND[0])
        asked = await ask(olga, "hello", refs[BEHIND[0]])
    assert asked.receipt["state"] == "failed"
    assert asked.problem in {"midstream_error", "upstream_failed"}
    assert asked.text == "Hello from aimock. Grüße"
