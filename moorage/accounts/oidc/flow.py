"""One sign-in: to the provider with state, nonce and PKCE, and back. All three are derived from the browser's cookie.

What is stored of an attempt is the hash of its token and where it goes. State, nonce and verifier are made twice, from
the cookie, so that neither the database nor another browser can finish what this one began.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from moorage.accounts.oidc.claims import Claims, Expected, check_id_token, lacks, merged, read_claims
from moorage.accounts.oidc.client import OidcClient, Registration, Way
from moorage.accounts.oidc.metadata import Metadata
from moorage.accounts.oidc.refusals import refuse
from moorage.vault.tokens import derive, same

MAX_CODE_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way. `token` is what the browser's cookie holds."""

    token: str = field(repr=False)
    redirect_uri: str

    @property
    def state(self) -> str:
        """What comes back with the browser."""
        return derive(self.token, "oidc-state")

    @property
    def nonce(self) -> str:
        """What comes back inside the ID token."""
        return derive(self.token, "oidc-nonce")

    @property
    def verifier(self) -> str:
        """What only we can show for the code (RFC 7636)."""
        return derive(self.token, "oidc-verifier")

    def url(self, metadata: Metadata, registration: Registration, *, must_prove: bool = False) -> str:
        """Give the address to send the browser to. `must_prove`: the provider asks who they are even if it knows."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode("ascii")).digest()).rstrip(b"=")
        query = {
            "response_type": "code",
            "client_id": registration.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": registration.scopes,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge.decode("ascii"),
            "code_challenge_method": "S256",
        }
        if must_prove:
            query |= {"prompt": "login", "max_age": "0"}
        joint = "&" if "?" in metadata.authorization else "?"
        return f"{metadata.authorization}{joint}{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    issuer: str | None
    error: str | None


async def complete(
    client: OidcClient,
    way: Way,
    registration: Registration,
    attempt: Attempt,
    returned: Returned,
    *,
    now_s: float,
    authenticated_after_s: float | None = None,
) -> Claims:
    """Finish an attempt: give what the provider vouches for. Raises ProviderRefused with the finding."""
    if not same(returned.state, attempt.state):
        raise refuse("oidc_state")
    metadata = await client.metadata(way, registration.issuer)
    _require_issuer(metadata, returned)
    if returned.error is not None:
        raise refuse("oidc_denied" if returned.error == "access_denied" else "oidc_error")
    if not returned.code or len(returned.code) > MAX_CODE_CHARS:
        raise refuse("oidc_code_missing")
    tokens = await client.exchange(
        way, metadata, registration, code=returned.code, verifier=attempt.verifier, redirect_uri=attempt.redirect_uri
    )
    token = await client.verify(way, metadata, tokens.id_token)
    expected = Expected(registration.issuer, registration.client_id, attempt.nonce, now_s, authenticated_after_s)
    check_id_token(token, expected, access_token=tokens.access_token)
    claims = dict(token.claims)
    wanted = [name for name in ("email", "email_verified", "name", registration.groups_claim) if name]
    if metadata.userinfo is not None and tokens.access_token is not None and lacks(claims, wanted):
        more = await client.userinfo(way, metadata.userinfo, tokens.access_token, claims["sub"])
        claims = merged(claims, more)
    return read_claims(claims, registration.groups_claim)


def _require_issuer(metadata: Metadata, returned: Returned) -> None:
    """Hold the answer to who gave it (RFC 9207), so that a code of one provider is never shown to another."""
    if returned.issuer is None and metadata.announces_issuer:
        raise refuse("oidc_response_issuer_missing")
    if returned.issuer is not None and returned.issuer != metadata.issuer:
        raise refuse("oidc_response_issuer")
