"""A command line that can't be read ends with 64, so that nobody takes it for what `doctor` found out."""

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import typer
from typer.core import TyperGroup

# Of sysexits.h. Typer's own 2 means "refused" where `doctor` gives it, and "can't start" elsewhere.
EXIT_USAGE: Final = 64


class UsageGroup(TyperGroup):
    """The whole command with that exit code."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the command line."""
        with _usage_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Read the rest of it, and do what it says."""
        with _usage_errors():
            return super().invoke(ctx)


@contextlib.contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        error.exit_code = EXIT_USAGE
        raise
