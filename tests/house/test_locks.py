"""Lock files pin everything with hashes, agree with each other, and name no place to download from."""

import re
import tomllib

from tests.support.codebase import ROOT, tracked_files

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    return {normalised(name): version for name, version in PIN.findall((ROOT / lock).read_text())}


def wanted(requirements: list[str]) -> set[str]:
    return {normalised(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]) for requirement in requirements}


def test_lock_files_hold_no_download_addresses() -> None:
    locks = [path for path in tracked_files() if path.name.endswith(".lock") or path.name == "package-lock.json"]
    assert {path.name for path in locks} >= {*PYTHON_LOCKS, "package-lock.json"}
    addresses = [
        f"{path}:{number}"
        for path in locks
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if ("://" in line and '"url": "' not in line)  # npm notes where a package's authors take donations
        or '"resolved"' in line
        or "--index-url" in line
        or "--find-links" in line
    ]
    assert addresses == []


def test_every_pin_has_a_hash() -> None:
    for lock in PYTHON_LOCKS:
        entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
        assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert wanted(project["project"]["dependencies"]) <= pins("requirements.lock").keys()
    assert wanted(project["dependency-groups"]["dev"]) <= pins("requirements-dev.lock").keys()


def test_what_is_tested_is_what_runs() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()
