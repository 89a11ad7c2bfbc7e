"""A task that lives as long as the process: an error nobody expected is reported, and its next turn comes all the same.

Every loop that works beside the requests is one of these; a house test knows the tasks that are not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from moorage.reports.desk import Reports

BREATH_S = 1.0

Turn = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Pace:
    """When turns come: each so many seconds after the one before has ended, the first so many after the start."""

    every_s: float
    first_after_s: float = 0.0


AT_ONCE: Final = Pace(0.0)


class Steady:
    """Takes turn after turn, at a pace, or when a turn's own waiting is over. After a broken one it rests a moment.

    `event` is what a broken turn is reported as (telemetry's EVENTS).
    """

    def __init__(
        self, turn: Turn, reports: Reports, *, name: str, event: str, pace: Pace = AT_ONCE, breath_s: float = BREATH_S
    ) -> None:
        self._turn = turn
        self._reports = reports
        self._name = name
        self._event = event
        self._pace = pace
        self._breath_s = breath_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def aclose(self) -> None:
        """Stop, wherever the turn is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _run(self) -> None:
        wait_s = self._pace.first_after_s
        # A turn that is cancelled may end with another error, or with none: a rollback on a dead connection does.
        while not _is_told_to_stop():
            try:
                if wait_s:
                    await asyncio.sleep(wait_s)
                wait_s = self._pace.every_s
                await self._turn()
            except asyncio.CancelledError as stray:
                if _is_told_to_stop():
                    raise
                # Not we were cancelled, but something that the turn waited for.
                await self._rest(stray)
            except Exception as error:  # noqa: BLE001 - what ends here would never be done again, and nobody would know
                await self._rest(error)

    async def _rest(self, error: BaseException) -> None:
        self._reports.note(self._event, error)
        if not _is_told_to_stop():
            await asyncio.sleep(self._breath_s)


def _is_told_to_stop() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
