"""Deletes counts of key uses that are older than anything shows: hours of more than 400 days ago.

The page shows 30 days, the export and the operator's `audit uses` at most these 400. What is younger is never touched.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.tables import KeyUseRow
from moorage.reports.desk import Reports
from moorage.reports.steady import Pace, Steady
from moorage.storage.database import Database
from moorage.storage.types import db_now

KEPT_DAYS: Final = 400
BATCH: Final = 1000
PACE: Final = Pace(every_s=24 * 3600.0, first_after_s=300.0)
_BREATH_S: Final = 0.05

log = structlog.get_logger(__name__)


async def delete_old(tx: AsyncConnection, older_than: datetime, batch: int = BATCH) -> int:
    """Delete up to `batch` of the oldest hours that began before; gives how many rows went."""
    key = tuple(KeyUseRow.__table__.primary_key)
    oldest = select(*key).where(KeyUseRow.hour < older_than).order_by(KeyUseRow.hour).limit(batch)
    gone = await tx.execute(delete(KeyUseRow).where(tuple_(*key).in_(oldest)))
    return gone.rowcount


async def delete_all_old(database: Database, *, now: datetime | None = None, batch: int = BATCH) -> int:
    """Delete all hours older than KEPT_DAYS, in short transactions. `now` stands for the database's time."""
    async with database.read() as tx:
        today: datetime = now or (await tx.execute(select(db_now()))).scalar_one()
    older_than, gone = today - timedelta(days=KEPT_DAYS), 0
    while True:
        async with database.write() as tx:
            count = await delete_old(tx, older_than, batch)
        gone += count
        if count < batch:
            return gone
        await asyncio.sleep(_BREATH_S)  # the others want to write, too


class UseCleaner:
    """Deletes in the background, once a day."""

    def __init__(self, database: Database, reports: Reports, *, pace: Pace = PACE) -> None:
        self._database = database
        self._keeper = Steady(self._turn, reports, name="key-uses", event="key_uses_not_deleted", pace=pace)

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self._keeper.start()

    async def aclose(self) -> None:
        """Stop; a batch under way is rolled back."""
        await self._keeper.aclose()

    async def _turn(self) -> None:
        gone = await delete_all_old(self._database)
        if gone:
            log.info("key_uses_deleted", count=gone)
