"""The traps of protocols as whole answers of a server: content type, padding, bare strings, pages that say 200.

Traps within a stream of events are recorded in test_event_streams.py and test_dialect_streams.py.
"""

# ruff: noqa: E501 - cases are easier to compare on one line

import json
from collections.abc import AsyncIterator, Callable

import pytest

from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import Usage
from tests.providers.hearing import hear
from tests.support.authority import TestAuthority
from tests.support.dialects.exact import ExactServer

Connect = Callable[..., OpenAICompatible]
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Enter your password</body></html>"
USAGE = {"prompt_tokens": 7, "completion_tokens": 3}


def document(content: object, **more: object) -> bytes:
    """A whole answer."""
    message = {"role": "assistant", "content": content}
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **more}).encode()


def event(delta: dict[str, object], **more: object) -> bytes:
    """One event."""
    return b"data: " + json.dumps({"id": "c1", "choices": [{"index": 0, "delta": delta}], **more}).encode() + b"\n\n"


@pytest.fixture
async def exact(authority: TestAuthority) -> AsyncIterator[ExactServer]:
    async with ExactServer(authority.server_context("llm.test"), name="llm.test") as running:
        yield running


JSON, EVENTS = "application/json", "text/event-stream"


@pytest.mark.parametrize(
    ("content_type", "pieces"),
    [
        pytest.param(JSON, [b"\n", b"\n\n", b"  \n", document("Hi", usage=USAGE)], id="blank lines while it loads"),
        pytest.param(JSON, [b"\xef\xbb\xbf" + document("Hi", usage=USAGE)], id="a byte order mark"),
        pytest.param(JSON, [document([{"type": "text", "text": "Hi"}], usage=USAGE)], id="content as array"),
        pytest.param(JSON, [bytes([one]) for one in document("Hi", usage=USAGE)], id="byte by byte"),
        pytest.param("text/plain", [document("Hi", usage=USAGE)], id="as plain text"),
        pytest.param(JSON, [event({"content": "Hi"}, usage=USAGE), b"data: [DONE]\n\n"], id="events that say they are JSON"),
        pytest.param("", [b": ping\n\n", event({"content": "Hi"}, usage=USAGE), b"data: [DONE]\n\n"], id="no content type"),
        pytest.param(
            EVENTS,
            [event({"content": "Hi", "obfuscation": "x8Kd0"}, usage=None), event({}, usage=USAGE, obfuscation="q"), b"data: [DONE]\n\n"],
            id="padding against eavesdroppers",
        ),
        pytest.param(
            EVENTS,
            [event({"content": [{"type": "text", "text": "H"}, "?", {"type": "reference", "reference_ids": [1]}, {"type": "text", "text": "i"}]}, usage=USAGE), b"data: [DONE]\n\n"],
            id="content as array of several kinds",
        ),
    ],
)  # fmt: skip
async def test_an_answer_in_an_odd_dress_is_the_same_answer(
    exact: ExactServer, connect: Connect, content_type: str, pieces: list[bytes]
) -> None:
    exact.content_type, exact.pieces = content_type, pieces
    heard = await hear(connect(exact), "m")
    assert (heard.text, heard.end.usage) == ("Hi", Usage(7, 3))


