"""Days that people used, and everything that is told of them: for tests of what is closed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.closed import CLOSED_DAYS, FORTNIGHTS
from moorage.usage.day_rows import Scope
from moorage.usage.drift import find_closed_drift
from moorage.usage.people import PeopleReport, read_people
from moorage.usage.rollups import EventKind, date_of, day_of
from moorage.usage.statistics import Statistics, UsageReport
from moorage.usage.tables import ClosingRow
from tests.support.days_used import add_days, day_used
from tests.usage.quayside import Quayside

KINDS: tuple[EventKind, ...] = ("byom", "standard")
TODAY = day_of(datetime.now(UTC))
PEOPLE = [str(new_id()) for _ in range(3)]
PLACES = {"byom": [str(new_id()) for _ in range(2)], "standard": ["mistral", "openai"]}
DAY_US = 86_400_000_000

Told = list[UsageReport | PeopleReport]


async def put(quayside: Quayside, made: list[Any]) -> None:
    found = []
    for kind, back, person, place, model, sums in made:
        its = (str(quayside.team_id), person, PLACES[kind][place], model, date_of(TODAY - back))
        found.append(day_used(*its, kind=kind, **sums))
    async with quayside.database.write() as tx:
        await add_days(tx, found)


async def told(database: Database, team_id: UUID, first: int, last: int, **narrowed: Any) -> Told:
    """Say everything that is told of some days, of both kinds."""
    found: Told = []
    async with database.read() as tx:
        for kind in KINDS:
            span = date_of(first), date_of(last)
            found.append(await Statistics(tx, team_id, **narrowed).report(kind, *span))
            found.append(await read_people(tx, kind, Scope(team_id, **narrowed), *span, 100))
    return found


async def closed_drift(database: Database) -> list[Any]:
    async with database.read() as tx:
        return list(await find_closed_drift(tx))


async def closed_until(database: Database) -> int | None:
    async with database.read() as tx:
        return await tx.scalar(select(ClosingRow.day))


async def forget(database: Database) -> None:
    """Take away what is closed, as if nothing ever had been."""
    async with database.write() as tx:
        for table in (*CLOSED_DAYS.values(), *FORTNIGHTS.values(), ClosingRow):
            await tx.execute(delete(table))
