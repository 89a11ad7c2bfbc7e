"""What is locked may be used: each licence is known and allowed. And what `make audit` says of reports it can't get."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.audit import NOT_REACHABLE, bill_of_materials, judge_npm, judge_pip_audit, read_json
from tools.components import ELSEWHERE, PYTHON_LOCKS, Component, read_components

# Licences that ask for a notice at most.
FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU",
    "OFL-1.1", "PSF-2.0", "Python-2.0",
    # As some packages write them.
    "Apache License, Version 2.0", "BSD",
}  # fmt: skip
# Licences that ask for more, of packages that are used unchanged and as packages of their own.
WEAK_COPYLEFT = {
    "psycopg": "LGPL-3.0-only",
    "psycopg-binary": "LGPL-3.0-only",
    "orjson": "MPL-2.0",
    "hypothesis": "MPL-2.0",
    "certifi": "MPL-2.0",
    "pathspec": "MPL-2.0",
    "lightningcss": "MPL-2.0",
    "axe-core": "MPL-2.0",
}


def _fits(one: Component) -> bool:
    """True if every `AND` of the expression holds, for which one `OR` is enough."""
    own = WEAK_COPYLEFT.get(re.sub(r"^lightningcss-.*", "lightningcss", one.name), "")
    allowed = FREE | {own}
    parts = re.sub(r"[()]", "", one.licence).split(" AND ")
    return all(any(word.strip() in allowed - {""} for word in part.split(" OR ")) for part in parts)


def test_every_locked_package_has_a_licence_that_is_allowed() -> None:
    components = read_components()
    assert len(components) > 100
    assert [f"{one.purl}: {one.licence or 'none stated'}" for one in components if not _fits(one)] == []


def test_a_licence_that_nobody_allowed_is_found() -> None:
    for licence in ("", "AGPL-3.0-only", "MIT AND GPL-3.0-only", "SSPL-1.0 OR BUSL-1.1", "UNLICENSED"):
        assert not _fits(Component("pypi", "new", "1", licence, runs=True))
    assert _fits(Component("pypi", "new", "1", "GPL-2.0-only OR MIT", runs=True))
    assert not _fits(Component("pypi", "new", "1", "MPL-2.0", runs=True))


def test_what_is_said_of_other_platforms_is_about_locked_packages() -> None:
    locked = {one.name for one in read_components()}
    assert sorted(ELSEWHERE.keys() - locked) == []


def test_the_bill_of_materials_names_each_package_once_with_its_hashes() -> None:
    components = read_components()
    document = bill_of_materials(components)
    refs = [one["bom-ref"] for one in document["components"]]
    assert len(refs) == len(set(refs)) == len(components)
    assert all(one["licenses"][0]["expression"] for one in document["components"])
    assert all(one["hashes"] for one in document["components"] if one["purl"].startswith("pkg:pypi/"))
    required = {one["name"] for one in document["components"] if one["scope"] == "required"}
    assert {"fastapi", "cryptography", "react"} <= required
    assert not required & {"pytest", "ruff", "vite", "vitest"}


def _said(text: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], 1, stdout=text, stderr="")


def test_advisories_that_can_not_be_fetched_are_not_taken_for_none() -> None:
    skipped = json.dumps({"dependencies": [{"name": "idna", "skip_reason": "Dependency not found"}]})
    for done in (None, _said(""), _said("Traceback"), _said("{"), _said("[]"), _said(skipped)):
        assert judge_pip_audit("requirements.lock", done).endswith(NOT_REACHABLE)
    for done in (None, _said(""), _said('{"message": "405 Method Not Allowed", "error": {}}')):
        assert judge_npm("web", done).endswith(NOT_REACHABLE)


def test_a_known_weakness_is_told() -> None:
    vulns = [{"id": "PYSEC-2030-1"}]
    report: Any = {
        "dependencies": [{"name": "idna", "version": "1", "vulns": vulns}, {"name": "x", "skip_reason": "y"}]
    }
    assert judge_pip_audit("a.lock", _said("warning\n" + json.dumps(report))) == "KNOWN in a.lock: idna 1: PYSEC-2030-1"
    report["dependencies"][0]["vulns"] = []
    assert judge_pip_audit("a.lock", _said(json.dumps(report))) == (
        f"a.lock: nothing known of 1 packages, 1 {NOT_REACHABLE}"
    )
    npm = {"vulnerabilities": {"left-pad": {"severity": "high"}}}
    assert judge_npm("web", _said(json.dumps(npm))) == "KNOWN in web: left-pad (high)"
    assert judge_npm("web", _said('{"vulnerabilities": {}}')) == "web: nothing known"


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_the_locks_are_where_they_are_looked_for(lock: str) -> None:
    assert (Path(__file__).resolve().parents[2] / lock).is_file()
    assert read_json(_said('{"a": 1} trailing')) == {"a": 1}
