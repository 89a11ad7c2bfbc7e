"""A real `moorage serve` as a process of its own, to be killed, stopped and started again over the same data folder."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
ADDRESS = re.compile(r"is at (http://[^\s]+)")


class DidNotStartError(AssertionError):
    """The server ended, or said nothing, before it listened; the text is what it printed."""


class Process(Protocol):
    """What is asked of a running server, `subprocess.Popen` for one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


Launch = Callable[[Path, Mapping[str, str]], Process]


class Serving:
    """One deployment: a data folder and settings. At most one process at a time; `start` may be called again.

    `wrapper` is a command that turns into the one after it, such as `ip netns exec NAME`; `launch` starts the process
    in another way (tests/support/nursery.py).
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str | Path | int | float],
        *,
        wrapper: Sequence[str] = (),
        launch: Launch | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.url = ""
        self._log = folder / "server.log"
        self._wrapper = wrapper
        self._launch = launch or self._run_command
        # Whose test is about titles says so: a call more for each conversation would be in every count.
        self._settings = {"DATA": self.data, "PORT": 0, "LOG_LEVEL": "warning", "TITLES": "words", **settings}
        self._process: Process | None = None
        self._began_at = 0

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running().pid

    @property
    def said(self) -> str:
        """What the latest process printed."""
        with self._log.open("rb") as log:
            log.seek(self._began_at)
            return log.read().decode("utf-8", "replace")

    async def start(self, **changes: str | Path | float) -> str:
        """Start, and wait until it listens; gives its URL. Raises DidNotStartError."""
        self.launch(**changes)
        deadline = time.monotonic() + START_TIMEOUT_S
        while (match := ADDRESS.search(self.said)) is None:
            if self._running().poll() is not None or time.monotonic() > deadline:
                await self.kill()
                raise DidNotStartError(self.said)
            await asyncio.sleep(0.005)
        self.url = match[1]
        return self.url

    async def refuse_to_start(self, **changes: str | Path | float) -> tuple[int, str]:
        """Start what must not start; gives its exit code and what it printed."""
        self.launch(**changes)
        return await self.ended(), self.said

    def launch(self, **changes: str | Path | float) -> None:
        """Start the process and don't wait for anything."""
        if self._process is not None and self._process.poll() is None:
            raise AssertionError("it already runs")
        with self._log.open("ab") as log:
            self._began_at = log.tell()
        self._process = self._launch(self._log, self._environment(changes))

    def _run_command(self, log: Path, environment: Mapping[str, str]) -> Process:
        with log.open("ab") as output:
            return subprocess.Popen(
                [*self._wrapper, *command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=environment,
            )

    async def run(self, *arguments: str, typed: str = "", **changes: str | Path | float) -> tuple[int, str]:
        """Run another command of the deployment, `keys status` for one, to its end; gives exit code and output."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "moorage", *arguments],
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=ROOT,
            env=self._environment(changes),
            timeout=STOP_TIMEOUT_S,
        )
        return done.returncode, done.stdout

    def launch_command(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command that the caller ends."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [sys.executable, "-m", "moorage", *arguments],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            cwd=ROOT,
            env=self._environment({}),
        )

    def _environment(self, changes: Mapping[str, str | Path | float]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
        # As an installed server has it, in benchmarks too; some environments forbid Python to keep what it compiled.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPYCACHEPREFIX"] = str(ROOT / ".cache" / "bytecode")
        given = {f"MOORAGE_{name}": str(value) for name, value in {**self._settings, **changes}.items()}
        return {**kept, **given}

    async def kill(self) -> None:
        """End it as a power cut would: SIGKILL, no goodbye."""
        process = self._running()
        if process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """Ask it to end (SIGTERM) and give its exit code."""
        self.ask_to_end()
        return await self.ended()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    async def ended(self) -> int:
        """Wait for the end of the process and give its exit code."""
        return await asyncio.to_thread(self._running().wait, STOP_TIMEOUT_S)

    async def close(self) -> None:
        """Make sure that nothing of it runs on."""
        if self._process is not None and self._process.poll() is None:
            await self.kill()

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the SQLite file beside the server, as an auditor would."""
        with closing(sqlite3.connect(f"file:{self.data / 'moorage.db'}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(sql, values).fetchall()

    def _running(self) -> Process:
        if self._process is None:
            raise AssertionError("it was never started")
        return self._process


def command(*, python: str = sys.executable) -> Sequence[str]:
    """Give the command that serves."""
    return [python, "-m", "moorage", "serve"]
