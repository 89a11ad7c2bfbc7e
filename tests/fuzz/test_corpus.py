"""Every input that fuzzing ever kept is tried again: what was found once is not lost (P11)."""

import pytest

from tests.fuzz import corpus
from tests.fuzz.target import check

KEPT = corpus.read()
MOST_KEPT = 300


@pytest.mark.parametrize("data", KEPT, ids=[f"line {number}" for number in range(1, len(KEPT) + 1)])
def test_a_kept_input_breaks_no_promise(data: bytes) -> None:
    check(data)


def test_the_kept_inputs_are_few_and_of_every_kind() -> None:
    """Else a run that went wrong would have thrown them away unnoticed."""
    assert 100 <= len(KEPT) <= MOST_KEPT
    assert {b"a", b"e", b"u", b"h"} <= {data[:1] for data in KEPT}
