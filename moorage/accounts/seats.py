"""How many people a team may have, as its plan says. Nobody has to leave when it is fewer; nobody more comes in."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import InvitationRow, MembershipRow, TeamRow
from moorage.errors import Conflict
from moorage.plans.catalogue import plans_of
from moorage.storage.types import db_now


async def is_full(tx: AsyncConnection, team_id: UUID) -> bool:
    """Whether nobody more may join. The caller holds the team's row: two who come at once don't share a seat."""
    return await count_members(tx, team_id) >= await seats_of(tx, team_id)


async def require_seat(tx: AsyncConnection, team_id: UUID) -> None:
    """Raise Conflict("team_full", limit) where nobody more may join. The caller holds the team's row."""
    limit = await seats_of(tx, team_id)
    if await count_members(tx, team_id) >= limit:
        raise Conflict("team_full", limit=limit)


async def require_seat_to_offer(tx: AsyncConnection, team_id: UUID) -> None:
    """Raise Conflict("seats_offered", limit, members, invited) where each seat is taken or offered by an open link."""
    limit, members = await seats_of(tx, team_id), await count_members(tx, team_id)
    open_ones = select(func.count()).select_from(InvitationRow)
    invited = await tx.scalar(
        open_ones.where(
            InvitationRow.team_id == team_id, InvitationRow.used_at.is_(None), InvitationRow.expires_at > db_now()
        )
    )
    if members + (invited or 0) >= limit:
        raise Conflict("seats_offered", limit=limit, members=members, invited=invited or 0)


async def seats_of(tx: AsyncConnection, team_id: UUID) -> int:
    """Give how many members the team's plan includes."""
    plan = await tx.scalar(select(TeamRow.plan).where(TeamRow.id == team_id))
    return plans_of(tx).of(plan or "").members


async def count_members(tx: AsyncConnection, team_id: UUID) -> int:
    """Count the members of a team."""
    counted = select(func.count()).select_from(MembershipRow).where(MembershipRow.team_id == team_id)
    return await tx.scalar(counted) or 0
