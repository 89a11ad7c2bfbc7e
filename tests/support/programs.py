"""Finds the programs that tests need, or says which Debian package brings them. Never skips."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest


def find_program(
    names: Sequence[str], *, debian_package: str, variable: str | None = None, also_in: Sequence[str] = ()
) -> Path:
    """Give the path of the first of `names` that exists: named by `variable`, on PATH, or in `also_in` (globs below /).

    The test fails with the name of the package when there is none: a missing program must not look like a pass.
    """
    named = os.environ.get(variable, "") if variable else ""
    candidates = [named] if named else []
    candidates += [found for name in names if (found := shutil.which(name))]
    for pattern in also_in:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            candidates += [str(folder / name) for name in names]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    hint = f", or set {variable}" if variable else ""
    pytest.fail(f"this test needs {names[0]}: install the Debian package {debian_package}{hint}", pytrace=False)


def find_chromium() -> Path:
    """Give the system's Chromium."""
    return find_program(
        ["chromium", "chromium-browser", "google-chrome"], debian_package="chromium", variable="CHROMIUM"
    )


def find_node() -> Path:
    """Give the Node that `make` uses: from PATH, or the one it put beside the Python packages."""
    return find_program(["node"], debian_package="nodejs", variable="NODE")


def find_caddy() -> Path:
    """Give Caddy."""
    return find_program(["caddy"], debian_package="caddy")


def find_nginx() -> Path:
    """Give nginx."""
    return find_program(["nginx"], debian_package="nginx-light", also_in=["/usr/sbin"])


def find_postgresql(name: str) -> Path:
    """Give one of PostgreSQL's server programs, such as `initdb`."""
    return find_program([name], debian_package="postgresql", also_in=["/usr/lib/postgresql/*/bin"])
