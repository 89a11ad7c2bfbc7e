"""docs/reliability.md tells of every fault that is made here, and of no other; each row has a figure and its command.

Every number of a row is what the test of that row really does: its constants, or a limit of Moorage's own.
"""

import re
from collections.abc import Mapping

from moorage.storage.answering import ANSWER_S
from moorage.storage.engines import CONNECT_S
from moorage.usage.ledger import LEASE
from tests.faults import (
    test_clocks,
    test_database_gone,
    test_disks,
    test_ends,
    test_full_postgresql,
    test_kills,
    test_truth,
)
from tests.faults.rig import BREAKS, LIES
from tests.process import test_budgets
from tests.support.codebase import ROOT, functions, python_sources

PAGE = ROOT / "docs" / "reliability.md"
ROW = re.compile(
    r"^\|(?P<told>.+)\| `\.venv/bin/pytest (?P<file>tests/[\w/]+\.py) -k (?P<name>test_\w+)"
    r"(?: --databases (?P<engine>\w+))?` \|$"
)
ENGINES = {"both": None, "SQLite": "sqlite", "PostgreSQL": "postgresql"}
# Zero is what is asserted everywhere: lost, doubled, half done.
NUMBER = re.compile(r"(?<![\w`])(?!0\b)\d[\d,]*")
# In the order in which a row names them, by the test of the row.
NUMBERS: Mapping[str, tuple[float, ...]] = {
    "kills_at_random_moments_lose_nothing_and_count_nothing_twice": (
        test_kills.STREAMS,
        test_kills.ROUNDS["sqlite"],
        test_kills.ROUNDS["postgresql"],
    ),
    "two_processes_that_race_for_the_last_tokens_never_take_more": (2 * test_budgets.EACH,),
    "a_database_that_restarts_loses_no_accepted_question_and_comes_back_by_itself": (
        test_database_gone.RESTARTS,
        503,
        test_database_gone.RESTARTS,
    ),
    "a_database_that_says_nothing_keeps_nobody_waiting_for_ever": (
        ANSWER_S,
        CONNECT_S,
        503,
        test_database_gone.PATIENCE_S,
    ),
    "a_slow_database_makes_everything_slow_and_nothing_wrong": (
        round(1000 * test_database_gone.DELAY_S),
        test_database_gone.AT_ONCE,
    ),
    "a_connection_that_breaks_at_any_statement_leaves_nothing_half_done": (1, 503, LEASE.total_seconds()),
    "whichever_write_to_the_disk_fails_nothing_is_half_done": (1, 503),
    "a_checkpoint_that_breaks_off_anywhere_costs_nothing": (1, 2, 4, 8),
    "a_full_disk_refuses_before_anything_is_sent_and_recovers_alone": (test_disks.MIB, 503),
    "a_process_that_dies_on_a_full_disk_is_closed_once_there_is_room": (
        test_disks.CANT_START,
        len(test_disks.DYING),
        len(test_disks.DYING),
    ),
    "an_erasure_that_a_full_disk_refused_is_done_by_no_later_start": (503,),
    "a_postgresql_without_room_for_a_page_refuses_before_anything_is_sent_and_recovers_alone": (
        test_full_postgresql.DATA_MIB,
        53100,
        503,
    ),
    "a_postgresql_without_room_for_its_journal_ends_itself_and_nothing_is_lost": (
        test_full_postgresql.JOURNAL_MIB,
        503,
    ),
    "a_clock_that_jumps_forward_and_back_closes_nothing_that_lives": (test_clocks.AHEAD_H, test_clocks.BACK_H),
    "processes_whose_clocks_are_wrong_do_no_harm_beside_one_that_is_right": (
        test_clocks.WRONG_DAYS,
        test_clocks.WRONG_DAYS,
        test_clocks.AT_THREE,
    ),
    "an_answer_goes_on_and_is_counted_whole_when_its_reader_has_gone": (test_ends.SHORT, test_ends.SHORT),
    "a_question_whose_asker_hangs_up_is_stored_and_answered_or_neither": (test_ends.MOMENTS,),
    "readers_who_never_read_slow_no_answer_and_no_stop": (test_ends.SILENT, test_ends.LONG),
    "an_endpoint_that_lies_about_usage_spoils_nothing_and_gives_nothing_for_free": (10, len(LIES)),
    "more_than_was_asked_for_is_charged_whole_and_flagged": (test_ends.WRITTEN, test_ends.ASKED_FOR),
    "an_answer_that_breaks_off_costs_what_had_come": (503, len(BREAKS)),
}


def rows() -> list[re.Match[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ") and not line.startswith("| fault")]
    found = [(line, ROW.match(line)) for line in table]
    assert [line for line, match in found if match is None] == [], "each row ends with its command"
    return [match for _, match in found if match is not None]


def test_every_fault_of_the_page_has_its_test_and_every_test_its_row() -> None:
    told = {(row["file"], row["name"]) for row in rows()}
    made = {
        (str(source.path), function.name)
        for source in python_sources("tests")
        for function in functions(source.tree)
        if source.is_below("tests/faults") and function.name.startswith("test_")
    }
    made = {one for one in made if not one[0].endswith(("test_documented.py", "test_truth.py"))}
    elsewhere = {(file, name) for file, name in told if not file.startswith("tests/faults/")}
    assert told - elsewhere == made
    for file, name in elsewhere:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_row_says_where_it_holds_and_its_command_runs_there() -> None:
    for row in rows():
        cells = [cell.strip() for cell in row["told"].split("|")]
        assert (len(cells), all(cells)) == (4, True), row[0]
        assert row["engine"] == ENGINES[cells[1]], row[0]


def test_every_number_of_a_row_is_what_its_test_does() -> None:
    for row in rows():
        told = [float(number.replace(",", "")) for number in NUMBER.findall(row["told"])]
        assert told == list(NUMBERS.get(row["name"].removeprefix("test_"), ())), row[0]
    assert {f"test_{name}" for name in NUMBERS} <= {row["name"] for row in rows()}
    assert f"changes {len(test_truth.LIES)} things" in PAGE.read_text(encoding="utf-8")


def test_the_commands_of_the_page_name_what_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:tests|moorage)/[\w/]+(?:\.py)?", text))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    assert "KILL_ROUNDS" in (ROOT / "tests/faults/test_kills.py").read_text(encoding="utf-8")
