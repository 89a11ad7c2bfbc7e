"""Calls and sources in a Markdown file can't break out of their place, whatever a model wrote into them."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moorage.chat.export_beside import markdown_beside, shown_arguments
from moorage.providers.beside import Beside, Source, ToolCall


@dataclass(frozen=True)
class Words:
    asked_to_call: str = "Asked to call “{name}”."
    ran: str = "Ran “{name}”."
    sources: str = "Sources"


def written(beside: Beside) -> list[str]:
    return markdown_beside(beside, Words())


@given(st.text(alphabet="`a{\n\"'~ ", min_size=1, max_size=60))
@example("```\n# Not a heading\n````")
def test_arguments_stay_within_their_fence(arguments: str) -> None:
    _, *blocks = written(Beside((ToolCall("search", arguments),)))
    if not arguments.strip():
        assert blocks == []
        return
    opening, *inner, closing = blocks[0].split("\n")
    assert opening == f"{closing}json"
    assert re.fullmatch("`{3,}", closing)
    assert not any(closing in line for line in inner)
    assert "\n".join(inner) == shown_arguments(arguments).strip()


def test_names_and_titles_are_no_markup() -> None:
    beside = Beside((ToolCall("a`b*c_[d](e)<f>", ""),), (Source("https://x.example/a b>)", "Look [here](https://y)"),))
    called, _, sources = written(beside)
    assert called == r"Asked to call “a\`b\*c\_\[d\](e)\<f\>”."
    assert sources == r"1. [Look \[here\](https://y)](<https://x.example/a%20b%3E%29>)"


def test_what_the_provider_ran_is_not_called_a_wish() -> None:
    assert written(Beside((ToolCall("search", "{}", ran=True),))) == ["Ran “search”.", "```json\n{}\n```"]


@pytest.mark.parametrize("arguments", ["{", "[" * 100_000, "plain words", '"x'])
def test_what_is_no_json_is_shown_as_it_came(arguments: str) -> None:
    assert shown_arguments(arguments) == arguments


def test_nothing_beside_adds_nothing() -> None:
    assert written(Beside()) == []
