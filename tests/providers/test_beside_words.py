"""What comes beside words, in every dialect: calls in pieces and whole, sources, refusals. Bounded, and never lost."""

# ruff: noqa: E501 - recorded bytes are easier to compare on one line

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.providers.anthropic import MessageReader
from moorage.providers.beside import (
    MAX_ARGUMENT_CHARS,
    MAX_CALLS,
    MAX_SOURCES,
    Beside,
    Gatherer,
    Source,
    ToolCall,
    put_together,
)
from moorage.providers.completions import CompletionReader
from moorage.providers.finish import plain_finish
from moorage.providers.google import CandidateReader
from moorage.providers.protocol import BrokenReply
from moorage.providers.reader import ReplyReader, hides_nothing

Make = Callable[[str], ReplyReader]
Outcome = tuple[str, Beside, object]


def read(make: Make, pieces: Sequence[bytes]) -> Outcome:
    """Read to the end: (text, what came beside it, finish reason or code of the failure)."""
    reader = make("m")
    deltas = [reader.feed(piece) for piece in pieces if reader.wants_more()]
    deltas.append(reader.finish())
    found = [delta for delta in deltas if delta is not None]
    beside = put_together(delta.beside for delta in found if delta.beside is not None)
    text = "".join(delta.text for delta in found)
    json.dumps(beside.to_json(), ensure_ascii=False).encode()
    try:
        return text, beside, reader.end().finish_reason
    except BrokenReply as failure:
        return text, beside, failure.code


def chat(delta: str, more: str = "", finish: str = "null") -> bytes:
    """One event of chat completions; all is JSON text."""
    return f'data: {{"id":"c1","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]{more}}}\n\n'.encode()


def call(rest: str) -> bytes:
    return chat(f'{{"tool_calls":[{{{rest}}}]}}')


def claude(kind: str, rest: str) -> bytes:
    return f'event: {kind}\ndata: {{"type":"{kind}"{rest}}}\n\n'.encode()


def gemini(parts: str, more: str = "") -> bytes:
    return f'data: {{"candidates": [{{"content": {{"parts": [{parts}]}},"index": 0{more}}}],"responseId": "r1"}}\r\n\r\n'.encode()


STOP, WANTS = chat("{}", finish='"stop"'), chat("{}", finish='"tool_calls"')
SEARCH = ToolCall("search", '{"q":"tide"}')
TIDES, NEWS = Source("https://tides.example/", "Tides"), Source("https://news.example/a", "")
START = claude("message_start", ',"message":{"id":"m1","model":"c","usage":{"input_tokens":5}}')


def ended(reason: str) -> bytes:
    return claude("message_delta", f',"delta":{{"stop_reason":"{reason}"}}') + claude("message_stop", "")


