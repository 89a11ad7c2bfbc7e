"""Who acts on a team: its row held first, so that two can't undo each other at once, then the role as it is now."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import roster
from moorage.accounts.permissions import Permission, allows
from moorage.accounts.principal import Principal
from moorage.accounts.tables import TeamRow
from moorage.errors import NotAllowed


async def lock_and_require(tx: AsyncConnection, principal: Principal, permission: Permission) -> str:
    """Hold the team's row until the transaction ends, then judge. Gives the role. Raises NotAllowed("not_allowed")."""
    await tx.execute(select(TeamRow.id).where(TeamRow.id == principal.team_id).with_for_update(key_share=True))
    return await require_now(tx, principal, permission)


async def require_now(tx: AsyncConnection, principal: Principal, permission: Permission) -> str:
    """Judge the role as this transaction sees it. Gives it. Raises NotAllowed("not_allowed")."""
    role = await roster.role_in(tx, principal.team_id, principal.user_id)
    if role is None or not allows(role, permission):
        raise NotAllowed("not_allowed")
    return role
