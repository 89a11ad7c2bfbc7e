"""Writes rows for people: aligned, wrapped and coloured in a terminal; one plain line each where nobody looks.

Never a control character of what it is handed: a name from outside can't move the cursor or change the colour.
"""

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from moorage.api.sentences import LANGUAGES, Language, choose_language

_COLOUR: Final = {"good": "32", "doubtful": "33", "bad": "31", "absent": "2"}
_MARK: Final = {"good": "✓", "doubtful": "!", "bad": "✗", "absent": "·"}
_PLAIN_MARK: Final = {"good": "+", "doubtful": "!", "bad": "x", "absent": "-"}
_KIND: Final = {
    "passed": "good",
    "ok": "good",
    "warned": "doubtful",
    "warning": "doubtful",
    "failed": "bad",
    "problem": "bad",
    "skipped": "absent",
}
_CLEAR_LINE: Final = "\r\x1b[2K"
_LEAST_TEXT_COLUMNS: Final = 32


def language_of(environment: Mapping[str, str]) -> Language:
    """Choose the language as other programs of a terminal do: LC_ALL, then LC_MESSAGES, then LANG; else English."""
    named = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return choose_language(next((value for value in named if value), LANGUAGES[0]))


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the columns are; the text has the rest."""

    state: int
    label: int
    figure: int

    @classmethod
    def of(cls, states: Iterable[str], labels: Iterable[str], *, figure: int = 0) -> "Columns":
        """Make room for the longest of each."""
        return cls(max(map(len, states)), max(map(len, labels)), figure)

    @property
    def indent(self) -> int:
        """Where the text begins."""
        return 2 + self.state + 2 + self.label + 2 + (self.figure + 2 if self.figure else 0)


class Terminal:
    """One stream, and what it can show. `environment` decides about colour: NO_COLOR, and TERM=dumb."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str], columns: Columns) -> None:
        self._stream = stream
        self._columns = columns
        self._rewrites = stream.isatty() and environment.get("TERM", "dumb") != "dumb"
        self._is_coloured = self._rewrites and not environment.get("NO_COLOR")
        self._width = shutil.get_terminal_size().columns if stream.isatty() else 0
        self._marks = _MARK if _can_write(stream, "".join(_MARK.values())) else _PLAIN_MARK

    def begin(self, label: str) -> None:
        """Show that something is under way, on a line that the next row replaces; only where lines can be replaced."""
        if self._rewrites:
            self._write(f"{_CLEAR_LINE}  {_tidy(label)} …")

    def clear(self) -> None:
        """Take the line of `begin` away, if one stands there."""
        if self._rewrites:
            self._write(_CLEAR_LINE)

    def row(self, state: str, word: str, label: str, text: str, *, figure: str = "", more: Sequence[str] = ()) -> None:
        """Write what became of one thing; `more` are lines below it."""
        kind, columns = _KIND[state], self._columns
        cells = [self._colour(f"{self._marks[kind]} {word:<{columns.state}}", kind), f"{label:<{columns.label}}"]
        if columns.figure:
            cells.append(f"{figure:>{columns.figure}}")
        head = "  ".join(cells)
        self.clear()
        texts = [_tidy(line) for line in (text, *more) if line]
        if not self._width:
            first, *others = texts or [""]
            self._write("\n".join([f"{head}  {first}".rstrip(), *(f"    {line}" for line in others)]) + "\n")
            return
        indent = columns.indent if self._width - columns.indent >= _LEAST_TEXT_COLUMNS else 4
        lines = [line for part in texts for line in self._wrap(part, indent)]
        if indent == columns.indent and lines:
            head, lines = f"{head}  {lines[0]}", lines[1:]
        self._write("\n".join([head.rstrip(), *(" " * indent + line for line in lines)]) + "\n")

    def say(self, text: str, kind: str | None = None) -> None:
        """Write a sentence of its own, coloured as a state is."""
        self.clear()
        lines = self._wrap(_tidy(text), 0) if self._width else [_tidy(text)]
        self._write("".join(f"{self._colour(line, _KIND[kind]) if kind else line}\n" for line in lines))

    def gap(self) -> None:
        """Write an empty line."""
        self.clear()
        self._write("\n")

    def _wrap(self, text: str, indent: int) -> list[str]:
        room = max(self._width - indent, _LEAST_TEXT_COLUMNS)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)

    def _colour(self, text: str, kind: str) -> str:
        return f"\x1b[{_COLOUR[kind]}m{text}\x1b[0m" if self._is_coloured else text

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            # Whoever read has read enough (`| head`). The checks go on, for the exit code; nobody hears of them.
            with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def _tidy(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
