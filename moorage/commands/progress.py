"""Tells a terminal how far something long is, in one line that changes; where nobody looks, every tenth part."""

import sys
from types import TracebackType
from typing import Final, Self, TextIO

_STEPS: Final = {
    "read": "Backup read",
    "backup": "Rows written",
    "write": "Rows put in place",
    "compare": "Rows compared",
    "migrate": "Schema brought up to date",
}
_WIDTH: Final = 30
_TENTH: Final = 10


class Progress:
    """A function to be told of a step, how much of it is done, and of how much. Writes to `stream`; default: stderr."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._told = ("", -1)
        self._is_open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._is_open:
            self._write("\n")

    def __call__(self, step: str, done: int, total: int) -> None:
        """Tell."""
        parts = 100 if self._is_terminal else _TENTH
        now = (step, parts * done // total if total else parts)
        if now == self._told:
            return
        percent = 100 * now[1] // parts
        if self._is_terminal:
            is_next = self._is_open and self._told[0] != step
            told = f"{_STEPS[step]:<{_WIDTH}}{percent:>4} %"
            self._is_open = now[1] < parts
            self._write(("\n" if is_next else "\r") + told + ("" if self._is_open else "\n"))
        else:
            self._write(f"{_STEPS[step]}: {percent} %\n")
        self._told = now

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
