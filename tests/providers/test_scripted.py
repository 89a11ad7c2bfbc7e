"""The demonstration model: says what it is, in both languages, the same every time."""

import pytest

from moorage.providers.protocol import ChatRequest, Delta, End, Turn
from moorage.providers.scripted import Scripted


async def hear(question: str, max_tokens: int | None = None) -> tuple[str, End]:
    text = ""
    async for item in Scripted(pause_s=0).reply(ChatRequest("scripted-demo", (Turn("user", question),), max_tokens)):
        if isinstance(item, End):
            return text, item
        assert isinstance(item, Delta)
        text += item.text
    raise AssertionError


@pytest.mark.parametrize("question", ["Hello there", "Show me code", "A table, please", "Tell me a long story"])
async def test_every_english_answer_says_that_it_is_scripted(question: str) -> None:
    text, _ = await hear(question)
    assert text.startswith("This is a **scripted answer**. No language model wrote it")


@pytest.mark.parametrize(
    "question", ["Guten Tag, wie geht es?", "Zeig mir Code", "Eine Tabelle bitte", "Eine lange Geschichte"]
)
async def test_every_german_answer_says_that_it_is_scripted(question: str) -> None:
    text, _ = await hear(question)
    assert text.startswith("Dies ist eine **vorgefertigte Antwort**. Kein Sprachmodell hat sie geschrieben")


@pytest.mark.parametrize(
    ("question", "mark"), [("code", "```python"), ("table", "| --- |"), ("long", "## Chapter 12"), ("hi", "\n- ")]
)
async def test_the_question_chooses_the_answer(question: str, mark: str) -> None:
    text, _ = await hear(question)
    assert mark in text
    assert (await hear(question))[0] == text


async def test_a_demonstration_reports_usage_and_keeps_to_its_limit() -> None:
    text, end = await hear("Hello there", max_tokens=4)
    assert text == "This is a **scripted "
    assert end.finish_reason == "length"
    assert end.usage is not None
    assert (end.usage.tokens_in, end.usage.tokens_out) == (2, 4)
