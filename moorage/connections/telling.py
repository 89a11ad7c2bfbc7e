"""Whoever looks after a connection is told, once: that it fell over and why, that it answers again, that its key ends.

Told of means: written into the trail, and mailed where a mail server is set up. Claimed in the database first, so that
of several processes one tells, and none again after a restart. Bad news at most once a day for each connection.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.notices import News, Notices
from moorage.audit.trail import Act, Actor, record
from moorage.connections.tables import ConnectionRow
from moorage.connections.watch_tables import ConnectionWatchRow
from moorage.errors import Param
from moorage.storage.database import Database
from moorage.storage.types import db_after, db_now

WATCH: Final = Actor(None, "watch", "")
REMINDED_DAYS_BEFORE: Final = (30, 7, 1, 0)
BAD_NEWS_EVERY: Final = timedelta(days=1)
# A date that was long over when it was entered is nobody's news.
_OVER_FOR_DAYS: Final = 7
_AT_ONCE: Final = 100
_KEY_REFUSED: Final = frozenset({"bad_key", "key_missing", "forbidden", "forbidden_unexplained"})


def cause_of(health: str, code: str | None, key_expires_on: str | None, today: date) -> str | None:
    """Give the code that says why it is as it is; None where there is nothing to say.

    A key that is refused after its last day is refused for that. The date alone keeps nobody from trying (P10).
    """
    if health == "refused" and code in _KEY_REFUSED and key_expires_on and key_expires_on < today.isoformat():
        return "key_refused_expired"
    return None if health in {"healthy", "unproven"} else code


def facts_of(facts: Mapping[str, Param] | None, key_expires_on: str | None) -> dict[str, Param]:
    """Give what fills the sentence of `cause_of`."""
    return {**(facts or {}), "last_day": key_expires_on or ""}


def step_of(last_day: str, today: date) -> int | None:
    """Give how many days before its last day a key's reminder is due today: 30, 7, 1 or 0. None: none is due."""
    try:
        left = (date.fromisoformat(last_day) - today).days
    except ValueError:
        return None
    if left < -_OVER_FOR_DAYS:
        return None
    return min((step for step in REMINDED_DAYS_BEFORE if left <= step), default=None)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What one process has taken on to tell."""

    row: ResultRow[Any]
    act: Act
    news: News


_Claiming = Callable[[AsyncConnection, ResultRow[Any], date], Awaitable[_Claim | None]]


class Teller:
    """Finds what there is to tell, claims it, and hands it to the post."""

    def __init__(self, database: Database, notices: Notices) -> None:
        self._database = database
        self._notices = notices

    async def tell(self, today: date | None = None) -> int:
        """Tell everything that is due; gives how much that was."""
        today = today or datetime.now(UTC).date()
        async with self._database.read() as tx:
            found: list[tuple[_Claiming, ResultRow[Any]]] = [(_bad, row) for row in await _find(tx, _IS_BAD)]
            found += [(_well, row) for row in await _find(tx, _IS_WELL)]
            found += [(_ends, row) for row in await _find_ending(tx, today)]
        told = 0
        for claim, row in found:
            async with self._database.write() as tx:
                claimed = await claim(tx, row, today)
                if claimed is not None:
                    await record(tx, row.team_id, WATCH, claimed.act)
            if claimed is not None:
                told += 1
                await self._notices.to_who_looks_after(row.team_id, row.maintainer_id, claimed.news)
        return told


_IS_BAD: Final = and_(
    ConnectionRow.enabled,
    ConnectionRow.opened_at.is_not(None),
    ConnectionRow.health.in_(("refused", "unreachable")),
    ConnectionWatchRow.told_health.is_(None),
    or_(ConnectionWatchRow.told_at.is_(None), ConnectionWatchRow.told_at < db_after(-BAD_NEWS_EVERY)),
)
_IS_WELL: Final = and_(
    ConnectionWatchRow.told_health.is_not(None),
    ConnectionRow.opened_at.is_(None),
    ConnectionRow.health.in_(("healthy", "slow")),
)


def _select() -> Select[Any]:
    row, plan = ConnectionRow, ConnectionWatchRow
    shown = (row.id, row.team_id, row.name, row.maintainer_id, row.key_expires_on, row.health, row.health_code)
    return (
        select(*shown, row.health_facts, row.failing_since, row.good_at, plan.reminded_of, plan.reminded_days)
        .join(plan, plan.connection_id == row.id)
        .where(row.deleted_at.is_(None))
        .limit(_AT_ONCE)
    )


async def _find(tx: AsyncConnection, which: ColumnElement[bool]) -> Sequence[ResultRow[Any]]:
    found: Sequence[ResultRow[Any]] = (await tx.execute(_select().where(which))).all()
    return found


async def _find_ending(tx: AsyncConnection, today: date) -> Sequence[ResultRow[Any]]:
    soon = (today + timedelta(days=max(REMINDED_DAYS_BEFORE))).isoformat()
    over = (today - timedelta(days=_OVER_FOR_DAYS)).isoformat()
    row, plan = ConnectionRow, ConnectionWatchRow
    rows = await tx.execute(
        _select().where(
            row.enabled,
            row.sealed_key.is_not(None),
            row.key_expires_on.between(over, soon),
            # What is left after the last reminder for this day: nothing, or a later step.
            or_(plan.reminded_of.is_(None), plan.reminded_of != row.key_expires_on, plan.reminded_days > 0),
        )
    )
    return [one for one in rows if _is_step_new(one, step_of(one.key_expires_on, today))]


def _is_step_new(row: ResultRow[Any], step: int | None) -> bool:
    return step is not None and (row.reminded_of != row.key_expires_on or row.reminded_days > step)


async def _take(tx: AsyncConnection, row: ResultRow[Any], still: ColumnElement[bool], **values: Any) -> bool:
    plan = ConnectionWatchRow
    taken = await tx.execute(update(plan).where(plan.connection_id == row.id, still).values(**values))
    return taken.rowcount == 1


async def _bad(tx: AsyncConnection, row: ResultRow[Any], today: date) -> _Claim | None:
    still = ConnectionWatchRow.told_health.is_(None)
    if not await _take(tx, row, still, told_health=row.health, told_at=db_now()):
        return None
    code = cause_of(row.health, row.health_code, row.key_expires_on, today) or "unexpected"
    act = Act("connection.down", "connection", str(row.id), row.name, details={"code": code})
    params: dict[str, Param] = {"connection": row.name, "since": _moment(row.failing_since)}
    params["last_good"] = _moment(row.good_at)
    said = {"cause": (code, facts_of(row.health_facts, row.key_expires_on))}
    return _Claim(row, act, News(f"connection_{row.health}", _path(row), params, said))


async def _well(tx: AsyncConnection, row: ResultRow[Any], _today: date) -> _Claim | None:
    if not await _take(tx, row, ConnectionWatchRow.told_health.is_not(None), told_health=None):
        return None
    act = Act("connection.well", "connection", str(row.id), row.name)
    params: dict[str, Param] = {"connection": row.name, "since": _moment(row.good_at)}
    return _Claim(row, act, News("connection_well", _path(row), params, {}))


async def _ends(tx: AsyncConnection, row: ResultRow[Any], today: date) -> _Claim | None:
    step, plan, day = step_of(row.key_expires_on, today), ConnectionWatchRow, row.key_expires_on
    still = or_(plan.reminded_of.is_(None), plan.reminded_of != day, plan.reminded_days > step)
    if step is None or not await _take(tx, row, still, reminded_of=day, reminded_days=step):
        return None
    act = Act("connection.key_ends", "connection", str(row.id), row.name, details={"last_day": day})
    params: dict[str, Param] = {"connection": row.name, "last_day": day}
    return _Claim(row, act, News("key_ends", f"{_path(row)}#key", params, {}))


def _path(row: ResultRow[Any]) -> str:
    return f"/settings/models/custom/{row.id}"


def _moment(at: datetime | None) -> str:
    return "–" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
