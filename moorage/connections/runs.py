"""A test under way is a task of its own: a reader follows it, and when the reader leaves, it ends and cleans up.

A response's generator is closed inside a scope that lets nothing wait any more; the task is outside of it, so that a
call that was announced still gets settled (P15).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar

from moorage.errors import MoorageError
from moorage.reports.desk import Reports

Event = TypeVar("Event")
Result = TypeVar("Result")


class Runs(Generic[Event, Result]):
    """All tests under way in this process."""

    def __init__(self, reports: Reports | None = None) -> None:
        self._reports = reports or Reports()
        self._tasks: set[asyncio.Task[Result]] = set()

    async def follow(
        self, work: Callable[[Callable[[Event], None]], Awaitable[Result]]
    ) -> AsyncGenerator[Event | Result, None]:
        """Give what `work` emits, then what it returns; raises what it raises. Leaving early cancels it."""
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(_run(work, events.put_nowait), name="connection-test")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: events.put_nowait(None))
        is_read = False
        try:
            while (event := await events.get()) is not None:
                yield event
            is_read = True
            yield task.result()
        finally:
            task.cancel()
            if not is_read:
                task.add_done_callback(self._take_note)

    async def aclose(self) -> None:
        """End all of them and wait until they have cleaned up."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_note(self, task: asyncio.Task[Result]) -> None:
        """Nobody reads the result any more; an unread exception would be reported as a mistake of asyncio's user."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, MoorageError):
            self._reports.note("test_broke", error)


async def _run(work: Callable[[Callable[[Event], None]], Awaitable[Result]], emit: Callable[[Event], None]) -> Result:
    return await work(emit)
