"""What a plan includes is data that an operator writes; what can't be used stops the start with line, place and fix."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from moorage.errors import Unavailable
from moorage.plans.catalogue import PLAN_NAMES, Plans, shipped_plans
from tests.support.plans import write_plans


def test_the_shipped_plans_are_the_five_and_each_is_larger_than_the_one_before() -> None:
    plans = shipped_plans().all()
    assert tuple(terms.plan for terms in plans) == PLAN_NAMES
    for smaller, larger in itertools.pairwise(plans):
        assert smaller.tokens_per_month < larger.tokens_per_month
        assert smaller.members < larger.members
        assert smaller.team_per_minute < larger.team_per_minute


def test_an_operators_file_replaces_whole_plans_and_leaves_the_others(tmp_path: Path) -> None:
    plans = Plans.load(write_plans(tmp_path, plans=("free",), tokens_per_month=0, members=3))
    assert (plans.of("free").tokens_per_month, plans.of("free").members) == (0, 3)
    assert plans.of("enterprise") == shipped_plans().of("enterprise")


@pytest.mark.parametrize("unheard_of", ["", "gold", "FREE", "free "])
def test_a_plan_that_nobody_has_heard_of_includes_nothing(unheard_of: str) -> None:
    """P14."""
    terms = shipped_plans().of(unheard_of)
    assert (terms.tokens_per_month, terms.members, terms.person_per_minute) == (0, 0, 0)
    assert not terms.includes("openai", "gpt")


@pytest.mark.parametrize(
    ("patterns", "included"),
    [
        (["*"], [True, True, True]),
        (["openai/*"], [True, True, False]),
        (["openai/gpt"], [True, False, False]),
        (["openai/gpt", "google/*"], [True, False, True]),
        ([], [False, False, False]),
    ],
)
def test_a_plan_includes_what_its_patterns_name(tmp_path: Path, patterns: list[str], included: list[bool]) -> None:
    terms = Plans.load(write_plans(tmp_path, standard_models=patterns)).of("free")
    models = [("openai", "gpt"), ("openai", "gpt-mini"), ("google", "gemini")]
    assert [terms.includes(*model) for model in models] == included


WHOLE = """[free]
tokens_per_month = 1
answer_tokens = 300
standard_models = ["*"]
members = 1
person_per_minute = 1
team_per_minute = 1
"""


@pytest.mark.parametrize(
    ("written", "code", "params"),
    [
        (WHOLE + "[free\n", "plans_syntax", {"line": 8}),
        (
            WHOLE.replace("free", "gold"),
            "plans_unheard_of",
            {"line": 1, "place": "gold", "known": ", ".join(PLAN_NAMES)},
        ),
        (WHOLE.replace("members", "member"), "plans_unknown", {"line": 5, "place": "free.member"}),
        (WHOLE.replace("members = 1\n", ""), "plans_missing", {"line": 1, "place": "free.members"}),
        ("free = 7\n", "plans_missing", {"line": 1, "place": "free.tokens_per_month"}),
        (
            WHOLE.replace("members = 1", "members = 0"),
            "plans_number",
            {"line": 5, "place": "free.members", "least": 1, "most": 10_000_000},
        ),
        (
            WHOLE.replace("month = 1", 'month = "1"'),
            "plans_number",
            {"line": 2, "place": "free.tokens_per_month", "least": 0, "most": 10**15},
        ),
        (WHOLE.replace("month = 1", "month = 1.5"), "plans_number", {"line": 2}),
        (WHOLE.replace("300", "255"), "plans_number", {"line": 3, "least": 256}),
        (
            WHOLE.replace('"*"', '"openai/gpt", "openai"'),
            "plans_models",
            {"line": 4, "place": "free.standard_models.2"},
        ),
        (WHOLE.replace('["*"]', '"*"'), "plans_models", {"line": 4, "place": "free.standard_models"}),
        ("#" * (1024 * 1024) + "\n" + WHOLE, "plans_unreadable", {}),
    ],
)
def test_what_can_not_be_used_is_named_by_line_and_place(
    tmp_path: Path, written: str, code: str, params: dict[str, Any]
) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(written)
    with pytest.raises(Unavailable) as refused:
        Plans.load(file)
    assert refused.value.code == code
    assert {**refused.value.params, **params} == refused.value.params


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Plans.load(tmp_path / "none.toml")
    assert refused.value.code == "plans_unreadable"
