"""Calls of the last minutes or days, found by when they were settled and, so that few months are read, by their ids.

A call's id bears the time at which it was made. Where that is more than a day away from the database's clock, by a
wrong clock or because nothing ran for so long, a call may be missing here; in budgets, sums and exports it never is.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.types import db_now

CLOCKS_APART: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def first_id_at(moment: datetime) -> UUID:
    """Give the least id that can be made at a moment; it is above all that were made before."""
    return UUID(int=(moment - _EPOCH) // _MILLISECOND << 80)


async def read_clock(tx: AsyncConnection) -> datetime:
    """Give the database's present moment, as a value: PostgreSQL uses no index for what changes within a statement."""
    now: datetime = (await tx.execute(select(db_now()))).scalar_one()
    return now


def settled_within(event: Any, now: datetime, span: timedelta) -> ColumnElement[bool]:
    """Give the condition for the events of the `span` before `now`."""
    return and_(
        event.at >= now - span,
        event.call_id >= first_id_at(now - span - CLOCKS_APART),
        event.call_id < first_id_at(now + CLOCKS_APART),
    )
