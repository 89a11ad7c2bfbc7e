"""A team's change of plan or standing: one transaction with its row, the limit of this month, and the trail's entry."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.standing import set_standing
from moorage.accounts.tables import TeamRow
from moorage.audit.deployment import OPERATOR
from moorage.audit.trail import Actor, Detail
from moorage.usage.budgets import Budgets


async def change_plan(
    tx: AsyncConnection,
    team_id: UUID,
    *,
    plan: str | None,
    standing: str | None,
    budgets: Budgets | None = None,
    actor: Actor = OPERATOR,
    why: Mapping[str, Detail] | None = None,
) -> str | None:
    """Set plan, standing or both, as `set_standing`; another plan's limit holds for this month at once.

    What was used of the month stays used: a smaller plan may be spent already, a larger one goes on.
    """
    # Team, budget, trail: in the order of whoever announces a call, who would else wait for us in a circle.
    await tx.execute(select(TeamRow.id).where(TeamRow.id == team_id).with_for_update(key_share=True))
    if plan is not None:
        await (budgets or Budgets()).follow_plan(tx, team_id, plan)
    return await set_standing(tx, team_id, plan=plan, standing=standing, actor=actor, why=why)
