"""Where an error ends that nobody caught, in a task, a thread or the process: noted like any other, not printed."""

import asyncio
import sys
import threading
from types import TracebackType
from typing import Any

from moorage.reports.desk import Reports
from moorage.telemetry import quieten_warnings

EXIT_BROKEN = 70


class LastResort:
    """The hooks of one process. What they replace would print messages, values among them."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def install(self) -> None:
        """Take the hooks of the interpreter, for the rest of the process."""
        sys.excepthook = self.on_process
        sys.unraisablehook = self.on_unraisable
        threading.excepthook = self.on_thread
        quieten_warnings()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take what a loop has to tell of tasks and callbacks that broke."""
        loop.set_exception_handler(self.on_loop)

    def on_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note the error of a task or callback; without one there is only a text, which may hold anything."""
        error = context.get("exception")
        self._reports.note("task_broke", error if isinstance(error, BaseException) else _without_error())

    def on_thread(self, args: "threading.ExceptHookArgs") -> None:
        """Note what ended a thread."""
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self._reports.note("thread_broke", args.exc_value)

    def on_unraisable(self, args: "sys.UnraisableHookArgs") -> None:
        """Note what was raised where nobody can catch it: in a finaliser."""
        if args.exc_value is not None:
            self._reports.note("task_broke", args.exc_value)

    def on_process(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Note what ends the process."""
        if issubclass(kind, KeyboardInterrupt):
            return
        self._reports.note("process_broke", error.with_traceback(trace))


def _without_error() -> RuntimeError:
    return RuntimeError()
