"""Reports on their way out: a short queue that nobody waits for; what does not fit or arrive is dropped and counted."""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from moorage.errors import MoorageError
from moorage.telemetry import Metrics

MAX_WAITING: Final = 64
CLOSE_GRACE_S: Final = 2.0

log = structlog.get_logger(__name__)


class TurnedAwayError(Exception):
    """The collector took the request and not the report. `reason` is a word of ours; `pause_s`: not before that."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause_s = pause_s


Post = Callable[[bytes], Awaitable[None]]
"""Sends one envelope. Raises MoorageError or TurnedAwayError."""


class Outbox:
    """`put` from any thread; one task posts, one envelope after the other, none twice."""

    def __init__(self, post: Post, metrics: Metrics, *, max_waiting: int = MAX_WAITING) -> None:
        self._post = post
        self._counter = metrics.error_reports
        self._max_waiting = max_waiting
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._is_closed = False
        self._wake: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._not_before_s = 0.0
        self._failing = ""
        self._failed = 0

    def start(self) -> None:
        """Begin to post. Needs a running event loop; what was put before waits until then."""
        if self._task is None and not self._is_closed:
            self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
            self._wake.set()
            self._task = asyncio.create_task(self._run(), name="error-reports")

    def put(self, envelope: bytes) -> None:
        """Take an envelope, or drop it; returns at once either way."""
        with self._lock:
            if self._is_closed or len(self._waiting) >= self._max_waiting:
                self._count("dropped")
                return
            self._waiting.append(envelope)
            if self._loop is not None and self._wake is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._wake.set)

    async def aclose(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Post what waits for at most `grace_s`, then drop the rest."""
        with self._lock:
            self._is_closed = True
        if self._task is not None and self._wake is not None:
            self._wake.set()
            await asyncio.wait((self._task,), timeout=grace_s)
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None
        for _ in self._waiting:
            self._count("dropped")
        self._waiting.clear()

    async def _run(self) -> None:
        loop, wake = asyncio.get_running_loop(), self._wake
        while wake is not None:
            await wake.wait()
            wake.clear()
            while self._waiting:
                envelope = self._waiting.popleft()
                if loop.time() < self._not_before_s:
                    self._count("dropped")
                    continue
                try:
                    await self._send(envelope)
                except asyncio.CancelledError:
                    self._count("dropped")
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise  # otherwise it was not we, but something that sending waited for
            if self._is_closed:
                return

    async def _send(self, envelope: bytes) -> None:
        try:
            await self._post(envelope)
        except MoorageError as error:
            self._fail(error.code)
        except TurnedAwayError as turned_away:
            self._not_before_s = asyncio.get_running_loop().time() + turned_away.pause_s
            self._fail(turned_away.reason)
        except Exception:  # noqa: BLE001 - reporting that a report broke would never end
            self._fail("unexpected")
        else:
            self._failing, self._failed = "", 0
            self._count("sent")

    def _fail(self, reason: str) -> None:
        self._count("failed")
        self._failed += 1
        # One line when it begins or changes: a collector that is gone must not fill the log.
        if reason != self._failing:
            log.warning("report_failed", reason=reason, count=self._failed)
            self._failing = reason

    def _count(self, outcome: str) -> None:
        self._counter.labels(outcome).inc()
