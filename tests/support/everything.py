"""Three rows in every table that the schema has, whatever comes to it: a value of its type in each column.

Row number n of a table refers to row number n of others. Nothing of it makes sense to the product but its shape.
"""

import uuid
from typing import Any, Final

from sqlalchemy import BigInteger, String, Table, TypeDecorator
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.filling import Guards
from moorage.storage.rows import write_rows
from moorage.storage.shapes import ColumnShape, Kind, find_shapes
from moorage.storage.types import Id, Row

ROWS: Final = 3
_TEXTS: Final = ("plain", 'with "quotes", \\ and a line\nend', "Ümläute, 漢字, 🦀 and \u200b nothing \u202e seen")
_NUMBERS: Final = (0, 1, -7)
_REALS: Final = (0.1 + 0.2, -1e-300, 12345.0)
_BYTES: Final = (b"", bytes(range(256)), b"\x00\xff" * 700)
_JSON: Final = ('{"a": [1, 2.50, null, "\\u00e4\\ud83e\\udd80"], "b": {}}', "[]", '{"z": 1, "a": 0}')
# What the schema itself demands of a value.
_DEMANDED: Final = {("reservation", "kind"): "standard"}
_WORDS: Final = ("@o1 @title boot", "hafen it's ö back\\slash", "0 00 000 zwei")


async def fill_everything(tx: AsyncConnection) -> int:
    """Fill all tables in an empty schema; gives how many there are."""
    shapes = await find_shapes(tx)
    guards = Guards(shapes)
    await guards.lift(tx)
    made: dict[tuple[str, str], list[Any]] = {}
    for shape in shapes:
        table = Row.metadata.tables[shape.name]
        for column in shape.columns:
            made[shape.name, column.name] = [_value(table, column, number, made) for number in range(ROWS)]
        rows = [tuple(made[shape.name, column.name][number] for column in shape.columns) for number in range(ROWS)]
        await write_rows(tx, shape, rows)
    await guards.put_back(tx)
    return len(shapes)


def _value(table: Table, shape: ColumnShape, number: int, made: dict[tuple[str, str], list[Any]]) -> Any:
    column = table.c[shape.name]
    if (table.name, shape.name) in _DEMANDED:
        return _DEMANDED[table.name, shape.name]
    for key in column.foreign_keys:
        return made[key.column.table.name, key.column.name][number]
    if column.nullable and number == 1:
        return None
    type_: Any = column.type
    if isinstance(type_, Id):
        return str(uuid.uuid4())
    values: dict[Kind, Any] = {
        "integer": _integer(type_, number, is_key=column.primary_key),
        "text": _text(type_, number),
        "flag": number % 2,
        "real": _REALS[number],
        # Some are unique, or keys.
        "bytes": bytes([number]) + _BYTES[number],
        "json": _JSON[number],
        "words": _WORDS[number],
    }
    return values[shape.kind]


def _integer(type_: Any, number: int, *, is_key: bool) -> int:
    if is_key:
        return 5 + number
    is_large = isinstance(type_.impl_instance if isinstance(type_, TypeDecorator) else type_, BigInteger)
    return _NUMBERS[number] + (2**53 if is_large else 2**31 - 2)


def _text(type_: Any, number: int) -> str:
    most = type_.length if isinstance(type_, String) else None
    # The number first: what is unique stays so when it is cut to its column's length.
    text = f"{number}{_TEXTS[number]}"
    return text if most is None else text[:most]
