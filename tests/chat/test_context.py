"""The context of a reply is the shown branch, whole, in an order that strict servers accept."""

import itertools
import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from moorage.chat.context import HistoryMessage, Target, branch_to, plan, title_of
from moorage.chat.conversations import in_order
from moorage.chat.facts import MessageFacts
from moorage.providers.protocol import Turn


def _chain(*texts: tuple[str, str]) -> list[HistoryMessage]:
    chain: list[HistoryMessage] = []
    parent: UUID | None = None
    for role, text in texts:
        message = HistoryMessage(uuid4(), parent, "user" if role == "user" else "assistant", text)
        chain.append(message)
        parent = message.id
    return chain


def test_the_branch_holds_its_own_messages_and_none_of_its_siblings() -> None:
    question, answer = _chain(("user", "q"), ("assistant", "a1"))
    sibling = HistoryMessage(uuid4(), question.id, "assistant", "a2")
    follow_up = HistoryMessage(uuid4(), sibling.id, "user", "more")
    tree = {one.id: one for one in (question, answer, sibling, follow_up)}
    assert [one.text for one in branch_to(tree, follow_up.id)] == ["q", "a2", "more"]


def test_a_failed_answer_leaves_no_empty_turn_and_no_two_questions_in_a_row() -> None:
    branch = _chain(("user", "first"), ("assistant", ""), ("user", "second"))
    assert plan(branch, Target()).turns == [Turn("user", "first\n\nsecond")]


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=4)), max_size=20))
def test_roles_alternate_and_no_word_is_lost(texts: list[tuple[str, str]]) -> None:
    turns = plan(_chain(*texts), Target()).turns
    assert all(first.role != second.role for first, second in itertools.pairwise(turns))
    kept = "".join(text for _, text in texts if text.strip())
    assert "".join(turn.text.replace("\n\n", "") for turn in turns) == kept.replace("\n\n", "") or "\n" in kept


def test_a_loop_in_the_tree_ends_the_walk() -> None:
    first, second = uuid4(), uuid4()
    tree = {
        first: HistoryMessage(first, second, "user", "a"),
        second: HistoryMessage(second, first, "assistant", "b"),
    }
    assert len(branch_to(tree, first)) == 2


@given(st.text(min_size=1, max_size=400))
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= 60
    assert "\n" not in title


def test_messages_of_one_instant_come_in_the_order_of_the_tree() -> None:
    instant = datetime(2026, 11, 23, tzinfo=UTC)
    chain = [
        MessageFacts(one.id, one.parent_id, one.role, one.text, "", instant, None)
        for one in _chain(("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4"))
    ]
    for seed in range(20):
        mixed = random.Random(seed).sample(chain, len(chain))
        assert [message.text for message in in_order(mixed)] == ["1", "2", "3", "4"]


def test_a_title_leaves_the_marks_of_markdown_out() -> None:
    assert title_of("# Contract review\n\nPlease read") == "Contract review Please read"
    assert title_of("- one\n- two") == "one - two"
    assert title_of("###") == "###"
