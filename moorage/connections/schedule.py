"""Which connections are to be looked at now, and by whom: planned in the database, so that one process does each.

Not looked at: what is paused, deleted or without its key; a key that was refused, until it is replaced or somebody got
through with it; what has no list of models; and what people are writing with, for that says more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.noting import REFUTED_BY_A_LIST
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.connections.watch_tables import ConnectionWatchRow
from moorage.storage.types import db_after, db_now

LEASE: Final = timedelta(seconds=60)
# Somebody failed just now: before anybody is told, it is looked whether that was a moment.
SOON: Final = timedelta(seconds=20)
_BACK_OFF_UP_TO: Final = timedelta(minutes=15)
_MOST_DOUBLINGS: Final = 8
_MAX_ENROLLED: Final = 200
# A list that is no longer there, or is contradicted by calls that go well: looked at again, but not often.
LONG: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Due:
    """A connection that is to be looked at. `due_at`: as it was planned when it was found."""

    connection_id: UUID
    team_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often. `every` zero: never. `chance` gives 0 to 1, so that connections don't knock together."""

    every: timedelta
    chance: Callable[[], float]

    def first(self) -> timedelta:
        """Give the time to a connection's first check: it was tested when it was made."""
        return self.every * (0.5 + 0.5 * self.chance())

    def after_good(self) -> timedelta:
        """Give the time to the next check: `every`, a fifth more or less."""
        return self.every * (0.8 + 0.4 * self.chance())

    def after_miss(self, misses: int) -> timedelta:
        """Give the time after `misses` checks failed in a row: 20 s, 40 s, and so on to a quarter of an hour."""
        longest = max(self.every, _BACK_OFF_UP_TO)
        doubled: timedelta = SOON * (1 << min(misses - 1, _MOST_DOUBLINGS))
        return min(doubled, longest) * (0.8 + 0.4 * self.chance())


async def find_unenrolled(tx: AsyncConnection) -> Sequence[tuple[UUID, UUID]]:
    """Give connections that have no plan yet: (id, team)."""
    known = exists().where(ConnectionWatchRow.connection_id == ConnectionRow.id)
    rows = await tx.execute(
        select(ConnectionRow.id, ConnectionRow.team_id)
        .where(ConnectionRow.deleted_at.is_(None), ~known)
        .limit(_MAX_ENROLLED)
    )
    return [(row[0], row[1]) for row in rows]


async def enrol(tx: AsyncConnection, connection_id: UUID, team_id: UUID, first_after: timedelta) -> None:
    """Begin a plan; one that another process began meanwhile stays."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    plan = insert(ConnectionWatchRow).values(
        connection_id=connection_id, team_id=team_id, due_at=db_after(first_after), misses=0
    )
    await tx.execute(plan.on_conflict_do_nothing())


async def find_due(tx: AsyncConnection, every: timedelta, limit: int) -> Sequence[Due]:
    """Give up to `limit` connections whose time has come, the longest waiting first."""
    rows = await tx.execute(
        select(ConnectionRow.id, ConnectionRow.team_id, ConnectionWatchRow.due_at)
        .join(ConnectionWatchRow, ConnectionWatchRow.connection_id == ConnectionRow.id)
        .where(_may_be_looked_at(every), _is_due(), _is_free())
        .order_by(ConnectionWatchRow.due_at)
        .limit(limit)
    )
    return [Due(*row) for row in rows]


async def claim(tx: AsyncConnection, due: Due) -> bool:
    """Take a check for this process. False: another one has it."""
    taken = await tx.execute(
        update(ConnectionWatchRow)
        .where(
            ConnectionWatchRow.connection_id == due.connection_id,
            ConnectionWatchRow.due_at == due.due_at,  # else it was done meanwhile
            _is_free(),
        )
        .values(leased_until=db_after(LEASE))
    )
    return taken.rowcount == 1


async def put_off(tx: AsyncConnection, connection_id: UUID, wait: timedelta, **more: Any) -> None:
    """Give a check back: it is done, or can't be done now."""
    await tx.execute(
        update(ConnectionWatchRow)
        .where(ConnectionWatchRow.connection_id == connection_id)
        .values(due_at=db_after(wait), leased_until=None, **more)
    )


def _may_be_looked_at(every: timedelta) -> ColumnElement[bool]:
    has_list = exists().where(
        ConnectionModelRow.connection_id == ConnectionRow.id,
        ConnectionModelRow.team_id == ConnectionRow.team_id,
        ConnectionModelRow.typed.is_(False),
    )
    is_written_with = and_(ConnectionRow.health == "healthy", ConnectionRow.health_at > db_after(-every * 0.8))
    return and_(
        ConnectionRow.deleted_at.is_(None),
        ConnectionRow.enabled,
        ConnectionRow.key_lost_at.is_(None),
        ConnectionRow.health != "refused",
        ~is_written_with,
        has_list,
    )


def _is_due() -> ColumnElement[bool]:
    failed_just_now = and_(
        ConnectionRow.failing_since.is_not(None),
        ConnectionRow.opened_at.is_(None),
        ConnectionRow.health_by == "call",
        ConnectionRow.health_code.in_(REFUTED_BY_A_LIST),
        or_(ConnectionWatchRow.checked_at.is_(None), ConnectionWatchRow.checked_at < db_after(-SOON)),
    )
    return or_(ConnectionWatchRow.due_at <= db_now(), failed_just_now)


def _is_free() -> ColumnElement[bool]:
    return or_(ConnectionWatchRow.leased_until.is_(None), ConnectionWatchRow.leased_until < db_now())
