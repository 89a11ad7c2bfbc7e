"""Recorded streams of the Messages API and of Gemini, and every trap in them: one reply, however the network cuts it."""

# ruff: noqa: E501 - recorded bytes are easier to compare on one line

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.providers.anthropic import MessageReader
from moorage.providers.google import CandidateReader
from moorage.providers.protocol import BrokenReply, End, Usage
from moorage.providers.reader import ReplyReader

Outcome = tuple[str, str, object, object]


def read(make: Callable[[str], ReplyReader], pieces: Sequence[bytes]) -> Outcome:
    """Read to the end: (text, reasoning, finish reason or code of the failure, usage)."""
    reader = make("m")
    deltas = []
    for piece in pieces:
        if not reader.wants_more():
            break
        deltas.append(reader.feed(piece))
    deltas.append(reader.finish())
    text = "".join(delta.text for delta in deltas if delta is not None)
    reasoning = "".join(delta.reasoning for delta in deltas if delta is not None)
    (text + reasoning).encode()
    try:
        end = reader.end()
    except BrokenReply as failure:
        return text, reasoning, failure.code, failure.usage
    return text, reasoning, end.finish_reason, end.usage


def event(kind: str, rest: str = "") -> bytes:
    """One event of the Messages API; `rest` is JSON text, so that escapes can be recorded as they were sent."""
    return f'event: {kind}\ndata: {{"type":"{kind}"{rest}}}\n\n'.encode()


def say(text: str, index: int = 0) -> bytes:
    return event("content_block_delta", f',"index":{index},"delta":{{"type":"text_delta","text":"{text}"}}')


def think(text: str) -> bytes:
    return event("content_block_delta", f',"index":0,"delta":{{"type":"thinking_delta","thinking":"{text}"}}')


def stop(reason: str, usage: str = '"output_tokens":15') -> bytes:
    return event("message_delta", f',"delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{{{usage}}}')


START = event(
    "message_start",
    ',"message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,"output_tokens":1}}',
)
OPEN = event("content_block_start", ',"index":0,"content_block":{"type":"text","text":""}')
PING = event("ping")
CLOSE = event("content_block_stop", ',"index":0')
DONE = event("message_stop")
ALL, SOME = Usage(125, 15, cached=100), Usage(125, None, cached=100)

