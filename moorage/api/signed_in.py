"""Who sends this request: the cookie, the checks against forged requests, the dependencies that refuse strangers."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from moorage.accounts.people import Visit
from moorage.accounts.principal import Principal
from moorage.accounts.sign_ins import LIFETIME
from moorage.api.parts import Parts, PartsDep
from moorage.errors import NotAllowed, SignInNeeded
from moorage.vault.tokens import NewToken, same

PLAIN_COOKIE: Final = "moorage_session"
# The browser itself refuses this name over http, with a domain, or with a path: nobody beside us can set it.
SECURE_COOKIE: Final = "__Host-moorage_session"
CSRF_HEADER: Final = "x-csrf-token"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_TOKEN_CHARS: Final = 128


def refuse_other_sites(request: Request) -> None:
    """Refuse an unsafe request that another site's page made. Raises NotAllowed("origin_wrong").

    A program that is no browser sends neither header; it has no cookie that a forged request could ride on.
    """
    if request.method in _SAFE_METHODS:
        return
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
    refuse_other_sites(request)
    token = _read_cookie(request, parts)
    return None if token is None else await parts.people.find(token)


async def give_principal(
    request: Request, principal: Annotated[Principal | None, Depends(find_principal)]
) -> Principal:
    """Give the signed-in person. Raises SignInNeeded("sign_in_needed"), NotAllowed("csrf_wrong" or "origin_wrong")."""
    if principal is None:
        raise SignInNeeded("sign_in_needed")
    if request.method not in _SAFE_METHODS and not same(request.headers.get(CSRF_HEADER, ""), principal.csrf_token):
        raise NotAllowed("csrf_wrong")
    return principal


async def give_visit(request: Request, parts: PartsDep) -> Visit:
    """Give where the request comes from."""
    refuse_other_sites(request)
    client = request.client.host if request.client is not None else ""
    return Visit(client, request.state.request_id, _read_cookie(request, parts))


SignedIn = Annotated[Principal, Depends(give_principal)]
MaybeSignedIn = Annotated[Principal | None, Depends(find_principal)]
VisitDep = Annotated[Visit, Depends(give_visit)]


def set_cookie(request: Request, response: Response, parts: Parts, token: NewToken) -> None:
    """Hand the token to the browser; scripts never see it."""
    is_secure = _is_secure(request, parts)
    response.set_cookie(
        SECURE_COOKIE if is_secure else PLAIN_COOKIE,
        token.text,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"


def forget_cookie(request: Request, response: Response, parts: Parts) -> None:
    """Take the token back from the browser."""
    is_secure = _is_secure(request, parts)
    name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
    response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="lax")


def _is_secure(request: Request, parts: Parts) -> bool:
    return parts.secure_cookies or request.url.scheme == "https"


def _read_cookie(request: Request, parts: Parts) -> str | None:
    token = request.cookies.get(SECURE_COOKIE if _is_secure(request, parts) else PLAIN_COOKIE)
    return token if token and len(token) <= _MAX_TOKEN_CHARS else None


def _host(origin: str) -> str | None:
    """Give host and port of an Origin header; None for `null` and for what is no origin."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
