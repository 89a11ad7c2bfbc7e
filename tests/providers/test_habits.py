"""What one model refuses is left out once and remembered; what it is asked next holds nothing of it."""

# ruff: noqa: E501 - cases are easier to compare on one line

from collections.abc import AsyncIterator, Callable

import pytest

from moorage.providers.failures import find_refused_parameter
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import HABITS, Json, Quirks, Turn
from tests.providers.hearing import WORDS, hear
from tests.support.authority import TestAuthority
from tests.support.dialects.picky import PickyServer

Connect = Callable[..., OpenAICompatible]
TURNS = (Turn("system", "Be brief."), Turn("user", "What lies in the harbour?"))


@pytest.fixture
async def picky(authority: TestAuthority) -> AsyncIterator[PickyServer]:
    async with PickyServer(authority.server_context("llm.test"), name="llm.test") as running:
        yield running


@pytest.mark.parametrize(
    ("model", "stream", "learnt", "refusals"),
    [
        ("no-system", True, {"takes_system": False}, 1),
        ("no-stream", True, {"streaming": "never"}, 1),
        ("stream-only", False, {"streaming": "always"}, 1),
        ("no-usage", True, {"stream_usage": False}, 1),
        ("new-limit", True, {"limit_field": "max_completion_tokens"}, 1),
        ("no-limit", True, {"limit_field": "none"}, 2),
        ("no-system+no-usage+new-limit", True, {"takes_system": False, "stream_usage": False, "limit_field": "max_completion_tokens"}, 3),
        ("no-stream+no-system", True, {"streaming": "never", "takes_system": False}, 2),
    ],
)  # fmt: skip
async def test_what_a_model_refuses_is_left_out_and_remembered(
    picky: PickyServer, connect: Connect, model: str, stream: bool, learnt: dict[str, Json], refusals: int
) -> None:
    provider = connect(picky)
    heard = await hear(provider, f"steady-{model}", stream=stream, max_tokens=20, turns=TURNS)
    assert heard.text == WORDS
    assert {name: value for name, value in provider.quirks.habits.items() if value is not True} == learnt
    assert picky.counts.chat_requests == refusals + 1

    # Stored and read again, as a later process does: nothing is refused any more.
    later = connect(picky, quirks=Quirks.from_json(provider.quirks.habits))
    assert (await hear(later, f"steady-{model}", stream=stream, max_tokens=20, turns=TURNS)).text == WORDS
    assert picky.counts.chat_requests == refusals + 2


async def test_instructions_stand_before_the_first_question_where_they_are_no_turn(
    picky: PickyServer, connect: Connect
) -> None:
    turns = (*TURNS, Turn("assistant", "Ships."), Turn("user", "Which?"))
    await hear(connect(picky, quirks=Quirks(takes_system=False)), "steady", turns=turns)
    assert picky.last_chat["messages"] == [
        {"role": "user", "content": "Be brief.\n\nWhat lies in the harbour?"},
        {"role": "assistant", "content": "Ships."},
        {"role": "user", "content": "Which?"},
    ]


async def test_a_refusal_that_has_nothing_to_do_with_what_was_sent_teaches_nothing(
    picky: PickyServer, connect: Connect
) -> None:
    provider = connect(picky, quirks=Quirks(takes_system=False, stream_usage=True))
    picky.models = []
    heard = await hear(provider, "nobody", turns=TURNS)
    assert heard.problem[0] == "model_missing"
    assert picky.counts.chat_requests == 1


@pytest.mark.parametrize(
    ("status", "said", "refused"),
    [
        (400, "System role not supported", "system"),  # Gemma's template in vLLM
        (500, "Jinja Exception: System role not supported", "system"),  # llama.cpp
        (400, "Developer instruction is not enabled for models/gemma-3-27b-it", "system"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/...", "system"),
        (400, "This model only support stream mode", "no_stream"),
        (400, "Your organization must be verified to stream this model.", "stream"),
        (422, "Streaming is not supported for this model", "stream"),
        (500, "Streaming is not supported for this model", None),
        (400, "The system is busy", None),
        (400, "Stream of consciousness", None),
    ],
)
def test_what_was_refused_is_read_from_the_words_of_many(status: int, said: str, refused: str | None) -> None:
    assert find_refused_parameter(status, said.encode()) == refused


def test_habits_belong_to_a_model_and_the_rest_to_the_endpoint() -> None:
    quirks = Quirks(
        auth="api_key", api_version="2024-10-21", stream_usage=False, limit_field="none", takes_system=False
    )
    assert quirks.habits == {"stream_usage": False, "limit_field": "none", "takes_system": False}
    assert quirks.without_habits() == Quirks(auth="api_key", api_version="2024-10-21")
    assert Quirks.from_json({**quirks.without_habits().to_json(), **quirks.habits}) == quirks
    assert Quirks().habits == {}
    assert set(HABITS) <= Quirks().to_json().keys()
