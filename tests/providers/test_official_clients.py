"""The makers' own clients, pointed at the servers of these tests: they understand each other, so the servers are true.

What the servers refuse and answer is what the rest of these tests stand on.
"""

import ssl
from collections.abc import AsyncIterator

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam, ThinkingConfigAdaptiveParam
from google import genai
from google.genai import errors, types

from tests.providers.hearing import HALF, WORDS
from tests.support.authority import TestAuthority
from tests.support.dialects import GeminiServer, MessagesServer
from tests.support.dialects.speaking import ARGUMENTS as GIVEN
from tests.support.model_server import LEAK_MARKER

KEY = "sk-official-client-0123456789"
QUESTION: list[MessageParam] = [{"role": "user", "content": "What lies in the harbour?"}]
MODELS = ("steady", "thinks", "cut", "error-mid", "echo", "filtered-mid", "calls")


@pytest.fixture
async def messages(authority: TestAuthority) -> AsyncIterator[MessagesServer]:
    models = [f"claude-{name}" for name in (*MODELS, "retired")]
    async with MessagesServer(authority.server_context("localhost"), key=KEY, models=models) as server:
        yield server


@pytest.fixture
async def gemini(authority: TestAuthority) -> AsyncIterator[GeminiServer]:
    models = [f"gemini-{name}" for name in MODELS]
    async with GeminiServer(authority.server_context("localhost"), key=KEY, models=models) as server:
        yield server


@pytest.fixture
async def http(authority: TestAuthority) -> AsyncIterator[httpx2.AsyncClient]:
    trust = ssl.create_default_context(cafile=str(authority.ca_pem))
    async with httpx2.AsyncClient(verify=trust, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
def claude(messages: MessagesServer, http: httpx2.AsyncClient) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(
        api_key=KEY, base_url=messages.base_url.removesuffix("/v1"), http_client=http, max_retries=0
    )


@pytest.fixture
def google(gemini: GeminiServer, http: httpx2.AsyncClient) -> genai.client.AsyncClient:
    options = types.HttpOptions(base_url=gemini.base_url.removesuffix("/v1"), httpx_async_client=http)
    return genai.Client(api_key=KEY, http_options=options).aio


async def test_anthropics_client_streams_a_message_and_its_counts(claude: anthropic.AsyncAnthropic) -> None:
    thinking: ThinkingConfigAdaptiveParam = {"type": "adaptive", "display": "summarized"}
    async with claude.messages.stream(
        model="claude-thinks", max_tokens=100, messages=QUESTION, system="Be brief.", thinking=thinking
    ) as stream:
        texts = [text async for text in stream.text_stream]
        message = await stream.get_final_message()
    assert "".join(texts) == WORDS
    thought, said = message.content
    assert thought.type == "thinking"
    assert (thought.thinking, thought.signature) == ("Let me think.", "EqQB")
    assert said.type == "text"
    assert said.text == WORDS
    assert (message.stop_reason, message.model) == ("end_turn", "claude-thinks")
    usage = message.usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens) == (7, 3, 20)


async def test_anthropics_client_takes_an_answer_in_one_piece(claude: anthropic.AsyncAnthropic) -> None:
    message = await claude.messages.create(model="claude-steady", max_tokens=100, messages=QUESTION)
    (said,) = message.content
    assert said.type == "text"
    assert (said.text, message.usage.output_tokens) == (WORDS, 20)


async def test_anthropics_client_lists_the_models_over_all_pages(
    claude: anthropic.AsyncAnthropic, messages: MessagesServer
) -> None:
    found = [model async for model in claude.models.list()]
    assert [model.id for model in found] == messages.models
    first, last = found[0], found[-1]
    assert (first.max_input_tokens, first.max_tokens, first.lifecycle) == (1_000_000, 128_000, "active")
    assert first.capabilities is not None
    assert first.capabilities.thinking.types.adaptive.supported
    assert last.lifecycle == "retired"
    assert last.retires_at is not None


@pytest.mark.parametrize(
    ("model", "kind", "name"),
    [
        ("claude-rate", anthropic.RateLimitError, "rate_limit_error"),
        ("claude-overloaded", anthropic.APIStatusError, "overloaded_error"),
        ("claude-forbidden", anthropic.PermissionDeniedError, "permission_error"),
        ("claude-nobody", anthropic.NotFoundError, "not_found_error"),
        ("claude-too-large", anthropic.APIStatusError, "request_too_large"),
        ("claude-no-credit", anthropic.BadRequestError, "invalid_request_error"),
    ],
)
async def test_anthropics_client_knows_each_refusal(
    claude: anthropic.AsyncAnthropic, model: str, kind: type[anthropic.APIStatusError], name: str
) -> None:
    with pytest.raises(kind) as refused:
        await claude.messages.create(model=model, max_tokens=1, messages=QUESTION)
    body = refused.value.body
    assert isinstance(body, dict)
    assert body["error"]["type"] == name


