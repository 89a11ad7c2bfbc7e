"""Every use of a key is counted before it can be opened: opening asks for a `KeyUse`, and only counting gives one.

Counted per hour in the transaction that decides, in rows of this process's own, so that two processes never wait for
each other. Nothing is said about what the key was used for beyond the purpose.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import BigInteger, Insert, bindparam, func, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.connections.tables import KeyUseRow
from moorage.storage.database import Database
from moorage.storage.soon import soon
from moorage.storage.types import db_now

UsePurpose = Literal["reply", "title", "test", "discovery", "check", "resealing"]

SHOWN_DAYS: Final = 30
_BATCH: Final = 500
_HOUR_US: Final = 3_600_000_000
_STANDARD: Final = "standard:"


class KeyUse:
    """One counted use: opens one credential, once."""

    __slots__ = ("_credential", "_is_spent", "_team_id")

    def __init__(self, team_id: UUID, credential: str) -> None:
        self._team_id = team_id
        self._credential = credential
        self._is_spent = False

    def spend(self, team_id: UUID, credential: str) -> None:
        """Take the one opening. Raises ValueError for another credential, and the second time."""
        if self._is_spent or (self._team_id, self._credential) != (team_id, credential):
            raise ValueError(credential)
        self._is_spent = True


class UseCounter:
    """Counts for one process. `counted_by` is its lasting name; no two living processes share it."""

    def __init__(self, counted_by: str = "") -> None:
        self._counted_by = counted_by

    async def count(self, tx: AsyncConnection, team_id: UUID, credential: str, purpose: UsePurpose) -> KeyUse:
        """Count a use of a connection's key (its id), or of a standard provider's (`standard_credential`)."""
        statement = _COUNT_POSTGRESQL if tx.dialect.name == "postgresql" else _COUNT_SQLITE
        await soon(
            tx,
            statement,
            {
                "use_team_id": team_id,
                "use_credential": credential,
                "use_purpose": purpose,
                "use_counted_by": self._counted_by,
            },
        )
        return KeyUse(team_id, credential)


def standard_credential(provider: str) -> str:
    """Give the name under which uses of the operator's key for a provider are counted."""
    return _STANDARD + provider[:50]


@dataclass(frozen=True, slots=True)
class UsesOfDay:
    """Uses on one day, UTC, `YYYY-MM-DD`, by purpose."""

    day: str
    uses: dict[str, int]


@dataclass(frozen=True, slots=True)
class KeyUses:
    """How a key was used in the last 30 days. `last_at` None: not in this time."""

    last_at: datetime | None
    days: Sequence[UsesOfDay]


@dataclass(frozen=True, slots=True)
class UsesOfHour:
    """Uses of one credential in one hour, as they are exported."""

    credential: str
    hour: datetime
    purpose: str
    uses: int


async def read_uses(tx: AsyncConnection, team_id: UUID, credential: str) -> KeyUses:
    """Give the uses of one credential by day, oldest first; days without any are left out."""
    now: datetime = (await tx.execute(select(db_now()))).scalar_one()
    rows = (
        await tx.execute(
            select(KeyUseRow.hour, KeyUseRow.purpose, KeyUseRow.uses, KeyUseRow.last_at)
            .where(
                KeyUseRow.team_id == team_id,
                KeyUseRow.credential == credential,
                KeyUseRow.hour >= now - timedelta(days=SHOWN_DAYS),
            )
            .order_by(KeyUseRow.hour)
        )
    ).all()
    days: dict[str, dict[str, int]] = {}
    for row in rows:
        of_day = days.setdefault(row.hour.date().isoformat(), {})
        of_day[row.purpose] = of_day.get(row.purpose, 0) + row.uses
    last_at = max((row.last_at for row in rows), default=None)
    return KeyUses(last_at, [UsesOfDay(day, uses) for day, uses in days.items()])


async def stream_hours(database: Database, team_id: UUID) -> AsyncIterator[UsesOfHour]:
    """Give all of a team's uses by hour that are kept, oldest first, in short transactions: for the export."""
    after: tuple[datetime, str, str] | None = None
    while True:
        async with database.read() as tx:
            hours = await read_hours(tx, team_id, after, _BATCH)
        for one in hours:
            yield one
            after = (one.hour, one.credential, one.purpose)
        if len(hours) < _BATCH:
            return


async def read_hours(
    tx: AsyncConnection, team_id: UUID, after: tuple[datetime, str, str] | None, limit: int
) -> Sequence[UsesOfHour]:
    """Give up to `limit` of a team's uses by hour, oldest first, after (hour, credential, purpose)."""
    key = (KeyUseRow.hour, KeyUseRow.credential, KeyUseRow.purpose)
    wanted = select(*key, func.sum(KeyUseRow.uses).label("uses")).where(KeyUseRow.team_id == team_id).group_by(*key)
    if after is not None:
        hour, credential, purpose = after
        later = (KeyUseRow.credential > credential) | (
            (KeyUseRow.credential == credential) & (KeyUseRow.purpose > purpose)
        )
        wanted = wanted.where((KeyUseRow.hour > hour) | ((KeyUseRow.hour == hour) & later))
    rows = await tx.execute(wanted.order_by(*key).limit(limit))
    return [UsesOfHour(row.credential, row.hour, row.purpose, int(row.uses)) for row in rows]


async def read_standard_uses(tx: AsyncConnection, since: datetime) -> Sequence[tuple[str, int, datetime]]:
    """Give (provider, uses, last use) of the operator's keys since then, all teams together."""
    rows = await tx.execute(
        select(
            KeyUseRow.credential, func.sum(KeyUseRow.uses).label("uses"), func.max(KeyUseRow.last_at).label("last_at")
        )
        .where(KeyUseRow.credential.startswith(_STANDARD), KeyUseRow.hour >= since)
        .group_by(KeyUseRow.credential)
        .order_by(KeyUseRow.credential)
    )
    return [(row.credential.removeprefix(_STANDARD), int(row.uses), row.last_at) for row in rows]


def _counting(insert: Any) -> Any:
    now = type_coerce(db_now(), BigInteger)
    counted = insert(KeyUseRow).values(
        team_id=bindparam("use_team_id"),
        credential=bindparam("use_credential"),
        hour=now - now % _HOUR_US,
        purpose=bindparam("use_purpose"),
        counted_by=bindparam("use_counted_by"),
        uses=1,
        last_at=db_now(),
    )
    # Inline: nobody reads the hour, and what gives something can't be put off.
    return counted.inline().on_conflict_do_update(
        index_elements=["team_id", "credential", "hour", "purpose", "counted_by"],
        set_={"uses": KeyUseRow.uses + 1, "last_at": db_now()},
    )


# On the path of every message: building a statement costs more than executing it.
_COUNT_SQLITE: Final[Insert] = _counting(sqlite.insert)
_COUNT_POSTGRESQL: Final[Insert] = _counting(postgresql.insert)
