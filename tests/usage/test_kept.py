"""What was used is only ever added to: the database itself refuses the rest, but for what an erasure needs (P15)."""

from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from moorage.accounts.tables import TeamRow
from moorage.usage.tables import ByomCorrectionRow, ByomUsageRow, StandardCorrectionRow, StandardUsageRow
from tests.usage.quayside import Quayside, quayside, used

__all__ = ["quayside"]

TABLES: tuple[Any, ...] = (ByomUsageRow, StandardUsageRow, ByomCorrectionRow, StandardCorrectionRow)
OWN: tuple[Any, ...] = (ByomUsageRow, ByomCorrectionRow)
CELLS = [(table.__tablename__, column.name) for table in TABLES for column in table.__table__.columns]
# Another id stands for whoever was erased.
CHANGED = [("byom_usage_event", "user_id"), ("standard_usage_event", "user_id")]


async def use(quayside: Quayside) -> None:
    """Leave a row in each of the tables."""
    for call in (quayside.own_call(), quayside.call()):
        await quayside.announce(call)
        await quayside.settle(call, used(100, None, "orphan", "crashed"))
        await quayside.settle(call, used(80, 20))


async def write(quayside: Quayside, statement: str) -> None:
    async with quayside.database.write() as tx:
        await tx.execute(text(statement))


@pytest.mark.parametrize(("table", "column"), [cell for cell in CELLS if cell not in CHANGED])
async def test_no_figure_of_a_call_is_ever_changed(quayside: Quayside, table: str, column: str) -> None:
    await use(quayside)
    with pytest.raises(DBAPIError, match="append-only"):
        await write(quayside, f"UPDATE {table} SET {column} = {column}")


@pytest.mark.parametrize(("table", "column"), CHANGED)
async def test_whose_a_call_was_may_be_forgotten(quayside: Quayside, table: str, column: str) -> None:
    await use(quayside)
    await write(quayside, f"UPDATE {table} SET {column} = '00000000-0000-0000-0000-00000000000a'")


@pytest.mark.parametrize("table", TABLES)
async def test_calls_of_own_models_go_with_their_team_and_others_never(quayside: Quayside, table: Any) -> None:
    await use(quayside)
    name = table.__tablename__
    if not quayside.database.is_sqlite:
        with pytest.raises(DBAPIError, match="append-only"):
            await write(quayside, f"TRUNCATE {name}")
    with pytest.raises(DBAPIError, match="append-only"):
        await write(quayside, f"DELETE FROM {name}")
    async with quayside.database.write() as tx:
        await tx.execute(update(TeamRow).values(standing="erasing"))
    if table in OWN:
        await write(quayside, f"DELETE FROM {name}")
        assert await quayside.count(table) == 0
        return
    with pytest.raises(DBAPIError, match="append-only"):
        await write(quayside, f"DELETE FROM {name}")
    assert await quayside.count(table) == 1