RECORDED: dict[str, tuple[Make, bytes, Outcome]] = {
    "openai: a call in pieces": (
        CompletionReader,
        call('"index":0,"id":"a","type":"function","function":{"name":"search","arguments":""}')
        + call('"index":0,"function":{"arguments":"{\\"q\\":"}') + call('"index":0,"function":{"arguments":"\\"tide\\"}"}') + WANTS,
        ("", Beside((SEARCH,)), "tool_calls"),
    ),
    "openai: two calls whose pieces alternate": (
        CompletionReader,
        call('"index":0,"id":"a","function":{"name":"search","arguments":"{\\"q\\":"}') + call('"index":1,"id":"b","function":{"name":"open","arguments":"{"}')
        + call('"index":0,"function":{"arguments":"\\"tide\\"}"}') + call('"index":1,"function":{"arguments":"}"}') + WANTS,
        ("", Beside((SEARCH, ToolCall("open", "{}"))), "tool_calls"),
    ),
    "without an index, two in one event": (
        CompletionReader,
        chat('{"tool_calls":[{"id":"a","function":{"name":"search","arguments":"{\\"q\\":\\"tide\\"}"}},{"id":"b","function":{"name":"open","arguments":"{}"}}]}') + WANTS,
        ("", Beside((SEARCH, ToolCall("open", "{}"))), "tool_calls"),
    ),
    "whole calls that are all number 0": (
        CompletionReader,
        call('"index":0,"id":"a","function":{"name":"search","arguments":"{\\"q\\":\\"tide\\"}"}') + call('"index":0,"id":"b","function":{"name":"open","arguments":"{}"}') + STOP,
        ("", Beside((SEARCH, ToolCall("open", "{}"))), "tool_calls"),
    ),
    "an id on every piece": (
        CompletionReader,
        call('"index":0,"id":"a","function":{"name":"search","arguments":"{\\"q\\":"}') + call('"index":0,"id":"a","function":{"name":"search","arguments":"\\"tide\\"}"}') + WANTS,
        ("", Beside((SEARCH,)), "tool_calls"),
    ),
    "arguments as an object": (
        CompletionReader, call('"function":{"name":"search","arguments":{"q":"tide"}}') + STOP,
        ("", Beside((ToolCall("search", '{"q": "tide"}'),)), "tool_calls"),
    ),
    "the old way": (
        CompletionReader,
        chat('{"role":"assistant","content":null,"function_call":{"name":"search","arguments":"{\\"q\\":"}}') + chat('{"function_call":{"arguments":"\\"tide\\"}"}}') + chat("{}", finish='"function_call"'),
        ("", Beside((SEARCH,)), "tool_calls"),
    ),
    "words and a call": (
        CompletionReader, chat('{"content":"I look."}') + call('"index":0,"id":"a","function":{"name":"search","arguments":"{\\"q\\":\\"tide\\"}"}') + WANTS,
        ("I look.", Beside((SEARCH,)), "tool_calls"),
    ),
    "a call that broke off": (
        CompletionReader, call('"index":0,"id":"a","function":{"name":"search","arguments":"{\\"q"}'), ("", Beside((ToolCall("search", '{"q'),)), "cut_off"),
    ),
    "half a character in arguments": (
        CompletionReader, call('"index":0,"id":"a","function":{"name":"s","arguments":"\\ud83d"}') + call('"index":0,"function":{"arguments":"\\udea2\\u0000"}') + WANTS,
        ("", Beside((ToolCall("s", "🚢\ufffd"),)), "tool_calls"),
    ),
    "calls that are none": (
        CompletionReader,
        chat('{"content":"Hi","tool_calls":null,"function_call":null,"refusal":null,"annotations":[],"audio":null}') + chat('{"tool_calls":[null,7,[]]}') + STOP,
        ("Hi", Beside(), "stop"),
    ),
    "openai: a refusal": (CompletionReader, chat('{"refusal":"I can’t "}') + chat('{"refusal":"help."}') + STOP, ("I can’t help.", Beside(), "refusal")),
    "a refusal as a part": (CompletionReader, chat('{"content":[{"type":"refusal","refusal":"No."}]}') + STOP, ("No.", Beside(), "refusal")),
    "filtered after the first words": (CompletionReader, chat('{"content":"Hi"}') + chat("{}", finish='"content_filter"'), ("Hi", Beside(), "content_filter")),
    "a gateway that passes on what Gemini says": (CompletionReader, chat('{"content":"Hi"}') + chat("{}", finish='"RECITATION"'), ("Hi", Beside(), "content_filter")),
    "a server that ran out of means": (CompletionReader, chat('{"content":"Hi"}') + chat("{}", finish='"insufficient_system_resource"'), ("Hi", Beside(), "midstream_error")),
    "openrouter: citations as annotations": (
        CompletionReader,
        chat('{"content":"High at nine."}') + chat('{"content":"","annotations":[{"type":"url_citation","url_citation":{"url":"https://tides.example/","title":"Tides","start_index":0}}]}') + STOP,
        ("High at nine.", Beside((), (TIDES,)), "stop"),
    ),
    "perplexity: lists beside the choices of every event": (
        CompletionReader,
        chat('{"content":"High"}', ',"citations":["https://tides.example/","https://news.example/a"],"search_results":[{"url":"https://tides.example/","title":"Tides"}]')
        + chat('{"content":"."}', ',"citations":["https://tides.example/","https://news.example/a"]') + STOP,
        ("High.", Beside((), (TIDES, NEWS)), "stop"),
    ),
    "sources that are none": (
        CompletionReader,
        chat('{"content":"Hi"}', ',"citations":[7,null,"javascript:alert(1)","ftp://x","","/a",{"url":3}],"search_results":"no"') + STOP, ("Hi", Beside(), "stop"),
    ),
    "claude: a tool is asked for": (
        MessageReader,
        START + claude("content_block_start", ',"index":0,"content_block":{"type":"tool_use","id":"t","name":"search","input":{}}')
        + claude("content_block_delta", ',"index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"q\\":"}')
        + claude("content_block_delta", ',"index":0,"delta":{"type":"input_json_delta","partial_json":"\\"tide\\"}"}') + ended("tool_use"),
        ("", Beside((SEARCH,)), "tool_calls"),
    ),
    "claude: its provider searched, and the answer names what was found": (
        MessageReader,
        START + claude("content_block_start", ',"index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}')
        + claude("content_block_delta", ',"index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}')
        + claude("content_block_start", ',"index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"https://unused.example/","title":"no"}]}')
        + claude("content_block_delta", ',"index":2,"delta":{"type":"text_delta","text":"High at nine."}')
        + claude("content_block_delta", ',"index":2,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://tides.example/","title":"Tides","cited_text":"x"}}')
        + claude("content_block_delta", ',"index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location","document_title":"a.pdf","cited_text":"x"}}') + ended("end_turn"),
        ("High at nine.", Beside((ToolCall("web_search", "{}", ran=True),), (TIDES,)), "stop"),
    ),
    "claude: paused while its provider works": (
        MessageReader, START + claude("content_block_start", ',"index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}}') + ended("pause_turn"),
        ("", Beside((ToolCall("web_search", '{"q": 1}', ran=True),)), "pause"),
    ),
    "gemini: two functions are called": (
        CandidateReader,
        gemini('{"functionCall": {"name": "search","args": {"q": "tide"}},"thoughtSignature": "E"},{"functionCall": {"name": "open","args": {}}}') + gemini('{"text": ""}', ',"finishReason": "STOP"'),
        ("", Beside((ToolCall("search", '{"q": "tide"}'), ToolCall("open", ""))), "tool_calls"),
    ),
    "gemini: grounded": (
        CandidateReader,
        gemini('{"text": "High"}') + gemini('{"text": "."}', ',"groundingMetadata": {"groundingChunks": [{"web": {"uri": "https://tides.example/","title": "Tides"}},{"retrievedContext": {}},null]}')
        + gemini('{"text": ""}', ',"finishReason": "STOP","citationMetadata": {"citationSources": [{"uri": "https://news.example/a"}]}'),
        ("High.", Beside((), (TIDES, NEWS)), "stop"),
    ),
}  # fmt: skip
CASES = [pytest.param(*case, id=name) for name, case in RECORDED.items()]


