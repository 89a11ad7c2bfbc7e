"""What a provider says of itself (OpenID Connect Discovery, RFC 8414), believed only if the issuer is exactly ours."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from moorage.accounts.oidc.refusals import refuse
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused
from moorage.vault.signed_tokens import ALGORITHMS

MAX_URL_CHARS: Final = 2048
OPENID: Final = "/.well-known/openid-configuration"
OAUTH: Final = "/.well-known/oauth-authorization-server"
# Where browsers go. Plain ASCII without what could end an attribute or a header; the query may stay.
_BROWSER_URL: Final = re.compile(
    r"https://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)

ReadUrl = Callable[[str], Endpoint]


@dataclass(frozen=True, slots=True)
class Target:
    """One of a provider's endpoints: the judged origin, and the path exactly as announced."""

    endpoint: Endpoint
    path: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What signing in needs of a provider's document."""

    issuer: str
    authorization: str
    token: Target
    keys: Target
    userinfo: Target | None
    auth_methods: frozenset[str]
    announces_issuer: bool
    announces_pkce: bool


def read_target(text: str, read: ReadUrl) -> Target:
    """Read the URL of something that we ask ourselves. Raises AddressRefused, as `read` does."""
    endpoint = read(text)
    # The parser drops a trailing slash, which providers tell apart.
    return Target(endpoint, endpoint.path + "/" if text.endswith("/") and len(urlsplit(text).path) else endpoint.path)


def discovery_paths(issuer: Target) -> Sequence[str]:
    """Give where the document may lie: appended to the issuer, then inserted before its path (RFC 8414 section 3.1)."""
    path = issuer.path.rstrip("/")
    return (path + OPENID, OPENID + path, OAUTH + path) if path else (OPENID, OAUTH)


def read_metadata(document: Mapping[str, Any], issuer: str, read: ReadUrl) -> Metadata:
    """Check a document. Raises ProviderRefused with the finding.

    The issuer is compared as text: a trailing slash more or less is another issuer, and its tokens would not fit.
    """
    if document.get("issuer") != issuer:
        raise refuse("oidc_issuer_differs")
    _require_abilities(document)
    authorization = document.get("authorization_endpoint")
    if not isinstance(authorization, str) or not document.get("token_endpoint") or not document.get("jwks_uri"):
        raise refuse("oidc_metadata_incomplete")
    if len(authorization) > MAX_URL_CHARS or not _BROWSER_URL.fullmatch(authorization):
        raise refuse("oidc_endpoint_address")
    userinfo = document.get("userinfo_endpoint")
    return Metadata(
        issuer=issuer,
        authorization=authorization,
        token=_target(document["token_endpoint"], read),
        keys=_target(document["jwks_uri"], read),
        userinfo=None if userinfo is None else _target(userinfo, read),
        auth_methods=frozenset(_texts(document, "token_endpoint_auth_methods_supported") or ["client_secret_basic"]),
        announces_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        announces_pkce="S256" in _texts(document, "code_challenge_methods_supported"),
    )


def _require_abilities(document: Mapping[str, Any]) -> None:
    """Refuse a provider that says it can't do what we insist on. Silence means that it may."""
    types = _texts(document, "response_types_supported")
    modes = _texts(document, "response_modes_supported")
    methods = _texts(document, "code_challenge_methods_supported")
    algorithms = _texts(document, "id_token_signing_alg_values_supported")
    if types and "code" not in types:
        raise refuse("oidc_no_code_flow")
    if modes and "query" not in modes:
        raise refuse("oidc_no_query_mode")
    if methods and "S256" not in methods:
        raise refuse("oidc_no_pkce")
    if algorithms and ALGORITHMS.keys().isdisjoint(algorithms):
        raise refuse("oidc_no_algorithm")


def _target(text: object, read: ReadUrl) -> Target:
    if not isinstance(text, str):
        raise refuse("oidc_metadata_incomplete")
    try:
        return read_target(text, read)
    except AddressRefused:
        raise refuse("oidc_endpoint_address") from None


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    listed = document.get(name)
    return [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
