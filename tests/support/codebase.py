"""Reads the project's own files for the tests in tests/house: what git knows, parsed once per question."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FOLDERS = ("moorage", "tests", "tools", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the checkout."""

    path: Path

    @functools.cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    def is_below(self, *folders: str) -> bool:
        """True if the file lies in one of `folders`."""
        return any(self.path.is_relative_to(folder) for folder in folders)

    def at(self, node: ast.AST | int) -> str:
        """Give `path:line`, as an editor opens it."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}"


def tracked_files() -> list[Path]:
    """List what git tracks and what exists, relative to the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()]


@functools.cache
def python_sources(*folders: str) -> tuple[Source, ...]:
    """List the tracked Python files below `folders`; none named: all of them. Read once per test process."""
    wanted = folders or PYTHON_FOLDERS
    return tuple(Source(path) for path in tracked_files() if path.suffix == ".py" and Source(path).is_below(*wanted))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk all functions and methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def dotted(node: ast.AST) -> str:
    """Give `a.b.c` for a chain of names; an empty text for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""
