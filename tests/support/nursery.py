"""Server processes that start at once: a parent that has read all of Moorage forks one for each start.

What it forks is a process like any other, with an id of its own, to be killed, stopped and waited for. Only the second
or two in which Python reads the code is spared, so that a test can afford a hundred deaths.

    with Nursery() as nursery:
        serving = Serving(folder, settings, launch=nursery.launch)

As a process (`python -m tests.support.nursery`) it reads one line of JSON for each wish and answers with one.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from moorage.__main__ import main as moorage
from moorage.app import build, close
from moorage.settings import Settings
from moorage.telemetry import configure_logging

ROOT: Final = Path(__file__).resolve().parents[2]
LOOK_S: Final = 0.01


class Hatched:
    """One forked process, as far as `subprocess.Popen` is asked by tests."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._code: int | None = None

    def poll(self) -> int | None:
        """Give the exit code (minus the signal that ended it), None while it lives."""
        if self._code is None:
            self._code = self._nursery.ask({"ended": self.pid})
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("moorage serve", timeout or 0)
            time.sleep(LOOK_S)
        return code


class Nursery:
    """Keeps the parent. What it forked ends before it does: a test closes its servers first."""

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate(timeout=30)

    def launch(self, log: Path, environment: Mapping[str, str]) -> Hatched:
        """Fork a server that writes into `log`."""
        return Hatched(self, self.ask({"log": str(log), "environment": dict(environment)}))

    def ask(self, wish: dict[str, Any]) -> Any:
        """Send one wish and give its answer."""
        if self._parent.stdin is None or self._parent.stdout is None:
            raise AssertionError("the nursery has no pipes")
        self._parent.stdin.write(json.dumps(wish).encode() + b"\n")
        self._parent.stdin.flush()
        return json.loads(self._parent.stdout.readline())


def _serve_wishes() -> None:
    configure_logging(style="json", level="error", stream=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_warm_up(Path(folder)))
    for line in sys.stdin:
        wish = json.loads(line)
        answer = _look(wish["ended"]) if "ended" in wish else _fork(wish["log"], wish["environment"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


async def _warm_up(folder: Path) -> None:
    """Compose Moorage once: much of what Python and its libraries do for the first time is done then."""
    built = await build(Settings(data=folder, database_url=None, log_level="error"))
    await close(built.parts)


def _look(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return None if found == 0 else os.waitstatus_to_exitcode(status)


def _fork(log: str, environment: dict[str, str]) -> int:
    if threading.active_count() > 1:
        raise AssertionError("a process with threads is not to be forked")
    pid = os.fork()
    if pid == 0:
        _become_a_server(log, environment)
    return pid


def _become_a_server(log: str, environment: dict[str, str]) -> None:
    code = 70
    try:
        os.environ.clear()
        os.environ.update(environment)
        for target, file in ((0, os.devnull), (1, log), (2, log)):
            opened = os.open(file, os.O_RDONLY if target == 0 else os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.dup2(opened, target)
            os.close(opened)
        moorage(["serve"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - told as Python itself would tell it: a test asks whether there was one
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve_wishes()
