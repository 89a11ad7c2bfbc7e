"""Claude over real TLS through the real door: the Messages API as it is documented, and each way it says no."""

from collections.abc import AsyncIterator, Callable

import pytest

from moorage.egress.door import Line
from moorage.egress.urls import Endpoint
from moorage.errors import EndpointFailure
from moorage.providers.anthropic import CACHE_FROM_CHARS, MAX_TOKENS, Anthropic
from moorage.providers.protocol import BrokenReply, End, ModelFacts, Quirks, Turn, Usage
from moorage.providers.speaking import Patience
from moorage.vault.secret import Secret
from tests.providers.hearing import HALF, QUESTION, WORDS, hear
from tests.support.authority import TestAuthority
from tests.support.dialects import MessagesServer
from tests.support.dialects.messages import MAX_OUTPUT
from tests.support.model_server import LEAK_MARKER

KEY = "sk-ant-api03-tests-0123456789"
THINKS = ModelFacts(MAX_OUTPUT, "summarized")
Reach = Callable[[MessagesServer], tuple[Line, Endpoint]]
NAMES = ("steady", "thinks", "echo", "held", "cut", "reset-mid", "error-mid", "length", "tools", "other", "filtered",
         "filtered-mid", "window", "surrogates", "in-one-piece", "no-thinking", "small")  # fmt: skip


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[MessagesServer]:
    context = authority.server_context("llm.test")
    models = [f"claude-{name}" for name in NAMES]
    async with MessagesServer(context, name="llm.test", key=KEY, models=models) as running:
        yield running


def claude(
    server: MessagesServer, reach: Reach, facts: ModelFacts = THINKS, *, key: str | None = KEY, **more: object
) -> Anthropic:
    line, endpoint = reach(server)
    return Anthropic(line, endpoint, None if key is None else Secret(key), facts, **more)  # type: ignore[arg-type]


async def test_a_reply_streams_to_its_end_with_the_whole_prompt_counted(server: MessagesServer, reach: Reach) -> None:
    """P16: what was read from a cache or into one is part of the prompt, and reported apart from it by this API."""
    heard = await hear(claude(server, reach), "claude-steady")
    assert heard.text == WORDS
    assert heard.end == End(
        "stop", Usage(5 + 2 + 3, 20, cached=3, reasoning=0), "claude-steady", f"msg_{1:024}", finish_stated="end_turn"
    )
    assert server.counts.tokens_by_request == {f"msg_{1:024}": 20}


async def test_a_request_is_what_the_api_asks_for(server: MessagesServer, reach: Reach) -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "one"), Turn("assistant", "two"), Turn("user", "three"))
    await hear(claude(server, reach), "claude-steady", turns=turns)
    assert server.last_chat == {
        "model": "claude-steady",
        "max_tokens": MAX_TOKENS,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ],
        "stream": True,
        "thinking": {"type": "adaptive", "display": "summarized"},
    }
    assert server.last_headers["anthropic-version"] == "2023-06-01"
    assert server.last_headers["x-api-key"] == KEY
    assert "authorization" not in server.last_headers


@pytest.mark.parametrize(
    ("facts", "asked", "limit"),
    [
        (ModelFacts(128_000), None, MAX_TOKENS),
        (ModelFacts(8192), None, 8192),
        (ModelFacts(None), None, 8192),
        (ModelFacts(128_000), 7, 7),
    ],
)
async def test_the_limit_that_this_api_demands_is_the_models_and_never_without_bounds(
    server: MessagesServer, reach: Reach, facts: ModelFacts, asked: int | None, limit: int
) -> None:
    await hear(claude(server, reach, facts), "claude-steady", max_tokens=asked)
    assert server.last_chat["max_tokens"] == limit


@pytest.mark.parametrize(
    ("thinking", "sent"),
    [("summarized", {"type": "adaptive", "display": "summarized"}), ("off", {"type": "disabled"}), ("unset", None)],
)
async def test_thinking_is_asked_for_as_the_catalogue_says(
    server: MessagesServer, reach: Reach, thinking: str, sent: object
) -> None:
    heard = await hear(claude(server, reach, ModelFacts(8192, thinking)), "claude-thinks")  # type: ignore[arg-type]
    assert server.last_chat.get("thinking") == sent
    assert heard.reasoning == ("Let me think." if thinking == "summarized" else "")
    assert heard.text == WORDS


async def test_only_a_long_prompt_is_marked_to_be_kept(server: MessagesServer, reach: Reach) -> None:
    provider = claude(server, reach)
    await hear(provider, "claude-steady", turns=(Turn("user", "a" * (CACHE_FROM_CHARS - 1)),))
    assert isinstance(server.last_chat["messages"], list)
    assert server.last_chat["messages"][-1]["content"] == "a" * (CACHE_FROM_CHARS - 1)
    turns = (Turn("user", "a" * CACHE_FROM_CHARS), Turn("assistant", "b"), Turn("user", "c"))
    await hear(provider, "claude-steady", turns=turns)
    assert server.last_chat["messages"][-1]["content"] == [
        {"type": "text", "text": "c", "cache_control": {"type": "ephemeral"}}
    ]
    assert server.last_chat["messages"][0]["content"] == "a" * CACHE_FROM_CHARS


