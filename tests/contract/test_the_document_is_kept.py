"""The API does what its own document says, whatever is sent: schemathesis against a running Moorage, signed in and not.

No answer of 500 or above; statuses, content types and shapes as documented. docs/asvs.md and docs/attack-diary.md say
what a longer run by hand found (`SCHEMATHESIS_S=3600 .venv/bin/pytest tests/contract`).
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer

SECONDS = int(os.environ.get("SCHEMATHESIS_S", "40"))
# A good body is refused for an id that nothing has; a 0 is taken for false; and a path without a GET is none of the
# pages: 404, not 405.
LEFT_OUT = ("positive_data_acceptance", "negative_data_rejection", "unsupported_method")
# It would end the sign-in that all others are tried with; tests/scope has it.
ENDING = ("/api/sign-out", "/api/session/team")


@pytest_asyncio.fixture
async def world(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[World]:
    """Give the cast on SQLite: what is tried here is the edge, which is the same on both engines."""
    async with open_world("sqlite", tmp_path, models) as made:
        yield made


async def _run(world: World, folder: Path, headers: dict[str, str], seconds: int, *more: str) -> tuple[int, str]:
    """Let schemathesis drive the API for so long; gives its exit code and what it reports."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(await world.people["olga"].get("/api/openapi.json")))
    given: list[str] = []
    for name, value in {"Sec-Fetch-Site": "same-origin", **headers}.items():
        given += ["-H", f"{name}: {value}"]
    command: Sequence[str] = (
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        str(document),
        f"--url={world.harbour.url}",
        *given,
        "--checks=all",
        "--exclude-checks=" + ",".join(LEFT_OUT),
        f"--max-time={seconds}",
        # One: two threads of it trip over a defect of Python 3.11.
        "--workers=1",
        "--continue-on-failure",
        "--no-shrink",
        "--no-color",
        "--generation-database=none",
        "--warnings=off",
        *more,
    )
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode("utf-8", "replace")


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3 + 120)
async def test_signed_in_the_api_answers_as_documented_whatever_is_sent(world: World, tmp_path: Path) -> None:
    olga = world.people["olga"]
    cookie = "; ".join(f"{name}={value}" for name, value in olga.client.cookies.items())
    excluded = [f"--exclude-path={path}" for path in ENDING]
    code, report = await _run(world, tmp_path, {"Cookie": cookie, "X-CSRF-Token": olga.csrf or ""}, SECONDS, *excluded)
    assert code == 0, report
    assert (await olga.get("/api/session"))["me"]["name"], "the sign-in had ended, and only refusals were tried"


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3 + 120)
async def test_without_a_sign_in_the_api_answers_as_documented_whatever_is_sent(world: World, tmp_path: Path) -> None:
    code, report = await _run(world, tmp_path, {}, max(1, SECONDS // 4))
    assert code == 0, report
