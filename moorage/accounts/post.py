"""The outgoing post: a bounded queue in memory, retries, and no request that ever waits for a mail server.

What waits when the process ends is lost: a link is asked for again, and what happened stands in the trail.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

import structlog

from moorage.errors import MoorageError
from moorage.reports.desk import Reports
from moorage.reports.steady import Steady

log = structlog.get_logger(__name__)

MAX_WAITING: Final = 1000
RETRY_AFTER_S: Final = (5.0, 60.0, 600.0)
_CARRIERS: Final = 2


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one address."""

    message: EmailMessage
    sender: str
    recipient: str


Send = Callable[[Letter], Awaitable[None]]
Write = Callable[[], Awaitable[Sequence[Letter]]]


class Post:
    """Sends letters one after another. `send` raises MoorageError; a retryable one is tried again later."""

    def __init__(
        self, send: Send, reports: Reports | None = None, *, retry_after_s: Sequence[float] = RETRY_AFTER_S
    ) -> None:
        self._send = send
        self._reports = reports or Reports()
        self._retry_after_s = retry_after_s
        self._waiting: asyncio.Queue[Write | tuple[Letter, int]] = asyncio.Queue(MAX_WAITING)
        self._timers: set[asyncio.TimerHandle] = set()
        self._carriers = [
            Steady(self._carry, self._reports, name="post", event="mail_broke", breath_s=0.05) for _ in range(_CARRIERS)
        ]

    def start(self) -> None:
        """Begin to send. Needs a running event loop."""
        for carrier in self._carriers:
            carrier.start()

    async def aclose(self) -> None:
        """Stop. What waits is not sent any more."""
        for timer in self._timers:
            timer.cancel()
        for carrier in self._carriers:
            await carrier.aclose()

    async def wait_until_tried(self) -> None:
        """Wait until everything that waits was tried once."""
        await self._waiting.join()

    def put(self, write: Write) -> bool:
        """Have letters written and sent, later. False when too much waits already."""
        return self._put(write)

    def _put(self, item: "Write | tuple[Letter, int]") -> bool:
        try:
            self._waiting.put_nowait(item)
        except asyncio.QueueFull:
            log.error("mail_dropped", reason="queue_full")
            return False
        return True

    async def _carry(self) -> None:
        item = await self._waiting.get()
        try:
            if isinstance(item, tuple):
                await self._deliver(*item)
            else:
                for letter in await item():
                    await self._deliver(letter, 0)
        finally:
            self._waiting.task_done()

    async def _deliver(self, letter: Letter, attempt: int) -> None:
        try:
            await self._send(letter)
        except MoorageError as error:
            log.error("mail_failed", reason=error.code, attempt=attempt)
            if error.retryable and attempt < len(self._retry_after_s):
                self._retry(letter, attempt)

    def _retry(self, letter: Letter, attempt: int) -> None:
        if len(self._timers) >= MAX_WAITING:
            log.error("mail_dropped", reason="queue_full")
            return

        def again() -> None:
            self._timers.discard(timer)
            self._put((letter, attempt + 1))

        timer = asyncio.get_running_loop().call_later(self._retry_after_s[attempt], again)
        self._timers.add(timer)
