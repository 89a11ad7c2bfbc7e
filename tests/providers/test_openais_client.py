"""OpenAI's own client, pointed at the server of these tests: they understand each other, so the server is true."""

import json
import ssl
from collections.abc import AsyncIterator

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from tests.providers.hearing import HALF, WORDS
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.model_server.shapes import ARGUMENTS, REFUSAL, SOURCES

KEY = "sk-official-client-0123456789"
ASKED: list[ChatCompletionMessageParam] = [{"role": "user", "content": "What lies in the harbour?"}]


@pytest.fixture
async def http(authority: TestAuthority) -> AsyncIterator[httpx2.AsyncClient]:
    trust = ssl.create_default_context(cafile=str(authority.ca_pem))
    async with httpx2.AsyncClient(verify=trust, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
async def completions(authority: TestAuthority) -> AsyncIterator[ModelServer]:
    async with ModelServer(authority.server_context("localhost"), key=KEY) as server:
        yield server


@pytest.fixture
def gpt(completions: ModelServer, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=KEY, base_url=completions.base_url, http_client=http, max_retries=0)


async def test_openais_client_streams_a_completion_and_its_counts(gpt: openai.AsyncOpenAI) -> None:
    stream = await gpt.chat.completions.create(
        model="steady", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == WORDS
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (5, 20)


async def test_openais_client_lists_the_models(gpt: openai.AsyncOpenAI, completions: ModelServer) -> None:
    assert [model.id async for model in gpt.models.list()] == completions.models


async def test_openais_client_puts_tool_calls_together(gpt: openai.AsyncOpenAI) -> None:
    """What we make of the same pieces is in test_beside_words.py."""
    async with gpt.chat.completions.stream(model="calls-tools", messages=ASKED) as stream:
        choice = (await stream.get_final_completion()).choices[0]
    calls = choice.message.tool_calls
    assert calls is not None
    assert [(one.function.name, one.function.arguments) for one in calls] == [
        ("search", ARGUMENTS),
        ("read_page", "{}"),
    ]
    assert choice.finish_reason == "tool_calls"
    whole = (await gpt.chat.completions.create(model="calls-tools", messages=ASKED)).choices[0]
    assert whole.message.tool_calls is not None
    assert whole.message.tool_calls[0].type == "function"
    assert json.loads(whole.message.tool_calls[0].function.arguments) == json.loads(ARGUMENTS)


async def test_openais_client_understands_a_refusal_a_stop_by_length_and_sources(gpt: openai.AsyncOpenAI) -> None:
    async with gpt.chat.completions.stream(model="declines", messages=ASKED) as stream:
        declined = (await stream.get_final_completion()).choices[0]
    assert (declined.message.refusal, declined.finish_reason) == (REFUSAL, "stop")
    whole = (await gpt.chat.completions.create(model="declines", messages=ASKED)).choices[0]
    assert whole.message.refusal == REFUSAL
    stream_of = await gpt.chat.completions.create(model="length", messages=ASKED, stream=True)
    assert [one.choices[0].finish_reason async for one in stream_of][-1] == "length"
    notes = [
        note
        async for chunk in await gpt.chat.completions.create(model="cites", messages=ASKED, stream=True)
        for note in getattr(chunk.choices[0].delta, "annotations", None) or []
    ]
    assert [(one["url_citation"]["url"], one["url_citation"]["title"]) for one in notes] == list(SOURCES)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("error-401", openai.AuthenticationError),
        ("error-403", openai.PermissionDeniedError),
        ("error-404-model", openai.NotFoundError),
        ("error-429", openai.RateLimitError),
        ("error-500", openai.InternalServerError),
        ("context", openai.BadRequestError),
    ],
)
async def test_openais_client_knows_each_refusal(
    gpt: openai.AsyncOpenAI, model: str, kind: type[openai.APIStatusError]
) -> None:
    with pytest.raises(kind):
        await gpt.chat.completions.create(model=model, messages=ASKED)


async def test_openais_client_knows_an_error_in_the_middle(gpt: openai.AsyncOpenAI) -> None:
    heard: list[str] = []
    with pytest.raises(openai.APIError):
        await _listen(gpt, "error-in-stream", heard)
    assert "".join(heard) == HALF


async def _listen(gpt: openai.AsyncOpenAI, model: str, heard: list[str]) -> None:
    async for chunk in await gpt.chat.completions.create(model=model, messages=ASKED, stream=True):
        heard.append(chunk.choices[0].delta.content or "")  # noqa: PERF401 - what came before an error counts
