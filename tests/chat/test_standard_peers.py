"""aimock speaks Anthropic's and Google's protocols too, and nobody here wrote it: both through the whole product."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.peer_journey import ask, ask_and_stop, beside
from tests.support.peers import Peer
from tests.support.running import Person

# aimock serves Google's API under its older version only.
CATALOGUE = """
[anthropic]
name = "Anthropic"
speaks = "anthropic"
base_url = "https://{target}/v1"
models = [{{ id = "claude-opus-5-5", thinking = "summarized", max_output = 128000 }}]

[google]
name = "Google"
speaks = "google"
base_url = "https://{target}/v1beta"
models = [{{ id = "gemini-3.8-flash", thinking = "summarized" }}]
"""
CLAUDE, GEMINI = "standard:anthropic/claude-opus-5-5", "standard:google/gemini-3.8-flash"
GREETING = "Hello from aimock. Grüße, 世界 🌍."
BOTH = pytest.mark.parametrize("ref", [CLAUDE, GEMINI])


@pytest_asyncio.fixture
async def olga(aimock: Peer, database_url: str, tmp_path: Path) -> AsyncIterator[Person]:
    file = tmp_path / "catalogue.toml"
    file.write_text(CATALOGUE.format(target=aimock.target))
    keys = f"anthropic={aimock.key},google={aimock.key}"
    async with beside(aimock, database_url, tmp_path, catalogue=file, standard_keys=keys) as person:
        yield person


async def test_a_conversation_goes_over_both_and_is_counted_as_reported(olga: Person) -> None:
    """P1, P2, P16."""
    first = await ask(olga, "hello", CLAUDE)
    second = await ask(olga, "hello", GEMINI, after=first)
    assert [first.text, second.text] == [GREETING, GREETING]
    assert [one.receipt["state"] for one in (first, second)] == ["done", "done"]
    assert [one.receipt["count_source"] for one in (first, second)] == ["reported", "reported"]
    assert [one.receipt["tokens_in"] for one in (first, second)] == [11, 11]
    assert first.receipt["model_reported"] == "claude-opus-5-5"


@BOTH
async def test_thinking_is_kept_apart_from_the_answer(olga: Person, ref: str) -> None:
    asked = await ask(olga, "think", ref)
    assert (asked.text, asked.reasoning) == ("Forty-two.", "Six times seven is forty-two.")


@BOTH
async def test_a_slow_answer_can_be_stopped(olga: Person, ref: str) -> None:
    stopped = await ask_and_stop(olga, "slow", ref)
    assert stopped.receipt["state"] == "stopped"
    assert stopped.text
    assert "slow slow slow slow slow".startswith(stopped.text)


@BOTH
@pytest.mark.parametrize(("question", "code"), [("ratelimit", "rate_limited"), ("toolong", "context_too_long")])
async def test_a_failure_gets_its_own_sentence(olga: Person, ref: str, question: str, code: str) -> None:
    """P12, P20."""
    asked = await ask(olga, question, ref)
    assert (asked.receipt["state"], asked.problem, asked.text) == ("failed", code, "")


@BOTH
async def test_an_answer_that_is_cut_off_is_never_called_complete(olga: Person, ref: str) -> None:
    asked = await ask(olga, "cutoff", ref)
    assert asked.receipt["state"] == "failed"
    assert asked.problem in {"cut_off", "connection_lost"}


@BOTH
async def test_a_tool_call_is_an_answer_and_the_conversation_goes_on(olga: Person, ref: str) -> None:
    """P2."""
    asked = await ask(olga, "weather", ref)
    assert (asked.receipt["state"], asked.receipt["finish_reason"], asked.text) == ("done", "tool_calls", "")
    assert asked.calls == [("get_weather", {"city": "Bonn"})]
    assert (await ask(olga, "hello", ref, after=asked)).text == GREETING
