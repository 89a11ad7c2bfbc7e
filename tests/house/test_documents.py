"""What the documents state as fact is compared with the code."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from typing import cast

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from moorage.__main__ import main
from moorage.accounts.permissions import ADMIN, MEMBER, OWNER, Permission, allows
from moorage.api.day_range import MAX_DAYS
from moorage.api.sentences import sentence
from moorage.connections.findings import STAGES
from moorage.doctor import endpoint
from moorage.doctor.checks import CHECKS
from moorage.doctor.command import EXIT_BROKEN
from moorage.doctor.usage import EXIT_USAGE
from moorage.settings import PREFIX, Settings
from tests.support.codebase import ROOT, functions, python_sources, tracked_files

PROMISES = [f"P{number}" for number in range(1, 23)]


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def test_the_list_of_promises_names_only_tests_that_exist() -> None:
    text = read("docs/promises.md")
    defined = {function.name for source in python_sources("tests") for function in functions(source.tree)} | {
        node.name
        for source in python_sources("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }
    named = set(re.findall(r"\btest_[a-zA-Z0-9_]+\b(?!\.py)", text))
    files = set(re.findall(r"\btests/[\w/.-]+\.(?:py|ts|tsx)\b", text))
    assert sorted(named - defined) == []
    assert sorted(path for path in files if not (ROOT / path).is_file()) == []
    assert named, "docs/promises.md names no test at all"


def test_the_list_of_promises_is_complete() -> None:
    listed = set(re.findall(r"\bP\d+\b", read("docs/promises.md")))
    assert sorted(set(PROMISES) - listed) == []


def test_each_promise_is_held_by_a_test_that_names_it() -> None:
    rows = dict(re.findall(r"^\| (P\d+) (.+)$", read("docs/promises.md"), re.MULTILINE))
    said = {
        function.name: f"{ast.get_docstring(source.tree)} {ast.get_docstring(function)}"
        for source in python_sources("tests")
        for function in functions(source.tree)
    }
    held = {promise: re.findall(r"`(test_\w+)`", row) for promise, row in rows.items()}
    naming = {
        promise: [test for test in tests if re.search(rf"\b{promise}\b", said.get(test, ""))]
        for promise, tests in held.items()
    }
    assert sorted(naming) == sorted(PROMISES)
    assert [promise for promise, tests in naming.items() if not tests] == []


@pytest.mark.parametrize(
    ("title", "at_least"),
    [
        ("## Attacks, controls, tests", 27),
        ("## Somebody with the database: attacks, controls, tests", 11),
        ("## A stolen, guessed or forged sign-in: attacks, controls, tests", 13),
        ("## Sign-in by an identity provider: attacks, controls, tests", 16),
    ],
)
def test_every_attack_of_the_threat_model_has_a_test_that_exists(title: str, at_least: int) -> None:
    section = read("docs/threat-model.md").partition(title)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    defined = {function.name for source in python_sources("tests") for function in functions(source.tree)}
    named = [set(re.findall(r"`(test_[a-zA-Z0-9_]+)`", row)) for row in rows]
    assert len(rows) >= at_least
    assert [row for row, tests in zip(rows, named, strict=True) if not tests] == []
    assert sorted(set().union(*named) - defined) == []


def test_the_attack_diary_names_only_tests_that_exist() -> None:
    text = read("docs/attack-diary.md")
    defined = {function.name for source in python_sources("tests") for function in functions(source.tree)}
    named = set(re.findall(r"`(test_[a-zA-Z0-9_]+)`", text))
    assert sorted(named - defined) == []
    # Whatever broke names the test that would notice, or is said to be part of another change.
    broke = [line for line in text.splitlines() if line.startswith("| ") and "**broke**" in line]
    assert [
        line[:80] for line in broke if "`test_" not in line and "as above" not in line and "same change" not in line
    ] == []


def test_every_setting_is_documented_and_nothing_else() -> None:
    rows = re.findall(rf"^\|\s*`({PREFIX}[A-Z0-9_]+)`", read("docs/settings.md"), re.MULTILINE)
    assert sorted(rows) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def test_the_committed_api_document_is_the_one_the_app_gives() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    printed = subprocess.run(
        [sys.executable, "-m", "moorage", "openapi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr[-2000:]
    assert json.loads(read("web/openapi.json")) == json.loads(printed.stdout), "run `make api` and commit the result"


def test_the_page_about_doctor_lists_its_exit_codes_stages_and_checks_and_nothing_else() -> None:
    page = read("docs/doctor.md")
    codes = re.findall(r"^\| (\d+) \| (?:`(\w+)`)? ?\|", page, re.MULTILINE)
    own = {EXIT_BROKEN, EXIT_USAGE, 128 + signal.SIGINT}
    assert sorted((int(code), verdict) for code, verdict in codes) == sorted(
        [(code, str(outcome)) for outcome, code in endpoint.EXIT_CODES.items()] + [(code, "") for code in own]
    )
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == list(CHECKS)
    assert ", ".join(f"`{stage}`" for stage in STAGES) in page
    command = cast("TyperGroup", get_command(main)).commands["doctor"]
    taken = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
    assert sorted(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)) == sorted(taken)


def test_the_samples_of_doctor_say_what_it_would_say() -> None:
    page = read("docs/doctor.md")
    for prefix, names in (("doctor.stage.", STAGES), ("doctor.check.", CHECKS)):
        for name in names:
            label = sentence(f"{prefix}{name}", {}, "en")
            assert re.search(rf"^[✓✗!] \w+ +{re.escape(label)}  ", page, re.MULTILINE), label
    assert sentence("doctor.next.passed", {}, "en") in page


def test_decision_records_are_numbered_once_each() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert all(re.match(r"^\d{4}-[a-z0-9-]+\.md$", name) for name in names), names
    numbers = [name[:4] for name in names]
    assert len(numbers) == len(set(numbers)), names


def test_no_document_keeps_a_place_for_what_was_to_be_filled_in() -> None:
    """A word in capitals that is a whole line: FIGURES, TODO. In a block of code it may be a shell's end of text."""
    found = []
    for path in tracked_files():
        is_code = False
        for number, line in enumerate(read(str(path)).splitlines() if path.suffix == ".md" else (), 1):
            is_code ^= line.lstrip().startswith("```")
            if not is_code and re.fullmatch(r"[A-Z_]{2,}\W*", line):
                found.append(f"{path}:{number}")
    assert found == []


