"""docs/asvs.md has every requirement of levels 1 and 2 once, and what it names is there.

asvs_ids.txt holds the identifiers and levels of ASVS 5.0.0.
"""

import re
from collections import Counter

from tests.support.codebase import ROOT, functions, python_sources

STATES = {"met", "partly", "gap", "n/a"}


def _rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d+\.\d+\.\d+ ", line)
    ]


def _named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_requirement_stands_there_once_with_its_level() -> None:
    ids = (ROOT / "tests" / "house" / "asvs_ids.txt").read_text(encoding="utf-8").split("\n")
    assert [f"{row[0]} {row[1]}" for row in _rows()] == [line for line in ids if line]


def test_every_row_has_a_known_state_and_says_why() -> None:
    assert [row[0] for row in _rows() if len(row) != 6 or row[3] not in STATES or not row[2] or not row[4]] == []


def test_what_holds_a_row_exists() -> None:
    defined = {function.name for source in python_sources("tests") for function in functions(source.tree)}
    missing = [
        f"{row[0]}: {name}"
        for row in _rows()
        for name in _named(row[5])
        if not (name in defined or (ROOT / name).is_file())
    ]
    assert missing == []


def test_what_is_kept_is_held_by_something_and_what_is_not_is_not() -> None:
    assert [row[0] for row in _rows() if row[3] in {"met", "partly"} and not _named(row[5])] == []
    assert [row[0] for row in _rows() if row[3] in {"gap", "n/a"} and row[5]] == []


def test_the_figures_are_counted() -> None:
    text = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| (met|partly|gap|n/a) \| [^|]+ \| (\d+) \|$", text, re.MULTILINE))
    counted = Counter(row[3] for row in _rows())
    assert {state: int(number) for state, number in stated.items()} == {"gap": 0, **counted}
