"""Who it is for whom a provider vouched, and what they are in its team now; `entry` lets them in. All in the trail.

Known people are known by (provider, issuer, subject). Groups give roles anew at each sign-in. A member who was removed
comes back only where a rule names one of their groups: the owner's word counts until the map says otherwise.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, identities, invitations, newcomers, owners, roster, sign_ins
from moorage.accounts.access import ERASING
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.refusals import refuse
from moorage.accounts.permissions import OWNER, Permission, allows
from moorage.accounts.providers import Provider
from moorage.accounts.role_map import RoleMap
from moorage.accounts.seats import is_full
from moorage.accounts.tables import MembershipRow, TeamRow
from moorage.accounts.visit import Visit, by_provider
from moorage.audit.trail import Act, record


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody at the door."""

    provider: Provider
    claims: Claims
    locale: str
    visit: Visit


async def admit(tx: AsyncConnection, guest: Guest, *, sign_up_open: bool) -> UUID:
    """Decide who it is and what they are now in the provider's team. Raises ProviderRefused with the finding."""
    provider, claims = guest.provider, guest.claims
    if provider.roles.decides and claims.groups_elsewhere:
        raise refuse("oidc_groups_elsewhere")
    user_id = await identities.find(tx, provider, claims.subject)
    if user_id is None:
        await roster.take_turn(tx)
        # Two tabs that bring the same newcomer: the second finds whom the first has made.
        user_id = await identities.find(tx, provider, claims.subject)
    home = provider.team_id or provider.home_team
    if home is not None:
        user_id = await _enter_home(tx, guest, home, user_id)
    elif user_id is None:
        user_id = await _make_own_team(tx, guest, sign_up_open=sign_up_open)
    await identities.link(tx, provider, claims.subject, user_id, provider.roles.role_of(claims.groups))
    return user_id


async def _enter_home(tx: AsyncConnection, guest: Guest, home: UUID, user_id: UUID | None) -> UUID:
    """Give who it is, made if they are new; their role in the provider's team is what it gives now."""
    roles, groups = guest.provider.roles, guest.claims.groups
    held = select(TeamRow.standing).where(TeamRow.id == home).with_for_update(key_share=True)
    if await tx.scalar(held) in {None, ERASING}:
        raise refuse("oidc_team_gone")
    if user_id is not None:
        # After the team's row, as everybody takes them: coming in may add to other trails of the person, too.
        await roster.hold_sign_ins_and_trails(tx, user_id, home)
    role = roles.role_of(groups)
    if user_id is None:
        if role is None:
            raise refuse("oidc_no_group")
        user_id, name = await newcomers.add(tx, guest.claims, guest.locale, team_id=guest.provider.team_id)
        await _join(tx, guest, home, user_id, name, role)
        return user_id
    name = await roster.name_of(tx, user_id)
    present = await roster.role_in(tx, home, user_id)
    if roles.decides and role is None and not (present == OWNER and not roles.may_make_owners):
        raise refuse("oidc_no_group")
    if present is not None:
        await _remap(tx, guest, home, user_id, name, present)
        return user_id
    named = roles.named(groups)
    if named is not None:
        await _join(tx, guest, home, user_id, name, named)
    elif guest.provider.team_id is not None:
        raise refuse("oidc_not_admitted")
    return user_id


async def _join(tx: AsyncConnection, guest: Guest, team_id: UUID, user_id: UUID, name: str, role: str) -> None:
    if await is_full(tx, team_id):
        raise refuse("oidc_team_full")
    await roster.add_member(tx, team_id, user_id, role)
    act = Act("member.joined", "person", str(user_id), name, details={"role": role, "provider": guest.provider.name})
    await record(tx, team_id, guest.visit.actor(user_id, name), act)


async def _remap(tx: AsyncConnection, guest: Guest, team_id: UUID, user_id: UUID, name: str, present: str) -> None:
    """Give a member the role that their groups give, and no higher one. The last owner stays owner."""
    role = await _role_now(tx, guest.provider.roles, guest, team_id, user_id, present)
    if role == present:
        return
    await tx.execute(
        update(MembershipRow)
        .where(MembershipRow.team_id == team_id, MembershipRow.user_id == user_id)
        .values(role=role)
    )
    await sign_ins.end_all_in_team(tx, user_id, team_id)
    if present == OWNER or not allows(role, Permission.MANAGE_MEMBERS):
        await invitations.revoke_all_by(tx, team_id, user_id)
    details = {"role": role, "before": present, "provider": guest.provider.name}
    act = Act("member.role_changed", "person", str(user_id), name, details=details)
    actor = by_provider(guest.provider.name, request_id=guest.visit.request_id, client=guest.visit.client)
    await record(tx, team_id, actor, act)


async def _role_now(
    tx: AsyncConnection, roles: RoleMap, guest: Guest, team_id: UUID, user_id: UUID, present: str
) -> str:
    if not roles.decides:
        return present
    if present == OWNER:
        # Owners made by hand are unmade by hand, unless the owner left that to the groups, too.
        breaks_glass = await break_glass.is_borne_by(tx, user_id)
        if not roles.may_make_owners or breaks_glass or await owners.is_last(tx, team_id):
            return OWNER
    return roles.role_of(guest.claims.groups) or present


async def _make_own_team(tx: AsyncConnection, guest: Guest, *, sign_up_open: bool) -> UUID:
    """Give a new account with a team of its own, as signing up does (P4)."""
    is_first = not await roster.anybody_exists(tx)
    if not is_first and not sign_up_open:
        raise refuse("oidc_sign_up_closed")
    user_id, name = await newcomers.add(tx, guest.claims, guest.locale, team_id=None, is_operator=is_first)
    actor = guest.visit.actor(user_id, name)
    team_id = await roster.add_team(tx, name, user_id, actor)
    act = Act("person.signed_up", "person", str(user_id), name, details={"provider": guest.provider.name})
    await record(tx, team_id, actor, act)
    return user_id
