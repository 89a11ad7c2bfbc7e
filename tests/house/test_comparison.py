"""docs/comparison.md says what was run: these attacks, these clients, the versions that the lock names."""

import re
from typing import Final

from benchmarks.guards.__main__ import CLIENTS
from benchmarks.guards.attacks import ATTACKS
from benchmarks.guards.table import BEGIN, END, HOW_FAR
from tests.support.codebase import ROOT

PAGE: Final = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
TABLES: Final = PAGE.partition(BEGIN)[2].partition(END)[0]


def rows() -> dict[str, list[str]]:
    """Give the cells of each row by its first."""
    lines = [line.strip("| ").split(" | ") for line in TABLES.splitlines() if line.startswith("| ")]
    return {cells[0]: cells[1:] for cells in lines if len(cells) == len(CLIENTS) + 1}


def test_the_page_has_a_row_for_every_attack_and_a_column_for_every_client() -> None:
    assert [title for title in rows() if title != "---"] == [attack.title for attack in ATTACKS]
    heads = [line for line in TABLES.splitlines() if line.startswith("| | ")]
    titles = [title for title, _, _ in CLIENTS.values()]
    assert {tuple(head.strip("| ").split(" | ")) for head in heads} == {tuple(titles)}


def test_the_page_names_the_versions_that_the_lock_pins() -> None:
    lock = (ROOT / "benchmarks" / "guards" / "requirements.lock").read_text()
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    packages = [package for _, _, package in CLIENTS.values() if package]
    assert [package for package in packages if f"{package} {pins[package]}" not in TABLES] == []


def test_behind_the_door_nobody_inside_was_reached_and_whoever_should_be_was_served() -> None:
    column = list(CLIENTS).index("moorage")
    for attack in ATTACKS:
        assert rows()[attack.title][column] == ("served" if attack.is_honest else HOW_FAR[0]), attack.title


def test_every_attack_reaches_somebody_inside_through_some_client() -> None:
    """Else the row would prove nothing, unless the attack is stopped before any client asks."""
    harmless = [
        attack.title for attack in ATTACKS if not attack.is_honest and set(rows()[attack.title]) == {HOW_FAR[0]}
    ]
    assert harmless == ["public, internal", "`0177.0.0.1`"]
