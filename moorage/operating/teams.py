"""Teams as the operator sees them: plan, standing, people, budget and figures of use. No name of a model of their own.

What a team writes, whom it reaches and with which key is not read here, and this room imports nothing that holds it
(ADR 0031); of own models there are counts alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, String, cast, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import judge
from moorage.accounts.tables import MembershipRow, TeamRow
from moorage.audit.reading import AuditEntry, Filter
from moorage.audit.reading import read as read_trail
from moorage.errors import NotFound
from moorage.plans.catalogue import plans_of
from moorage.storage.types import UtcTime, db_month
from moorage.usage.budgets import resets_on
from moorage.usage.rollups import FIGURES, Figures, day_of
from moorage.usage.tables import BudgetPeriodRow, ByomDayRow, StandardDayRow

MAX_TEAMS: Final = 100
_MONTHS: Final = 12
_CHANGES: Final = 50
_PLAN_CHANGED: Final = "team.plan_changed"


@dataclass(frozen=True, slots=True)
class Month:
    """A team's budget of standard models in one month, in tokens. `used`: settled; `reserved`: held by calls."""

    period_start: datetime
    limit: int
    used: int
    reserved: int

    @property
    def resets_on(self) -> str:
        """The first day of the next month."""
        return resets_on(self.period_start).isoformat()


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """One team now. `refusal`: the gate's code, None while its models are open. `standard` and `own`: of this month."""

    id: UUID
    name: str
    created_at: datetime
    plan: str
    standing: str
    people: int
    month: Month
    standard: Figures = field(default_factory=Figures)
    own: Figures = field(default_factory=Figures)

    @property
    def refusal(self) -> str | None:
        """Why the team's models are closed."""
        return judge(self.plan, self.standing)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which teams are asked for. `text`: in the name, or the beginning of an id; `before`: the last one of a page."""

    text: str = ""
    plan: str | None = None
    standing: str | None = None
    before: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give it as conditions on teams, all but the place in the list."""
        found: list[ColumnElement[bool]] = []
        if self.text:
            named = func.lower(TeamRow.name).contains(self.text.lower(), autoescape=True)
            found.append(or_(named, cast(TeamRow.id, String).startswith(self.text.lower(), autoescape=True)))
        if self.plan is not None:
            found.append(TeamRow.plan == self.plan)
        if self.standing is not None:
            found.append(TeamRow.standing == self.standing)
        return found


async def list_teams(tx: AsyncConnection, wanted: Wanted, limit: int) -> tuple[Sequence[TeamFacts], int]:
    """Give up to `limit` teams, the newest first, and how many there are in all."""
    conditions = wanted.conditions()
    total = await tx.scalar(select(func.count()).select_from(TeamRow).where(*conditions)) or 0
    if wanted.before is not None:
        conditions.append(TeamRow.id < wanted.before)
    found = select(TeamRow.id).where(*conditions).order_by(TeamRow.id.desc()).limit(min(limit, MAX_TEAMS))
    return await _facts(tx, (await tx.scalars(found)).all()), total


async def read_team(tx: AsyncConnection, team_id: UUID) -> TeamFacts:
    """Give one team. Raises NotFound("team_unknown")."""
    found = await _facts(tx, [team_id])
    if not found:
        raise NotFound("team_unknown")
    return found[0]


async def count_by_plan(tx: AsyncConnection) -> Mapping[str, int]:
    """Give how many teams are on which plan."""
    rows = await tx.execute(select(TeamRow.plan, func.count().label("teams")).group_by(TeamRow.plan))
    return {row.plan: row.teams for row in rows}


async def read_months(tx: AsyncConnection, team_id: UUID) -> Sequence[Month]:
    """Give the budgets of a team's last months, the newest first; months without a call have none."""
    row = BudgetPeriodRow
    rows = await tx.execute(
        select(row.period_start, row.limit_tokens, row.settled, row.reserved)
        .where(row.team_id == team_id)
        .order_by(row.period_start.desc())
        .limit(_MONTHS)
    )
    return [Month(*one) for one in rows]


async def read_changes(tx: AsyncConnection, team_id: UUID) -> Sequence[AuditEntry]:
    """Give a team's changes of plan and standing, the newest first, as its own trail has them."""
    return await read_trail(tx, team_id, None, _CHANGES, Filter(action=_PLAN_CHANGED))


async def _facts(tx: AsyncConnection, team_ids: Sequence[UUID]) -> Sequence[TeamFacts]:
    month: datetime = (await tx.execute(select(type_coerce(db_month(), UtcTime)))).scalar_one()
    people = select(func.count()).where(MembershipRow.team_id == TeamRow.id).scalar_subquery()
    row = BudgetPeriodRow
    rows = await tx.execute(
        select(
            *(TeamRow.id, TeamRow.name, TeamRow.created_at, TeamRow.plan, TeamRow.standing, people.label("people")),
            *(row.limit_tokens, row.settled, row.reserved),
        )
        .outerjoin(row, (row.team_id == TeamRow.id) & (row.period_start == month))
        .where(TeamRow.id.in_(team_ids))
        .order_by(TeamRow.id.desc())
    )
    standard = await _sums(tx, StandardDayRow, team_ids, month)
    own = await _sums(tx, ByomDayRow, team_ids, month)
    return [
        TeamFacts(
            one.id,
            one.name,
            one.created_at,
            one.plan,
            one.standing,
            one.people,
            Month(
                month,
                plans_of(tx).of(one.plan).tokens_per_month if one.limit_tokens is None else one.limit_tokens,
                one.settled or 0,
                one.reserved or 0,
            ),
            standard.get(one.id, Figures()),
            own.get(one.id, Figures()),
        )
        for one in rows
    ]


async def _sums(tx: AsyncConnection, table: Any, team_ids: Iterable[UUID], month: datetime) -> dict[UUID, Figures]:
    sums = [type_coerce(func.sum(getattr(table, name)), BigInteger) for name in FIGURES[:-1]]
    rows = await tx.execute(
        select(table.team_id, *sums)
        .where(table.team_id.in_(team_ids), table.day >= day_of(month))
        .group_by(table.team_id)
    )
    return {row[0]: Figures(*(int(one) for one in row[1:])) for row in rows}
