"""The tally's arithmetic: every verdict counts for what it says, and for nothing else."""

import math
from itertools import combinations
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.chat.facts import ComparisonOutcome
from moorage.chat.tally import ENOUGH, Judged, JudgedModel, Verdict, count, wilson

MODELS = [JudgedModel(name, "GPU", name.lower(), "own_hardware", f"byom:{name}") for name in "ABCDE"]
PEOPLE = [UUID(int=number) for number in range(1, 4)]


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    """Any verdict that can be stored."""
    taking_part = draw(st.lists(st.sampled_from(MODELS), min_size=2, max_size=4, unique=True))
    outcome: ComparisonOutcome = draw(st.sampled_from(["better", "tie", "none"]))
    better = draw(st.sampled_from(taking_part)) if outcome == "better" else None
    models = [Judged(one, one is better, draw(st.integers(0, 4)) > 0) for one in taking_part]
    return Verdict(draw(st.sampled_from(PEOPLE)), draw(st.booleans()), outcome, models)


def _whole(verdict: Verdict) -> list[Judged]:
    return [one for one in verdict.models if one.is_whole]


def _says_something(verdict: Verdict) -> bool:
    whole = _whole(verdict)
    return len(whole) > 1 and (verdict.outcome != "better" or any(one.is_better for one in whole))


@given(st.lists(verdicts(), max_size=40))
def test_nothing_is_lost_and_nothing_is_counted_twice(given_verdicts: list[Verdict]) -> None:
    tally = count(given_verdicts)
    telling = [one for one in given_verdicts if _says_something(one)]
    assert tally.verdicts == len(telling)
    assert tally.verdicts + tally.left_out == len(given_verdicts)
    assert tally.people == len({one.user_id for one in telling})
    by_model = [counts for _, counts in tally.models]
    assert sum(one.wins for one in by_model) == sum(one.outcome == "better" for one in telling)
    appearances = sum(one.wins + one.losses + one.ties + one.nones for one in by_model)
    assert appearances == sum(len(_whole(one)) for one in telling)
    for pair in tally.pairs:
        both = [one for one in telling if {pair.first, pair.second} <= {judged.model for judged in _whole(one)}]
        assert pair.ties == sum(one.outcome == "tie" for one in both)
        assert pair.nones == sum(one.outcome == "none" for one in both)
        better = [next(j.model for j in one.models if j.is_better) for one in both if one.outcome == "better"]
        assert (pair.wins, pair.losses) == (better.count(pair.first), better.count(pair.second))


@given(st.lists(verdicts(), max_size=25), st.randoms())
def test_the_order_of_verdicts_and_of_models_in_them_changes_nothing(
    given_verdicts: list[Verdict], random: Random
) -> None:
    mixed = [
        Verdict(one.user_id, one.is_blind, one.outcome, random.sample(one.models, len(one.models)))
        for one in given_verdicts
    ]
    random.shuffle(mixed)
    assert count(mixed) == count(given_verdicts)


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_interval_holds_the_share_mirrors_and_narrows(wins: int, losses: int) -> None:
    low, high = wilson(wins, wins + losses)
    assert 0 <= low <= high <= 1
    if wins + losses:
        assert low - 1e-9 <= wins / (wins + losses) <= high + 1e-9
    other_low, other_high = wilson(losses, wins + losses)
    assert math.isclose(low, 1 - other_high, abs_tol=1e-9)
    assert math.isclose(high, 1 - other_low, abs_tol=1e-9)
    wider = wilson(wins * 4, (wins + losses) * 4)
    assert wider[1] - wider[0] <= high - low + 1e-9


def test_the_interval_is_the_one_that_is_in_the_books() -> None:
    """Wilson 1927; the figures are those of R: prop.test(8, 10, correct = FALSE) and prop.test(0, 10, …)."""
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("wins", "losses", "finding"),
    [
        (ENOUGH - 1, 0, "too_few"),
        (ENOUGH, 0, "first"),
        (0, ENOUGH, "second"),
        (8, 2, "no_difference"),
        (6, 6, "no_difference"),
        (60, 30, "first"),
        (52, 48, "no_difference"),
    ],
)
def test_only_what_the_figures_allow_is_said(wins: int, losses: int, finding: str) -> None:
    def said(first_is_better: bool) -> Verdict:
        models = [
            Judged(MODELS[0], first_is_better, is_whole=True),
            Judged(MODELS[1], not first_is_better, is_whole=True),
        ]
        return Verdict(PEOPLE[0], is_blind=True, outcome="better", models=models)

    tally = count([*(said(True) for _ in range(wins)), *(said(False) for _ in range(losses))])
    assert tally.pairs[0].finding == finding


def test_between_two_that_were_not_chosen_nothing_is_known() -> None:
    models = [Judged(one, one is MODELS[0], is_whole=True) for one in MODELS[:4]]
    tally = count([Verdict(PEOPLE[0], is_blind=False, outcome="better", models=models)])
    assert {(pair.first, pair.second) for pair in tally.pairs} == set(combinations(MODELS[:4], 2)) & {
        (MODELS[0], other) for other in MODELS[1:4]
    }


def test_a_model_that_was_renamed_is_another_row() -> None:
    renamed = JudgedModel("A2", "GPU", "a", "own_hardware", "byom:A")
    pairs = [(MODELS[0], MODELS[1]), (renamed, MODELS[1])]
    told = [
        Verdict(PEOPLE[0], True, "tie", [Judged(one, False, True), Judged(other, False, True)]) for one, other in pairs
    ]
    assert len(count(told).pairs) == 2
