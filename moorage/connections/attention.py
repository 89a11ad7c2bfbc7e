"""What somebody should see to, from stored state: connections that fell over, keys that end. Never asks an endpoint.

Owners and admins see all of their team's; a member sees those that they are named for as the maintainer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.permissions import Permission, allows
from moorage.accounts.principal import Principal
from moorage.connections.tables import ConnectionRow
from moorage.connections.telling import REMINDED_DAYS_BEFORE, cause_of, facts_of
from moorage.errors import Param

URGENT_DAYS: Final = 7
Kind = Literal["unreachable", "refused", "key_ends"]


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to see to. `cause` and `facts` make its sentence; `days_left` of the key, below 0: it is over."""

    connection_id: UUID
    connection_name: str
    kind: Kind
    cause: str | None
    facts: Mapping[str, Param]
    since: datetime | None
    last_good: datetime | None
    last_day: str | None
    days_left: int | None
    is_urgent: bool


async def find_matters(tx: AsyncConnection, person: Principal, today: date | None = None) -> Sequence[Matter]:
    """Give what this person should see to, what fell over first."""
    today = today or datetime.now(UTC).date()
    row = ConnectionRow
    is_down = and_(row.opened_at.is_not(None), row.health.in_(("refused", "unreachable")))
    soon = (today + timedelta(days=max(REMINDED_DAYS_BEFORE))).isoformat()
    ends = and_(row.sealed_key.is_not(None), row.key_expires_on <= soon)
    wanted = (row.team_id == person.team_id) & row.deleted_at.is_(None) & row.enabled & row.key_lost_at.is_(None)
    if not allows(person.role, Permission.MANAGE_CONNECTIONS):
        wanted &= row.maintainer_id == person.user_id
    shown = (row.id, row.name, row.health, row.health_code, row.health_facts, row.failing_since, row.good_at)
    found = await tx.execute(
        select(*shown, row.key_expires_on, is_down.label("is_down"), ends.label("ends"))
        .where(wanted, or_(is_down, ends))
        .order_by(func.lower(row.name), row.id)
    )
    rows = found.all()
    return [_down(one, today) for one in rows if one.is_down] + [_ending(one, today) for one in rows if one.ends]


def _down(row: ResultRow[Any], today: date) -> Matter:
    return Matter(
        connection_id=row.id,
        connection_name=row.name,
        kind="refused" if row.health == "refused" else "unreachable",
        cause=cause_of(row.health, row.health_code, row.key_expires_on, today),
        facts=facts_of(row.health_facts, row.key_expires_on),
        since=row.failing_since,
        last_good=row.good_at,
        last_day=None,
        days_left=None,
        is_urgent=True,
    )


def _ending(row: ResultRow[Any], today: date) -> Matter:
    days_left = (date.fromisoformat(row.key_expires_on) - today).days
    return Matter(
        connection_id=row.id,
        connection_name=row.name,
        kind="key_ends",
        cause=None,
        facts={},
        since=None,
        last_good=row.good_at,
        last_day=row.key_expires_on,
        days_left=days_left,
        is_urgent=days_left <= URGENT_DAYS,
    )
