"""One function per way to answer; `ANSWERS` maps model ids to them. What each does is in the package's docstring."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.model_server.wire import Answerer, as_chunk

LEAK_MARKER = "sk-leak-4711 upstream-words"
WORDS = 20
BATCH = 256
ENDLESS_PIECES = 1024  # 64 MiB, far beyond every limit of a reader
HTML = f"<!doctype html><html><title>Sign in</title>{LEAK_MARKER}</html>".encode()
DONE = b"data: [DONE]\n\n"


@dataclass(slots=True)
class Exchange:
    """One chat request and the means to answer it; `tokens` counts the words sent."""

    id: str
    model: str
    asked: dict[str, object]
    answerer: Answerer
    tokens: int = 0
    lie: dict[str, object] = field(default_factory=dict)
    """Said in the place of the truth about usage."""

    @property
    def words(self) -> int:
        """How many words it has to say: as many as its name does, and no more than it may."""
        limit, own = self.asked.get("max_tokens") or self.asked.get("max_completion_tokens"), self.number or WORDS
        return min(limit, own) if isinstance(limit, int) else own

    @property
    def number(self) -> int | None:
        """The N at the end of the model id."""
        tail = self.model.rpartition("-")[2]
        return int(tail) if tail.isdigit() else None

    @property
    def tokens_in(self) -> int:
        """A count of the words of the conversation."""
        messages = self.asked.get("messages")
        return sum(len(str(turn.get("content")).split()) for turn in messages) if isinstance(messages, list) else 0

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for usage in a stream."""
        options = self.asked.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))

    def usage(self) -> dict[str, object]:
        """Give the truth about tokens so far, or what is said in its place."""
        return {
            "prompt_tokens": self.tokens_in,
            "completion_tokens": self.tokens,
            "total_tokens": self.tokens_in + self.tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            **self.lie,
        }

    def event(self, delta: dict[str, object] | None, finish: str | None = None, **more: Any) -> bytes:
        """Make one event as OpenAI does."""
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
        document = {"id": self.id, "object": "chat.completion.chunk", "model": self.model, "choices": choices, **more}
        return b"data: " + json.dumps(document).encode() + b"\n\n"

    def word(self, text: str | None = None, **more: Any) -> bytes:
        """Make one content event and count it."""
        self.tokens += 1
        return self.event({"content": f"word{self.tokens} " if text is None else text}, **more)

    def tail(self) -> list[bytes]:
        """Make finish, usage if wanted, and `[DONE]`."""
        usage = [self.event(None, usage=self.usage())] if self.wants_usage else []
        return [self.event({}, "stop"), *usage, DONE]

    def all_events(self) -> list[bytes]:
        """Make the whole ordinary answer."""
        role = self.event({"role": "assistant", "content": ""})
        return [role, *(self.word() for _ in range(self.words)), *self.tail()]

    async def send_all(self, *events: bytes) -> None:
        """Send a whole stream."""
        await self.answerer.start_stream()
        await self.answerer.write(*events)
        await self.answerer.end_stream()

    async def send_half(self) -> None:
        """Send the first half of an ordinary answer."""
        await self.answerer.start_stream()
        await self.answerer.write(
            self.event({"role": "assistant", "content": ""}), *(self.word() for _ in range(self.words // 2))
        )


Answer = Callable[[Exchange], Awaitable[None]]


async def answer_steadily(exchange: Exchange) -> None:
    if not exchange.asked.get("stream"):
        await answer_in_one_document(exchange)
        return
    await exchange.send_all(*exchange.all_events())


async def burst(exchange: Exchange) -> None:
    """As fast as can be: the same prepared bytes again and again."""
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.event({"role": "assistant", "content": ""}))
    one = as_chunk(exchange.event({"content": "word "}))
    batch, left = one * BATCH, exchange.words
    while left > 0:
        sent = min(left, BATCH)
        await exchange.answerer.write_raw(batch if sent == BATCH else one * sent)
        exchange.tokens += sent
        left -= sent
    await exchange.answerer.write(*exchange.tail())
    await exchange.answerer.end_stream()


async def _pace(exchange: Exchange, words: int, per_second: float) -> None:
    loop = asyncio.get_running_loop()
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.event({"role": "assistant", "content": ""}))
    one = as_chunk(exchange.event({"content": "word "}))
    begin = loop.time()
    for number in range(words):
        await asyncio.sleep(max(0.0, begin + number / per_second - loop.time()))
        await exchange.answerer.write_raw(one)
        exchange.tokens += 1
    await exchange.answerer.write(*exchange.tail())
    await exchange.answerer.end_stream()


async def talk_on(exchange: Exchange) -> None:
    """Says what it has to say, whatever it was limited to."""
    exchange.asked.pop("max_tokens", None)
    exchange.asked.pop("max_completion_tokens", None)
    await answer_steadily(exchange)


async def pace(exchange: Exchange) -> None:
    limit = exchange.asked.get("max_tokens")
    await _pace(exchange, min(limit, 200) if isinstance(limit, int) else 200, exchange.number or 50)


