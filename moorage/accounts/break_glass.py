"""The way in when the identity provider is gone: an owner whom the operator marked, loudly recorded at each use.

The mark alone opens nothing: it counts for as long as its bearer owns a team.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import roster
from moorage.accounts.permissions import OWNER
from moorage.accounts.tables import MembershipRow, UserRow
from moorage.audit.trail import Act, Actor
from moorage.errors import Conflict


def opens_team() -> ColumnElement[bool]:
    """The condition of a person and a membership of theirs, both in the statement: the glass of that team is theirs."""
    return and_(UserRow.break_glass, MembershipRow.role == OWNER)


def opens_deployment() -> ColumnElement[bool]:
    """The condition of a person who breaks the glass of some team: where only a provider opens the deployment."""
    return exists().where(MembershipRow.user_id == UserRow.id, opens_team()).correlate(UserRow)


async def is_borne_by(tx: AsyncConnection, user_id: UUID) -> bool:
    """Tell whether this person comes in past the deployment's provider."""
    return bool(await tx.scalar(select(UserRow.id).where(UserRow.id == user_id, opens_deployment())))


async def is_left(tx: AsyncConnection) -> bool:
    """Tell whether anybody can come in when the deployment's provider can't be reached."""
    return await tx.scalar(select(UserRow.id).where(opens_deployment()).limit(1)) is not None


async def is_left_in(tx: AsyncConnection, team_id: UUID) -> bool:
    """Tell whether somebody can enter a team when its provider can't be reached."""
    bearer = exists().where(MembershipRow.team_id == team_id, UserRow.id == MembershipRow.user_id, opens_team())
    return bool(await tx.scalar(select(bearer)))


async def hold_marks(tx: AsyncConnection) -> None:
    """Let nobody else count the marked until this transaction ends. Before a team's row, as signing in takes them."""
    await tx.execute(select(UserRow.id).where(UserRow.break_glass).order_by(UserRow.id).with_for_update(key_share=True))


async def mark(tx: AsyncConnection, user_id: UUID, name: str, actor: Actor, *, on: bool) -> None:
    """Mark an owner's account, or take the mark away. Raises Conflict("break_glass_owners_only")."""
    owned = await tx.scalars(
        select(MembershipRow.team_id).where(MembershipRow.user_id == user_id, MembershipRow.role == OWNER)
    )
    if on and not owned.all():
        raise Conflict("break_glass_owners_only")
    await tx.execute(update(UserRow).where(UserRow.id == user_id).values(break_glass=on))
    action = "person.break_glass_set" if on else "person.break_glass_cleared"
    act = Act(action, "person", str(user_id), name)
    await roster.record_in_all_teams(tx, user_id, actor, act)


async def note_use(tx: AsyncConnection, user_id: UUID, actor: Actor) -> None:
    """Record in every team of the person that they came in this way; `entry` mails the owners after the commit."""
    act = Act("person.break_glass_used", "person", str(user_id), actor.name)
    await roster.record_in_all_teams(tx, user_id, actor, act)
