"""A team with a budget and a ledger, for tests of both: what is announced, settled, and what the counters say then."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlalchemy import ColumnElement, func, insert, literal, select

from moorage.accounts.tables import TeamRow
from moorage.audit.trail import begin_trail
from moorage.plans.catalogue import PLAN_NAMES, Plans, Terms, carry_plans
from moorage.storage.database import Database, GroupWriter
from moorage.storage.types import UtcTime, db_now, new_id
from moorage.usage.budgets import Budget, Grant
from moorage.usage.drift import ClosedDrift, DayDrift, Drift, find_closed_drift, find_day_drift, find_drift
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Outcome

LIMIT = 10_000
ANSWER = 1000


def plans_with(limit: int = LIMIT, **changes: Any) -> Plans:
    """Give plans of which the free one has so many tokens a month, and the others ten times as many."""
    terms: dict[str, Any] = {
        "answer_tokens": ANSWER,
        "standard_models": ("*",),
        "members": 10,
        "person_per_minute": 100,
        "team_per_minute": 100,
    }
    rank = {name: limit if name == "free" else limit * 10 for name in PLAN_NAMES}
    return Plans({name: Terms(name, rank[name], **{**terms, **changes}) for name in PLAN_NAMES})


def month(year: int, number: int) -> ColumnElement[datetime]:
    """Give the beginning of a month as the database's clock would."""
    return literal(datetime(year, number, 1, tzinfo=UTC), UtcTime())


def used(tokens_in: int | None, tokens_out: int | None, source: Any = "reported", ended: Any = "ok") -> Outcome:
    """Give the end of a call."""
    return Outcome(Count(tokens_in, tokens_out, source), ended, 10.0, 100.0)


@dataclass
class Quayside:
    """A team on the Free plan. `ledger` is that of one process."""

    database: Database
    writer: GroupWriter
    team_id: UUID
    ledger: Ledger = field(default_factory=lambda: Ledger("here", "boot1"))

    def call(self, tokens_in: int = 100, most: int | None = ANSWER, **changes: Any) -> Call:
        """Make a call of a standard model."""
        values: dict[str, Any] = {
            "call_id": new_id(),
            "team_id": self.team_id,
            "user_id": self.team_id,
            "kind": "standard",
            "purpose": "reply",
            "connection_id": None,
            "provider": "openai",
            "model_id": "gpt",
            "tokens_in_estimate": tokens_in,
            "tokens_out_most": most,
        }
        return Call(**{**values, **changes})

    def own_call(self, **changes: Any) -> Call:
        """Make a call of an own model."""
        own = {"kind": "byom", "connection_id": new_id(), "provider": "openai_compatible", "tokens_out_most": None}
        return self.call(**{**own, **changes})

    async def announce(self, *calls: Call, ledger: Ledger | None = None) -> Any:
        """Announce calls, all of them or none."""
        return await self.writer.do(lambda tx: (ledger or self.ledger).announce_all(tx, calls))

    async def begin(self, call: Call, ledger: Ledger | None = None) -> Grant:
        """Announce one standard call."""
        [grant] = await self.announce(call, ledger=ledger)
        assert isinstance(grant, Grant)
        return grant

    async def settle(self, call: Call, outcome: Outcome, ledger: Ledger | None = None) -> bool:
        """Settle a call."""
        return await self.writer.do(lambda tx: (ledger or self.ledger).settle(tx, call.call_id, outcome))

    async def budget(self, ledger: Ledger | None = None) -> Budget:
        """Read the budget of this month."""
        async with self.database.read() as tx:
            return await (ledger or self.ledger).budgets.read(tx, self.team_id)

    async def drift(self) -> list[Drift | DayDrift | ClosedDrift]:
        """Compare counters, sums per day, what is closed, and rows."""
        async with self.database.read() as tx:
            return [*await find_drift(tx), *await find_day_drift(tx), *await find_closed_drift(tx)]

    async def count(self, table: Any, *where: Any) -> int:
        """Count rows."""
        async with self.database.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table).where(*where)) or 0)


async def add_team(database: Database, plan: str = "free", team_id: UUID | None = None) -> UUID:
    """Add a team."""
    team_id = team_id or new_id()
    async with database.write() as tx:
        await tx.execute(
            insert(TeamRow).values(id=team_id, name="Kanzlei", plan=plan, standing="active", created_at=db_now())
        )
        await begin_trail(tx, team_id)
    return team_id


@pytest_asyncio.fixture
async def quayside(database: Database) -> AsyncIterator[Quayside]:
    """Give a team that has used nothing yet."""
    carry_plans(database, plans_with())
    writer = GroupWriter(database)
    writer.start()
    yield Quayside(database, writer, await add_team(database))
    await writer.close()
