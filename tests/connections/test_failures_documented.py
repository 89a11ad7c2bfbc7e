"""docs/failures.md says of every class what the code does: sentence, health, and a test that exists."""

import json
import re
from typing import NamedTuple

from moorage.chat.settle import ABOUT_THE_QUESTION
from moorage.connections.health import judge_health
from tests.support.codebase import ROOT

_ROW = re.compile(r"^\| `([a-z_]+)` \| .* \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `(test_\w+)` \|$", re.MULTILINE)
_RAISED = re.compile(r'(?:Rule|EndpointFailure|BrokenReply|_alert_failure|otherwise=)\(?\s*"([a-z_]+)"')
# Of other rooms: our mail server, our key store, a mistake of our own.
_ELSEWHERE = {"mail_deferred", "unexpected"}


class Row(NamedTuple):
    """One row of the tables."""

    code: str
    sentence: str
    asked_again: str
    health: str
    test: str


def rows() -> list[Row]:
    return [Row(*found) for found in _ROW.findall((ROOT / "docs/failures.md").read_text(encoding="utf-8"))]


def raised() -> set[str]:
    folders = ("moorage/providers", "moorage/egress")
    sources = [path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).glob("*.py")]
    return set(_RAISED.findall("\n".join(sources))) - _ELSEWHERE


def test_every_class_that_the_code_knows_is_listed_once() -> None:
    listed = [row.code for row in rows()]
    assert sorted(listed) == sorted(set(listed))
    assert sorted(raised() - set(listed)) == []


def test_the_sentence_is_the_one_that_the_person_reads() -> None:
    known: dict[str, str] = {}
    for room in ("providers", "egress"):
        known |= json.loads((ROOT / f"moorage/locales/en/{room}.json").read_text(encoding="utf-8"))
    assert {row.code: row.sentence for row in rows()} == {row.code: known[row.code] for row in rows()}


def test_the_health_is_the_one_that_a_failed_reply_leaves() -> None:
    left = {
        row.code: "as it was" if row.code in ABOUT_THE_QUESTION else judge_health(row.code) or "as it was"
        for row in rows()
    }
    assert {row.code: row.health for row in rows()} == left


def test_each_names_a_test_that_exists() -> None:
    folders = ("providers", "egress", "connections")
    sources = "".join(
        path.read_text(encoding="utf-8")
        for name in folders
        for path in (ROOT / "tests" / name).glob("*")
        if path.suffix == ".py"
    )
    assert [row.test for row in rows() if f"def {row.test}(" not in sources] == []
