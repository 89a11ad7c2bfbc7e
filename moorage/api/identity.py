"""Signing in by an identity provider, there and back, and a person's links, over HTTP."""

from urllib.parse import parse_qs
from uuid import UUID

from fastapi import Request, Response

from moorage.accounts import identities
from moorage.accounts.identities import LinkedIdentity
from moorage.accounts.oidc.flow import Returned
from moorage.accounts.principal import Principal, require_proof, require_whole_account
from moorage.accounts.provider_purposes import PurposeName
from moorage.accounts.provider_sign_in import Begun, Coming, Finished
from moorage.api import step_cookies
from moorage.api.accounts import session_view
from moorage.api.parts import Parts, PartsDep
from moorage.api.schemas.base import Done
from moorage.api.schemas.identity import (
    IdentityLink,
    IdentityList,
    IdentityView,
    LinkableProvider,
    ProviderBegun,
    ProviderFound,
    ProviderOffer,
    ProviderProof,
    ProviderReturn,
    ProviderReturned,
    ProviderStart,
)
from moorage.api.signed_in import Entered, MaybeSignedIn, SignedIn, VisitDep, set_cookie
from moorage.api.views import moment
from moorage.audit.trail import Act, record
from moorage.errors import Conflict, NotFound
from moorage.storage.types import DEPLOYMENT

_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


async def get_provider_offer(parts: PartsDep, team_id: UUID) -> ProviderOffer:
    """Show what a team's sign-in link offers."""
    offer = await parts.provider_sign_in.offer(team_id)
    return ProviderOffer(name=offer.name, team_name=offer.team_name)


async def begin_provider_sign_in(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, form: ProviderStart
) -> ProviderBegun:
    """Begin to sign in by an identity provider."""
    base = return_base(request, parts)
    begun = await parts.provider_sign_in.begin("sign_in", form.team_id, base, visit, next_path=form.next)
    return _go(request, response, parts, begun)


async def finish_provider_sign_in(
    request: Request, response: Response, parts: PartsDep, who: MaybeSignedIn, visit: VisitDep, form: ProviderReturn
) -> ProviderReturned:
    """Finish what this browser began at an identity provider."""
    coming = Coming(
        step_cookies.read(request, parts, step_cookies.PROVIDER) or "",
        _provider_id(form.provider),
        Returned(form.state, form.code, form.iss, form.error),
        form.locale,
    )
    step_cookies.drop(request, response, parts, step_cookies.PROVIDER)
    finished = await parts.provider_sign_in.finish(coming, visit, who=who)
    if finished.token is not None:
        who = await parts.people.find(finished.token.text)
        set_cookie(request, response, parts, finished.token, lasts_s=None if who is None else who.sign_in.lasts_s)
    return await _returned(request, parts, finished, who)


async def link_identity(
    request: Request, response: Response, parts: PartsDep, who: SignedIn, visit: VisitDep, wish: IdentityLink
) -> ProviderBegun:
    """Begin to link one's account to a provider."""
    return await _begin(request, response, parts, who, visit, "link", wish.team_id, "/settings/security")


async def prove_by_provider(
    request: Request, response: Response, parts: PartsDep, who: Entered, visit: VisitDep, wish: ProviderProof
) -> ProviderBegun:
    """Begin to prove who one is: a team's provider for a sign-in that came by it, else the deployment's."""
    team_id = None if who.sign_in.provider_id is None else who.team_id
    return await _begin(request, response, parts, who, visit, "prove", team_id, wish.next)


async def test_provider_sign_in(
    request: Request, response: Response, parts: PartsDep, who: SignedIn, visit: VisitDep
) -> ProviderBegun:
    """Begin the last stage of a provider's test: to sign in there and come back."""
    return await _begin(request, response, parts, who, visit, "test", who.team_id, "/settings/team/sign-in")


async def list_identities(parts: PartsDep, who: SignedIn) -> IdentityList:
    """Read one's links, and what could be linked."""
    deployment = parts.providers.deployment
    async with parts.database.read() as tx:
        links = await identities.links_of(tx, who.user_id, deployment)
    own = await parts.providers.of_team(who.team_id)
    linked = {link.provider_id for link in links}
    offers = [
        LinkableProvider(team_id=one.team_id, name=one.name, team_name="" if one.team_id is None else who.team_name)
        for one in (deployment, own)
        if one is not None and one.enabled and one.id not in linked
    ]
    return IdentityList(identities=[_identity(link) for link in links], linkable=offers)


async def unlink_identity(request: Request, parts: PartsDep, who: SignedIn, identity_id: UUID) -> IdentityList:
    """Remove one of one's links."""
    require_whole_account(who)
    require_proof(who)
    async with parts.database.write() as tx:
        provider_id = await identities.unlink(tx, who.user_id, identity_id)
        act = Act("identity.unlinked", "provider", str(provider_id), "")
        await record(tx, who.team_id, who.actor(request.state.request_id), act)
    return await list_identities(parts, who)


async def hear_provider_logout(
    request: Request, response: Response, parts: PartsDep, visit: VisitDep, provider: str
) -> Done:
    """End sign-ins whose session at the provider ended (Back-Channel Logout 1.0); a page that sends it is refused."""
    response.headers["Cache-Control"] = "no-store"
    body = await request.body()
    tokens = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get("logout_token", [""])
    provider_id = _provider_id(provider)
    await parts.provider_logout.hear(
        None if provider_id == DEPLOYMENT else provider_id,
        tokens[0],
        client=visit.client,
        request_id=visit.request_id,
    )
    return Done()


def return_base(request: Request, parts: Parts) -> str:
    """Give the address that providers send people back to. Raises Conflict("public_url_needed").

    Never taken from a header that others may set, but on one's own machine, where a person tries things out.
    """
    if parts.public_url:
        return parts.public_url
    if request.url.hostname not in _OWN_MACHINE:
        raise Conflict("public_url_needed")
    return f"{request.url.scheme}://{request.url.netloc}"


async def _begin(
    request: Request,
    response: Response,
    parts: Parts,
    who: Principal,
    visit: VisitDep,
    purpose: PurposeName,
    team_id: UUID | None,
    next_path: str,
) -> ProviderBegun:
    base = return_base(request, parts)
    begun = await parts.provider_sign_in.begin(purpose, team_id, base, visit, who=who, next_path=next_path)
    return _go(request, response, parts, begun)


def _go(request: Request, response: Response, parts: Parts, begun: Begun) -> ProviderBegun:
    step_cookies.keep(request, response, parts, step_cookies.PROVIDER, begun.token)
    return ProviderBegun(url=begun.url)


async def _returned(request: Request, parts: Parts, finished: Finished, who: Principal | None) -> ProviderReturned:
    found = finished.found
    return ProviderReturned(
        purpose=finished.purpose,
        next=finished.next,
        session=await session_view(request, parts, who),
        found=None if found is None else ProviderFound.model_validate(found, from_attributes=True),
    )


def _identity(link: LinkedIdentity) -> IdentityView:
    return IdentityView(
        id=link.id,
        provider_name=link.provider_name,
        team_name=link.team_name,
        linked_at=moment(link.linked_at),
        used_at=moment(link.used_at),
    )


def _provider_id(text: str) -> UUID:
    """Read the last part of the page's path. Raises NotFound("provider_gone")."""
    if text == "deployment":
        return DEPLOYMENT
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("provider_gone") from None
