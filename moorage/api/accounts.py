"""Signing up, in and out, one's profile, and joining by invitation over HTTP."""

from typing import cast

from fastapi import Request, Response

from moorage.accounts import invitations
from moorage.accounts.access import judge
from moorage.accounts.factors import NextStep, Ways
from moorage.accounts.people import NewPerson
from moorage.accounts.principal import Principal
from moorage.accounts.relying_party import read_relying_party
from moorage.api import step_cookies
from moorage.api.errors import language_of, problem
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.accounts import (
    InvitationAccept,
    InvitationLink,
    InvitationPeek,
    LocaleName,
    Me,
    MyTeam,
    ProfileChange,
    ProviderButton,
    SessionView,
    SignIn,
    SignUp,
    TeamChoice,
    TeamSwitch,
)
from moorage.api.schemas.base import Done
from moorage.api.schemas.factors import SecondStepView
from moorage.api.sentences import Language
from moorage.api.signed_in import (
    Entered,
    MaybeSignedIn,
    SignedIn,
    VisitDep,
    forget_cookie,
    require_csrf,
    set_cookie,
)
from moorage.api.views import role_name
from moorage.errors import AccessRefused, Invalid
from moorage.vault.tokens import NewToken


async def get_session(request: Request, response: Response, parts: PartsDep, who: MaybeSignedIn) -> SessionView:
    """Tell who is here; also answers strangers."""
    response.headers["Cache-Control"] = "no-store"
    token = step_cookies.read(request, parts, step_cookies.STEP) if who is None else None
    ways = None if token is None else await parts.second_step.ways(token)
    return await session_view(request, parts, who, ways=ways)


async def sign_up(request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: SignUp) -> SessionView:
    """Make an account with a team of its own, and sign in."""
    new = NewPerson(form.name, form.email, form.password, form.locale)
    return await welcome(request, response, parts, await parts.people.sign_up(new, form.team_name, visit))


async def sign_in(request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: SignIn) -> SessionView:
    """Sign in."""
    return await welcome(request, response, parts, await parts.people.sign_in(form.email, form.password, visit))


async def sign_out(request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep) -> Done:
    """Sign this browser out."""
    await parts.people.sign_out(who, visit)
    forget_cookie(request, response, parts)
    return Done()


async def change_profile(
    request: Request, parts: PartsDep, who: SignedIn, visit: VisitDep, wish: ProfileChange
) -> SessionView:
    """Change one's name or language."""
    await parts.people.change_profile(who, visit, name=wish.name, locale=wish.locale)
    return await session_view(request, parts, await parts.people.find(visit.token or ""))


async def switch_team(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, wish: TeamSwitch
) -> SessionView:
    """Go on in another of one's teams."""
    return await welcome(request, response, parts, await parts.people.switch_team(who, wish.team_id, visit))


async def peek_invitation(parts: PartsDep, _visit: VisitDep, form: InvitationLink) -> InvitationPeek:
    """Show what an invitation link offers."""
    async with parts.database.read() as tx:
        offer = await invitations.peek(tx, form.token)
    return InvitationPeek(team_name=offer.team_name, role=role_name(offer.role), invited_by=offer.invited_by)


async def accept_invitation(
    request: Request,
    response: Response,
    parts: PartsDep,
    who: MaybeSignedIn,
    visit: VisitDep,
    form: InvitationAccept,
) -> SessionView:
    """Join a team: as who is signed in (the token alone), or with an account."""
    if form.email is None and who is not None:
        require_csrf(request, who)
        return await welcome(request, response, parts, await parts.people.join(form.token, who, visit))
    joined = await parts.people.join_as_new(form.token, _complete(form), visit)
    return await welcome(request, response, parts, joined)


def _complete(form: InvitationAccept) -> NewPerson:
    if form.email is None:
        raise Invalid("field_missing", field="email")
    if form.password is None:
        raise Invalid("field_missing", field="password")
    # An account that exists needs no name; a new one is refused without.
    return NewPerson(form.name or "", form.email, form.password, form.locale)


async def welcome(
    request: Request,
    response: Response,
    parts: Parts,
    entered: NewToken | NextStep,
    *,
    recovery_left: int | None = None,
) -> SessionView:
    """Hand the browser what it signed in with, or what the second step goes on with, and tell who is here."""
    if isinstance(entered, NextStep):
        step_cookies.keep(request, response, parts, step_cookies.STEP, entered.token)
        return await session_view(request, parts, None, ways=entered.ways)
    who = await parts.people.find(entered.text)
    set_cookie(request, response, parts, entered, lasts_s=None if who is None else who.sign_in.lasts_s)
    step_cookies.drop(request, response, parts, step_cookies.STEP, step_cookies.QUESTION)
    view = await session_view(request, parts, who)
    return view.model_copy(update={"recovery_left": recovery_left})


async def session_view(
    request: Request, parts: Parts, who: Principal | None, *, ways: Ways | None = None
) -> SessionView:
    """Tell who is here, and by what else one could come in."""
    language = language_of(request)
    deployment = parts.providers.deployment
    return SessionView(
        me=None if who is None else _me(who),
        team=None if who is None else _my_team(who, language),
        teams=[] if who is None else await _other_teams(parts, who),
        csrf_token=None if who is None else who.csrf_token,
        second_step=None if ways is None else _second_step(ways),
        passkeys_work=read_relying_party(parts.public_url, request.headers.get("host", "")) is not None,
        setup_needed=who is None and await parts.people.is_setup_needed(),
        sign_up_open=parts.sign_up_open,
        can_mail=parts.notices.can_mail,
        provider=None if deployment is None else ProviderButton(name=deployment.name, only=deployment.only),
        demo=parts.demo,
        version=None if who is None else parts.version,
    )


def _second_step(ways: Ways) -> SecondStepView:
    return SecondStepView(app=ways.has_app, passkey=ways.passkeys > 0, recovery_code=ways.recovery_codes > 0)


def _me(who: Principal) -> Me:
    locale = cast("LocaleName", who.locale)
    return Me(
        id=who.user_id,
        name=who.name,
        email=who.email,
        locale=locale,
        is_operator=who.is_operator,
        must_add_factor=who.sign_in.must_add_factor,
        is_bound=who.sign_in.provider_id is not None,
    )


def _my_team(who: Principal, language: Language) -> MyTeam:
    code = judge(who.plan, who.standing)
    return MyTeam(
        id=who.team_id,
        name=who.team_name,
        plan=who.plan,
        standing=who.standing,
        role=role_name(who.role),
        refusal=None if code is None else problem(AccessRefused(code), language),
    )


async def _other_teams(parts: Parts, who: Principal) -> list[TeamChoice]:
    if who.sign_in.provider_id is not None:
        return []  # what a team's provider vouched for leads to no other
    teams = await parts.people.teams_of(who.user_id)
    return [TeamChoice(id=team_id, name=name) for team_id, name in teams if team_id != who.team_id]
