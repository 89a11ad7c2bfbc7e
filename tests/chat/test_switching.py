"""P2: whatever a conversation holds and whichever two models it goes between, the next one gets what it can take.

The bodies are judged by the makers' own types, as their clients publish them, and by what their APIs are known to
refuse beyond those (tests/support/dialects).
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai import types as google_types
from hypothesis import example, given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam
from pydantic import TypeAdapter

from moorage.chat.attachments import MIB
from moorage.chat.context import (
    ANSWER_ROOM,
    GO_ON,
    MAX_ATTACHED_BYTES,
    MAX_WORDS_BYTES,
    MOST_WINDOW,
    HistoryMessage,
    Sending,
    Target,
    fill,
    plan,
)
from moorage.chat.facts import AttachmentFacts, AttachmentKind, Withheld
from moorage.egress.door import Outbound
from moorage.egress.urls import Endpoint
from moorage.providers.anthropic import Anthropic
from moorage.providers.google import Google
from moorage.providers.ollama import Ollama
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.openrouter import OpenRouter
from moorage.providers.protocol import ChatRequest, Quirks, Turn
from moorage.providers.speaking import Speaker, Way
from tests.chat.histories import attachments, branches, contents_of
from tests.support.dialects import gemini, messages
from tests.support.model_server.parts import refuse_parts

ENDPOINT = Endpoint("llm.test", 443, "/v1")
MESSAGES: TypeAdapter[list[ChatCompletionMessageParam]] = TypeAdapter(list[ChatCompletionMessageParam])
CLAUDE: TypeAdapter[MessageCreateParamsNonStreaming] = TypeAdapter(MessageCreateParamsNonStreaming)

INPUTS = [{"text"}, {"text", "image"}, {"text", "file"}, {"text", "image", "file"}]
targets = st.builds(
    Target,
    st.sampled_from([frozenset(one) for one in INPUTS]),
    st.sampled_from([None, 1, 500, 2048, 8192, 32_768, 1_000_000]),
)


class _NoLine:
    """Nothing is sent here: a request is only written."""


def speakers() -> list[tuple[str, Speaker, Quirks]]:
    line: Any = _NoLine()
    folded, whole = Quirks(takes_system=False), Quirks(streaming="never", limit_field="max_completion_tokens")
    return [
        ("openai", OpenAICompatible(line, ENDPOINT, None), Quirks()),
        ("openai", OpenAICompatible(line, ENDPOINT, None, folded), folded),
        ("openai", OpenAICompatible(line, ENDPOINT, None, whole), whole),
        ("openai", Ollama(line, ENDPOINT, None), Quirks()),
        ("openai", OpenRouter(line, ENDPOINT, None), Quirks()),
        ("anthropic", Anthropic(line, ENDPOINT, None), Quirks()),
        ("google", Google(line, ENDPOINT, None), Quirks()),
    ]


def written(speaker: Speaker, turns: Sequence[Turn], quirks: Quirks) -> dict[str, Any]:
    outbound: Outbound = speaker._prepare_chat(ChatRequest("steady-sees", turns), Way(ENDPOINT, quirks))
    assert outbound.body is not None
    body: dict[str, Any] = orjson.loads(outbound.body)
    return body


def judge(dialect: str, body: dict[str, Any]) -> None:
    """Raise for a request that its maker would refuse."""
    if dialect == "openai":
        MESSAGES.validate_python(body["messages"], strict=True)
        assert refuse_parts(body, "steady-sees") is None
        roles = [one["role"] for one in body["messages"]]
        assert all(one != two for one, two in itertools.pairwise(roles))
        assert all(one["content"] for one in body["messages"])
    elif dialect == "anthropic":
        body.pop("stream")
        CLAUDE.validate_python(body)
        asked = messages.Asked.model_validate(body)
        assert messages._refuse(asked, "steady") is None
    else:
        for content in body["contents"]:
            google_types.Content.model_validate(content)
        asked_google = gemini.Asked.model_validate(body)
        assert gemini._refuse(asked_google, "steady") is None


@given(branches(), targets, targets)
def test_any_history_becomes_a_request_that_each_maker_takes(
    branch: list[HistoryMessage], first: Target, second: Target
) -> None:
    """P2. The first target answered before; nothing of that is in a history, so only the second one matters."""
    plan(branch, first)
    sending = plan(branch, second)
    turns = fill(sending.turns, sending.pieces, contents_of(branch))
    for dialect, speaker, quirks in speakers():
        judge(dialect, written(speaker, turns, quirks))


@given(branches(ends_with="assistant"), targets)
def test_an_answer_that_is_continued_ends_with_the_wish_to(branch: list[HistoryMessage], target: Target) -> None:
    sending = plan(branch, target, goes_on=True)
    assert sending.turns[-1] == Turn("user", GO_ON)
    assert sending.turns[-2].text.endswith(branch[-1].text)
    turns = fill(sending.turns, sending.pieces, contents_of(branch))
    for dialect, speaker, quirks in speakers():
        judge(dialect, written(speaker, turns, quirks))


@given(branches(), targets)
def test_what_goes_and_what_does_not_are_together_everything(branch: list[HistoryMessage], target: Target) -> None:
    """Never half a message, never a file that is neither sent nor named."""
    sending = plan(branch, target)
    spoken = [one for one in branch if one.text.strip() or one.attachments]
    sent = spoken[sending.withheld.messages :]
    assert sent[-1] is branch[-1]
    assert (sending.withheld.from_id is not None) == (sending.withheld.messages > 0)
    assert sending.withheld.from_id in {None, sent[0].id}
    said = "\n\n".join(turn.text for turn in sending.turns)
    assert all(one.text in said for one in sent)
    placed = [one.id for pieces in sending.pieces.values() for one in pieces]
    named = {one.id: one.why for one in sending.withheld.files}
    for message in branch:
        for one in message.attachments:
            goes = one.id in placed
            assert goes != (one.id in named and named[one.id] != "as_text"), (one, named.get(one.id))
    assert len(placed) == len(set(placed))


@given(branches(), targets)
def test_what_is_sent_fits_unless_the_question_alone_does_not(branch: list[HistoryMessage], target: Target) -> None:
    sending = plan(branch, target)
    if target.window is None:
        assert sending.withheld.messages == 0
        assert not {one.why for one in sending.withheld.files} & {"window", "too_large"}
        return
    room = min(ANSWER_ROOM, target.window // 4)
    assert sending.withheld.is_too_long == (sending.tokens > target.window - room)
    if sending.withheld.is_too_long:
        assert sending.pieces == {}, "words are never cut, but files go before them"


@given(branches(), targets)
def test_a_model_gets_only_what_it_takes(branch: list[HistoryMessage], target: Target) -> None:
    sending = plan(branch, target)
    went = {one.goes_as for pieces in sending.pieces.values() for one in pieces}
    assert went <= {"text"} | ({"image"} & target.inputs) | ({"document"} if "file" in target.inputs else set())


@given(branches(), targets)
def test_files_of_one_request_stay_below_what_makers_take(branch: list[HistoryMessage], target: Target) -> None:
    sending = plan(branch, target)
    files = {one.id: one for message in branch for one in message.attachments}
    placed = [one for pieces in sending.pieces.values() for one in pieces]
    for one in placed:
        assert one.size == (files[one.id].text_bytes if one.goes_as == "text" else files[one.id].size)
    assert sum(one.size for one in placed) <= MAX_ATTACHED_BYTES


@pytest.mark.parametrize(("kind", "media_type"), [("text", "text/plain"), ("pdf", "application/pdf")])
def test_texts_fill_a_request_too_where_the_window_is_not_known(kind: AttachmentKind, media_type: str) -> None:
    """The same file with every message: the newest ten go, and the model is told of the others."""
    file = AttachmentFacts(_id(90), "log.txt", kind, media_type, 2 * MIB, 2 * MIB, pages=1)
    branch = [replace(one, attachments=(file,)) for one in _chat(*["words"] * 29) if one.role == "user"]
    sending = plan(branch, Target())
    placed = [one for pieces in sending.pieces.values() for one in pieces]
    assert [(one.goes_as, one.size) for one in placed] == [("text", 2 * MIB)] * 10
    assert [one.why for one in sending.withheld.files if one.why != "as_text"] == ["request_full"] * 5
    assert "was not sent: together with newer attachments" in sending.turns[0].text


@given(branches(), targets)
def test_what_was_withheld_is_stored_and_read_as_it_was(branch: list[HistoryMessage], target: Target) -> None:
    withheld = plan(branch, target).withheld
    assert Withheld.from_json(withheld.to_json()) == withheld
    assert (withheld.to_json() is None) == (not withheld)


def _chat(*texts: str) -> list[HistoryMessage]:
    made: list[HistoryMessage] = []
    for at, text in enumerate(texts):
        parent = made[-1].id if made else None
        made.append(HistoryMessage(_id(at), parent, "user" if at % 2 == 0 else "assistant", text))
    return made


def _id(number: int) -> UUID:
    return UUID(int=number + 1)


def _told(sending: Sending) -> list[str]:
    return [turn.text for turn in sending.turns]


def test_the_oldest_exchanges_are_left_out_whole() -> None:
    branch = _chat("a" * 3000, "b" * 30, "c" * 3000, "d" * 30, "the question")
    # 1000 tokens for each long question: the window holds one of them beside the room for the answer.
    sending = plan(branch, Target(window=2000))
    assert _told(sending) == ["c" * 3000, "d" * 30, "the question"]
    assert (sending.withheld.messages, sending.withheld.from_id) == (2, branch[2].id)


def test_an_older_exchange_that_would_fit_does_not_jump_over_one_that_does_not() -> None:
    branch = _chat("short", "answer", "long" * 3000, "answer", "the question")
    sending = plan(branch, Target(window=2000))
    assert _told(sending) == ["the question"]
    assert sending.withheld.messages == 4


def test_a_question_longer_than_the_window_goes_and_is_named() -> None:
    sending = plan(_chat("before", "answer", "x" * 9000), Target(window=2000))
    assert _told(sending) == ["x" * 9000]
    assert sending.withheld.is_too_long


def test_words_without_end_are_bounded_where_the_window_is_not_known() -> None:
    """Thirty exchanges of a quarter of a MiB: the newest fifteen go, with what is attached to them."""
    file = AttachmentFacts(_id(90), "log.txt", "text", "text/plain", 2 * MIB, 2 * MIB)
    branch = _chat(*["x" * (MIB // 4), "ok"] * 30, "the question")
    branch[-3] = replace(branch[-3], attachments=(file,))
    sending = plan(branch, Target())
    assert sum(len(turn.text) for turn in sending.turns) <= MAX_WORDS_BYTES
    assert (sending.withheld.messages, sending.withheld.from_id) == (30, branch[30].id)
    assert [[one.goes_as for one in placed] for placed in sending.pieces.values()] == [["text"]]
    assert not sending.withheld.is_too_long


def test_a_window_larger_than_any_model_has_is_no_leave_for_all_words() -> None:
    """Whoever runs an endpoint writes its list of models."""
    branch = _chat(*["x" * 8 * MIB, "ok"] * 9, "the question")
    said, most = plan(branch, Target(window=1_000_000_000)), plan(branch, Target(window=MOST_WINDOW))
    assert said.withheld.messages == most.withheld.messages > 0


@pytest.mark.parametrize("window", [None, 200_000])
def test_questions_that_got_no_answer_stay_before_the_last_one_does(window: int | None) -> None:
    """An endpoint that is down for a day leaves a row of them: they go with the next as long as all fit."""
    asked = [HistoryMessage(_id(at), _id(at - 1) if at else None, "user", f"{at:02}" * 150_000) for at in range(30)]
    few, many = plan(asked[-2:], Target(window=window)), plan(asked, Target(window=window))
    assert (few.withheld.messages, few.withheld.is_too_long) == ((0, False) if window is None else (1, False))
    assert many.withheld.messages == (30 - 13 if window is None else 29)
    assert many.turns[-1].text.endswith("29" * 150_000)
    assert not many.withheld.is_too_long


@pytest.mark.parametrize(
    ("inputs", "goes", "why"),
    [({"text"}, "text", "as_text"), ({"text", "image"}, "text", "as_text"), ({"text", "file"}, "document", None)],
)
def test_a_pdf_goes_as_what_the_model_takes(inputs: set[str], goes: str, why: str | None) -> None:
    file = AttachmentFacts(_id(90), "Vertrag.pdf", "pdf", "application/pdf", 1000, 300, pages=2)
    question = HistoryMessage(_id(0), None, "user", "What does it say?", (file,))
    sending = plan([question], Target(frozenset(inputs)))
    assert [one.goes_as for one in sending.pieces[0]] == [goes]
    assert [one.why for one in sending.withheld.files] == ([] if why is None else [why])


def test_a_model_is_told_what_it_does_not_see() -> None:
    picture = AttachmentFacts(_id(91), 'site "north".png', "image", "image/png", 1000, 0, 100, 100)
    question = HistoryMessage(_id(0), None, "user", "What is wrong here?", (picture,))
    (said,) = _told(plan([question], Target()))
    assert said.endswith("\n\nWhat is wrong here?")
    assert re.match(r"\[The attachment \"site 'north'\.png\" was not sent: .+\.\]\n", said)


def test_a_pdf_too_large_for_the_window_goes_as_text_and_if_that_is_too_large_not_at_all() -> None:
    file = AttachmentFacts(_id(90), "Vertrag.pdf", "pdf", "application/pdf", 1000, 3000, pages=50)
    question = HistoryMessage(_id(0), None, "user", "What does it say?", (file,))
    everything = frozenset({"text", "image", "file"})
    whole, as_text, none = (plan([question], Target(everything, window)) for window in (200_000, 8192, 1000))
    assert [one.goes_as for one in whole.pieces[0]] == ["document"]
    assert [one.goes_as for one in as_text.pieces[0]] == ["text"]
    assert none.pieces == {}
    assert [one.why for one in none.withheld.files] == ["too_large"]


@given(attachments())
@example(AttachmentFacts(_id(7), "x", "image", "image/png", 1, 0, 2000, 2000))
def test_an_estimate_of_a_file_is_no_guess_below_nothing(one: AttachmentFacts) -> None:
    question = HistoryMessage(_id(0), None, "user", "q", (one,))
    everything = Target(frozenset({"text", "image", "file"}))
    assert plan([question], everything).tokens >= plan([HistoryMessage(_id(0), None, "user", "q")], everything).tokens


def test_a_history_without_files_costs_no_more_than_its_texts() -> None:
    sending = plan(_chat("one", "two", "three"), Target())
    assert fill(sending.turns, sending.pieces, {}) == sending.turns
    assert all(turn.attached == () for turn in sending.turns)