@pytest.mark.parametrize(
    ("content_type", "pieces", "code"),
    [
        pytest.param("text/html; charset=utf-8", [PAGE], "not_api", id="a page"),
        pytest.param("", [PAGE], "not_api", id="a page without a content type"),
        pytest.param(JSON, [b"\n\n" + PAGE], "not_api", id="a page that says it is JSON"),
        pytest.param(EVENTS, [PAGE], "bad_stream", id="a page that says it is a stream"),
        pytest.param(JSON, [b'{"error": "Unauthorized"}'], "midstream_error", id="a bare string as error"),
        pytest.param(JSON, [b'"maximum context length exceeded"'], "bad_stream", id="a bare string"),
        pytest.param(JSON, [b'{"detail": "Not Found"}'], "not_api", id="an object of something else"),
        pytest.param(JSON, [b'{"choices": [{"message": {"content": "Hi'], "not_api", id="half a document"),
        pytest.param(JSON, [], "empty_answer", id="nothing, as JSON"),
        pytest.param(EVENTS, [], "empty_answer", id="nothing, as a stream"),
        pytest.param(EVENTS, [b"\n\n\n\n"], "empty_answer", id="blank lines"),
        pytest.param(EVENTS, [b'{"error":"model runner has unexpectedly stopped"}\n'], "midstream_error", id="a line of Ollama's own API"),
        pytest.param(EVENTS, [event({"role": "assistant", "content": ""})], "cut_off", id="an error that Ollama swallowed"),
        pytest.param(
            EVENTS, [event({"content": ""}), event({}, usage=USAGE), b"data: [DONE]\n\n"], "empty_answer",
            id="nothing, with an ending and usage (LiteLLM before a server that gave up)",
        ),
    ],
)  # fmt: skip
async def test_what_looks_like_success_and_is_none_gets_a_name(
    exact: ExactServer, connect: Connect, content_type: str, pieces: list[bytes], code: str
) -> None:
    """P20: no empty or half answer is ever called complete."""
    exact.content_type, exact.pieces = content_type, pieces
    heard = await hear(connect(exact), "m")
    assert (heard.text, heard.problem[0], heard.ends) == ("", code, [])


async def test_usage_on_every_event_is_counted_once_and_the_last_word_wins(
    exact: ExactServer, connect: Connect
) -> None:
    exact.pieces = [
        event({"content": word}, usage={"prompt_tokens": 7, "completion_tokens": number})
        for number, word in enumerate(["a", "b", "c"], start=1)
    ]
    exact.pieces += [b'data: {"choices":[],"usage":null}\n\n', b"data: [DONE]\n\n"]
    heard = await hear(connect(exact), "m")
    assert (heard.text, heard.end.usage) == ("abc", Usage(7, 3))


async def test_an_ending_without_any_usage_is_not_given_figures(exact: ExactServer, connect: Connect) -> None:
    exact.pieces = [event({"content": "Hi"}), b"data: [DONE]\n\n"]
    assert (await hear(connect(exact), "m")).end.usage is None


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
async def test_a_separator_inside_a_text_ends_no_line(exact: ExactServer, connect: Connect, separator: str) -> None:
    """Some languages take these for line ends; an event stream knows CR and LF only."""
    said = json.dumps({"id": "c", "choices": [{"delta": {"content": f"a{separator}b"}}]}, ensure_ascii=False)
    exact.pieces = [f"data: {said}\n\ndata: [DONE]\n\n".encode()]
    assert (await hear(connect(exact), "m")).text == f"a{separator}b"


async def test_halves_of_characters_are_joined_over_events_and_never_leave_broken_text(
    exact: ExactServer, connect: Connect
) -> None:
    pieces = ["a\\ud83d", "\\udea2b", "\\udea2", "c\\ud83d"]
    exact.pieces = [b'data: {"id":"c","choices":[{"delta":{"content":"%s"}}]}\n\n' % one.encode() for one in pieces]
    exact.pieces.append(b"data: [DONE]\n\n")
    heard = await hear(connect(exact), "m")
    assert heard.text == "a🚢b\ufffdc\ufffd"
    heard.text.encode()


HUGE = "9" * 400


@pytest.mark.parametrize("usage", [HUGE, "1e400", "[]", '"x"', "-1", "true", "{}", "null"])
async def test_a_count_that_is_none_is_no_trouble(exact: ExactServer, connect: Connect, usage: str) -> None:
    said = f'"usage": {{"prompt_tokens": {usage}, "completion_tokens": {usage}}}'
    exact.content_type, exact.pieces = JSON, [document("Hi")[:-1] + f", {said}}}".encode()]
    heard = await hear(connect(exact), "m")
    assert (heard.text, heard.failure) == ("Hi", None)
    counts = heard.end.usage or Usage(None, None)
    assert counts.tokens_in in {None, 0, 10**9}
    assert counts.tokens_in == counts.tokens_out
