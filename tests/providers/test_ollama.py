"""Ollama: a bearer token on every call, what it says of each model, and the window that it cuts to without a word."""

from collections.abc import AsyncIterator, Callable

import pytest

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.providers.ollama import PATIENCE, Ollama
from moorage.providers.protocol import DiscoveredModel, ModelFacts, Turn
from moorage.vault.secret import Secret
from tests.providers.hearing import hear
from tests.support.authority import TestAuthority
from tests.support.dialects.ollama import WINDOW, OllamaServer

Reach = Callable[[OllamaServer], tuple[Line, Endpoint]]
KEY = "tok-for-the-proxy"
SHORT, LONG = "Hello there", "word " * 9000


@pytest.fixture
async def ollama(authority: TestAuthority) -> AsyncIterator[OllamaServer]:
    async with OllamaServer(authority.server_context("llm.test"), name="llm.test", key=KEY) as running:
        yield running


def speak(ollama: OllamaServer, reach: Reach, window: int | None = None, key: str = KEY) -> Ollama:
    line, endpoint = reach(ollama)
    return Ollama(line, endpoint, Secret(key), ModelFacts(window=window))


async def test_every_call_carries_the_token(ollama: OllamaServer, reach: Reach) -> None:
    """Reverse proxies answer each path for itself: one call without it would look like a wrong token."""
    provider = speak(ollama, reach)
    await provider.list_models()
    await hear(provider, "tiny")
    assert {path for path, _ in ollama.asked} == {"/v1/models", "/api/show", "/api/ps", "/v1/chat/completions"}
    assert {sent for _, sent in ollama.asked} == {f"Bearer {KEY}"}


async def test_the_window_that_counts_is_shown_and_not_that_of_the_leaflet(ollama: OllamaServer, reach: Reach) -> None:
    found = {model.id: model for model in await speak(ollama, reach).list_models()}
    tiny = DiscoveredModel("tiny", "tiny", 4096, ("text",), trained_context=131072, abilities=("tools",))
    assert found["tiny"] == tiny
    # Nobody has set it and it is not loaded: what it was made for is no promise of what it is given.
    assert (found["sees"].context_length, found["sees"].trained_context) == (None, 262144)
    assert (found["sees"].inputs, found["sees"].abilities) == (("text", "image"), ("reasoning",))
    assert found["cloud"].is_remote
    assert "embeds" not in found

    ollama.loaded = {"sees": 32768}
    loaded = {model.id: model for model in await speak(ollama, reach).list_models()}
    assert loaded["sees"].context_length == 32768


@pytest.mark.parametrize("closed", [{"/api/show", "/api/ps"}, {"/api/show"}])
async def test_a_proxy_that_publishes_chat_alone_is_enough(
    ollama: OllamaServer, reach: Reach, closed: set[str]
) -> None:
    ollama.closed = frozenset(closed)
    provider = speak(ollama, reach)
    assert [model.id for model in await provider.list_models()] == ["tiny", "sees", "embeds", "cloud"]
    # Of one that is not told, it is taken that none is: a hundred refusals would help nobody.
    assert [path for path, _ in ollama.asked].count("/api/show") == 1
    assert (await hear(provider, "tiny")).end.read_tokens is None


async def test_a_conversation_that_was_cut_silently_is_told(ollama: OllamaServer, reach: Reach) -> None:
    turns = (Turn("user", "The code is 4711."), Turn("assistant", "Noted."), Turn("user", LONG))
    for window in (None, WINDOW):
        heard = await hear(speak(ollama, reach, window), "tiny", turns=turns)
        assert heard.text == "word1 word2 word3 "
        assert heard.end.usage is not None
        assert heard.end.read_tokens == heard.end.usage.tokens_in == 4091


async def test_a_known_window_tells_of_a_smaller_cut(ollama: OllamaServer, reach: Reach) -> None:
    turns = (Turn("user", "word " * 1400), Turn("assistant", "Noted."), Turn("user", "word " * 3600))
    assert (await hear(speak(ollama, reach, None), "tiny", turns=turns)).end.read_tokens is None
    assert (await hear(speak(ollama, reach, WINDOW), "tiny", turns=turns)).end.read_tokens == 3601


@pytest.mark.parametrize("window", [None, WINDOW])
@pytest.mark.parametrize("text", [SHORT, "word " * 3000, "Donaudampfschifffahrtsgesellschaft " * 40])
async def test_a_conversation_that_fits_is_not_called_cut(
    ollama: OllamaServer, reach: Reach, text: str, window: int | None
) -> None:
    heard = await hear(speak(ollama, reach, window), "tiny", turns=(Turn("user", text),))
    assert heard.end.read_tokens is None


async def test_a_wrong_token_and_a_foreign_host_have_names(ollama: OllamaServer, reach: Reach) -> None:
    assert (await hear(speak(ollama, reach, key="wrong"), "tiny")).problem[0] == "bad_key"
    ollama.checks_host = True
    assert (await hear(speak(ollama, reach), "tiny")).problem[0] == "forbidden_unexplained"


async def test_a_model_that_is_not_there_is_named(ollama: OllamaServer, reach: Reach) -> None:
    assert (await hear(speak(ollama, reach), "gone")).problem == ("model_missing", {"model": "gone"})


def test_the_first_word_may_wait_for_the_model_to_load() -> None:
    assert PATIENCE.first_byte_timeout_s == 600


async def test_a_name_that_is_none_is_passed_over(ollama: OllamaServer, reach: Reach) -> None:
    """Written out, a nest this deep ends the work of whoever writes it."""
    nest = "[" * 1000 + "]" * 1000
    ollama.ps = f'{{"models": [{{"model": {nest}, "context_length": 1}}, {{"model": "sees", "context_length": 8192}}]}}'
    found = {model.id: model for model in await speak(ollama, reach).list_models()}
    assert (found["tiny"].context_length, found["sees"].context_length) == (WINDOW, 8192)


async def test_a_server_that_tells_without_end_is_not_listened_to(ollama: OllamaServer, reach: Reach) -> None:
    ollama.ps = f'{{"models": [{{"model": "sees", "context_length": 8192}}], "more": "{"x" * 3_000_000}"}}'
    found = {model.id: model for model in await speak(ollama, reach).list_models()}
    assert found["sees"].context_length is None
