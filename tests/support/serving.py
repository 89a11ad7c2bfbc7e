"""A real `moorage serve` as a process of its own, to be killed, stopped and started again over the same data folder."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
ADDRESS = re.compile(r"is at (http://[^\s]+)")


class DidNotStartError(AssertionError):
    """The server ended, or said nothing, before it listened; the text is what it printed."""


class Serving:
    """One deployment: a data folder and settings. At most one process at a time; `start` may be called again.

    `wrapper` is a command that turns into the one after it, such as `ip netns exec NAME`.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str | Path | int | float], *, wrapper: Sequence[str] = ()
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.url = ""
        self._log = folder / "server.log"
        self._wrapper = wrapper
        self._settings = {"DATA": self.data, "PORT": 0, "LOG_LEVEL": "warning", **settings}
        self._process: subprocess.Popen[bytes] | None = None
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
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
        # As an installed server has it; some test environments forbid Python to keep what it compiled.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPYCACHEPREFIX"] = str(ROOT / ".cache" / "bytecode")
        given = {f"MOORAGE_{name}": str(value) for name, value in {**self._settings, **changes}.items()}
        with self._log.open("ab") as log:
            self._began_at = log.tell()
            self._process = subprocess.Popen(
                [*self._wrapper, *command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**kept, **given},
            )

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

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AssertionError("it was never started")
        return self._process


def command(*, python: str = sys.executable) -> Sequence[str]:
    """Give the command that serves."""
    return [python, "-m", "moorage", "serve"]
