"""Two teams that used models in March: Olga's with Adam and Mia, and Eve's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest_asyncio

from tests.support.days_used import day_used, put_days
from tests.support.running import Harbour, Person

DAY = date(2026, 3, 14)
RANGE = "?from=2026-03-01&to=2026-03-31"


@dataclass
class Office:
    """Olga's team with Adam and Mia, and Eve in another one; both teams have a connection."""

    harbour: Harbour
    olga: Person
    adam: Person
    mia: Person
    eve: Person
    connection: str
    eves_connection: str

    def row(self, person: Person, day: date = DAY, model_id: str = "steady", **more: Any) -> dict[str, Any]:
        """Give what a person used in a day, of their team's connection or of a standard provider."""
        source = self.eves_connection if person is self.eve else self.connection
        source = more.pop("provider", source)
        ids = person.session["team"]["id"], person.session["me"]["id"]
        return day_used(*ids, source, model_id, day, **more)

    async def put(self, *rows: dict[str, Any]) -> None:
        """Store what was used."""
        await put_days(self.harbour.built.parts.database, rows)


@pytest_asyncio.fixture
async def office(harbour: Harbour) -> AsyncIterator[Office]:
    """Give a team with nothing used yet."""
    olga, eve = await harbour.olga(), await harbour.eve()
    adam = await harbour.invited_by(olga, "Adam", "admin")
    mia = await harbour.invited_by(olga, "Mia", "member")
    made = await olga.connect(harbour.models.base_url, ["steady"])
    eves = await eve.connect(harbour.models.base_url, ["steady"], name="Eve's GPU")
    yield Office(harbour, olga, adam, mia, eve, made["id"], eves["id"])
