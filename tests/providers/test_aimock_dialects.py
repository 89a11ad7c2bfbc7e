"""aimock speaks six dialects that we do, and nobody here wrote it: the same answers in each, over the real door."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from moorage.egress.door import Door, Scope
from moorage.egress.policy import AddressPolicy, Exceptions
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.anthropic import Anthropic
from moorage.providers.beside import ToolCall
from moorage.providers.google import Google
from moorage.providers.ollama import Ollama
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.openrouter import OpenRouter
from moorage.providers.protocol import ModelFacts, Provider, Quirks, Turn
from moorage.vault.secret import Secret
from tests.providers.conftest import LoopbackResolver
from tests.providers.hearing import Heard, hear
from tests.support.peers import Peer

AZURE = Quirks(auth="api_key", azure_deployments=True, api_version="2024-10-21", models_path="/deployments")
SHOWN = ModelFacts(8192, "summarized")


@dataclass(frozen=True)
class Dialect:
    """Where it is served, what speaks it, and a model of it."""

    path: str
    make: Callable[..., Provider]
    model: str


DIALECTS = {
    "openai": Dialect("/v1", OpenAICompatible, "gpt-4.1-mini"),
    "azure, by deployment": Dialect(
        "/openai", lambda line, at, key: OpenAICompatible(line, at, key, AZURE), "gpt-4.1-mini"
    ),
    "openrouter": Dialect("/api/v1", OpenRouter, "openai/gpt-4o"),
    "ollama": Dialect("/v1", Ollama, "llama3.1"),
    "anthropic": Dialect("/v1", lambda line, at, key: Anthropic(line, at, key, SHOWN), "claude-opus-5-5"),
    "google": Dialect("/v1beta", lambda line, at, key: Google(line, at, key, SHOWN), "gemini-3.8-flash"),
}
ALL = pytest.mark.parametrize("name", DIALECTS)


@pytest.fixture
async def speak(aimock: Peer) -> AsyncIterator[Callable[..., Provider]]:
    """Gives what speaks a dialect with aimock."""
    policy = AddressPolicy(Exceptions.parse(f"{aimock.target}=127.0.0.1"))
    door = Door(policy=policy, resolver=LoopbackResolver(), extra_ca_file=aimock.ca_pem)

    def build(name: str, key: str = aimock.key) -> Provider:
        dialect = DIALECTS[name]
        endpoint = Endpoint(aimock.host, aimock.port, dialect.path)
        return dialect.make(door.line(Scope("team-1", name, "mia"), endpoint), endpoint, Secret(key))

    yield build
    await door.aclose()


async def ask(speak: Callable[..., Provider], name: str, text: str) -> Heard:
    return await hear(speak(name), DIALECTS[name].model, turns=(Turn("user", text),))


@ALL
async def test_words_come_whole(speak: Callable[..., Provider], name: str) -> None:
    heard = await ask(speak, name, "hello")
    assert (heard.text, heard.end.finish_reason) == ("Hello from aimock. Grüße, 世界 🌍.", "stop")


@ALL
async def test_thinking_is_kept_apart(speak: Callable[..., Provider], name: str) -> None:
    heard = await ask(speak, name, "think")
    assert (heard.text, heard.reasoning) == ("Forty-two.", "Six times seven is forty-two.")


@ALL
async def test_a_tool_call_comes_as_data(speak: Callable[..., Provider], name: str) -> None:
    heard = await ask(speak, name, "weather")
    assert (heard.text, heard.end.finish_reason) == ("", "tool_calls")
    assert [(one.name, one.arguments.replace(" ", "")) for one in heard.beside.calls] == [
        ("get_weather", '{"city":"Bonn"}')
    ]


@ALL
async def test_words_and_two_calls_come_together(speak: Callable[..., Provider], name: str) -> None:
    heard = await ask(speak, name, "mixed")
    assert (heard.text, heard.end.finish_reason) == ("I look it up.", "tool_calls")
    calls = [ToolCall(one.name, one.arguments.replace(" ", ""), one.ran) for one in heard.beside.calls]
    assert calls == [ToolCall("search", '{"q":"tide"}'), ToolCall("open", '{"page":2}')]


@ALL
async def test_a_call_may_follow_thinking(speak: Callable[..., Provider], name: str) -> None:
    heard = await ask(speak, name, "ponder")
    assert (heard.reasoning, heard.text) == ("I need the tide table.", "")
    assert [one.name for one in heard.beside.calls] == ["search"]


@ALL
@pytest.mark.parametrize(("question", "reason"), [("short", "length"), ("withheld", "content_filter")])
async def test_every_dialects_word_for_an_ending_is_the_same_to_us(
    speak: Callable[..., Provider], name: str, question: str, reason: str
) -> None:
    heard = await ask(speak, name, question)
    assert heard.text
    assert heard.end.finish_reason == reason


@ALL
@pytest.mark.parametrize(("question", "code"), [("ratelimit", "rate_limited"), ("toolong", "context_too_long")])
async def test_every_dialects_refusal_has_the_same_name(
    speak: Callable[..., Provider], name: str, question: str, code: str
) -> None:
    assert (await ask(speak, name, question)).problem[0] == code


@pytest.mark.parametrize("name", ["openai", "openrouter", "ollama", "anthropic"])
async def test_its_models_are_listed(speak: Callable[..., Provider], name: str) -> None:
    """aimock has no list of deployments, and none of Google's older version."""
    assert await speak(name).list_models()


async def test_a_list_that_azure_does_not_give_is_no_broken_endpoint(speak: Callable[..., Provider]) -> None:
    """P8."""
    with pytest.raises(EndpointFailure, match="models_not_offered"):
        await speak("azure, by deployment").list_models()


async def test_openrouter_tells_a_good_key_from_a_wrong_one(speak: Callable[..., Provider]) -> None:
    router, stranger = speak("openrouter"), speak("openrouter", "sk-not-the-one")
    assert isinstance(router, OpenRouter)
    assert isinstance(stranger, OpenRouter)
    assert (await router.check_key()).is_free_tier is False
    with pytest.raises(EndpointFailure, match="bad_key"):
        await stranger.check_key()