async def test_anthropics_client_knows_a_wrong_key(claude: anthropic.AsyncAnthropic) -> None:
    stranger = claude.with_options(api_key="sk-wrong")
    with pytest.raises(anthropic.AuthenticationError):
        await stranger.messages.create(model="claude-steady", max_tokens=1, messages=QUESTION)


async def test_anthropics_client_knows_an_error_in_the_middle(claude: anthropic.AsyncAnthropic) -> None:
    heard: list[str] = []
    with pytest.raises(anthropic.APIStatusError, match=LEAK_MARKER):
        await _listen(claude, "claude-error-mid", heard)
    assert "".join(heard) == HALF


async def _listen(claude: anthropic.AsyncAnthropic, model: str, heard: list[str]) -> None:
    async with claude.messages.stream(model=model, max_tokens=100, messages=QUESTION) as stream:
        async for text in stream.text_stream:
            heard.append(text)  # noqa: PERF401 - what came before an error counts


async def test_googles_client_streams_candidates_and_their_counts(google: genai.client.AsyncClient) -> None:
    config = types.GenerateContentConfig(
        system_instruction="Be brief.", thinking_config=types.ThinkingConfig(include_thoughts=True)
    )
    said = thought = ""
    stream = await google.models.generate_content_stream(model="gemini-thinks", contents="What lies?", config=config)
    async for chunk in stream:
        assert chunk.candidates is not None
        content = chunk.candidates[0].content
        for part in (content.parts or []) if content is not None else []:
            said += "" if part.thought else part.text or ""
            thought += part.text or "" if part.thought else ""
    assert (said, thought) == (WORDS, "Let me think.")
    assert chunk.candidates is not None
    assert chunk.candidates[0].finish_reason == types.FinishReason.STOP
    assert chunk.usage_metadata is not None
    assert (chunk.usage_metadata.prompt_token_count, chunk.usage_metadata.candidates_token_count) == (4, 20)
    assert chunk.model_version == "gemini-thinks"


async def test_googles_client_takes_an_answer_in_one_piece(google: genai.client.AsyncClient) -> None:
    answer = await google.models.generate_content(model="gemini-steady", contents="What lies?")
    assert answer.text == WORDS


async def test_googles_client_lists_the_models_over_all_pages(
    google: genai.client.AsyncClient, gemini: GeminiServer
) -> None:
    pager = await google.models.list()
    found = [model async for model in pager]
    assert [model.name for model in found] == [f"models/{name}" for name in (*gemini.models, "gemini-embedding-2")]
    assert (found[0].input_token_limit, found[0].output_token_limit, found[0].thinking) == (1_048_576, 65_536, True)
    assert found[0].supported_actions is not None
    assert "generateContent" in found[0].supported_actions


@pytest.mark.parametrize(
    ("model", "code", "status"),
    [
        ("gemini-rate", 429, "RESOURCE_EXHAUSTED"),
        ("gemini-overloaded", 503, "UNAVAILABLE"),
        ("gemini-forbidden", 403, "PERMISSION_DENIED"),
        ("gemini-place", 400, "FAILED_PRECONDITION"),
        ("gemini-nobody", 404, "NOT_FOUND"),
        ("gemini-bad-key", 400, "INVALID_ARGUMENT"),
    ],
)
async def test_googles_client_knows_each_refusal(
    google: genai.client.AsyncClient, model: str, code: int, status: str
) -> None:
    with pytest.raises(errors.APIError) as refused:
        await google.models.generate_content(model=model, contents="What lies?")
    assert (refused.value.code, refused.value.status) == (code, status)


async def test_anthropics_client_understands_a_tool_call_and_a_refusal(claude: anthropic.AsyncAnthropic) -> None:
    async with claude.messages.stream(model="claude-calls", max_tokens=100, messages=QUESTION) as stream:
        message = await stream.get_final_message()
    called = message.content[-1]
    assert called.type == "tool_use"
    assert (called.name, called.input, message.stop_reason) == ("search", GIVEN, "tool_use")
    whole = await claude.messages.create(model="claude-calls", max_tokens=100, messages=QUESTION)
    (block,) = whole.content
    assert block.type == "tool_use"
    assert (block.input, whole.stop_reason) == (GIVEN, "tool_use")
    async with claude.messages.stream(model="claude-filtered-mid", max_tokens=100, messages=QUESTION) as stream:
        refused = await stream.get_final_message()
    assert refused.stop_reason == "refusal"
    assert refused.stop_details is not None
    (said,) = refused.content
    assert said.type == "text"
    assert said.text == HALF


async def test_googles_client_understands_a_function_call_and_a_filter(google: genai.client.AsyncClient) -> None:
    pieces = [one async for one in await google.models.generate_content_stream(model="gemini-calls", contents="What?")]
    whole = await google.models.generate_content(model="gemini-calls", contents="What lies?")
    for answer in (pieces[0], whole):
        assert answer.function_calls is not None
        (called,) = answer.function_calls
        assert (called.name, called.args) == ("search", GIVEN)
    stream = await google.models.generate_content_stream(model="gemini-filtered-mid", contents="What lies?")
    chunks = [chunk async for chunk in stream]
    assert chunks[-1].candidates is not None
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.SAFETY