async def crawl(exchange: Exchange) -> None:
    await _pace(exchange, exchange.words, 5)


async def echo(exchange: Exchange) -> None:
    text = json.dumps(exchange.asked.get("messages"), ensure_ascii=False)
    pieces = [exchange.word(text[start : start + 40]) for start in range(0, len(text), 40)]
    await exchange.send_all(*pieces, *exchange.tail())


async def hold(exchange: Exchange) -> None:
    await exchange.send_half()
    if await exchange.answerer.hang():
        await exchange.answerer.write(
            *(exchange.word() for _ in range(exchange.words - exchange.tokens)), *exchange.tail()
        )
        await exchange.answerer.end_stream()


async def hang_before_headers(exchange: Exchange) -> None:
    if await exchange.answerer.hang():
        await answer_steadily(exchange)


async def hang_before_text(exchange: Exchange) -> None:
    await exchange.answerer.start_stream()
    await exchange.answerer.write(b": thinking about it\n\n")
    if await exchange.answerer.hang():
        await exchange.answerer.write(*exchange.all_events())
        await exchange.answerer.end_stream()


async def reset_in_the_middle(exchange: Exchange) -> None:
    await exchange.send_half()
    # The client must have read the half before the reset, or the reset overtakes it.
    await asyncio.sleep(0.05)
    exchange.answerer.reset()


async def cut(exchange: Exchange) -> None:
    await exchange.send_half()
    await exchange.answerer.end_stream()


def _dressed(change: Callable[[Exchange, list[bytes]], list[bytes]]) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.send_all(*change(exchange, exchange.all_events()))

    return answer


def _usage_everywhere(exchange: Exchange, _: list[bytes]) -> list[bytes]:
    exchange.tokens = 0
    words = [exchange.word(usage=exchange.usage()) for _ in range(exchange.words)]
    return [*words, exchange.event({}, "stop", usage=exchange.usage()), DONE]


def _usage_with_choices(exchange: Exchange, events: list[bytes]) -> list[bytes]:
    return [*events[:-2], exchange.event({}, None, usage=exchange.usage()), DONE]


def _with_thinking(make: Callable[[str], dict[str, object]]) -> Answer:
    async def answer(exchange: Exchange) -> None:
        thoughts = [exchange.event(make(piece)) for piece in ("Let me ", "think.")]
        await exchange.send_all(*thoughts, exchange.word("The "), exchange.word("answer."), *exchange.tail())

    return answer


