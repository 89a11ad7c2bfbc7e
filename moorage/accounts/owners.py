"""Somebody always owns a team, and somebody can always come in: asked whenever an owner stops being one."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, provider_only
from moorage.accounts.permissions import OWNER
from moorage.accounts.tables import MembershipRow, UserRow
from moorage.errors import Conflict


async def is_last(tx: AsyncConnection, team_id: UUID) -> bool:
    """Tell whether a team has one owner only."""
    owners = await tx.scalar(
        select(func.count())
        .select_from(MembershipRow)
        .where(MembershipRow.team_id == team_id, MembershipRow.role == OWNER)
    )
    return owners is None or owners <= 1


async def require_way_back(tx: AsyncConnection, team_id: UUID, user_id: UUID, *, only_provider: bool) -> None:
    """Refuse what has just been done to an owner if nobody could come in any more without the identity provider.

    Asked in the transaction, after the change. `only_provider`: the deployment opens by its own provider only.

    Raises Conflict("last_break_glass_owner").
    """
    if not await tx.scalar(select(UserRow.break_glass).where(UserRow.id == user_id)):
        return
    is_team_shut = await provider_only.demands(tx, team_id) and not await break_glass.is_left_in(tx, team_id)
    if is_team_shut or (only_provider and not await break_glass.is_left(tx)):
        raise Conflict("last_break_glass_owner")
