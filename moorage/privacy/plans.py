"""The dry run of an erasure: counts, table by table, of what goes, what gets another id, and what stays and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from moorage.privacy.belonging import only_here
from moorage.privacy.fates import ALL, Fate, Way, rows_of_team
from moorage.privacy.scope import PersonScope, TeamScope


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What becomes of `rows` of one table. `matter` says what they are, `why` why they stay; both name sentences."""

    table: str
    matter: str
    way: str
    rows: int
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give what a receipt stores."""
        return asdict(self)


async def plan_person(tx: AsyncConnection, who: PersonScope) -> Sequence[PlanLine]:
    """Count what an erasure of a person would touch; tables without a row of theirs are left out."""
    lines: list[PlanLine] = []
    for fate in ALL:
        of_person = fate.of_person
        if of_person.which is None:
            continue
        rows = await tx.scalar(select(func.count()).select_from(fate.table).where(of_person.which(who))) or 0
        if not rows:
            continue
        way, why = of_person.way, of_person.why
        if of_person.whole_only and not who.whole_account:
            way, why = Way.STAYS, "other_teams"
        lines.append(PlanLine(fate.table.__tablename__, fate.matter, way, rows, why))
    return lines


async def plan_team(tx: AsyncConnection, team: TeamScope) -> Sequence[PlanLine]:
    """Count what an erasure of a team would touch, the accounts that go with it included."""
    lines: list[PlanLine] = []
    for fate in ALL:
        found = [one for one in (_of_team(fate, team), _of_accounts(fate, team)) if one is not None]
        if not found:
            continue
        rows = await tx.scalar(select(func.count()).select_from(fate.table).where(or_(*found))) or 0
        if rows:
            way = fate.of_person.way if fate.of_team.way is Way.NOTHING else fate.of_team.way
            lines.append(PlanLine(fate.table.__tablename__, fate.matter, way, rows, fate.of_team.why))
    return lines


@dataclass(frozen=True, slots=True)
class _Accounts(PersonScope):
    """All accounts that go with a team at once: `person_id` is the team's."""

    @override
    def is_them(self, person_column: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = person_column.in_(only_here(self.person_id))
        return found


def _of_team(fate: Fate, team: TeamScope) -> ColumnElement[bool] | None:
    return None if fate.of_team.way is Way.NOTHING else rows_of_team(fate, team)


def _of_accounts(fate: Fate, team: TeamScope) -> ColumnElement[bool] | None:
    which = fate.of_person.which
    if which is None or not (fate.of_person.whole_only or fate.matter == "identities"):
        return None
    return which(_Accounts(team.team_id, None, whole_account=True))
