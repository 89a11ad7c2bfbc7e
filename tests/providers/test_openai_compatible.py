"""Replies over real TLS through the real door, from a server that behaves as badly as it is asked to."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable

import pytest

from moorage.errors import EndpointFailure
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import BrokenReply, ChatRequest, Delta, End, Quirks, Turn, Usage
from moorage.providers.speaking import Patience
from tests.providers.hearing import HALF, QUESTION, WORDS, hear
from tests.support.authority import TestAuthority
from tests.support.model_server import LEAK_MARKER, ModelServer

Connect = Callable[..., OpenAICompatible]


async def test_a_reply_streams_to_its_end_with_usage_as_reported(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "steady")
    assert heard.text == WORDS
    assert heard.end == End("stop", Usage(5, 20, cached=0), "steady", "chatcmpl-1", finish_stated="stop")
    assert server.counts.tokens_by_request == {"chatcmpl-1": 20}


@pytest.mark.parametrize(
    "dress",
    ["no-done", "usage-every-chunk", "usage-with-choices", "crlf", "bom", "comments", "no-blank-line", "garbage"],
)
async def test_a_reply_in_any_common_dress_is_the_same_reply(server: ModelServer, connect: Connect, dress: str) -> None:
    heard = await hear(connect(server), dress)
    assert heard.text == WORDS
    assert heard.end.usage == Usage(5, 20, cached=0)


async def test_an_endpoint_that_reports_no_usage_is_not_given_any(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "no-usage")
    assert heard.text == WORDS
    assert heard.end.usage is None


async def test_a_json_answer_to_a_stream_request_is_taken(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "json-not-stream")
    assert heard.text == WORDS
    assert heard.end.usage == Usage(5, 20, cached=0)


async def test_a_reply_can_be_asked_for_in_one_piece(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "steady", stream=False, max_tokens=3)
    assert heard.text == "word1 word2 word3 "
    assert server.last_chat.keys() == {"model", "messages", "max_tokens"}


@pytest.mark.parametrize("model", ["reasoning", "reasoning-content", "reasoning-parts", "think-tags"])
async def test_thinking_is_told_from_the_answer(server: ModelServer, connect: Connect, model: str) -> None:
    heard = await hear(connect(server), model)
    assert heard.reasoning == "Let me think."
    assert heard.text == "The answer."


async def test_an_emoji_cut_in_half_arrives_whole(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "surrogates")
    assert heard.text == "ship 🚢 ahoy"


@pytest.mark.parametrize(
    ("model", "code", "params"),
    [
        ("error-401", "bad_key", {}),
        ("error-403", "forbidden", {"model": "error-403"}),
        ("error-403-empty", "forbidden_unexplained", {}),
        ("error-404-model", "model_missing", {"model": "error-404-model"}),
        ("error-404-path", "path_missing", {"status": 404}),
        ("error-413", "body_too_large", {}),
        ("error-429", "rate_limited", {"retry_after_s": 7}),
        ("error-500", "upstream_failed", {"status": 500}),
        ("error-502-html", "upstream_failed", {"status": 502}),
        ("error-503", "overloaded", {}),
        ("error-529", "overloaded", {}),
        ("error-521", "tunnel_down", {"status": 521}),
        ("quota", "quota_exhausted", {}),
        ("context", "context_too_long", {"model": "context"}),
        ("content-refused", "content_filtered", {}),
        ("gateway-key", "gateway_key", {"model": "gateway-key"}),
        ("not-chat", "not_chat_model", {"model": "not-chat"}),
        ("loading", "model_loading", {"model": "loading"}),
        ("html", "not_api", {}),
        ("redirect", "redirected", {}),
        ("nobody-knows-me", "model_missing", {"model": "nobody-knows-me"}),
    ],
)
async def test_a_refusal_is_named_and_never_repeated(
    server: ModelServer, connect: Connect, model: str, code: str, params: dict[str, object]
) -> None:
    """P12: what an endpoint says may hold a key; only its class reaches a person."""
    heard = await hear(connect(server), model)
    assert heard.failure is not None
    assert (heard.failure.code, dict(heard.failure.params)) == (code, params)
    assert LEAK_MARKER not in f"{heard.failure!r} {heard.failure} {heard.failure.params}"
    assert heard.text == ""
    assert server.counts.chat_requests == 1


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("cut", "cut_off"),
        ("reset-mid", "cut_off"),
        ("endless-line", "bad_stream"),
        ("error-in-stream", "midstream_error"),
        ("error-string-in-stream", "midstream_error"),
        ("error-event-in-stream", "overloaded"),
    ],
)
async def test_what_had_arrived_is_kept_when_a_reply_breaks(
    server: ModelServer, connect: Connect, model: str, code: str
) -> None:
    heard = await hear(connect(server), model)
    assert heard.text == HALF
    assert heard.failure is not None
    assert heard.failure.code == code
    assert LEAK_MARKER not in f"{heard.failure!r} {heard.failure.params}"
    assert heard.ends == []


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("empty", "empty_answer"),
        ("empty-stream", "empty_answer"),
        ("swallowed-error", "cut_off"),
        ("content-filter", "content_filtered"),
        ("garbage-flood", "bad_stream"),
    ],
)
async def test_an_answer_that_is_none_is_a_failure(
    server: ModelServer, connect: Connect, model: str, code: str
) -> None:
    heard = await hear(connect(server), model)
    assert heard.failure is not None
    assert heard.failure.code == code
    assert heard.ends == []


async def test_a_failed_reply_still_tells_the_usage_that_was_reported(server: ModelServer, connect: Connect) -> None:
    """P15: tokens that were spent on a failure are spent."""
    heard = await hear(connect(server), "empty")
    assert isinstance(heard.failure, BrokenReply)
    assert heard.failure.usage == Usage(5, 0, cached=0)


async def test_an_endpoint_that_refuses_stream_options_is_remembered(server: ModelServer, connect: Connect) -> None:
    provider = connect(server)
    heard = await hear(provider, "refuses-stream-options")
    assert heard.text == WORDS
    assert heard.end.usage == Usage(5, 20, cached=0)
    assert provider.quirks.stream_usage is False
    assert server.counts.chat_requests == 2

    learnt = connect(server, quirks=Quirks.from_json(json.loads(json.dumps(provider.quirks.to_json()))))
    await hear(learnt, "refuses-stream-options")
    assert server.counts.chat_requests == 3


async def test_an_endpoint_that_wants_the_newer_limit_field_is_remembered(
    server: ModelServer, connect: Connect
) -> None:
    provider = connect(server)
    heard = await hear(provider, "max-completion-tokens-only", max_tokens=2)
    assert heard.text == "word1 word2 "
    assert provider.quirks.limit_field == "max_completion_tokens"
    await hear(provider, "max-completion-tokens-only", max_tokens=2)
    assert server.counts.chat_requests == 3


async def test_a_refusal_that_a_retry_does_not_cure_teaches_nothing(server: ModelServer, connect: Connect) -> None:
    provider = connect(server)
    await hear(provider, "context")
    assert provider.quirks == Quirks()


async def test_a_silent_endpoint_is_given_up_on(server: ModelServer, connect: Connect) -> None:
    """P22: the patience is bounded before the headers, before the text, and in the middle."""
    provider = connect(server, patience=Patience(first_byte_timeout_s=0.2, idle_timeout_s=0.2))
    codes = [await hear(provider, model) for model in ("hang-before-headers", "hang-before-text", "hang-mid")]
    assert [heard.failure and heard.failure.code for heard in codes] == ["first_byte_timeout", "stalled", "stalled"]
    assert codes[2].text == HALF


async def test_leaving_a_reply_in_the_middle_hangs_up(server: ModelServer, connect: Connect) -> None:
    provider = connect(server)
    reply = provider.reply(ChatRequest("held", QUESTION))
    first = await anext(aiter(reply))
    assert isinstance(first, Delta)
    await reply.aclose()
    healthy = await hear(provider, "steady")
    assert healthy.text == WORDS
    assert server.counts.connections == 2


async def test_replies_one_after_the_other_share_a_connection(server: ModelServer, connect: Connect) -> None:
    provider = connect(server)
    for _ in range(3):
        assert (await hear(provider, "steady")).text == WORDS
    assert server.counts.connections == 1


async def test_the_whole_conversation_goes_out_in_a_shape_that_strict_endpoints_take(
    server: ModelServer, connect: Connect
) -> None:
    turns = (
        Turn("user", "one"),
        Turn("user", "two"),
        Turn("assistant", "  "),
        Turn("assistant", "three \ud83d"),
        Turn("system", "Be brief."),
        Turn("user", "four"),
    )
    text = ""
    async for item in connect(server).reply(ChatRequest("echo", turns)):
        text += item.text if isinstance(item, Delta) else ""
    assert json.loads(text) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one\n\ntwo"},
        {"role": "assistant", "content": "three \ufffd"},
        {"role": "user", "content": "four"},
    ]


async def test_the_key_goes_out_as_bearer_and_for_azure_as_api_key(server: ModelServer, connect: Connect) -> None:
    await hear(connect(server), "steady")
    assert server.last_headers["authorization"] == "Bearer sk-1"
    await hear(connect(server, quirks=Quirks(auth="api_key")), "steady")
    assert server.last_headers["api-key"] == "sk-1"
    assert "authorization" not in server.last_headers
    await hear(connect(server, key=None), "steady")
    assert not {"authorization", "api-key"} & server.last_headers.keys()


async def test_azure_deployments_are_part_of_the_path(server: ModelServer, connect: Connect) -> None:
    quirks = Quirks(auth="api_key", azure_deployments=True, api_version="2024-10-21", models_path="/deployments")
    provider = connect(server, path="/openai", quirks=quirks)
    assert (await hear(provider, "steady")).text == WORDS
    assert server.last_request is not None
    assert server.last_request.path == "/openai/deployments/steady/chat/completions"
    assert server.last_request.query == "api-version=2024-10-21"
    assert [model.id for model in await provider.list_models()] == ["steady", "echo"]


async def test_a_list_of_what_could_be_deployed_is_not_offered_for_choosing(
    server: ModelServer, connect: Connect
) -> None:
    provider = connect(server, quirks=Quirks(auth="api_key", lists_base_models=True))
    with pytest.raises(EndpointFailure, match="models_not_offered"):
        await provider.list_models()


@contextlib.asynccontextmanager
async def serving(authority: TestAuthority, **settings: object) -> AsyncIterator[ModelServer]:
    async with ModelServer(authority.server_context("llm.test"), name="llm.test", **settings) as running:  # type: ignore[arg-type]
        yield running


async def test_models_are_discovered_with_their_context_length(server: ModelServer, connect: Connect) -> None:
    steady, echo = await connect(server).list_models()
    assert (steady.id, steady.context_length, steady.inputs, echo.id) == ("steady", 8192, ("text",), "echo")


async def test_a_missing_v1_is_found_and_kept(server: ModelServer, connect: Connect) -> None:
    provider = connect(server, path="")
    assert [model.id for model in await provider.list_models()] == ["steady", "echo"]
    assert provider.endpoint.path == "/v1"
    assert (await hear(provider, "steady")).text == WORDS
    assert server.counts.requests == 3


async def test_a_missing_v1_is_found_by_a_reply_too(authority: TestAuthority, connect: Connect) -> None:
    async with serving(authority, listing="none") as server:
        provider = connect(server, path="")
        with pytest.raises(EndpointFailure, match="models_not_offered"):
            await provider.list_models()
        assert (await hear(provider, "steady")).text == WORDS
        assert provider.endpoint.path == "/v1"


@pytest.mark.parametrize(
    ("listing", "code"), [("none", "models_not_offered"), ("html", "not_api"), ("not-json", "not_api")]
)
async def test_an_endpoint_without_a_model_list_says_which_way_it_has_none(
    authority: TestAuthority, connect: Connect, listing: str, code: str
) -> None:
    async with serving(authority, listing=listing) as server:
        with pytest.raises(EndpointFailure, match=code):
            await connect(server).list_models()


async def test_an_empty_model_list_is_a_list(authority: TestAuthority, connect: Connect) -> None:
    async with serving(authority, listing="empty") as server:
        assert await connect(server).list_models() == []


@pytest.mark.parametrize(("key", "code"), [("sk-wrong", "bad_key"), (None, "key_missing")])
async def test_a_wrong_key_and_a_missing_key_are_told_apart(
    authority: TestAuthority, connect: Connect, key: str | None, code: str
) -> None:
    async with serving(authority, key="sk-right") as server:
        with pytest.raises(EndpointFailure, match=code):
            await connect(server, key=key).list_models()
        heard = await hear(connect(server, key=key), "steady")
        assert heard.failure is not None
        assert heard.failure.code == code


async def test_a_wrong_key_is_told_even_where_v1_is_missing(authority: TestAuthority, connect: Connect) -> None:
    async with serving(authority, key="sk-right") as server:
        with pytest.raises(EndpointFailure, match="bad_key"):
            await connect(server, path="", key="sk-wrong").list_models()


async def test_a_fast_stream_loses_no_word(server: ModelServer, connect: Connect) -> None:
    heard = await hear(connect(server), "burst-20000")
    assert heard.text == "word " * 20_000
    assert heard.chunks >= 20_000
    assert heard.end.usage == Usage(5, 20_000, cached=0)
