"""What a test's one completion costs: announced before it is sent, settled whatever comes of it (P15)."""

from typing import Any

from sqlalchemy import Row as ResultRow

from moorage.connections.acting import Caller
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Ended, Outcome


class LedgerWatch:
    """Announces and settles the one completion of a test; each in a transaction of its own."""

    def __init__(self, database: Database, ledger: Ledger, caller: Caller, row: ResultRow[Any]) -> None:
        self._database = database
        self._ledger = ledger
        self._caller = caller
        self._row = row
        self._call_id = new_id()

    async def begins(self, model_id: str, tokens_in_estimate: int) -> None:
        """Reserve."""
        call = Call(
            call_id=self._call_id,
            team_id=self._row.team_id,
            user_id=self._caller.person.user_id,
            kind="byom",
            purpose="test",
            connection_id=self._row.id,
            provider=self._row.provider,
            model_id=model_id,
            tokens_in_estimate=tokens_in_estimate,
        )
        async with self._database.write() as tx:
            await self._ledger.announce(tx, call)

    async def ends(self, count: Count, ended: Ended, ttft_ms: float | None, duration_ms: float) -> None:
        """Settle."""
        async with self._database.write() as tx:
            await self._ledger.settle(tx, self._call_id, Outcome(count, ended, ttft_ms, duration_ms))
