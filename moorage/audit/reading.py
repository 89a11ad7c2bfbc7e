"""The trail as people read it: filtered, newest first, a page at a time. Nothing here says whether it holds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditRow
from moorage.audit.trail import ACTIONS, Detail, Outcome

MAX_PAGE: Final = 200
NOBODY: Final = "nobody"  # an actor without an id: the operator, the deployment, or somebody unknown
GROUPS: Final[tuple[str, ...]] = tuple(dict.fromkeys(action.partition(".")[0] for action in ACTIONS))


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it was recorded."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    object_type: str
    object_id: str
    object_name: str
    outcome: Outcome
    request_id: str
    client: str
    details: Mapping[str, Detail]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; what is None is not asked for. `since` is included, `until` is not.

    `actor` is a person's id or NOBODY; `action` one of ACTIONS or of GROUPS; `text` a part of an object's name.
    """

    actor: UUID | str | None = None
    action: str | None = None
    object_id: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    @property
    def is_empty(self) -> bool:
        """True when every entry is wanted."""
        return self == Filter()

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give it as conditions on entries."""
        found: list[ColumnElement[bool]] = []
        if self.actor is not None:
            found.append(AuditRow.actor_id.is_(None) if self.actor == NOBODY else AuditRow.actor_id == self.actor)
        if self.action in GROUPS:
            # Without the bounds SQLite walks the whole trail instead of its index on actions.
            found.append(AuditRow.action.between(f"{self.action}.", f"{self.action}.zz"))
            found.append(AuditRow.action.in_([one for one in ACTIONS if one.startswith(f"{self.action}.")]))
        elif self.action is not None:
            found.append(AuditRow.action == self.action)
        if self.object_id is not None:
            found.append(AuditRow.object_id == self.object_id)
        if self.outcome is not None:
            found.append(AuditRow.outcome == self.outcome)
        if self.since is not None:
            found.append(AuditRow.at >= self.since)
        if self.until is not None:
            found.append(AuditRow.at < self.until)
        if self.text is not None:
            found.append(func.lower(AuditRow.object_name).contains(self.text.lower(), autoescape=True))
        return found


EVERYTHING: Final = Filter()


async def read(
    tx: AsyncConnection, team_id: UUID, before: int | None, limit: int, wanted: Filter = EVERYTHING
) -> list[AuditEntry]:
    """Give up to `limit` wanted entries with a number below `before`, newest first."""
    rows = await tx.execute(select_page(team_id, wanted, limit=min(limit, MAX_PAGE), before=before))
    return [to_entry(row) for row in rows]


async def read_onward(
    tx: AsyncConnection, team_id: UUID, after: int, through: int, limit: int, wanted: Filter
) -> Sequence[ResultRow[Any]]:
    """Give up to `limit` wanted rows with numbers from `after` (not included) to `through`, oldest first."""
    asked = select_page(team_id, wanted, limit=limit, after=after, before=through + 1)
    rows: Sequence[ResultRow[Any]] = (await tx.execute(asked)).all()
    return rows


def select_page(
    team_id: UUID, wanted: Filter, *, limit: int, after: int | None = None, before: int | None = None
) -> Select[Any]:
    """Ask for `limit` of a team's wanted entries: the oldest after a number, or else the newest.

    Their numbers are found first, in an index alone; whole entries are fetched only for this page.
    """
    numbers = select(AuditRow.seq).where(AuditRow.team_id == team_id, *wanted.conditions())
    if after is not None:
        numbers = numbers.where(AuditRow.seq > after)
    if before is not None:
        numbers = numbers.where(AuditRow.seq < before)
    order = AuditRow.seq.desc() if after is None else AuditRow.seq.asc()
    found = numbers.order_by(order).limit(limit)
    entries = AuditRow.__table__.alias()
    order = entries.c.seq.desc() if after is None else entries.c.seq.asc()
    return select(entries).where(entries.c.team_id == team_id, entries.c.seq.in_(found)).order_by(order)


def to_entry(row: ResultRow[Any]) -> AuditEntry:
    """Give a row as people read it."""
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        action=row.action,
        object_type=row.object_type,
        object_id=row.object_id,
        object_name=row.object_name,
        outcome=row.outcome,
        request_id=row.request_id,
        client=row.client,
        details=_read_details(row.details),
    )


def _read_details(text: str) -> Mapping[str, Detail]:
    # Somebody who edits the database must not make a page of errors of the trail that shows it.
    try:
        details = json.loads(text)
    except ValueError:
        return {}
    return details if isinstance(details, dict) else {}
