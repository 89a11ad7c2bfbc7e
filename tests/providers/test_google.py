"""Gemini over real TLS through the real door: the API as it is documented, and each way in which it says no."""

from collections.abc import AsyncIterator, Callable

import pytest

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.google import Google
from moorage.providers.protocol import BrokenReply, End, ModelFacts, Quirks, Turn, Usage
from moorage.providers.speaking import Patience
from moorage.vault.secret import Secret
from tests.providers.hearing import HALF, WORDS, hear
from tests.support.authority import TestAuthority
from tests.support.dialects import GeminiServer
from tests.support.model_server import LEAK_MARKER

KEY = "AIzaSyTests-0123456789abcdefghijklmnopq"
THINKS = ModelFacts(65_536, "summarized")
Reach = Callable[[GeminiServer], tuple[Line, Endpoint]]
NAMES = ("steady", "thinks", "echo", "held", "cut", "reset-mid", "error-mid", "length", "tools", "other", "filtered",
         "filtered-mid", "blocked", "surrogates", "in-one-piece", "no-thinking", "3.8-flash")  # fmt: skip


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[GeminiServer]:
    context = authority.server_context("llm.test")
    models = [f"gemini-{name}" for name in NAMES]
    async with GeminiServer(context, name="llm.test", key=KEY, models=models) as running:
        yield running


def gemini(
    server: GeminiServer, reach: Reach, facts: ModelFacts = THINKS, *, key: str | None = KEY, **more: object
) -> Google:
    line, endpoint = reach(server)
    return Google(line, endpoint, None if key is None else Secret(key), facts, **more)  # type: ignore[arg-type]


async def test_a_reply_streams_to_its_end_with_usage_of_the_last_event(server: GeminiServer, reach: Reach) -> None:
    """P16: what was thought counts as written; the counts of earlier events are not the whole."""
    heard = await hear(gemini(server, reach), "gemini-steady")
    assert heard.text == WORDS
    assert heard.end == End(
        "stop", Usage(5, 24, cached=3, reasoning=4), "gemini-steady", "Il0taoSYJ5Cez7-1", finish_stated="STOP"
    )