@pytest.mark.parametrize(("make", "stream", "expected"), CASES)
def test_a_recorded_stream_reads_the_same_at_every_split_position(make: Make, stream: bytes, expected: Outcome) -> None:
    for position in range(len(stream) + 1):
        assert read(make, [stream[:position], stream[position:]]) == expected, position


@pytest.mark.parametrize(("make", "stream", "expected"), CASES)
def test_a_recorded_stream_reads_the_same_byte_by_byte(make: Make, stream: bytes, expected: Outcome) -> None:
    assert read(make, [bytes([byte]) for byte in stream]) == expected


@given(
    st.lists(
        st.sampled_from([stream for make, stream, _ in RECORDED.values() if make is CompletionReader]), max_size=5
    ),
    st.data(),
)
def test_any_stream_of_calls_and_sources_reads_the_same_however_it_is_cut(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(CompletionReader, pieces) == read(CompletionReader, [stream])


@pytest.mark.parametrize(
    ("make", "document", "expected"),
    [
        (
            CompletionReader,
            {"choices": [{"message": {"content": None, "tool_calls": [{"id": "a", "function": {"name": "search", "arguments": '{"q":"tide"}'}}]}, "finish_reason": "tool_calls"}]},
            Beside((SEARCH,)),
        ),
        (
            MessageReader,
            {"content": [{"type": "text", "text": "", "citations": [{"url": "https://tides.example/", "title": "Tides"}]}, {"type": "tool_use", "id": "t", "name": "search", "input": {"q": "tide"}}], "stop_reason": "tool_use"},
            Beside((ToolCall("search", '{"q": "tide"}'),), (TIDES,)),
        ),
        (
            CandidateReader,
            {"candidates": [{"content": {"parts": [{"functionCall": {"name": "search", "args": {"q": "tide"}}}]}, "finishReason": "STOP"}]},
            Beside((ToolCall("search", '{"q": "tide"}'),)),
        ),
    ],
)  # fmt: skip
def test_an_answer_in_one_piece_has_the_same_beside_it(make: Make, document: object, expected: Beside) -> None:
    reader = make("m")
    delta = reader.feed_document(document)
    assert delta is not None
    assert delta.beside is not None
    assert (put_together([delta.beside]), reader.end().finish_reason) == (expected, "tool_calls")


def test_a_model_that_calls_without_end_is_kept_within_bounds() -> None:
    gatherer = Gatherer(hides_nothing)
    for number in range(MAX_CALLS + 10):
        gatherer.call(number, name=f"tool{number}", arguments="a" * (MAX_ARGUMENT_CHARS - 1))
        gatherer.call(number, arguments="bcd")
    for number in range(MAX_SOURCES + 10):
        gatherer.cite(f"https://{number}.example/", "t" * 1000)
    taken = gatherer.take()
    assert taken is not None
    beside = put_together([taken])
    assert [one.name for one in beside.calls] == [f"tool{number}" for number in range(MAX_CALLS)]
    assert {(len(one.arguments), one.arguments[-1]) for one in beside.calls} == {(MAX_ARGUMENT_CHARS, "b")}
    assert (len(beside.sources), {len(one.title) for one in beside.sources}) == (MAX_SOURCES, {200})


def test_arguments_count_towards_the_length_that_an_answer_may_have() -> None:
    def length_of_answer(before: Sequence[bytes]) -> int:
        reader = CompletionReader("m")
        for piece in before:
            reader.feed(piece)
        kept = 0
        while reader.wants_more():
            delta = reader.feed(chat(f'{{"content":"{"a" * MAX_ARGUMENT_CHARS}"}}'))
            kept += len(delta.text) if delta else 0
        assert reader.failure is not None
        assert reader.failure.code == "answer_too_large"
        return kept

    calls = [
        call(f'"index":{number},"function":{{"name":"x","arguments":"{"a" * MAX_ARGUMENT_CHARS}"}}')
        for number in range(MAX_CALLS)
    ]
    assert length_of_answer(calls) == length_of_answer([]) - MAX_CALLS * MAX_ARGUMENT_CHARS


def test_what_tells_a_secret_is_not_passed_on() -> None:
    """P12."""
    gatherer = Gatherer(lambda label: isinstance(label, str) and "sk-secret" in label)
    gatherer.call(0, name="search sk-secret", arguments="{}")
    gatherer.call(1, name="open", arguments='{"key":"sk-')
    gatherer.call(1, arguments='secret"}')
    gatherer.call(1, arguments="more")
    gatherer.cite("https://x.example/?key=sk-secret", "no")
    gatherer.cite("https://y.example/", "about sk-secret")
    taken = gatherer.take()
    assert taken is not None
    assert put_together([taken]) == Beside(
        (ToolCall("", "{}"), ToolCall("open", '{"key":"sk-')), (Source("https://y.example/", ""),)
    )


def test_arguments_nested_without_end_are_no_crash() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    gatherer = Gatherer(hides_nothing)
    gatherer.call(0, name="search", arguments=deep)
    taken = gatherer.take()
    assert taken is not None
    assert put_together([taken]) == Beside((ToolCall("search", ""),))


def test_what_was_stored_reads_as_it_was() -> None:
    beside = Beside((SEARCH, ToolCall("open", "", ran=True)), (TIDES, NEWS))
    assert Beside.from_json(beside.to_json()) == beside
    assert Beside().to_json() is None
    assert Beside.from_json(None) == Beside()


@pytest.mark.parametrize(
    ("stated", "plain"),
    [
        ("stop", "stop"), ("end_turn", "stop"), ("STOP", "stop"), ("eos_token", "stop"),
        ("length", "length"), ("max_tokens", "length"), ("MAX_TOKENS", "length"), ("model_length", "length"),
        ("model_context_window_exceeded", "length"), ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("content_filter", "content_filter"), ("SAFETY", "content_filter"), ("RECITATION", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"), ("guardrail_intervened", "content_filter"),
        ("tool_calls", "tool_calls"), ("function_call", "tool_calls"), ("tool_use", "tool_calls"),
        ("MALFORMED_FUNCTION_CALL", "other"), ("", "other"), ("tired", "other"),
    ],
)  # fmt: skip
def test_every_makers_word_for_the_end_has_a_plain_one(stated: str, plain: str) -> None:
    assert plain_finish(stated) == plain
