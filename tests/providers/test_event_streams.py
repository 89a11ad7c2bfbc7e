"""One byte stream, one reply: however the network cuts it. Every trap of real event streams as recorded bytes."""

# ruff: noqa: E501 - recorded bytes are easier to compare on one line

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.errors import EndpointFailure
from moorage.providers.completions import CompletionReader
from moorage.providers.events import MAX_EVENT_BYTES, MAX_LINE_BYTES, EventSplitter
from moorage.providers.protocol import BrokenReply, Usage
from moorage.providers.reader import MAX_ANSWER_CHARS

USAGE = '"usage":{"prompt_tokens":7,"completion_tokens":3}'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'


def say(content: str, more: str = "") -> bytes:
    """One content event; `content` is JSON text, so that escapes can be recorded as they were sent."""
    return f'data: {{"id":"c1","model":"m","choices":[{{"index":0,"delta":{{"content":"{content}"}}}}]{more}}}\n\n'.encode()


def read(pieces: Sequence[bytes]) -> tuple[str, str, object]:
    """Read to the end: (text, reasoning, End or the code of the failure)."""
    reader = CompletionReader("m")
    text, reasoning = "", ""
    deltas = []
    for piece in pieces:
        if not reader.wants_more():
            break
        deltas.append(reader.feed(piece))
    deltas.append(reader.finish())
    for delta in deltas:
        if delta is not None and delta.is_whole:
            text, reasoning = delta.text, delta.reasoning
        elif delta is not None:
            text, reasoning = text + delta.text, reasoning + delta.reasoning
    text.encode()
    reasoning.encode()
    try:
        return text, reasoning, reader.end()
    except BrokenReply as failure:
        return text, reasoning, failure.code


def code_or_finish(outcome: object) -> object:
    return (
        outcome
        if isinstance(outcome, str)
        else (getattr(outcome, "finish_reason", None), getattr(outcome, "usage", None))
    )


