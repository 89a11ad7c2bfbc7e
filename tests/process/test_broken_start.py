"""A `serve` that breaks for a reason nobody expected says class and place, reports both, prints no traceback (P13)."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.authority import TestAuthority
from tests.support.canaries import CANARIES, found_in
from tests.support.codebase import ROOT
from tests.support.collector import Collector
from tests.support.model_server import ModelServer
from tests.support.serving import Serving


async def test_a_start_that_breaks_is_reported_and_ends_with_70(
    deployment: Serving, models: tuple[TestAuthority, ModelServer]
) -> None:
    # The folder can't be made where a file is; the error's text holds the path.
    in_the_way = deployment.data.parent / CANARIES["key"]
    in_the_way.write_text("")
    async with Collector(models[0].server_context("localhost")) as collector:
        code, said = await deployment.refuse_to_start(
            DATA=in_the_way / "data", SENTRY_DSN=collector.dsn, SENTRY_ENVIRONMENT="night-shift"
        )
        [event] = await collector.wait_for(1)
    assert code == 70
    assert "process_broke" in said
    assert "Traceback" not in said
    assert found_in(said.encode() + collector.everything) == []
    [value] = event["exception"]["values"]
    assert (value["type"], value["value"]) == ("NotADirectoryError", "ENOTDIR")
    assert (event["environment"], event["tags"]) == ("night-shift", {"event": "process_broke"})
    assert any(frame["module"] == "moorage.app" for frame in value["stacktrace"]["frames"])


async def test_a_dsn_that_can_not_be_used_is_named_and_not_repeated(deployment: Serving) -> None:
    code, said = await deployment.refuse_to_start(SENTRY_DSN=f"https://{CANARIES['key']}@localhost")
    assert (code, "MOORAGE_SENTRY_DSN is not of the form" in said) == (2, True), said
    assert found_in(said.encode()) == []


def test_a_command_that_breaks_says_class_and_place_and_ends_with_70(tmp_path: Path) -> None:
    in_the_way = tmp_path / CANARIES["key"]
    in_the_way.write_text("")
    given = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
    told = subprocess.run(
        [sys.executable, "-m", "moorage", "team", "list"],
        env={**given, "MOORAGE_DATA": str(in_the_way / "data")},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (told.returncode, b"NotADirectoryError at " in told.stderr) == (70, True), told.stderr
    assert b"Traceback" not in told.stderr
    assert found_in(told.stdout + told.stderr) == []
