"""What an operator sets: a team's plan and standing. One audited transaction; in force for the next decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import judge
from moorage.accounts.tables import TeamRow
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class TeamStanding:
    """One team as the operator sees it: no content, no endpoint."""

    id: UUID
    name: str
    plan: str
    standing: str


async def list_teams(tx: AsyncConnection) -> Sequence[TeamStanding]:
    """Give all teams, oldest first."""
    rows = await tx.execute(
        select(TeamRow.id, TeamRow.name, TeamRow.plan, TeamRow.standing).order_by(TeamRow.created_at, TeamRow.id)
    )
    return [TeamStanding(*row) for row in rows]


async def set_standing(tx: AsyncConnection, team_id: UUID, *, plan: str | None, standing: str | None) -> str | None:
    """Set plan, standing or both; gives the gate's refusal code that follows, None when models are open.

    Raises NotFound("team_unknown"); Invalid("standing_needed") when there is nothing to set.
    """
    values = {name: value for name, value in (("plan", plan), ("standing", standing)) if value is not None}
    if not values:
        raise Invalid("standing_needed")
    before = (
        await tx.execute(select(TeamRow.name, TeamRow.plan, TeamRow.standing).where(TeamRow.id == team_id))
    ).one_or_none()
    if before is None:
        raise NotFound("team_unknown")
    await tx.execute(update(TeamRow).where(TeamRow.id == team_id).values(**values))
    now = {"plan": plan or before.plan, "standing": standing or before.standing}
    details = {**now, "plan_before": before.plan, "standing_before": before.standing}
    act = Act("team.plan_changed", "team", str(team_id), before.name, details=details)
    await record(tx, team_id, Actor(None, "operator", ""), act)
    return judge(now["plan"], now["standing"])