DONE = b"data: [DONE]\n\n"
PLAIN = (say("Hel") + say("lo"), "Hello", "", ("stop", None))
RECORDED: dict[str, tuple[bytes, str, str, object]] = {
    "openai": (say("Hel") + say("lo") + STOP + f'data: {{"choices":[],{USAGE}}}\n\n'.encode() + DONE, "Hello", "", ("stop", Usage(7, 3))),
    "litellm usage beside an empty choice": (
        say("Hi") + STOP + f'data: {{"choices":[{{"index":0,"delta":{{}}}}],{USAGE}}}\n\n'.encode() + DONE, "Hi", "", ("stop", Usage(7, 3)),
    ),
    "vllm usage on every chunk": (
        say("Hi", ',"usage":{"prompt_tokens":7,"completion_tokens":1}') + STOP
        + f'data: {{"choices":[],{USAGE}}}\n\n'.encode() + b'data: {"choices":[],"usage":null}\n\n' + DONE,
        "Hi", "", ("stop", Usage(7, 3)),
    ),
    "gemini usage in the last content event, crlf": (
        (say("Hi") + f'data: {{"choices":[{{"delta":{{"content":"!"}},"finish_reason":"stop"}}],{USAGE}}}\n\n'.encode()).replace(b"\n", b"\r\n"),
        "Hi!", "", ("stop", Usage(7, 3)),
    ),
    "usage details": (
        say("Hi") + STOP + b'data: {"usage":{"prompt_tokens":7,"completion_tokens":-3,"prompt_tokens_details":{"cached_tokens":5},'
        b'"completion_tokens_details":{"reasoning_tokens":99999999999999}}}\n\n',
        "Hi", "", ("stop", Usage(7, 0, 5, 1_000_000_000)),
    ),
    "bare cr": ((say("Hi") + STOP).replace(b"\n", b"\r"), "Hi", "", ("stop", None)),
    "no space after data": ((say("Hi") + STOP + DONE).replace(b"data: ", b"data:"), "Hi", "", ("stop", None)),
    "bom, comments, ids and names": (
        b"\xef\xbb\xbf: OPENROUTER PROCESSING\n\nevent: message\nid: 1\nretry: 10\n" + say("Hi") + b":\n\n" + STOP + DONE, "Hi", "", ("stop", None),
    ),
    "several data lines": (b'data: {"choices":[{"delta":\ndata: {"content":"Hi"},\ndata: "finish_reason":"stop"}]}\n\n', "Hi", "", ("stop", None)),
    "no blank lines between events": ((say("Hi") + STOP + DONE).replace(b"\n\n", b"\n"), "Hi", "", ("stop", None)),
    "no line end at the end": ((say("Hi") + STOP).rstrip(b"\n"), "Hi", "", ("stop", None)),
    "done without a finish": (say("Hi") + DONE, "Hi", "", (None, None)),
    "nothing counts after done": (say("Hi") + STOP + DONE + say("more"), "Hi", "", ("stop", None)),
    "line separators inside json": (say("a\u2028b\u2029c\u0085d") + STOP, "a\u2028b\u2029c\u0085d", "", ("stop", None)),
    "utf-8 of every length": (say("aä€🚢") + STOP, "aä€🚢", "", ("stop", None)),
    "emoji cut in half": (say("\\ud83d") + say("\\udea2 ahoy") + STOP, "🚢 ahoy", "", ("stop", None)),
    "halves that belong to nobody": (say("a\\ud83d") + say("b\\udea2") + say("\\ud83d") + STOP, "a\ufffdb\ufffd\ufffd", "", ("stop", None)),
    "broken utf-8": (say("a").replace(b"a", b"a\xff", 1) + say("?").replace(b"?", b"\xe2\x82") + STOP, "\ufffd", "", ("stop", None)),
    "null characters": (say("a\\u0000b") + STOP, "a\ufffdb", "", ("stop", None)),
    "azure's first event": (
        b'data: {"id":"","model":"","object":"","choices":[],"prompt_filter_results":[{}]}\n\n' + say("Hi")
        + b'data: {"choices":[{"index":0,"content_filter_results":{}}]}\n\n' + STOP + DONE, "Hi", "", ("stop", None),
    ),
    "null and missing parts": (
        b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n\ndata: {"choices":[{"delta":null}]}\n\n'
        b'data: {"choices":null}\n\ndata: {"choices":[null]}\n\ndata: {}\n\n' + say("Hi") + STOP, "Hi", "", ("stop", None),
    ),
    "a second choice": (b'data: {"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"Hi"}}]}\n\n' + STOP, "Hi", "", ("stop", None)),
    "garbage between": (say("H") + b"data: {oops\n\ndata: 17\n\ndata: [1]\n\n" + say("i") + STOP, "Hi", "", ("stop", None)),
    "too much garbage": (say("Hi") + b"data: {oops\n\n" * 21 + STOP, "Hi", "", "bad_stream"),
    "mistral's finish": (say("Hi") + STOP.replace(b"stop", b"model_length"), "Hi", "", ("length", None)),
    "a finish that nobody has heard of": (say("Hi") + STOP.replace(b"stop", b"tired"), "Hi", "", ("other", None)),
    "a finish in the words of another maker": (say("Hi") + STOP.replace(b"stop", b"MAX_TOKENS"), "Hi", "", ("length", None)),
    "reasoning": (b'data: {"choices":[{"delta":{"reasoning":"Hm","reasoning_content":"Hm"}}]}\n\n' + say("Hi") + STOP, "Hi", "Hm", ("stop", None)),
    "mistral's parts": (
        b'data: {"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]},{"type":"text","text":"Hi"}]}}]}\n\n' + STOP,
        "Hi", "Hm", ("stop", None),
    ),
    "think tags cut": (say(" <thi") + say("nk>Hm </th") + say("i</thin") + say("k>\\n\\n") + say("Hi <think>") + STOP, "Hi <think>", "Hm </thi", ("stop", None)),
    "think tags never closed": (say("<think>Hm</thi") + STOP.replace(b"stop", b"length"), "", "Hm</thi", ("length", None)),
    "think tags opened where nobody sees": (say("Hm.\\n\\nSo ") + say("be it.\\n</thi") + say("nk>\\n") + say("\\nHi") + STOP, "Hi", "Hm.\n\nSo be it.", ("stop", None)),
    "nothing but a closing tag before the answer": (say("</think>\\n\\n") + say("Hi") + STOP, "Hi", "", ("stop", None)),
    "nothing after the closing tag": (say("Hm\\n</think>\\n") + STOP, "", "Hm", "empty_answer"),
    "a closing tag within a sentence": (say("Use </think> to") + say(" close it.\\n</think>\\nHi") + STOP, "Use </think> to close it.\n</think>\nHi", "", ("stop", None)),
    "a closing tag in code": (say("```\\n</think>\\n```\\n") + STOP, "```\n</think>\n```\n", "", ("stop", None)),
    "a closing tag after a word about the opening one": (say("<think> opens.\\n</think>\\nEnd") + STOP, "End", " opens.\n", ("stop", None)),
    "both tags below a first line": (say("So: <think>\\n</think>\\nEnd") + STOP, "So: <think>\n</think>\nEnd", "", ("stop", None)),
    "a tag that is none": (say("<") + say("thin") + say("g>") + STOP, "<thing>", "", ("stop", None)),
    "cut off": (say("Hel") + say("lo"), "Hello", "", "cut_off"),
    "cut off in an event": (say("Hel") + say("lo")[:-9], "Hel", "", "cut_off"),
    "ollama's swallowed error": (say(""), "", "", "cut_off"),
    "only comments": (b": ping\n\n: ping\n\n", "", "", "empty_answer"),
    "done and nothing else": (DONE, "", "", "empty_answer"),
    "plain text after done": (DONE + b"oops\n", "", "", "empty_answer"),
    "nothing": (b"", "", "", "empty_answer"),
    "white space as answer": (say(" \\n") + STOP, " \n", "", "empty_answer"),
    "thinking without an answer": (b'data: {"choices":[{"delta":{"reasoning":"Hm"}}]}\n\n' + STOP, "", "Hm", "empty_answer"),
    "filtered": (STOP.replace(b"stop", b"content_filter"), "", "", "content_filtered"),
    "plain text": (b"Internal Server Error\n", "", "", "bad_stream"),
    "error object": (say("Hi") + b'data: {"error":{"message":"boom","code":500}}\n\n' + DONE, "Hi", "", "midstream_error"),
    "error string": (say("Hi") + b'data: {"error":"boom"}\n\n', "Hi", "", "midstream_error"),
    "error beside choices": (
        say("Hi") + b'data: {"choices":[{"delta":{"content":"!"},"finish_reason":"error"}],"error":{"code":429,"message":"x"}}\n\n', "Hi!", "", "rate_limited",
    ),
    "error event": (say("Hi") + b'event: error\ndata: {"message":"Overloaded"}\n\n' + say("no"), "Hi", "", "overloaded"),
    "error event in plain words": (say("Hi") + b"event: error\ndata: boom\n\n", "Hi", "", "midstream_error"),
    "error without data": (say("Hi") + b'{"error":{"message":"maximum context length"}}\n', "Hi", "", "context_too_long"),
    "vllm's old error": (say("Hi") + b'data: {"object":"error","message":"boom","code":400}\n\n', "Hi", "", "midstream_error"),
    "a finish called error": (say("Hi") + STOP.replace(b"stop", b"error"), "Hi", "", "midstream_error"),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_reads_the_same_at_every_split_position(name: str) -> None:
    stream, *expected = RECORDED[name]
    for position in range(len(stream) + 1):
        text, reasoning, outcome = read([stream[:position], stream[position:]])
        assert [text, reasoning, code_or_finish(outcome)] == expected, position


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_stream_reads_the_same_byte_by_byte(name: str) -> None:
    stream, *expected = RECORDED[name]
    text, reasoning, outcome = read([bytes([byte]) for byte in stream])
    assert [text, reasoning, code_or_finish(outcome)] == expected


events = st.one_of(
    st.sampled_from([stream for stream, *_ in RECORDED.values()]),
    st.text(max_size=20).map(
        lambda text: b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\r\n\n"
    ),
    st.binary(max_size=30),
)


@given(st.lists(events, max_size=6), st.data())
def test_any_stream_reads_the_same_however_it_is_cut(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(pieces) == read([stream])


@given(
    st.lists(
        st.sampled_from(["data: x", "data:y", ": c", "", "event: error", "event: e", "data", "id: 1"]), max_size=12
    ),
    st.data(),
)
def test_line_ends_of_all_three_kinds_mean_the_same(lines: list[str], data: st.DataObject) -> None:
    ends = [data.draw(st.sampled_from(["\n", "\r\n"])) for _ in lines]
    mixed = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()
    first, second = EventSplitter(), EventSplitter()
    payloads = [*first.feed(mixed), *first.finish()]
    plain = "".join(f"{line}\r" for line in lines).encode()
    assert payloads == [*second.feed(plain), *second.finish()]
    assert first.error == second.error


@pytest.mark.parametrize("piece_bytes", [1000, 10_000_000])
def test_an_endless_line_ends_the_reply_after_what_came_before(piece_bytes: int) -> None:
    stream = say("Hi") + b'data: {"x":"' + b"a" * (MAX_LINE_BYTES + 1) + b'"}\n\n' + STOP
    pieces = [stream[start : start + piece_bytes] for start in range(0, len(stream), piece_bytes)]
    assert read(pieces) == ("Hi", "", "bad_stream")


def test_an_event_of_endless_lines_ends_the_reply() -> None:
    assert read([say("Hi"), b"data:a\n" * (MAX_EVENT_BYTES // 2 + 1)]) == ("Hi", "", "bad_stream")


def test_an_endless_answer_is_cut_at_its_limit() -> None:
    reader = CompletionReader("m")
    event = say("a" * 100_000)
    kept = 0
    while reader.wants_more():
        delta = reader.feed(event)
        kept += len(delta.text) if delta else 0
    assert reader.failure is not None
    assert (reader.failure.code, dict(reader.failure.params)) == ("answer_too_large", {"limit_mib": 4})
    assert MAX_ANSWER_CHARS - 100_000 < kept <= MAX_ANSWER_CHARS


def test_deeply_nested_json_is_garbage_and_no_crash() -> None:
    deep = b"data: " + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n\n"
    assert read([say("Hi"), deep[: MAX_LINE_BYTES - 10] + b"\n\n", STOP])[0] == "Hi"


def test_all_that_one_read_brought_comes_in_one_delta() -> None:
    reader = CompletionReader("m")
    delta = reader.feed(say("a") * 500)
    assert delta is not None
    assert (delta.text, delta.chunks) == ("a" * 500, 500)


def test_events_without_text_make_no_delta_and_are_counted_with_the_next() -> None:
    reader = CompletionReader("m")
    assert reader.feed(b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n: ping\n\n') is None
    delta = reader.feed(say("a"))
    assert delta is not None
    assert delta.chunks == 2


def test_what_a_model_calls_itself_is_cleaned() -> None:
    stream = (
        b'data: {"id":"x\\u0000\\u202e1","model":"'
        + b"m\\n" * 300
        + b'","choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    )
    reader = CompletionReader("m")
    reader.feed(stream)
    end = reader.end()
    assert end.upstream_id == "x1"
    assert end.model_reported == "m" * 200


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, {"detail": "Not Found"}, {"choices": None, "error": {"message": "x"}}]
)
def test_a_document_that_is_no_answer_is_a_failure(document: object) -> None:
    reader = CompletionReader("m")
    reader.feed_document(document)
    with pytest.raises(EndpointFailure):
        reader.end()
