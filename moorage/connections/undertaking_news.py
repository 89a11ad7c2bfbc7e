"""Whoever looks after a connection is reminded before its secrecy undertaking ends, as they are of a key's last day.

Claimed in the database first, so that of several processes one reminds, once for each step and day.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row as ResultRow
from sqlalchemy import String, cast, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.notices import News, Notices
from moorage.audit.trail import Act, record
from moorage.connections.catalogue import Catalogue
from moorage.connections.cleared import provider_place
from moorage.connections.tables import ConnectionRow
from moorage.connections.telling import REMINDED_DAYS_BEFORE, WATCH, step_of
from moorage.connections.undertaking_tables import UndertakingRow
from moorage.errors import Param
from moorage.storage.database import Database

_PATH: Final = "/settings/oversight/privacy#recipients"
_AT_ONCE: Final = 100


class UndertakingTeller:
    """Finds what ends soon, claims it, and hands it to the post."""

    def __init__(self, database: Database, notices: Notices, catalogue: Catalogue) -> None:
        self._database = database
        self._notices = notices
        self._names = {provider_place(one.id): one.name for one in catalogue.providers.values()}

    async def tell(self, today: date | None = None) -> int:
        """Remind of everything that is due; gives how much that was."""
        today = today or datetime.now(UTC).date()
        async with self._database.read() as tx:
            # Those that were told of before, and those that nobody's words reach any more, must not keep others away.
            found = [row async for row in _find(tx, today) if _is_new(row, step_of(row.expires_on, today))]
        told = 0
        for row in found:
            name = row.name or self._names.get(row.place)
            if name is None:
                continue  # its connection or provider is gone: nobody's words reach it any more
            async with self._database.write() as tx:
                if not await _claim(tx, row, today):
                    continue
                act = Act("undertaking.ends", "connection", row.place, name, details={"last_day": row.expires_on})
                await record(tx, row.team_id, WATCH, act)
            told += 1
            params: dict[str, Param] = {"connection": name, "last_day": row.expires_on}
            news = News("undertaking_ends", _PATH, params, {})
            await self._notices.to_who_looks_after(row.team_id, row.maintainer_id, news)
        return told


async def _find(tx: AsyncConnection, today: date) -> AsyncIterator[ResultRow[*tuple[Any, ...]]]:
    row, connection = UndertakingRow, ConnectionRow
    soon = (today + timedelta(days=max(REMINDED_DAYS_BEFORE))).isoformat()
    long_over = (today - timedelta(days=max(REMINDED_DAYS_BEFORE))).isoformat()
    its = (cast(connection.id, String) == row.place) & (connection.team_id == row.team_id)
    wanted = (
        select(
            row.team_id,
            row.place,
            row.expires_on,
            row.reminded_of,
            row.reminded_days,
            connection.name,
            connection.maintainer_id,
        )
        .outerjoin(connection, its & connection.deleted_at.is_(None))
        .where(
            row.expires_on.between(long_over, soon),
            or_(row.reminded_of.is_(None), row.reminded_of != row.expires_on, row.reminded_days > 0),
        )
        .order_by(row.team_id, row.place)
        .limit(_AT_ONCE)
    )
    some = (await tx.execute(wanted)).all()
    while some:
        for one in some:
            yield one
        last = [literal(some[-1].team_id, row.team_id.type), literal(some[-1].place, row.place.type)]
        some = (await tx.execute(wanted.where(tuple_(row.team_id, row.place) > tuple_(*last)))).all()


def _is_new(row: ResultRow[*tuple[Any, ...]], step: int | None) -> bool:
    return step is not None and (row.reminded_of != row.expires_on or row.reminded_days > step)


async def _claim(tx: AsyncConnection, row: ResultRow[*tuple[Any, ...]], today: date) -> bool:
    step, its = step_of(row.expires_on, today), UndertakingRow
    still = or_(its.reminded_of.is_(None), its.reminded_of != row.expires_on, its.reminded_days > step)
    taken = await tx.execute(
        update(its)
        .where(its.team_id == row.team_id, its.place == row.place, its.expires_on == row.expires_on, still)
        .values(reminded_of=row.expires_on, reminded_days=step)
    )
    return taken.rowcount == 1
