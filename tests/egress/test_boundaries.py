"""Every boundary address has the verdict that is written down, on every Python that this machine has (P11)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.egress.boundaries import lines, written

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = 11, 19
MANAGED = (
    Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions",
    Path.home() / ".local/share/uv/python",
)
SAYS_ITS_VERSION = "import sys; print(*sys.version_info[:2])"


def candidates(minor: int) -> Iterator[str]:
    """Give where a Python 3.<minor> may be: on PATH, or where version managers put it."""
    name = f"python3.{minor}"
    if (found := shutil.which(name)) is not None:
        yield found
    for folder in MANAGED:
        yield from sorted(str(python) for python in folder.glob(f"*/bin/{name}"))
    yield from (f"{folder}/{name}" for folder in ("/usr/bin", "/usr/local/bin"))


def works(python: str, minor: int) -> bool:
    """Tell whether it runs; a version manager's shim may only say that another version is chosen."""
    try:
        said = subprocess.run([python, "-c", SAYS_ITS_VERSION], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return said.stdout.split() == ["3", str(minor)]


def pythons() -> Iterator[str]:
    """Give this Python and one of each other version from 3.11 on."""
    yield sys.executable
    for minor in range(OLDEST, NEWEST + 1):
        if minor != sys.version_info.minor:
            yield from [python for python in candidates(minor) if works(python, minor)][:1]


def test_the_verdicts_are_those_that_are_written_down() -> None:
    """To change one on purpose: `python -m tests.egress.boundaries > tests/egress/boundaries.txt`."""
    assert list(lines()) == written()


@pytest.mark.parametrize("python", list(pythons()), ids=lambda python: Path(python).name)
def test_every_python_decides_alike_without_any_package(python: str) -> None:
    """-S leaves out what is installed: policy, tables and errors need the standard library alone."""
    command = [python, "-S", "-s", "-B", "-W", "error", "-m", "tests.egress.boundaries"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout.splitlines() == written()
