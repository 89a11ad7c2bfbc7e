"""Who of some people still belongs to their team: asked for what runs on their behalf."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow


async def no_longer_members(
    tx: AsyncConnection, people: AbstractSet[tuple[UUID, UUID]]
) -> AbstractSet[tuple[UUID, UUID]]:
    """Give those pairs of team and person that are no membership now."""
    rows = await tx.execute(
        select(MembershipRow.team_id, MembershipRow.user_id).where(
            MembershipRow.team_id.in_({team_id for team_id, _ in people}),
            MembershipRow.user_id.in_({user_id for _, user_id in people}),
        )
    )
    return people - {(row.team_id, row.user_id) for row in rows}
