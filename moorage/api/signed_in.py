"""Who sends this request: the cookie, the checks against forged requests, the dependencies that refuse strangers."""

import ipaddress
from dataclasses import replace
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from moorage.accounts.operators import require_operator
from moorage.accounts.principal import Principal
from moorage.accounts.sign_ins import LIFETIME
from moorage.accounts.visit import Visit
from moorage.api.parts import Parts, PartsDep
from moorage.errors import NotAllowed, SignInNeeded
from moorage.vault.tokens import NewToken, same

PLAIN_COOKIE: Final = "moorage_session"
# The browser itself refuses this name over http, with a domain, or with a path: nobody beside us can set it.
SECURE_COOKIE: Final = "__Host-moorage_session"
CSRF_HEADER: Final = "x-csrf-token"
# What a sign-in by a team's identity provider opens: the team's things with all below them, and of its own only these.
OF_TEAM: Final = (
    "/api/team",
    "/api/models",
    "/api/favourites",
    "/api/standard-models",
    "/api/aliases",
    "/api/connection-tests",
    "/api/connections",
    "/api/attention",
    "/api/conversations",
    "/api/message-previews",
    "/api/attachments",
    "/api/searches",
    "/api/shared-conversations",
    "/api/comparisons",
    "/api/replies",
    "/api/usage",
    "/api/audit",
    "/api/announcements",
)
OWN: Final = frozenset({"/api/profile", "/api/session", "/api/session/proof/provider", "/api/sign-out"})
# Which way to prove oneself is left, without the ways themselves: of those, only the provider's is open.
OWN_TO_READ: Final = frozenset({"/api/session/proof"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_TOKEN_CHARS: Final = 128


def refuse_other_sites(request: Request, parts: Parts) -> None:
    """Refuse an unsafe request that another site's page made. Raises NotAllowed("origin_wrong" or "host_wrong").

    A program that is no browser sends neither header; it has no cookie that a forged request could ride on.
    """
    if request.method in _SAFE_METHODS:
        return
    # A page whose own name was pointed here later looks like ours to the browser; it gives itself away by that name.
    if parts.own_hosts is not None and not _is_own(request.headers.get("host", ""), parts.own_hosts):
        raise NotAllowed("host_wrong")
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("origin")
        is_ours = origin is None or _host(origin) == request.headers.get("host", "").lower()
    if not is_ours:
        raise NotAllowed("origin_wrong")


async def find_principal(request: Request, parts: PartsDep) -> Principal | None:
    """Give the signed-in person, or None. For routes that also answer strangers."""
    refuse_other_sites(request, parts)
    token = _read_cookie(request, parts)
    principal = None if token is None else await parts.people.find(token)
    if principal is None:
        return None
    request.state.person = str(principal.user_id)  # for the log, should the request be refused
    return replace(principal, client=_client_of(request))


async def give_principal(
    request: Request, principal: Annotated[Principal | None, Depends(find_principal)]
) -> Principal:
    """Give the signed-in person. Raises SignInNeeded("sign_in_needed"), NotAllowed.

    NotAllowed: "csrf_wrong", "origin_wrong", "factor_needed" when the team asks for a second factor that this sign-in
    has not had.
    """
    entered = await give_entered(request, principal)
    if entered.sign_in.must_add_factor:
        raise NotAllowed("factor_needed")
    return entered


async def give_entered(request: Request, principal: Annotated[Principal | None, Depends(find_principal)]) -> Principal:
    """Give the signed-in person even if the team asks for a second factor first: for adding one, and for leaving.

    Raises NotAllowed("bound_to_team") where a team's identity provider vouched and the route reaches beyond the team.
    """
    if principal is None:
        raise SignInNeeded("sign_in_needed")
    require_csrf(request, principal)
    if principal.sign_in.provider_id is not None and not _is_of_team(request):
        # Asked by route, so that what is added later is closed to a team's provider until somebody opens it.
        raise NotAllowed("bound_to_team")
    return principal


async def give_operator(principal: Annotated[Principal, Depends(give_principal)]) -> Principal:
    """Give the signed-in person if they operate the deployment. Raises as `give_principal` and `require_operator`."""
    require_operator(principal)
    return principal


def require_csrf(request: Request, principal: Principal) -> None:
    """Refuse an unsafe request without the token that only our own pages can read. Raises NotAllowed("csrf_wrong")."""
    if request.method not in _SAFE_METHODS and not same(request.headers.get(CSRF_HEADER, ""), principal.csrf_token):
        raise NotAllowed("csrf_wrong")


async def give_visit(request: Request, parts: PartsDep) -> Visit:
    """Give where the request comes from."""
    refuse_other_sites(request, parts)
    agent = request.headers.get("user-agent", "")
    return Visit(_client_of(request), request.state.request_id, _read_cookie(request, parts), agent)


SignedIn = Annotated[Principal, Depends(give_principal)]
Entered = Annotated[Principal, Depends(give_entered)]
MaybeSignedIn = Annotated[Principal | None, Depends(find_principal)]
VisitDep = Annotated[Visit, Depends(give_visit)]


def set_cookie(
    request: Request, response: Response, parts: Parts, token: NewToken, *, lasts_s: int | None = None
) -> None:
    """Hand the token to the browser, for `lasts_s` seconds or the longest there is; scripts never see it."""
    secure = is_secure(request, parts)
    response.set_cookie(
        SECURE_COOKIE if secure else PLAIN_COOKIE,
        token.text,
        max_age=int(LIFETIME.total_seconds()) if lasts_s is None else lasts_s,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


def forget_cookie(request: Request, response: Response, parts: Parts) -> None:
    """Take the token back from the browser."""
    secure = is_secure(request, parts)
    name = SECURE_COOKIE if secure else PLAIN_COOKIE
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def _client_of(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def is_secure(request: Request, parts: Parts) -> bool:
    """True when cookies are for https alone."""
    return parts.secure_cookies or request.url.scheme == "https"


def _read_cookie(request: Request, parts: Parts) -> str | None:
    token = request.cookies.get(SECURE_COOKIE if is_secure(request, parts) else PLAIN_COOKIE)
    return token if token and len(token) <= _MAX_TOKEN_CHARS else None


def _is_of_team(request: Request) -> bool:
    path = getattr(request.scope.get("route"), "path", "")
    if path in OWN_TO_READ and request.method == "GET":
        return True
    return path in OWN or any(path == opened or path.startswith(f"{opened}/") for opened in OF_TEAM)


def _is_own(host: str, names: frozenset[str]) -> bool:
    """True for a name of this deployment and for any literal address: those can't be pointed elsewhere."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.rstrip(".") in names
    return True


def _host(origin: str) -> str | None:
    """Give host and port of an Origin header; None for `null` and for what is no origin."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
