"""A team's plan and standing set by an operator or a billing system: with a reason, in one audited transaction."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.audit.trail import Actor
from moorage.errors import Invalid, NotFound
from moorage.usage.budgets import Budgets
from moorage.usage.plan_change import change_plan

LEAST_REASON: Final = 3
MOST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class PlanWish:
    """What is to hold from now on; None: as it is. `event`: the id of the billing event that says so."""

    plan: str | None
    standing: str | None
    reason: str
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """How a team stands afterwards. `refusal`: the gate's code, None while its models are open."""

    is_news: bool
    plan: str
    standing: str
    refusal: str | None


def read_reason(text: str) -> str:
    """Take a typed reason: it stands in the team's trail. Raises Invalid("reason_needed", field="reason")."""
    reason = " ".join(text.split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Invalid("reason_needed", field="reason", least=LEAST_REASON, most=MOST_REASON)
    return reason


async def change_team(
    tx: AsyncConnection, team_id: UUID, wish: PlanWish, actor: Actor, budgets: Budgets | None = None
) -> Changed:
    """Set plan, standing or both: row, this month's limit and the entry in the team's trail, or nothing.

    What is so already is no change and leaves no entry. Raises Invalid("reason_needed"), and as `set_standing`.
    """
    why = {"reason": read_reason(wish.reason)} | ({} if wish.event is None else {"event": wish.event})
    # Held from here on, so that what is told as before and after is what this transaction did.
    held = select(TeamRow.plan, TeamRow.standing).where(TeamRow.id == team_id).with_for_update(key_share=True)
    before = (await tx.execute(held)).one_or_none()
    if before is None:
        raise NotFound("team_unknown")
    refusal = await change_plan(
        tx, team_id, plan=wish.plan, standing=wish.standing, budgets=budgets, actor=actor, why=dict(why)
    )
    now = (wish.plan or before.plan, wish.standing or before.standing)
    return Changed(now != (before.plan, before.standing), *now, refusal)