async def test_a_request_is_what_the_api_asks_for(server: GeminiServer, reach: Reach) -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "one"), Turn("assistant", "two"), Turn("user", "three"))
    await hear(gemini(server, reach), "gemini-steady", turns=turns, max_tokens=9)
    assert server.last_chat == {
        "contents": [
            {"role": "user", "parts": [{"text": "one"}]},
            {"role": "model", "parts": [{"text": "two"}]},
            {"role": "user", "parts": [{"text": "three"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"maxOutputTokens": 9, "thinkingConfig": {"includeThoughts": True}},
    }
    assert server.last_request is not None
    assert server.last_request.path == "/v1/models/gemini-steady:streamGenerateContent"
    assert server.last_request.query == "alt=sse"
    assert server.last_headers["x-goog-api-key"] == KEY
    assert "authorization" not in server.last_headers


@pytest.mark.parametrize(
    ("thinking", "sent"),
    [("summarized", {"includeThoughts": True}), ("off", {"thinkingBudget": 0}), ("unset", None)],
)
async def test_thinking_is_asked_for_as_the_catalogue_says(
    server: GeminiServer, reach: Reach, thinking: str, sent: object
) -> None:
    heard = await hear(gemini(server, reach, ModelFacts(8192, thinking)), "gemini-thinks")  # type: ignore[arg-type]
    config = server.last_chat.get("generationConfig", {})
    assert isinstance(config, dict)
    assert config.get("thinkingConfig") == sent
    assert heard.reasoning == ("Let me think." if thinking == "summarized" else "")
    assert heard.text == WORDS


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("length", "length"),
        ("tools", "other"),
        ("other", "other"),
        ("filtered-mid", "content_filter"),
    ],
)
async def test_why_it_stopped_is_told_in_the_words_of_the_others(
    server: GeminiServer, reach: Reach, model: str, reason: str
) -> None:
    heard = await hear(gemini(server, reach), f"gemini-{model}")
    assert heard.end.finish_reason == reason
    assert heard.text == (HALF if model == "filtered-mid" else WORDS)


async def test_an_emoji_cut_in_half_arrives_whole(server: GeminiServer, reach: Reach) -> None:
    assert (await hear(gemini(server, reach), "gemini-surrogates")).text == "ship 🚢 ahoy"


@pytest.mark.parametrize(("model", "stream"), [("in-one-piece", True), ("thinks", False)])
async def test_an_answer_in_one_piece_is_the_same_answer(
    server: GeminiServer, reach: Reach, model: str, stream: bool
) -> None:
    heard = await hear(gemini(server, reach), f"gemini-{model}", stream=stream)
    assert (heard.text, heard.reasoning) == (WORDS, "" if stream else "Let me think.")
    assert heard.end.usage == Usage(5, 24, cached=3, reasoning=4)


@pytest.mark.parametrize(
    ("model", "code", "params"),
    [
        ("bad-key", "bad_key", {}),
        ("leaked-key", "bad_key", {}),
        ("forbidden", "forbidden", {"model": "gemini-forbidden"}),
        ("place", "forbidden", {"model": "gemini-place"}),
        ("rate", "rate_limited", {"retry_after_s": 37}),
        ("quota", "quota_exhausted", {}),
        ("internal", "upstream_failed", {"status": 500}),
        ("overloaded", "overloaded", {}),
        ("deadline", "upstream_failed", {"status": 504}),
        ("too-long", "context_too_long", {"model": "gemini-too-long"}),
        ("too-large", "body_too_large", {}),
        ("html", "not_api", {}),
        ("gateway", "upstream_failed", {"status": 502}),
        ("3.9-gone", "model_missing", {"model": "gemini-3.9-gone"}),
        ("filtered", "content_filtered", {}),
        ("blocked", "content_filtered", {}),
    ],
)
async def test_a_refusal_is_named_and_never_repeated(
    server: GeminiServer, reach: Reach, model: str, code: str, params: dict[str, object]
) -> None:
    """P12: what an endpoint says may hold a key; only its class reaches a person."""
    heard = await hear(gemini(server, reach), f"gemini-{model}")
    assert heard.problem == (code, params)
    assert LEAK_MARKER not in f"{heard.failure!r} {heard.failure} {heard.problem}"
    assert heard.text == ""


@pytest.mark.parametrize("key", ["AIza-wrong", None])
async def test_a_wrong_key_is_named_although_its_status_is_that_of_a_bad_request(
    server: GeminiServer, reach: Reach, key: str | None
) -> None:
    provider = gemini(server, reach, key=key)
    assert (await hear(provider, "gemini-steady")).problem == ("bad_key", {})
    with pytest.raises(EndpointFailure, match="bad_key"):
        await provider.list_models()


@pytest.mark.parametrize(("model", "code"), [("cut", "cut_off"), ("reset-mid", "cut_off"), ("error-mid", "overloaded")])
async def test_what_had_arrived_is_kept_when_a_reply_breaks(
    server: GeminiServer, reach: Reach, model: str, code: str
) -> None:
    """P16: a count that is missing in the middle is not zero."""
    heard = await hear(gemini(server, reach), f"gemini-{model}")
    assert (heard.text, heard.problem, heard.ends) == (HALF, (code, {}), [])
    assert isinstance(heard.failure, BrokenReply)
    assert heard.failure.usage == Usage(5, None, cached=3)


async def test_a_model_that_takes_no_wish_about_thinking_is_asked_without_and_remembered(
    server: GeminiServer, reach: Reach
) -> None:
    provider = gemini(server, reach)
    assert (await hear(provider, "gemini-no-thinking")).text == WORDS
    assert provider.quirks.takes_thinking is False
    learnt = gemini(server, reach, quirks=Quirks.from_json(provider.quirks.to_json()))
    before = server.counts.requests
    assert (await hear(learnt, "gemini-no-thinking")).text == WORDS
    assert server.counts.requests == before + 1


async def test_models_are_listed_over_all_pages_without_those_that_can_not_chat(
    server: GeminiServer, reach: Reach
) -> None:
    found = await gemini(server, reach).list_models()
    assert [model.id for model in found] == server.models
    assert server.counts.list_requests == len(server.models) // 3 + 1
    first = found[0]
    assert (first.name, first.context_length, first.max_output) == ("Gemini Steady", 1_048_576, 65_536)


async def test_leaving_a_reply_in_the_middle_hangs_up(server: GeminiServer, reach: Reach) -> None:
    provider = gemini(server, reach, patience=Patience(idle_timeout_s=0.2))
    assert (await hear(provider, "gemini-held")).problem == ("stalled", {"timeout_s": 0.2})
    for _ in range(2):
        assert (await hear(provider, "gemini-steady")).text == WORDS
    assert server.counts.connections == 2
