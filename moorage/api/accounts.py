"""Signing up, in and out, one's profile, and joining by invitation over HTTP."""

from typing import cast

from fastapi import Request, Response

from moorage.accounts import invitations
from moorage.accounts.access import judge
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import Principal
from moorage.api.errors import language_of, problem
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.accounts import (
    InvitationAccept,
    InvitationPeek,
    LocaleName,
    Me,
    MyTeam,
    ProfileChange,
    RoleName,
    SessionView,
    SignIn,
    SignUp,
    TeamChoice,
    TeamSwitch,
)
from moorage.api.schemas.base import Done
from moorage.api.sentences import Language
from moorage.api.signed_in import MaybeSignedIn, SignedIn, VisitDep, forget_cookie, set_cookie
from moorage.errors import AccessRefused, Invalid
from moorage.vault.tokens import NewToken


async def get_session(request: Request, response: Response, parts: PartsDep, who: MaybeSignedIn) -> SessionView:
    """Tell who is here; also answers strangers."""
    response.headers["Cache-Control"] = "no-store"
    return await _view(parts, who, language_of(request))


async def sign_up(request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: SignUp) -> SessionView:
    """Make an account with a team of its own, and sign in."""
    new = NewPerson(form.name, form.email, form.password, form.locale)
    return await _welcome(request, response, parts, await parts.people.sign_up(new, form.team_name, visit))


async def sign_in(request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: SignIn) -> SessionView:
    """Sign in."""
    return await _welcome(request, response, parts, await parts.people.sign_in(form.email, form.password, visit))


async def sign_out(request: Request, response: Response, parts: PartsDep, who: SignedIn, visit: VisitDep) -> Done:
    """Sign this browser out."""
    await parts.people.sign_out(who, visit)
    forget_cookie(request, response, parts)
    return Done()


async def change_profile(
    request: Request, parts: PartsDep, who: SignedIn, visit: VisitDep, wish: ProfileChange
) -> SessionView:
    """Change one's name or language."""
    await parts.people.change_profile(who, name=wish.name, locale=wish.locale)
    return await _view(parts, await parts.people.find(visit.token or ""), language_of(request))


async def switch_team(
    request: Request, response: Response, parts: PartsDep, who: SignedIn, visit: VisitDep, wish: TeamSwitch
) -> SessionView:
    """Go on in another of one's teams."""
    return await _welcome(request, response, parts, await parts.people.switch_team(who, wish.team_id, visit))


async def peek_invitation(parts: PartsDep, token: str) -> InvitationPeek:
    """Show what an invitation link offers."""
    async with parts.database.read() as tx:
        offer = await invitations.peek(tx, token)
    return InvitationPeek(team_name=offer.team_name, role=cast("RoleName", offer.role), invited_by=offer.invited_by)


async def accept_invitation(
    request: Request,
    response: Response,
    parts: PartsDep,
    who: MaybeSignedIn,
    visit: VisitDep,
    token: str,
    form: InvitationAccept,
) -> SessionView:
    """Join a team: as who is signed in (empty form), or with an account."""
    if form.email is None and who is not None:
        joined = await parts.people.join(token, who, visit)
    else:
        joined = await parts.people.join_as_new(token, _complete(form), visit)
    return await _welcome(request, response, parts, joined)


def _complete(form: InvitationAccept) -> NewPerson:
    if form.email is None:
        raise Invalid("field_missing", field="email")
    if form.password is None:
        raise Invalid("field_missing", field="password")
    # An account that exists needs no name; a new one is refused without.
    return NewPerson(form.name or "", form.email, form.password, form.locale)


async def _welcome(request: Request, response: Response, parts: Parts, token: NewToken) -> SessionView:
    set_cookie(request, response, parts, token)
    return await _view(parts, await parts.people.find(token.text), language_of(request))


async def _view(parts: Parts, who: Principal | None, language: Language) -> SessionView:
    return SessionView(
        me=None if who is None else _me(who),
        team=None if who is None else _my_team(who, language),
        teams=[] if who is None else await _other_teams(parts, who),
        csrf_token=None if who is None else who.csrf_token,
        setup_needed=who is None and await parts.people.is_setup_needed(),
        sign_up_open=parts.sign_up_open,
        demo=parts.demo,
        version=parts.version,
    )


def _me(who: Principal) -> Me:
    locale = cast("LocaleName", who.locale)
    return Me(id=who.user_id, name=who.name, email=who.email, locale=locale, is_operator=who.is_operator)


def _my_team(who: Principal, language: Language) -> MyTeam:
    code = judge(who.plan, who.standing)
    return MyTeam(
        id=who.team_id,
        name=who.team_name,
        plan=who.plan,
        standing=who.standing,
        role=cast("RoleName", who.role),
        refusal=None if code is None else problem(AccessRefused(code), language),
    )


async def _other_teams(parts: Parts, who: Principal) -> list[TeamChoice]:
    teams = await parts.people.teams_of(who.user_id)
    return [TeamChoice(id=team_id, name=name) for team_id, name in teams if team_id != who.team_id]
