"""What a provider can lie about, and the name under which each lie is found out."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support.hostile_provider import (
    HostileProvider,
    Page,
    as_json,
    signed_by_published_key,
    signed_by_rs512,
    unsigned,
)

Lie = Callable[[HostileProvider], None]


def _claims(**changes: Any) -> Lie:
    """Change claims; None takes one out; a function computes it from the present value."""

    def change(claims: dict[str, Any]) -> dict[str, Any]:
        made = {name: value(claims.get(name)) if callable(value) else value for name, value in changes.items()}
        return {name: value for name, value in {**claims, **made}.items() if value is not None}

    def lie(provider: HostileProvider) -> None:
        provider.claims = change

    return lie


def _metadata(**changes: Any) -> Lie:
    def lie(provider: HostileProvider) -> None:
        provider.metadata = lambda document: {
            name: value for name, value in {**document, **changes}.items() if value is not None
        }

    return lie


def _page(path: str, page: Page) -> Lie:
    return lambda provider: provider.pages.update({path: page})


def _header(**changes: Any) -> Lie:
    return lambda provider: provider.header.update(changes)


def _tokens(**changes: Any) -> Lie:
    def lie(provider: HostileProvider) -> None:
        provider.tokens = lambda body: {**body, **changes}

    return lie


def _signed(sign: Callable[[HostileProvider, dict[str, Any], dict[str, Any]], str]) -> Lie:
    def lie(provider: HostileProvider) -> None:
        provider.sign = lambda header, claims: sign(provider, header, claims)

    return lie


def _other_key(_: HostileProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(header, claims, RSAKey.generate_key(2048), algorithms=["RS256"])


def _brings_its_key(_: HostileProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    own = RSAKey.generate_key(2048)
    return jwt.encode({**header, "jwk": own.as_dict(private=False)}, claims, own, algorithms=["RS256"])


def _cut(provider: HostileProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return jwt.encode(header, claims, provider.key, algorithms=["RS256"])[:-8]


def _forged(provider: HostileProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    head, _, tail = jwt.encode(header, claims, provider.key, algorithms=["RS256"]).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "olga"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{tail}"


def _with_crit(provider: HostileProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    head, body, tail = jwt.encode(header, claims, provider.key, algorithms=["RS256"]).split(".")
    wild = json.dumps({**header, "crit": ["exp"], "exp": 1}).encode()
    del head
    return f"{base64.urlsafe_b64encode(wild).rstrip(b'=').decode()}.{body}.{tail}"


def _weak(provider: HostileProvider) -> None:
    with pytest.warns(match="2048"):
        provider.key = RSAKey.generate_key(1024, {"kid": "main"})
    provider.keys = [provider.key.as_dict(private=False)]


def _shared(provider: HostileProvider) -> None:
    provider.keys = [{"kty": "oct", "kid": "main", "k": "c2VjcmV0"}]


def _doubled(provider: HostileProvider) -> None:
    provider.keys = [*provider.keys, RSAKey.generate_key(2048, {"kid": "main"}).as_dict(private=False)]


def _for_encryption(provider: HostileProvider) -> None:
    provider.keys = [{**provider.keys[0], "use": "enc"}]


def _too_many_keys(provider: HostileProvider) -> None:
    provider.keys = provider.keys * 65


def _nameless(provider: HostileProvider) -> None:
    provider.header = {"alg": "RS256"}
    provider.keys = [*provider.keys, RSAKey.generate_key(2048, {"kid": "other"}).as_dict(private=False)]


NOW = int(time.time())
HTML = Page(b"<html>{}</html>", kind="text/html")
DISCOVERY = "/.well-known/openid-configuration"
LIES: dict[str, tuple[Lie, str]] = {
    # discovery
    "no document": (_page(DISCOVERY, as_json({}, 404)), "oidc_discovery_missing"),
    "a document that is forbidden": (_page(DISCOVERY, as_json({}, 403)), "oidc_discovery_failed"),
    "a page instead of a document": (_page(DISCOVERY, HTML), "oidc_discovery_not_json"),
    "a document that calls itself a page": (_page(DISCOVERY, Page(b"{}", kind="text/html")), "oidc_discovery_not_json"),
    "a list instead of a document": (_page(DISCOVERY, as_json([1])), "oidc_discovery_not_json"),
    "a document without end": (_page(DISCOVERY, Page(b" " * 300_000)), "answer_too_large"),
    "a redirection": (_page(DISCOVERY, Page(b"", 302, headers={"location": "https://evil.test"})), "redirected"),
    "a compressed document": (
        _page(DISCOVERY, Page(b"x", headers={"content-encoding": "gzip"})),
        "compressed_answer",
    ),
    "another issuer": (_metadata(issuer="https://evil.example.com"), "oidc_issuer_differs"),
    "no token endpoint": (_metadata(token_endpoint=None), "oidc_metadata_incomplete"),
    "a token endpoint without TLS": (_metadata(token_endpoint="http://localhost/token"), "oidc_endpoint_address"),
    "keys inside the network": (_metadata(jwks_uri="https://10.0.0.1/jwks"), "oidc_endpoint_address"),
    "a login page that is a script": (_metadata(authorization_endpoint="javascript:alert(1)"), "oidc_endpoint_address"),
    "only the implicit flow": (_metadata(response_types_supported=["id_token"]), "oidc_no_code_flow"),
    "only fragments": (_metadata(response_modes_supported=["fragment"]), "oidc_no_query_mode"),
    "only plain PKCE": (_metadata(code_challenge_methods_supported=["plain"]), "oidc_no_pkce"),
    "only shared keys": (_metadata(id_token_signing_alg_values_supported=["HS256", "none"]), "oidc_no_algorithm"),
    # keys
    "a page instead of keys": (_page("/jwks", HTML), "oidc_keys_unreadable"),
    "keys that are forbidden": (_page("/jwks", as_json({"keys": []}, 403)), "oidc_keys_unreadable"),
    "too many keys": (_too_many_keys, "oidc_keys_unreadable"),
    "no keys": (_page("/jwks", as_json({"keys": []})), "oidc_keys_none"),
    "a weak key": (_weak, "oidc_keys_none"),
    "a shared key among the public ones": (_shared, "oidc_keys_none"),
    "a key for encryption": (_for_encryption, "oidc_keys_none"),
    "two keys of one name": (_doubled, "oidc_key_unknown"),
    "a key that is not there": (_header(kid="other"), "oidc_key_unknown"),
    "no key's name among several": (_nameless, "oidc_key_unknown"),
    # the token endpoint
    "a page instead of tokens": (_page("/token", HTML), "oidc_token_not_json"),
    "an error of its own": (_page("/token", as_json({}, 500)), "oidc_token_failed"),
    "a client it does not know": (_page("/token", as_json({"error": "invalid_client"}, 401)), "oidc_client_refused"),
    "a strange refusal": (_page("/token", as_json({"error": ["<script>"]}, 400)), "oidc_token_refused"),
    "no ID token": (_tokens(id_token=None), "oidc_token_shape"),
    "tokens of another kind": (_tokens(token_type="mac"), "oidc_token_shape"),
    # signature
    "no algorithm": (_signed(lambda _, head, claims: unsigned({**head, "alg": "none"}, claims)), "oidc_algorithm"),
    "no algorithm, spelled otherwise": (
        _signed(lambda _, head, claims: unsigned({**head, "alg": "nOnE"}, claims)),
        "oidc_algorithm",
    ),
    "the public key as a shared one": (
        _signed(lambda provider, head, claims: signed_by_published_key(provider.key, head, claims)),
        "oidc_algorithm",
    ),
    "RS512, which is not on the list": (
        _signed(lambda one, head, claims: signed_by_rs512(one.key, head, claims)),
        "oidc_algorithm",
    ),
    "somebody else's signature": (_signed(_other_key), "oidc_signature"),
    "a key inside the token": (_signed(_brings_its_key), "oidc_signature"),
    "claims exchanged after signing": (_signed(_forged), "oidc_signature"),
    "a signature cut short": (_signed(_cut), "oidc_signature"),
    "no token at all": (_signed(lambda *_: "abc"), "oidc_token_unreadable"),
    "an encrypted token": (_signed(lambda *_: "a.b.c.d.e"), "oidc_token_unreadable"),
    "an access token for an ID token": (_header(typ="at+jwt"), "oidc_token_unreadable"),
    "a critical header that nobody knows": (
        _signed(_with_crit),
        "oidc_token_unreadable",
    ),
    # claims
    "an issuer with a slash more": (_claims(iss=lambda iss: f"{iss}/"), "oidc_claim_iss"),
    "another issuer in the token": (_claims(iss="https://accounts.example.com"), "oidc_claim_iss"),
    "no subject": (_claims(sub=None), "oidc_claim_sub"),
    "an endless subject": (_claims(sub="x" * 256), "oidc_claim_sub"),
    "a subject with a line break": (_claims(sub="a\nb"), "oidc_claim_sub"),
    "a subject that is a number": (_claims(sub=7), "oidc_claim_sub"),
    "another audience": (_claims(aud="other"), "oidc_claim_aud"),
    "an audience that begins like ours": (_claims(aud="moorage-other"), "oidc_claim_aud"),
    "several audiences and no party": (_claims(aud=["moorage", "other"]), "oidc_claim_azp"),
    "another party": (_claims(azp="other"), "oidc_claim_azp"),
    "an expired token": (_claims(exp=NOW - 120), "oidc_claim_exp"),
    "a token without end": (_claims(exp=None), "oidc_claim_exp"),
    "an end that is a word": (_claims(exp="never"), "oidc_claim_exp"),
    "a token from the future": (_claims(iat=NOW + 600), "oidc_claim_iat"),
    "a token that lay about": (_claims(iat=NOW - 3600), "oidc_claim_iat"),
    "a token that is not valid yet": (_claims(nbf=NOW + 600), "oidc_claim_nbf"),
    "another nonce": (_claims(nonce="other"), "oidc_claim_nonce"),
    "no nonce": (_claims(nonce=None), "oidc_claim_nonce"),
    "another access token": (_claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "oidc_at_hash"),
}
