"""What two databases hold, read by statements that the product does not use, in a form that both engines share."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.types import JSON

from moorage.storage.database import Database
from moorage.storage.types import Row
from tests.support.tables import read_tables

Comparable = Mapping[str, list[list[Any]]]


async def comparable(database: Database) -> Comparable:
    """Read all tables by statements that the product does not use, in a form that both engines share."""
    found: dict[str, list[list[Any]]] = {}
    for table, rows in (await read_tables(database)).items():
        found[table] = sorted(([_plain(table, name, value) for name, value in row.items()] for row in rows), key=str)
    return found


def _plain(table: str, name: str, value: Any) -> Any:
    if value is not None and (table, name) == ("search_entry", "words"):
        # As PostgreSQL prints a tsvector, quotes and backslashes doubled; none of the words has a blank.
        words = value.split(" ")
        plain = [one[1:-1].replace("''", "'").replace("\\\\", "\\") if one.startswith("'") else one for one in words]
        return sorted(plain)
    if isinstance(value, bool):
        return int(value)
    is_json = isinstance(Row.metadata.tables[table].c[name].type, JSON)
    return json.loads(value) if is_json and isinstance(value, str) else value
