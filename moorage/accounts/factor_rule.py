"""The rule that everybody in a team needs a second factor: owners set it, and it is in force with the next request.

Replies that are being written when it is set go on to their end: they were asked for while that was allowed, and
what they cost and say is kept; whoever must add a factor first can't read them until then.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import factors
from moorage.accounts.acting import lock_and_require, require_now
from moorage.accounts.factor_tables import AppRow, PasskeyRow
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.trail import Act, record
from moorage.errors import Conflict


def has_factor(user_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    """Give the condition that a person has a second factor."""
    return or_(
        exists().where(AppRow.user_id == user_id, AppRow.confirmed_at.is_not(None)),
        exists().where(PasskeyRow.user_id == user_id),
    )


async def read_rule(tx: AsyncConnection, principal: Principal) -> tuple[bool, int]:
    """Give whether the team asks for a second factor, and how many of its members have none.

    Raises NotAllowed("not_allowed") for members.
    """
    await require_now(tx, principal, Permission.SEE_SIGN_IN_RULES)
    found = await tx.execute(select(TeamRow.needs_second_factor).where(TeamRow.id == principal.team_id))
    asks = found.scalar_one()
    without = await tx.scalar(
        select(func.count())
        .select_from(MembershipRow)
        .join(UserRow, UserRow.id == MembershipRow.user_id)
        .where(MembershipRow.team_id == principal.team_id, ~has_factor(UserRow.id))
    )
    return asks, without or 0


async def set_rule(tx: AsyncConnection, principal: Principal, request_id: str, *, is_needed: bool) -> None:
    """Ask for a second factor, or ask no more.

    Raises NotAllowed: not_allowed, proof_needed; Conflict("factor_yourself_first") for an owner who has none.
    """
    require_proof(principal)
    await lock_and_require(tx, principal, Permission.CHANGE_SIGN_IN_RULES)
    if is_needed and not (await factors.ways_of(tx, principal.user_id)).has_any:
        raise Conflict("factor_yourself_first")
    changed = await tx.execute(
        update(TeamRow)
        .where(TeamRow.id == principal.team_id, TeamRow.needs_second_factor.is_not(is_needed))
        .values(needs_second_factor=is_needed)
    )
    if changed.rowcount == 1:
        action = "team.second_factor_asked" if is_needed else "team.second_factor_not_asked"
        act = Act(action, "team", str(principal.team_id), principal.team_name)
        await record(tx, principal.team_id, principal.actor(request_id), act)
