"""Statements that SQLAlchemy turned into SQL once stay so for a whole test process, not for one engine only.

A deployment has one engine, which knows its statements after the first requests. A test has an engine of its own, and
each would begin without any: a quarter of the processor's time of tests went there. The database is told the same.
"""

from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import Dialect, Engine

MOST: Final = 5_000


class CompiledStatements(dict[tuple[Any, ...], Any]):
    """Holds at most `MOST` compiled statements: those of dialects that can't tell each other apart are one."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Give what was made for this statement, for whichever engine."""
        return super().get(_alike(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        """Keep it. A process that met more statements than it can keep begins anew."""
        if len(self) >= MOST:
            self.clear()
        super().__setitem__(_alike(key), compiled)


def _alike(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect: Dialect = key[0]
    return (type(dialect), dialect.server_version_info, *key[1:])


def share_compiled_statements() -> None:
    """Let every engine of this process use the same ones from now on."""
    shared = CompiledStatements()

    @event.listens_for(Engine, "engine_connect")
    def _share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=shared)