def test_every_verb_of_make_is_in_its_help() -> None:
    makefile = read("Makefile")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(phony.group(1).split()) == explained


def test_every_direct_dependency_has_its_reason_and_licence() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0] for requirement in asked}
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| [^|]+ \| [^|]+ \|$", read("docs/dependencies.md"), re.MULTILINE)
    assert sorted(rows) == sorted(names)


def test_the_pages_the_document_and_the_server_agree_on_the_longest_range_of_days() -> None:
    page = re.search(r"^export const MAX_DAYS = (\d+);$", read("web/src/features/oversight/figures.ts"), re.MULTILINE)
    told = re.search(r"A range has at most (\d+) days", read("docs/statistics.md"))
    assert page is not None
    assert told is not None
    assert (int(page[1]), int(told[1])) == (MAX_DAYS, MAX_DAYS)


def test_the_table_of_roles_is_the_one_the_code_keeps() -> None:
    """P4."""
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| (yes|no) \| (yes|no) \| (yes|no) \|$", read("docs/roles.md"), re.MULTILINE
    )
    written = {name: granted for name, *granted in rows}
    kept = {
        str(permission): ["yes" if allows(role, permission) else "no" for role in (OWNER, ADMIN, MEMBER)]
        for permission in Permission
    }
    assert written == kept
