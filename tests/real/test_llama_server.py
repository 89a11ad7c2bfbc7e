"""llama.cpp's own server: real tokens, and a count of its own that ours is held against."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.support.peer_journey import Asked, ask, ask_and_stop, beside, connect, read_usage, watch_test
from tests.support.peers import Peer, get
from tests.support.running import Person

pytestmark = pytest.mark.real
MODEL = "tiny-random"
ATTEMPTS = 20


async def counted(peer: Peer, name: str) -> int:
    """Give a figure of the server's own metrics."""
    status, body = await get(peer, "/metrics", key=peer.key)
    assert status == 200
    found = re.search(rf"^llamacpp:{name} (\d+)", body.decode(), re.MULTILINE)
    assert found, body.decode()[:500]
    return int(found[1])


async def test_every_stage_of_a_test_passes_the_reported_tokens_too(
    llama_server: Peer, database_url: str, tmp_path: Path
) -> None:
    """P5, P8, P16."""
    async with beside(llama_server, database_url, tmp_path) as olga:
        finished = await watch_test(olga, llama_server, None)
    assert finished["passed"]
    assert {stage["state"] for stage in finished["stages"]} == {"passed"}
    # The window that it was started with, not the 2048 that the model could take.
    assert [(model["model_id"], model["context_length"]) for model in finished["models"]] == [(MODEL, 512)]


async def test_our_figures_are_the_ones_that_the_server_counted(
    llama_server: Peer, database_url: str, tmp_path: Path
) -> None:
    """P2, P16: two turns; every token that it wrote is in the usage log, as reported."""
    async with beside(llama_server, database_url, tmp_path) as olga:
        refs = await connect(olga, llama_server, MODEL)
        before = await counted(llama_server, "tokens_predicted_total")
        first = await _ask_until_answered(olga, refs[MODEL])
        await ask(olga, "And then?", refs[MODEL], after=first)
        written = await counted(llama_server, "tokens_predicted_total") - before
        usage = await read_usage(olga)
    (row,) = usage["byom"]["rows"]
    assert first.receipt["count_source"] == "reported"
    assert (row["tokens"]["estimated_calls"], row["tokens"]["missing_calls"]) == (0, 0)
    assert row["tokens"]["tokens_out"] == written > 0


async def test_what_is_too_long_for_its_window_is_named_as_that(
    llama_server: Peer, database_url: str, tmp_path: Path
) -> None:
    async with beside(llama_server, database_url, tmp_path) as olga:
        refs = await connect(olga, llama_server, MODEL)
        asked = await ask(olga, "much too long! " * 399 + "much too long!", refs[MODEL])
    assert (asked.receipt["state"], asked.problem, asked.text) == ("failed", "context_too_long", "")


async def test_a_stop_reaches_the_server(llama_server: Peer, database_url: str, tmp_path: Path) -> None:
    """Nothing is computed on for an answer that nobody waits for."""
    async with beside(llama_server, database_url, tmp_path) as olga:
        refs = await connect(olga, llama_server, MODEL)
        stopped = await ask_and_stop(olga, "Tell me a long story", refs[MODEL])
        # Random weights may be faster than a click, or have nothing to say.
        assert stopped.receipt["state"] in {"stopped", "done", "failed"}
        async with asyncio.timeout(10):
            while await counted(llama_server, "requests_processing"):
                await asyncio.sleep(0.05)


async def _ask_until_answered(olga: Person, ref: str) -> Asked:
    """Random weights sometimes end before the first word; that is named, and the next question may do better."""
    for number in range(ATTEMPTS):
        asked = await ask(olga, f"Good morning {number}", ref)
        if asked.receipt["state"] == "done":
            return asked
        assert asked.problem == "empty_answer"
    raise AssertionError("not one answer")
