"""Reads TOML files of the operator's, bounded, and says what is wrong with one: its line, the place, the kind.

The library that reads them keeps no lines, and its errors repeat what stands in the file, addresses included.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ValidationError

MAX_BYTES: Final = 1024 * 1024
MisfitKind = Literal["unreadable", "syntax", "unknown", "missing", "invalid"]

_UNKNOWN: Final = "extra_forbidden"
_MISSING: Final = "missing"
_SAID_LINE: Final = re.compile(r"\(at line (\d+),")
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[{}]|[A-Za-z0-9_-]+(?=\s*=)|\n')
_Place = tuple[str | int, ...]
Shape = TypeVar("Shape", bound=BaseModel)


class Misfit(Exception):
    """A file can't be used. `where` is the path to what is wrong, e.g. ("anthropic", "models", 2, "price_in")."""

    def __init__(self, kind: MisfitKind, line: int = 0, where: Sequence[str | int] = ()) -> None:
        super().__init__(kind)
        self.kind = kind
        self.line = line
        self.where = tuple(where)

    @property
    def place(self) -> str:
        """The path as people count, e.g. "anthropic.models.3.price_in"."""
        parts = (str(part + 1) if isinstance(part, int) else part[:40] for part in self.where)
        return ".".join(parts)[:120]


def read_text(path: Path) -> str:
    """Read a file as a whole. Raises Misfit("unreadable"), also for one of more than MAX_BYTES."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        # What is cut may still be TOML, and what the operator changed would be as it was.
        if len(content) <= MAX_BYTES:
            return content.decode("utf-8")
    except (OSError, ValueError):
        pass
    raise Misfit("unreadable")


def read_tables(text: str) -> dict[str, Any]:
    """Read the tables of a text. Raises Misfit("syntax") with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misfit("syntax", line_of_syntax_error(error, text)) from None


def read_table(text: str, name: str, table: Any, shape: type[Shape]) -> Shape:
    """Read one table of a text as a shape. Raises Misfit: "unknown", "missing" or "invalid"."""
    try:
        return shape.model_validate(table)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        # A misspelt field is also a missing one; its spelling is what helps.
        told = next((one for one in problems if one["type"] == _UNKNOWN), problems[0])
        where = (name, *told["loc"])
        kinds: dict[str, MisfitKind] = {_UNKNOWN: "unknown", _MISSING: "missing"}
        raise Misfit(kinds.get(told["type"], "invalid"), line_of(text, where), where) from None


def line_of_syntax_error(error: tomllib.TOMLDecodeError, text: str) -> int:
    """Give the line that a syntax error is in; the last one if the file ended too early."""
    said = _SAID_LINE.search(str(error))
    return int(said[1]) if said else text.count("\n") + 1


def line_of(text: str, where: Sequence[str | int]) -> int:
    """Give the line of a place such as ("google", "models", 2, "price_in"); of what holds it where it is missing."""
    best, best_length = 1, 0
    for line, place in _places(text):
        length = _common(place, where)
        if length == len(place) and length > best_length:
            best, best_length = line, length
    return best


def _common(place: _Place, where: Sequence[str | int]) -> int:
    count = 0
    for ours, theirs in zip(place, where, strict=False):
        if ours != theirs:
            break
        count += 1
    return count


def _places(text: str) -> Iterator[tuple[int, _Place]]:
    """Name what begins where: tables, their keys, and tables within an array, each with its number."""
    table: _Place = ()
    counts: dict[_Place, int] = {}
    key, depth, line = "", 0, 1
    for row in text.split("\n"):
        header = _HEADER.fullmatch(row) if not depth else None
        if header is not None:
            table = tuple(part.strip("\"' ") for part in header[2].split("."))
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield line, table
        else:
            for found in _TOKEN.findall(row):
                if found == "{":
                    depth += 1
                    if depth == 1:
                        counts[(*table, key)] = counts.get((*table, key), -1) + 1
                        yield line, (*table, key, counts[(*table, key)])
                elif found == "}":
                    depth = max(0, depth - 1)
                elif found[0] not in "\"'#":
                    inside = (key, counts[(*table, key)]) if depth else ()
                    yield line, (*table, *inside, found)
                    key = key if depth else found
        line += 1