@pytest.mark.parametrize(
    ("model", "reason"),
    [("length", "length"), ("tools", "tool_calls"), ("other", "pause"), ("filtered-mid", "refusal")],
)
async def test_why_it_stopped_is_told_in_the_words_of_the_others(
    server: MessagesServer, reach: Reach, model: str, reason: str
) -> None:
    heard = await hear(claude(server, reach), f"claude-{model}")
    assert heard.end.finish_reason == reason
    assert heard.text == (HALF if model == "filtered-mid" else WORDS)


async def test_an_emoji_cut_in_half_arrives_whole(server: MessagesServer, reach: Reach) -> None:
    assert (await hear(claude(server, reach), "claude-surrogates")).text == "ship 🚢 ahoy"


@pytest.mark.parametrize(("model", "stream"), [("in-one-piece", True), ("thinks", False)])
async def test_an_answer_in_one_piece_is_the_same_answer(
    server: MessagesServer, reach: Reach, model: str, stream: bool
) -> None:
    heard = await hear(claude(server, reach), f"claude-{model}", stream=stream)
    assert (heard.text, heard.reasoning) == (WORDS, "" if stream else "Let me think.")
    assert heard.end.usage == Usage(10, 20, cached=3)


@pytest.mark.parametrize(
    ("model", "code", "params"),
    [
        ("bad-key", "bad_key", {}),
        ("forbidden", "forbidden", {"model": "claude-forbidden"}),
        ("too-large", "body_too_large", {}),
        ("rate", "rate_limited", {"retry_after_s": 12}),
        ("api-error", "upstream_failed", {"status": 500}),
        ("overloaded", "overloaded", {}),
        ("no-credit", "quota_exhausted", {}),
        ("billing", "quota_exhausted", {}),
        ("too-long", "context_too_long", {"model": "claude-too-long"}),
        ("no-room", "context_too_long", {"model": "claude-no-room"}),
        ("html", "not_api", {}),
        ("gateway", "upstream_failed", {"status": 502}),
        ("gone", "model_missing", {"model": "claude-gone"}),
        ("filtered", "declined", {"model": "claude-filtered"}),
    ],
)
async def test_a_refusal_is_named_and_never_repeated(
    server: MessagesServer, reach: Reach, model: str, code: str, params: dict[str, object]
) -> None:
    """P12: what an endpoint says may hold a key; only its class reaches a person."""
    heard = await hear(claude(server, reach), f"claude-{model}")
    assert heard.problem == (code, params)
    assert LEAK_MARKER not in f"{heard.failure!r} {heard.failure} {heard.problem}"
    assert heard.text == ""


@pytest.mark.parametrize(("key", "code"), [("sk-ant-wrong", "bad_key"), (None, "key_missing")])
async def test_a_wrong_key_and_a_missing_key_are_told_apart(
    server: MessagesServer, reach: Reach, key: str | None, code: str
) -> None:
    provider = claude(server, reach, key=key)
    assert (await hear(provider, "claude-steady")).problem == (code, {})
    with pytest.raises(EndpointFailure, match=code):
        await provider.list_models()


@pytest.mark.parametrize(("model", "code"), [("cut", "cut_off"), ("reset-mid", "cut_off"), ("error-mid", "overloaded")])
async def test_what_had_arrived_is_kept_when_a_reply_breaks(
    server: MessagesServer, reach: Reach, model: str, code: str
) -> None:
    """P15: the prompt was reported by then and is told; the words so far were not, and are not made up."""
    heard = await hear(claude(server, reach), f"claude-{model}")
    assert (heard.text, heard.problem, heard.ends) == (HALF, (code, {}), [])
    assert isinstance(heard.failure, BrokenReply)
    assert heard.failure.usage == Usage(10, None, cached=3)


async def test_a_model_that_takes_no_wish_about_thinking_is_asked_without_and_remembered(
    server: MessagesServer, reach: Reach
) -> None:
    provider = claude(server, reach)
    assert (await hear(provider, "claude-no-thinking")).text == WORDS
    assert provider.quirks.takes_thinking is False
    learnt = claude(server, reach, quirks=Quirks.from_json(provider.quirks.to_json()))
    before = server.counts.requests
    assert (await hear(learnt, "claude-no-thinking")).text == WORDS
    assert server.counts.requests == before + 1


async def test_a_limit_that_the_catalogue_has_wrong_is_learnt(server: MessagesServer, reach: Reach) -> None:
    provider = claude(server, reach)
    assert (await hear(provider, "claude-small")).text == WORDS
    assert server.last_chat["max_tokens"] == 100
    assert provider.quirks.max_output == 100


async def test_models_are_listed_over_all_pages(server: MessagesServer, reach: Reach) -> None:
    server.models.append("claude-retired")
    found = await claude(server, reach).list_models()
    assert [model.id for model in found] == server.models
    assert server.counts.list_requests == len(server.models) // 3
    first, last = found[0], found[-1]
    assert (first.name, first.context_length, first.max_output) == ("Claude Steady", 1_000_000, MAX_OUTPUT)
    assert (first.inputs, first.is_retired) == (("text", "image", "file"), False)
    assert (last.is_retired, str(last.retires_on)) == (True, "2026-11-01")


async def test_leaving_a_reply_in_the_middle_hangs_up(server: MessagesServer, reach: Reach) -> None:
    provider = claude(server, reach, patience=Patience(idle_timeout_s=0.2))
    assert (await hear(provider, "claude-held")).problem == ("stalled", {"timeout_s": 0.2})
    for _ in range(2):
        assert (await hear(provider, "claude-steady", turns=QUESTION)).text == WORDS
    assert server.counts.connections == 2
