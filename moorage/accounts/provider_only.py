"""Teams that only their identity provider opens: passwords, passkeys, other providers don't; break-glass owners do."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, roster
from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.tables import MembershipRow, SignInRow, UserRow
from moorage.errors import NotAllowed


def _demands() -> ColumnElement[bool]:
    return and_(IdentityProviderRow.enabled, IdentityProviderRow.only)


def opens_by_other_means() -> ColumnElement[bool]:
    """True for a membership that a password may open: the team demands nothing else, or its owner breaks the glass."""
    demanding = exists().where(IdentityProviderRow.team_id == MembershipRow.team_id, _demands())
    bearer = exists().where(UserRow.id == MembershipRow.user_id, break_glass.opens_team()).correlate(MembershipRow)
    return or_(~demanding, bearer)


def still_opens() -> ColumnElement[bool]:
    """True for a sign-in that its team's rules admit now. Needs a row's provider by outer join; see `holding`."""
    vouched = SignInRow.provider_id == IdentityProviderRow.id
    by_other_means = and_(
        SignInRow.provider_id.is_(None),
        or_(IdentityProviderRow.id.is_(None), ~_demands(), break_glass.opens_team()),
    )
    return or_(by_other_means, and_(vouched, IdentityProviderRow.enabled))


async def demands(tx: AsyncConnection, team_id: UUID) -> bool:
    """Tell whether a team has made its provider the only way in."""
    return bool(await tx.scalar(select(exists().where(IdentityProviderRow.team_id == team_id, _demands()))))


async def require_open(tx: AsyncConnection, user_id: UUID, team_id: UUID) -> None:
    """Refuse to open a team without its provider, where it demands one. Raises NotAllowed("provider_only_team")."""
    closed = exists().where(MembershipRow.team_id == team_id, MembershipRow.user_id == user_id, ~opens_by_other_means())
    if await tx.scalar(select(closed)):
        raise NotAllowed("provider_only_team")


async def team_to_enter(tx: AsyncConnection, user_id: UUID) -> UUID:
    """Give the team to open with a password. Raises NotAllowed: no_team, provider_only_team (all demand theirs)."""
    team_id = await roster.last_team_of(tx, user_id, opens_by_other_means())
    if team_id is not None:
        return team_id
    raise NotAllowed("no_team" if await roster.last_team_of(tx, user_id) is None else "provider_only_team")
