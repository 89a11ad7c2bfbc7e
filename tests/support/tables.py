"""The contents of every table that the schema has, to be compared before and after."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table, TextClause, text

from moorage.storage.database import Database
from moorage.storage.types import Row

Contents = Mapping[str, list[dict[str, Any]]]
# Written by merely being here.
_RESTLESS = {"seen_at"}
# Stored by the process itself: some seconds after calls have ended, about a minute after a connection was made.
_STORED_LATER = {"token_scale", "connection_watch"}


async def read_tables(database: Database) -> Contents:
    """Read all tables of the metadata, restless columns left out; rows in a lasting order.

    Values are as the database has them: some tests read everything a hundred times.
    """
    contents: dict[str, list[dict[str, Any]]] = {}
    async with database.read() as tx:
        for table in Row.metadata.sorted_tables:
            if table.name in _STORED_LATER:
                continue
            columns, statement = _reading(table)
            contents[table.name] = [dict(zip(columns, row, strict=True)) for row in await tx.execute(statement)]
    return contents


@cache
def _reading(table: Table) -> tuple[list[str], TextClause]:
    columns = [column.name for column in table.columns if column.name not in _RESTLESS]
    keys = [column.name for column in table.primary_key.columns]
    listed, ordered = (", ".join(f'"{name}"' for name in names) for names in (columns, keys))
    return columns, text(f'SELECT {listed} FROM "{table.name}" ORDER BY {ordered}')


def changes(before: Contents, after: Contents) -> list[str]:
    """Tell which rows came (+) or went (-); one that changed did both."""
    found: list[str] = []
    for table in sorted({*before, *after}):
        old, new = before.get(table, []), after.get(table, [])
        if old != new:
            olds, news = (Counter(map(str, rows)) for rows in (old, new))
            found += [f"{table} -{row}" for row in olds - news]
            found += [f"{table} +{row}" for row in news - olds]
    return found
