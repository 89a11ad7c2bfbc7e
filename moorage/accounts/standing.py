"""What an operator sets: a team's plan and standing. One audited transaction; in force for the next decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import ERASING, PLANS, STANDINGS, judge
from moorage.accounts.tables import TeamRow
from moorage.audit.deployment import OPERATOR
from moorage.audit.trail import Act, Actor, Detail, record
from moorage.errors import Conflict, Invalid, NotFound


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


async def set_standing(
    tx: AsyncConnection,
    team_id: UUID,
    *,
    plan: str | None,
    standing: str | None,
    actor: Actor = OPERATOR,
    why: Mapping[str, Detail] | None = None,
) -> str | None:
    """Set plan, standing or both; gives the gate's refusal code that follows, None when models are open.

    `why` stands in the trail's entry beside what was and is; where nothing changes, nothing is recorded.
    Raises NotFound("team_unknown"); Conflict("team_being_erased"); Invalid: "standing_needed" when there is nothing to
    set, "plan_unheard_of" or "standing_unheard_of" for a word that the gate does not know: it would only close models.
    """
    values = {name: value for name, value in (("plan", plan), ("standing", standing)) if value is not None}
    if not values:
        raise Invalid("standing_needed")
    if plan is not None and plan not in PLANS:
        raise Invalid("plan_unheard_of", field="plan", known=", ".join(PLANS))
    if standing is not None and standing not in STANDINGS:
        raise Invalid("standing_unheard_of", field="standing", known=", ".join(STANDINGS))
    before = (
        await tx.execute(select(TeamRow.name, TeamRow.plan, TeamRow.standing).where(TeamRow.id == team_id))
    ).one_or_none()
    if before is None:
        raise NotFound("team_unknown")
    if before.standing == ERASING:
        raise Conflict("team_being_erased")
    now = {"plan": plan or before.plan, "standing": standing or before.standing}
    if now != {"plan": before.plan, "standing": before.standing}:
        await tx.execute(update(TeamRow).where(TeamRow.id == team_id).values(**values))
        details = {**now, "plan_before": before.plan, "standing_before": before.standing, **(why or {})}
        act = Act("team.plan_changed", "team", str(team_id), before.name, details=details)
        await record(tx, team_id, actor, act)
    return judge(now["plan"], now["standing"])
