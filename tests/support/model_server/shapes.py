"""Answers that are more than words: tools called, refusals, a stop by length, sources, by model id (`SHAPES`)."""

from typing import Any

from tests.support.model_server.misbehaviour import DONE, Answer, Exchange, answer_steadily

ARGUMENTS = '{"place": "harbour", "when": "tomorrow"}'
REFUSAL = "I can’t help with that."
SOURCES = (("https://tides.example/table", "Tide table"), ("https://harbour.example/", "Harbour office"))
PAUSE = "¦"


def call(name: str | None, arguments: str, index: int = 0) -> dict[str, object]:
    """Make the delta of one piece of a call; the first piece has a name."""
    function: dict[str, object] = {"arguments": arguments}
    piece: dict[str, object] = {"index": index, "function": function}
    if name is not None:
        function["name"] = name
        piece |= {"id": f"call_{index}", "type": "function"}
    return {"tool_calls": [piece]}


def _end(exchange: Exchange, finish: str) -> list[bytes]:
    usage = [exchange.event(None, usage=exchange.usage())] if exchange.wants_usage else []
    return [exchange.event({}, finish), *usage, DONE]


async def call_tools(exchange: Exchange) -> None:
    """Two calls, the first in three pieces; nobody offered any tool."""
    exchange.tokens = 9
    if not exchange.asked.get("stream"):
        await _in_one_document(
            exchange, {"content": None, "tool_calls": [_whole(0, "search", ARGUMENTS)]}, "tool_calls"
        )
        return
    await exchange.send_all(
        exchange.event({"role": "assistant", "content": None}),
        exchange.event(call("search", "")),
        exchange.event(call(None, ARGUMENTS[:11])),
        exchange.event(call("read_page", "{}", 1)),
        exchange.event(call(None, ARGUMENTS[11:])),
        *_end(exchange, "tool_calls"),
    )


async def call_as_before(exchange: Exchange) -> None:
    """The field that OpenAI had first, after a few words."""
    await exchange.send_all(
        exchange.word("I look it up."),
        exchange.event({"function_call": {"name": "search", "arguments": ARGUMENTS[:11]}}),
        exchange.event({"function_call": {"arguments": ARGUMENTS[11:]}}),
        *_end(exchange, "function_call"),
    )


async def call_and_hang(exchange: Exchange) -> None:
    """Half of a call, then nothing until released."""
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.event(call("search", "")), exchange.event(call(None, ARGUMENTS[:11])))
    if await exchange.answerer.hang():
        await exchange.answerer.write(exchange.event(call(None, ARGUMENTS[11:])), *_end(exchange, "tool_calls"))
        await exchange.answerer.end_stream()


async def decline(exchange: Exchange) -> None:
    """A refusal in its own field, with an ordinary finish."""
    if not exchange.asked.get("stream"):
        await _in_one_document(exchange, {"content": None, "refusal": REFUSAL}, "stop")
        return
    pieces = [exchange.event({"refusal": piece}) for piece in (REFUSAL[:9], REFUSAL[9:])]
    first = exchange.event({"role": "assistant", "content": "", "refusal": None})
    await exchange.send_all(first, *pieces, *_end(exchange, "stop"))


async def cite(exchange: Exchange) -> None:
    """Words with numbers in them, and what the numbers mean, as OpenRouter and OpenAI tell it."""
    notes: list[dict[str, Any]] = [
        {"type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": 0, "end_index": 4}}
        for url, title in SOURCES
    ]
    words = [exchange.word("High water at nine [1], "), exchange.word("the office opens at ten [2].")]
    await exchange.send_all(*words, exchange.event({"content": "", "annotations": notes}), *_end(exchange, "stop"))


async def think_long(exchange: Exchange) -> None:
    """Thinking, a pause until released, then the answer."""
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.event({"reasoning": "Let me look at the tide.\n"}))
    if await exchange.answerer.hang():
        words = [exchange.word("High "), exchange.word("water.")]
        await exchange.answerer.write(exchange.event({"reasoning": "Nine."}), *words, *_end(exchange, "stop"))
        await exchange.answerer.end_stream()


async def parrot(exchange: Exchange) -> None:
    """What was asked last, as it was written; at the first PAUSE in it, a wait until released."""
    messages: Any = exchange.asked["messages"]
    first, *rest = str(messages[-1]["content"]).split(PAUSE)
    await exchange.answerer.start_stream()
    await exchange.answerer.write(exchange.word(first))
    if not rest or await exchange.answerer.hang():
        await exchange.answerer.write(*(exchange.word(piece) for piece in rest), *_end(exchange, "stop"))
        await exchange.answerer.end_stream()


def _ending(finish: str, *, with_words: bool = True) -> Answer:
    async def answer(exchange: Exchange) -> None:
        words = [exchange.word() for _ in range(exchange.words // 2)] if with_words else []
        thought = [] if with_words else [exchange.event({"reasoning": "Let me think."})]
        await exchange.send_all(*thought, *words, *_end(exchange, finish))

    return answer


def _whole(index: int, name: str, arguments: str) -> dict[str, object]:
    return {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}


async def _in_one_document(exchange: Exchange, message: dict[str, object], finish: str) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    document = {"id": exchange.id, "object": "chat.completion", "created": 1, "model": exchange.model}
    await exchange.answerer.send_json({**document, "choices": [choice], "usage": exchange.usage()})


def _lying(tokens_in: object, tokens_out: object) -> Answer:
    async def answer(exchange: Exchange) -> None:
        exchange.lie = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        await answer_steadily(exchange)

    return answer


SHAPES: dict[str, Answer] = {
    "lies-huge": _lying(10**15, 10**15),
    "lies-more": _lying(20_000, 20_000),
    "lies-nothing": _lying(0, 0),
    "lies-negative": _lying(-7, -7),
    "lies-words": _lying("many", ["a", "few"]),
    "lies-endless": _lying(float("inf"), float("nan")),
    "lies-free": _lying(3, 0),
    "calls-tools": call_tools,
    "calls-as-before": call_as_before,
    "calls-and-hangs": call_and_hang,
    "declines": decline,
    "cites": cite,
    "thinks-long": think_long,
    "parrot": parrot,
    "length": _ending("length"),
    "length-thinking": _ending("length", with_words=False),
    "filtered-mid": _ending("content_filter"),
    "paused": _ending("pause_turn"),
    "ends-oddly": _ending("tired"),
}
