"""The cookies of what is under way: a second step of a sign-in, a question to a passkey, a way to a provider.

No script reads them, no other site sends them along, and they end after ten minutes as what they stand for does.
"""

from typing import Final

from fastapi import Request, Response

from moorage.accounts.pending import LIFETIME
from moorage.api.parts import Parts
from moorage.api.signed_in import is_secure
from moorage.vault.tokens import NewToken

STEP: Final = "moorage_step"
QUESTION: Final = "moorage_passkey"
PROVIDER: Final = "moorage_provider"
_MAX_TOKEN_CHARS: Final = 128


def keep(request: Request, response: Response, parts: Parts, name: str, token: NewToken) -> None:
    """Hand a token to the browser."""
    response.set_cookie(
        _name(request, parts, name),
        token.text,
        max_age=int(LIFETIME.total_seconds()),
        path="/",
        secure=is_secure(request, parts),
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"


def read(request: Request, parts: Parts, name: str) -> str | None:
    """Give the token the browser sent, if it sent one."""
    token = request.cookies.get(_name(request, parts, name))
    return token if token and len(token) <= _MAX_TOKEN_CHARS else None


def drop(request: Request, response: Response, parts: Parts, *names: str) -> None:
    """Take tokens back from the browser, those it sent."""
    for name in names:
        full = _name(request, parts, name)
        if full in request.cookies:
            response.delete_cookie(full, path="/", secure=is_secure(request, parts), httponly=True, samesite="strict")


def _name(request: Request, parts: Parts, name: str) -> str:
    # As the cookie of a sign-in: nobody beside us can set a name that begins like this.
    return f"__Host-{name}" if is_secure(request, parts) else name