MESSAGES: dict[str, tuple[bytes, Outcome]] = {
    "documented": (START + OPEN + PING + say("Hel") + say("lo") + CLOSE + stop("end_turn") + DONE, ("Hello", "", "stop", ALL)),
    "thinking, signed": (
        START + event("content_block_start", ',"index":0,"content_block":{"type":"thinking","thinking":"","signature":""}')
        + think("Let me ") + think("see.") + event("content_block_delta", ',"index":0,"delta":{"type":"signature_delta","signature":"EqQB"}')
        + CLOSE + say("Hi", 1) + stop("end_turn", '"output_tokens":15,"output_tokens_details":{"thinking_tokens":9}') + DONE,
        ("Hi", "Let me see.", "stop", Usage(125, 15, cached=100, reasoning=9)),
    ),
    "thinking that is kept from us": (
        START + event("content_block_start", ',"index":0,"content_block":{"type":"redacted_thinking","data":"EvAF"}') + CLOSE + say("Hi", 1) + stop("end_turn") + DONE,
        ("Hi", "", "stop", ALL),
    ),
    "text in the start of a block": (START + event("content_block_start", ',"index":0,"content_block":{"type":"text","text":"H"}') + say("i") + stop("end_turn") + DONE, ("Hi", "", "stop", ALL)),
    "counts only at the start": (START + say("Hi") + event("message_delta", ',"delta":{"stop_reason":"end_turn"}') + DONE, ("Hi", "", "stop", SOME)),
    "cumulative counts": (START + say("Hi") + stop("end_turn", '"input_tokens":30,"cache_creation_input_tokens":4,"cache_read_input_tokens":null,"output_tokens":2') + DONE, ("Hi", "", "stop", Usage(134, 2, cached=100))),
    "counts that are none": (START + say("Hi") + stop("end_turn", '"input_tokens":-1,"output_tokens":"9"') + DONE, ("Hi", "", "stop", Usage(100, None, cached=100))),
    "two blocks of text with citations": (START + say("Hel") + event("content_block_delta", ',"index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"no"}}') + say("lo", 1) + stop("end_turn") + DONE, ("Hello", "", "stop", ALL)),
    "a tool is called": (
        START + event("content_block_start", ',"index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}')
        + event("content_block_delta", ',"index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"city\\":"}') + stop("tool_use") + DONE,
        ("", "", "tool_calls", ALL),
    ),
    "cut by its limit": (START + say("Hi") + stop("max_tokens") + DONE, ("Hi", "", "length", ALL)),
    "nothing but thinking before its limit": (START + think("Hm") + stop("max_tokens") + DONE, ("", "Hm", "length", ALL)),
    "a stop sequence": (START + say("Hi") + stop("stop_sequence") + DONE, ("Hi", "", "stop", ALL)),
    "a turn that was paused": (START + say("Hi") + stop("pause_turn") + DONE, ("Hi", "", "pause", ALL)),
    "refused at once": (START + stop("refusal") + DONE, ("", "", "declined", ALL)),
    "refused in the middle": (START + say("Hi") + stop("refusal") + DONE, ("Hi", "", "refusal", ALL)),
    "window full, with an answer": (START + say("Hi") + stop("model_context_window_exceeded") + DONE, ("Hi", "", "length", ALL)),
    "window full before an answer": (START + stop("model_context_window_exceeded") + DONE, ("", "", "context_too_long", ALL)),
    "a reason nobody has heard of": (START + say("Hi") + stop("tired") + DONE, ("Hi", "", "other", ALL)),
    "no message_stop": (START + say("Hi") + stop("end_turn"), ("Hi", "", "stop", ALL)),
    "no reason": (START + say("Hi") + DONE, ("Hi", "", None, SOME)),
    "nothing counts after message_stop": (START + say("Hi") + stop("end_turn") + DONE + say("no"), ("Hi", "", "stop", ALL)),
    "cut off": (START + say("Hel") + say("lo"), ("Hello", "", "cut_off", SOME)),
    "cut off in an event": (START + say("Hel") + say("lo")[:-9], ("Hel", "", "cut_off", SOME)),
    "cut off after a start": (START, ("", "", "cut_off", SOME)),
    "overloaded in the middle": (START + say("Hi") + b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n' + say("no"), ("Hi", "", "overloaded", SOME)),
    "a limit in the middle": (START + say("Hi") + event("error", ',"error":{"type":"rate_limit_error","message":"x"}'), ("Hi", "", "rate_limited", SOME)),
    "an error without its name before it": (START + say("Hi") + b'data: {"type":"error","error":{"type":"api_error","message":"x"}}\n\n', ("Hi", "", "midstream_error", SOME)),
    "without names of events": ((START + say("Hi") + stop("end_turn") + DONE).replace(b"event: ", b": "), ("Hi", "", "stop", ALL)),
    "crlf": ((START + say("Hi") + stop("end_turn") + DONE).replace(b"\n", b"\r\n"), ("Hi", "", "stop", ALL)),
    "bare cr": ((START + say("Hi") + stop("end_turn") + DONE).replace(b"\n", b"\r"), ("Hi", "", "stop", ALL)),
    "bom and comments": (b"\xef\xbb\xbf: hello\n\n" + START + b":\n\n" + say("Hi") + stop("end_turn") + DONE, ("Hi", "", "stop", ALL)),
    "unknown events": (START + event("content_block_wiggle", ',"delta":{"text":"no"}') + say("Hi") + stop("end_turn") + DONE, ("Hi", "", "stop", ALL)),
    "an emoji cut in half": (START + say("\\ud83d") + say("\\udea2 ahoy") + stop("end_turn") + DONE, ("🚢 ahoy", "", "stop", ALL)),
    "halves that belong to nobody": (START + think("\\ud83d") + say("b\\udea2") + stop("end_turn") + DONE, ("b\ufffd", "\ufffd", "stop", ALL)),
    "broken utf-8": (START + say("?").replace(b"?", b"\xe2\x82") + say("Hi") + stop("end_turn") + DONE, ("\ufffdHi", "", "stop", ALL)),
    "line separators inside json": (START + say("a\u2028b\u2029c\u0085d") + stop("end_turn") + DONE, ("a\u2028b\u2029c\u0085d", "", "stop", ALL)),
    "think tags are text here": (START + say("<think>a</think>") + stop("end_turn") + DONE, ("<think>a</think>", "", "stop", ALL)),
    "null characters": (START + say("a\\u0000b") + stop("end_turn") + DONE, ("a\ufffdb", "", "stop", ALL)),
    "parts that are none": (START + event("content_block_delta", ',"delta":null') + event("content_block_delta", ',"delta":{"type":"text_delta","text":[1]}') + say("Hi") + event("message_delta", ',"delta":null,"usage":null') + stop("end_turn") + DONE, ("Hi", "", "stop", ALL)),
    "garbage between": (START + say("H") + b"data: {oops\n\ndata: 17\n\n" + say("i") + stop("end_turn") + DONE, ("Hi", "", "stop", ALL)),
    "too much garbage": (START + say("Hi") + b"data: {oops\n\n" * 21 + DONE, ("Hi", "", "bad_stream", SOME)),
    "plain text": (b"Internal Server Error\n", ("", "", "bad_stream", None)),
    "nothing": (b"", ("", "", "empty_answer", None)),
    "an answer without a word": (START + OPEN + CLOSE + stop("end_turn") + DONE, ("", "", "empty_answer", ALL)),
}  # fmt: skip


def chunk(parts: str, more: str = "", usage: str = '"promptTokenCount":8,"totalTokenCount":8') -> bytes:
    """One event of Gemini; `parts` and `more` are JSON text."""
    return f'data: {{"candidates": [{{"content": {{"parts": [{parts}],"role": "model"}},"index": 0{more}}}],"usageMetadata": {{{usage}}},"modelVersion": "gemini-x","responseId": "r1"}}\r\n\r\n'.encode()


def text(said: str, more: str = "") -> bytes:
    return chunk(f'{{"text": "{said}"}}', more)


def finish(reason: str, parts: str = '{"text": ""}') -> bytes:
    return chunk(
        parts,
        f',"finishReason": "{reason}"',
        '"promptTokenCount":8,"candidatesTokenCount":4,"totalTokenCount":21,"thoughtsTokenCount":9',
    )


END, BEGUN = Usage(8, 13, reasoning=9), Usage(8, None)

CANDIDATES: dict[str, tuple[bytes, Outcome]] = {
    "documented": (text("Hel") + text("lo") + finish("STOP"), ("Hello", "", "stop", END)),
    "the last event has words too": (text("Hel") + finish("STOP", '{"text": "lo"}'), ("Hello", "", "stop", END)),
    "all in one event": (finish("STOP", '{"text": "Hel"},{"text": "lo"}'), ("Hello", "", "stop", END)),
    "thoughts": (chunk('{"text": "Let me see.","thought": true}') + text("Hi") + finish("STOP"), ("Hi", "Let me see.", "stop", END)),
    "thoughts and words in one event": (chunk('{"text": "Hm","thought": true},{"text": "Hi"}') + finish("STOP"), ("Hi", "Hm", "stop", END)),
    "a signature after the words": (text("Hi") + chunk('{"text": "","thoughtSignature": "EjQK"}') + finish("STOP"), ("Hi", "", "stop", END)),
    "words with a signature": (chunk('{"text": "Hi","thoughtSignature": "EjQK"}') + finish("STOP"), ("Hi", "", "stop", END)),
    "no words in the last event": (text("Hi") + b'data: {"candidates": [{"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 4}}\r\n\r\n', ("Hi", "", "stop", Usage(8, 4))),
    "usage after the finish": (text("Hi") + text("", ',"finishReason": "STOP"') + b'data: {"usageMetadata": {"promptTokenCount": 8,"candidatesTokenCount": 4,"cachedContentTokenCount": 6}}\r\n\r\n', ("Hi", "", "stop", Usage(8, 4, cached=6))),
    "usage on one event only": (chunk('{"text": "Hi"}', "", "") + finish("STOP"), ("Hi", "", "stop", END)),
    "usage never": (chunk('{"text": "Hi"}', ',"finishReason": "STOP"', ""), ("Hi", "", "stop", None)),
    "a finish on every event": (text("Hel", ',"finishReason": "STOP"') + finish("STOP", '{"text": "lo"}'), ("Hello", "", "stop", END)),
    "a finish that is none": (text("Hi", ',"finishReason": "FINISH_REASON_UNSPECIFIED"') + text("!"), ("Hi!", "", "cut_off", BEGUN)),
    "a second candidate": (text("Hi") + b'data: {"candidates": [{"content": {"parts": [{"text": "no"}]},"index": 1}]}\r\n\r\n' + finish("STOP"), ("Hi", "", "stop", END)),
    "a function is called": (chunk('{"functionCall": {"name": "get_weather","args": {"city": "Bonn"}},"thoughtSignature": "EjQK"}') + finish("STOP"), ("", "", "tool_calls", END)),
    "cut by its limit": (text("Hi") + finish("MAX_TOKENS"), ("Hi", "", "length", END)),
    "nothing but thinking before its limit": (finish("MAX_TOKENS", ""), ("", "", "length", END)),
    "filtered at once": (finish("SAFETY", ""), ("", "", "content_filtered", END)),
    "filtered in the middle": (text("Hi") + finish("PROHIBITED_CONTENT", ""), ("Hi", "", "content_filter", END)),
    "recited": (text("Hi") + finish("RECITATION", ""), ("Hi", "", "content_filter", END)),
    "the prompt was blocked": (b'data: {"promptFeedback": {"blockReason": "SAFETY"},"usageMetadata": {"promptTokenCount": 8,"totalTokenCount": 8},"modelVersion": "gemini-x"}\r\n\r\n', ("", "", "content_filtered", Usage(8, 0))),
    "feedback that blocks nothing": (b'data: {"promptFeedback": {"safetyRatings": []}}\r\n\r\n' + text("Hi") + finish("STOP"), ("Hi", "", "stop", END)),
    "a reason nobody has heard of": (text("Hi") + finish("TIRED"), ("Hi", "", "other", END)),
    "cut off": (text("Hel") + text("lo"), ("Hello", "", "cut_off", BEGUN)),
    "cut off in an event": (text("Hel") + text("lo")[:-40], ("Hel", "", "cut_off", BEGUN)),
    "overloaded in the middle": (text("Hi") + b'data: {"error": {"code": 503,"message": "The model is overloaded.","status": "UNAVAILABLE"}}\r\n\r\n', ("Hi", "", "overloaded", BEGUN)),
    "a limit in the middle": (text("Hi") + b'data: {"error": {"code": 429,"message": "x","status": "RESOURCE_EXHAUSTED"}}\r\n\r\n', ("Hi", "", "rate_limited", BEGUN)),
    "an error without data before it": (text("Hi") + b'{"error": {"code": 500,"message": "x","status": "INTERNAL"}}\r\n', ("Hi", "", "midstream_error", BEGUN)),
    "lf": ((text("Hi") + finish("STOP")).replace(b"\r\n", b"\n"), ("Hi", "", "stop", END)),
    "no blank line at the end": ((text("Hi") + finish("STOP")).rstrip(b"\r\n"), ("Hi", "", "stop", END)),
    "pretty json in several lines": (text("Hi") + finish("STOP").replace(b',"usage', b',\r\ndata: "usage'), ("Hi", "", "stop", END)),
    "an emoji cut in half": (text("\\ud83d") + text("\\udea2 ahoy") + finish("STOP"), ("🚢 ahoy", "", "stop", END)),
    "broken utf-8": (text("?").replace(b"?", b"\xe2\x82") + text("Hi") + finish("STOP"), ("\ufffdHi", "", "stop", END)),
    "line separators inside json": (text("a\u2028b\u2029c\u0085d") + finish("STOP"), ("a\u2028b\u2029c\u0085d", "", "stop", END)),
    "parts that are none": (b'data: {"candidates": [null]}\r\n\r\ndata: {"candidates": [{"content": {}}]}\r\n\r\ndata: {"candidates": [{"content": {"parts": [null, {"text": 1}]}}]}\r\n\r\ndata: {"candidates": null}\r\n\r\n' + text("Hi") + finish("STOP"), ("Hi", "", "stop", END)),
    "garbage between": (text("H") + b"data: {oops\r\n\r\n" + text("i") + finish("STOP"), ("Hi", "", "stop", END)),
    "plain text": (b"Internal Server Error\n", ("", "", "bad_stream", None)),
    "nothing": (b"", ("", "", "empty_answer", None)),
    "an answer without a word": (finish("STOP", ""), ("", "", "empty_answer", END)),
}  # fmt: skip

CASES = [
    *(pytest.param(MessageReader, *case, id=f"messages: {name}") for name, case in MESSAGES.items()),
    *(pytest.param(CandidateReader, *case, id=f"gemini: {name}") for name, case in CANDIDATES.items()),
]


@pytest.mark.parametrize(("make", "stream", "expected"), CASES)
def test_a_recorded_stream_reads_the_same_at_every_split_position(
    make: Callable[[str], ReplyReader], stream: bytes, expected: Outcome
) -> None:
    for position in range(len(stream) + 1):
        assert read(make, [stream[:position], stream[position:]]) == expected, position


@pytest.mark.parametrize(("make", "stream", "expected"), CASES)
def test_a_recorded_stream_reads_the_same_byte_by_byte(
    make: Callable[[str], ReplyReader], stream: bytes, expected: Outcome
) -> None:
    assert read(make, [bytes([byte]) for byte in stream]) == expected


def _streams(
    recorded: dict[str, tuple[bytes, Outcome]], say_anything: Callable[[str], bytes]
) -> st.SearchStrategy[bytes]:
    parts = st.one_of(
        st.sampled_from([stream for stream, _ in recorded.values()]),
        st.text(max_size=20).map(lambda said: say_anything(json.dumps(said)[1:-1])),
        st.binary(max_size=30),
    )
    return st.lists(parts, max_size=6).map(b"".join)


@pytest.mark.parametrize(
    ("make", "streams"),
    [(MessageReader, _streams(MESSAGES, say)), (CandidateReader, _streams(CANDIDATES, text))],
    ids=["messages", "gemini"],
)
@given(data=st.data())
def test_any_stream_gives_the_same_deltas_however_it_is_cut(
    make: Callable[[str], ReplyReader], streams: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    stream = data.draw(streams)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(make, pieces) == read(make, [stream])


@pytest.mark.parametrize(
    ("make", "stream"),
    [(MessageReader, START.replace(b"claude-x", b"sk-secret") + say("Hi") + stop("sk-secret") + DONE),
     (CandidateReader, text("Hi").replace(b"gemini-x", b"sk-secret") + finish("sk-secret").replace(b"gemini-x", b"sk-secret"))],
)  # fmt: skip
def test_a_label_that_tells_a_secret_is_not_passed_on(make: type[ReplyReader], stream: bytes) -> None:
    reader = make("m", lambda label: isinstance(label, str) and "sk-" in label)
    reader.feed(stream)
    end = reader.end()
    assert (end.finish_reason, end.finish_stated, end.model_reported) == ("other", None, None)


@pytest.mark.parametrize("make", [MessageReader, CandidateReader])
@pytest.mark.parametrize("document", [None, [], "text", {}, {"detail": "Not Found"}, {"error": {"message": "x"}}, [1]])
def test_a_document_that_is_no_answer_is_a_failure(make: type[ReplyReader], document: object) -> None:
    reader = make("m")
    reader.feed_document(document)
    with pytest.raises(BrokenReply):
        reader.end()


def test_a_stream_of_gemini_that_came_as_one_list_is_read() -> None:
    reader = CandidateReader("m")
    parts = [json.loads(part[6:]) for part in (text("Hel") + text("lo") + finish("STOP")).split(b"\r\n\r\n") if part]
    delta = reader.feed_document(parts)
    assert delta is not None
    assert (delta.text, reader.end()) == ("Hello", End("stop", END, "gemini-x", "r1", finish_stated="STOP"))


@pytest.mark.parametrize("usage", ['"x"', "[1]", "7", '{"promptTokenCount":' + "9" * 400 + "}"])
def test_what_gemini_says_of_usage_may_be_nonsense(usage: str) -> None:
    first = b'data: {"candidates":[{"content":{"parts":[{"text":"A"}]}}],"responseId":"r"}\n\n'
    middle = f'data: {{"candidates":[{{"content":{{"parts":[{{"text":"B"}}]}}}}],"usageMetadata":{usage}}}\n\n'.encode()
    last = b'data: {"candidates":[{"content":{"parts":[{"text":"C"}]},"finishReason":"STOP"}]}\n\n'
    text, _, finish, _ = read(CandidateReader, [first, middle, last])
    assert (text, finish) == ("ABC", "stop")
