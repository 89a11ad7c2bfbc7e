"""The team, its members and invitations over HTTP. Who may do what is judged in `accounts`."""

from uuid import UUID

from fastapi import Request

from moorage.accounts.invitations import Invitation
from moorage.accounts.permissions import Permission, allows
from moorage.accounts.principal import Principal
from moorage.accounts.teams import Member, Team, TeamFacts
from moorage.api.parts import PartsDep
from moorage.api.schemas.accounts import (
    InvitationMade,
    InvitationMake,
    InvitationView,
    MemberView,
    RoleChange,
    TeamChange,
    TeamView,
)
from moorage.api.schemas.sign_in import OwnerChange
from moorage.api.signed_in import SignedIn
from moorage.api.views import moment, plan_terms, role_name
from moorage.chat.conversations import ConversationStore
from moorage.plans.catalogue import Plans, plans_of


async def get_team(request: Request, parts: PartsDep, who: SignedIn) -> TeamView:
    """Read the team."""
    async with parts.database.read() as tx:
        return _view(await Team(tx, who, request.state.request_id).facts(), who, plans_of(tx))


async def change_team(request: Request, parts: PartsDep, who: SignedIn, wish: TeamChange) -> TeamView:
    """Rename the team."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id)
        await team.rename(wish.name)
        return _view(await team.facts(), who, plans_of(tx))


async def change_role(request: Request, parts: PartsDep, who: SignedIn, user_id: UUID, wish: RoleChange) -> TeamView:
    """Give a member another role."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id, only_provider=parts.providers.only_the_deployments)
        await team.change_role(user_id, wish.role)
        return _view(await team.facts(), who, plans_of(tx))


async def hand_over(request: Request, parts: PartsDep, who: SignedIn, wish: OwnerChange) -> TeamView:
    """Make somebody else owner, and step down to admin."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id, only_provider=parts.providers.only_the_deployments)
        await team.hand_over(wish.user_id)
        return _view(await team.facts(), who, plans_of(tx))


async def sign_member_out(request: Request, parts: PartsDep, who: SignedIn, user_id: UUID) -> TeamView:
    """End every sign-in with which a member could work in the team."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id)
        await team.sign_member_out(user_id)
        return _view(await team.facts(), who, plans_of(tx))


async def remove_member(request: Request, parts: PartsDep, who: SignedIn, user_id: UUID) -> TeamView:
    """Remove a member, or leave the team; what the team's models are writing for them is stopped."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id, only_provider=parts.providers.only_the_deployments)
        await team.remove_member(user_id)
        running = await ConversationStore(tx, who.team_id, user_id).running()
        view = _view(await team.facts(), who, plans_of(tx))
    for reply_id in running:
        parts.replies.stop_now(reply_id)
    return view


async def invite(request: Request, parts: PartsDep, who: SignedIn, wish: InvitationMake) -> InvitationMade:
    """Make an invitation link; its path is shown this once, and mailed if an address was given."""
    async with parts.database.write() as tx:
        invitation, token = await Team(tx, who, request.state.request_id).invite(wish.role, wish.note)
        # Inside: an address that can't be written to leaves no invitation behind.
        email = None if wish.email is None else parts.notices.admit_invitation(wish.email, who.team_id)
    path = f"/invite#{token.text}"
    if email is not None:
        await parts.notices.invited(email, path=path, team=who.team_name, by=who.name, locale=who.locale)
    return InvitationMade(invitation=_invitation(invitation), path=path)


async def revoke_invitation(request: Request, parts: PartsDep, who: SignedIn, invitation_id: UUID) -> TeamView:
    """Take an invitation back."""
    async with parts.database.write() as tx:
        team = Team(tx, who, request.state.request_id)
        await team.revoke_invitation(invitation_id)
        return _view(await team.facts(), who, plans_of(tx))


def _view(facts: TeamFacts, who: Principal, plans: Plans) -> TeamView:
    return TeamView(
        id=facts.id,
        name=facts.name,
        plan=facts.plan,
        standing=facts.standing,
        includes=plan_terms(plans.of(facts.plan)),
        members=[_member(one, who) for one in facts.members],
        invitations=[_invitation(one) for one in facts.invitations],
    )


def _member(member: Member, who: Principal) -> MemberView:
    return MemberView(
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        role=role_name(member.role),
        joined_at=moment(member.joined_at),
        is_me=member.user_id == who.user_id,
        has_second_factor=member.has_second_factor if allows(who.role, Permission.SEE_SIGN_IN_RULES) else None,
    )


def _invitation(invitation: Invitation) -> InvitationView:
    return InvitationView(
        id=invitation.id,
        role=role_name(invitation.role),
        note=invitation.note,
        created_at=moment(invitation.created_at),
        expires_at=moment(invitation.expires_at),
        invited_by=invitation.invited_by,
    )