def _said(*pieces: bytes) -> Answer:
    """A stream of exactly these bytes."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send_all(*pieces)

    return answer


async def think_in_tags(exchange: Exchange) -> None:
    pieces = ("<th", "ink>Let me ", "think.</th", "ink>\n\nThe ", "answer.")
    await exchange.send_all(*(exchange.word(piece) for piece in pieces), *exchange.tail())


async def cut_emoji(exchange: Exchange) -> None:
    pieces = ("ship ", "\ud83d", "\udea2", " ahoy")
    await exchange.send_all(*(exchange.word(piece) for piece in pieces), *exchange.tail())


async def answer_with_nothing(exchange: Exchange) -> None:
    await exchange.send_all(exchange.event({"role": "assistant", "content": ""}), *exchange.tail())


async def filter_content(exchange: Exchange) -> None:
    await exchange.send_all(exchange.event({}, "content_filter"), DONE)


async def swallow_an_error(exchange: Exchange) -> None:
    await exchange.send_all(exchange.event({"role": "assistant", "content": ""}))


async def endless_line(exchange: Exchange) -> None:
    await exchange.send_half()
    await exchange.answerer.write(b'data: {"choices":[{"delta":{"content":"')
    # Endless for every reader with a limit. It ends all the same: a TLS transport whose peer has gone may go on taking
    # bytes without ever pausing us, and both ends of a test share one event loop.
    for _ in range(ENDLESS_PIECES):
        await exchange.answerer.write(b"a" * 65_536)
        await asyncio.sleep(0)
    exchange.answerer.reset()


async def answer_in_one_document(exchange: Exchange) -> None:
    text = "".join(f"word{number + 1} " for number in range(exchange.words))
    exchange.tokens = exchange.words
    message = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    document = {"id": exchange.id, "model": exchange.model, "choices": [message], "usage": exchange.usage()}
    await exchange.answerer.send_json(document)


async def send_html(exchange: Exchange) -> None:
    await exchange.answerer.send(200, HTML, "text/html; charset=utf-8")


async def redirect(exchange: Exchange) -> None:
    exchange.answerer.extra_headers["location"] = "https://169.254.169.254/latest"
    await exchange.answerer.send(302, b"", "text/plain")


def _fails_with(*tail: bytes) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.send_half()
        await exchange.answerer.write(*tail)
        await exchange.answerer.end_stream()

    return answer


async def refuse_stream_options(exchange: Exchange) -> None:
    if "stream_options" in exchange.asked:
        detail = [{"type": "extra_forbidden", "loc": ["body", "stream_options", "include_usage"], "msg": LEAK_MARKER}]
        await exchange.answerer.send_json({"object": "error", "message": {"detail": detail}}, 422)
        return
    # Like Mistral: usage comes without being asked for.
    await exchange.send_all(*exchange.all_events()[:-1], exchange.event(None, usage=exchange.usage()), DONE)


async def refuse_max_tokens(exchange: Exchange) -> None:
    if "max_tokens" in exchange.asked:
        said = (
            f"Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead. {LEAK_MARKER}"
        )
        error = {"message": said, "param": "max_tokens", "code": "unsupported_parameter"}
        await exchange.answerer.send_json({"error": error}, 400)
        return
    await answer_steadily(exchange)


def _error(message: str, code: object = None, **more: object) -> bytes:
    return json.dumps(
        {"error": {"message": f"{message} {LEAK_MARKER}", "type": "error", "code": code, **more}}
    ).encode()


REFUSALS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "error-401": (401, _error("Incorrect API key provided", "invalid_api_key"), {}),
    "error-403": (403, _error("Country, region, or territory not supported"), {}),
    "error-403-empty": (403, b"", {}),
    "error-404-model": (404, _error("The model `x` does not exist", "model_not_found"), {}),
    "error-404-path": (404, b'{"detail":"Not Found"}', {}),
    "error-413": (413, HTML, {}),
    "error-429": (429, _error("Rate limit reached", "rate_limit_exceeded"), {"retry-after": "7"}),
    "error-500": (500, _error("Internal error"), {}),
    "error-502-html": (502, HTML, {}),
    "error-503": (503, _error("Service unavailable"), {}),
    "error-529": (529, _error("Overloaded", "overloaded_error"), {}),
    "error-521": (521, HTML, {}),
    "quota": (429, _error("You exceeded your current quota", "insufficient_quota"), {}),
    "context": (400, _error("This model's maximum context length is 8192 tokens", "context_length_exceeded"), {}),
    "content-refused": (400, _error("The response was filtered", "content_filter"), {}),
    "gateway-key": (401, _error("litellm.AuthenticationError: OpenAIException - bad key"), {}),
    "not-chat": (404, _error("This is not a chat model"), {}),
    "loading": (503, _error("Loading model"), {}),
}


async def refuse(answerer: Answerer, name: str) -> None:
    """Send the refusal of that name."""
    status, body, headers = REFUSALS[name]
    answerer.extra_headers.update(headers)
    await answerer.send(status, body, "text/html" if body == HTML else "application/json")


def _refusing(name: str) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await refuse(exchange.answerer, name)

    return answer


GARBAGE = b"data: {this is not json\n\n"
ANSWERS: dict[str, Answer] = {
    "steady": answer_steadily,
    "burst": burst,
    "talks-on": talk_on,
    "paced": pace,
    "slow": crawl,
    "echo": echo,
    "held": hold,
    "hang-mid": hold,
    "hang-before-headers": hang_before_headers,
    "hang-before-text": hang_before_text,
    "reset-mid": reset_in_the_middle,
    "cut": cut,
    "no-done": _dressed(lambda _, events: events[:-1]),
    "no-usage": _dressed(lambda _, events: [event for event in events if b'"usage"' not in event]),
    "usage-every-chunk": _dressed(_usage_everywhere),
    "usage-with-choices": _dressed(_usage_with_choices),
    "crlf": _dressed(lambda _, events: [event.replace(b"\n", b"\r\n") for event in events]),
    "bom": _dressed(lambda _, events: [b"\xef\xbb\xbf", *events]),
    "comments": _dressed(lambda _, events: [part for event in events for part in (b": keep-alive\n\n", event)]),
    "no-blank-line": _dressed(lambda _, events: [*events[:-1], DONE.strip()]),
    "garbage": _dressed(lambda _, events: [events[0], GARBAGE, *events[1:]]),
    "garbage-flood": _dressed(lambda _, events: [*events[:5], GARBAGE * 100, *events[5:]]),
    "endless-line": endless_line,
    "reasoning": _with_thinking(lambda piece: {"reasoning": piece}),
    "reasoning-content": _with_thinking(lambda piece: {"reasoning_content": piece}),
    "reasoning-parts": _with_thinking(
        lambda piece: {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]}
    ),
    "think-tags": think_in_tags,
    "surrogates": cut_emoji,
    "json-not-stream": answer_in_one_document,
    "html": send_html,
    "redirect": redirect,
    "empty": answer_with_nothing,
    "empty-stream": _said(),
    "content-filter": filter_content,
    "swallowed-error": swallow_an_error,
    "error-in-stream": _fails_with(b"data: " + _error("CUDA out of memory", "500") + b"\n\n"),
    "error-string-in-stream": _fails_with(b'data: {"error":"%s"}\n\n' % LEAK_MARKER.encode()),
    "error-event-in-stream": _fails_with(b"event: error\ndata: " + _error("Overloaded", "overloaded_error") + b"\n\n"),
    "refuses-stream-options": refuse_stream_options,
    "max-completion-tokens-only": refuse_max_tokens,
    **{name: _refusing(name) for name in REFUSALS},
}
