"""`doctor`: runs the real command as a process of its own, in an empty folder, and keeps all that it said."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.model_server import ModelServer

TIMEOUT_S = 60
# What would make two machines print two things.
FOREIGN = ("MOORAGE_", "LC_", "SSL", "REQUESTS_", "CURL_")


@dataclass(frozen=True)
class Said:
    """How one run ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--json` gave."""
        return json.loads(self.out)

    def rows(self) -> dict[str, str]:
        """Give state by label, as the rows say it in English."""
        lines = [line[2:] for line in self.out.splitlines() if line[:2] in {"✓ ", "! ", "✗ ", "· "}]
        pairs = ([part.strip() for part in line.split("  ") if part.strip()] for line in lines)
        return {label: state for state, label, *_ in pairs}


def states(said: Said) -> dict[str, str]:
    """Give the state of each check by its name."""
    return {check["name"]: check["state"] for check in said.document["checks"]}


def check(said: Said, name: str) -> Any:
    """Give what one check found."""
    return next(check for check in said.document["checks"] if check["name"] == name)


Doctor = Callable[..., Awaitable[Said]]


def environment(settings: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """Give a clean environment with these settings (without our prefix) and these variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and not name.upper().endswith("_PROXY") and name != "NO_COLOR"
    }
    given = {f"MOORAGE_{name}": str(value) for name, value in settings.items()}
    return {**kept, "LANG": "en_GB.UTF-8", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT), **given, **variables}


def command(*arguments: str) -> list[str]:
    """Give the command line."""
    return [sys.executable, "-m", "moorage", *arguments]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Give the folder that the command is run in."""
    here = tmp_path / "here"
    here.mkdir()
    return here


@pytest.fixture
def moorage(here: Path) -> Doctor:
    """Give what runs the command; the servers of this test go on answering meanwhile."""

    async def run(
        *arguments: str,
        settings: Mapping[str, Any] = {},
        variables: Mapping[str, str] = {},
        stdin: str | None = None,
    ) -> Said:
        done = await asyncio.to_thread(
            subprocess.run,
            command(*arguments),
            cwd=here,
            env=environment(settings, variables),
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in said.out + said.err, said.err
        told = (said.out + said.err).replace("sha256//…", "")  # how a pin is written
        assert "…" not in told, "a sentence misses what fills it"
        return said

    return run


@pytest.fixture
def doctor(moorage: Doctor) -> Doctor:
    """Give what runs `moorage doctor`."""

    async def run(*arguments: str, **how: Any) -> Said:
        return await moorage("doctor", *arguments, **how)

    return run


@pytest.fixture
def allowed(models: tuple[TestAuthority, ModelServer]) -> dict[str, str | Path]:
    """Give the settings with which the model server of this test may be reached and is believed."""
    authority, server = models
    return {"EGRESS_ALLOW": f"localhost:{server.port}=127.0.0.1/32", "EXTRA_CA_FILE": authority.ca_pem}
