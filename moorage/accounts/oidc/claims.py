"""What must be true of an ID token before it signs anybody in (OpenID Connect Core 3.1.3.7), each check by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moorage.accounts.oidc.refusals import ProviderRefused, refuse
from moorage.vault.signed_tokens import Verified
from moorage.vault.tokens import same

LEEWAY_S: Final = 60
MAX_AGE_S: Final = 600  # an ID token is read at once; one that lay about is not ours
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
MAX_SUBJECT_CHARS: Final = 255
MAX_GROUPS: Final = 2000
_MAX_CLAIM_CHARS: Final = 320
_TYPES: Final = frozenset({"", "jwt"})  # an access token (at+jwt) or a logout token is no ID token
# An address counts with what its own source says of it.
_MAIL_WORDS: Final = ("email_verified", "xms_edov")
_TRUE: Final = (True, "true", "1")  # some write it as text; 1 equals True
_LAST_SECOND: Final = 1e11  # in the year 5138
_SECOND_FACTORS: Final = frozenset({"mfa", "otp", "hwk", "swk", "sms", "fpt", "face", "sc"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token has to say. `authenticated_after_s`: the person must have proved themselves since then."""

    issuer: str
    client_id: str
    nonce: str
    now_s: float
    authenticated_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider vouches for. Texts are the provider's: they are tidied before they are kept or shown.

    `proved_at_s`: when the person last proved to the provider who they are.
    """

    subject: str
    session: str | None
    email: str
    is_mail_verified: bool
    name: str
    groups: frozenset[str]
    groups_elsewhere: bool
    has_second_factor: bool
    proved_at_s: float | None


@dataclass(frozen=True, slots=True)
class Logout:
    """Who signed out at the provider: a subject, one session, or both. `token_id` is good for one time."""

    subject: str | None
    session: str | None
    token_id: str


def check_id_token(token: Verified, expected: Expected, *, access_token: str | None) -> None:
    """Check an ID token whose signature holds. Raises ProviderRefused with the first finding."""
    claims = token.claims
    if token.typ not in _TYPES:
        raise refuse("oidc_token_unreadable")
    _check_parties(claims, expected)
    _check_times(claims, expected)
    if claims.get("nonce") != expected.nonce:
        raise refuse("oidc_claim_nonce")
    if "at_hash" in claims and (
        access_token is None or not same(str(claims["at_hash"]), token.half_hash(access_token))
    ):
        raise refuse("oidc_at_hash")
    if expected.authenticated_after_s is not None:
        proved_at_s = _seconds(claims, "auth_time")
        if proved_at_s is None or proved_at_s < expected.authenticated_after_s - LEEWAY_S:
            raise refuse("oidc_auth_time")


def check_logout_token(token: Verified, expected: Expected) -> Logout:
    """Check a logout token (Back-Channel Logout 1.0, 2.6).

    `typ` may be missing or JWT: the specification recommends logout+jwt and demands what tells the kinds apart by
    themselves, the event and no nonce.
    """
    claims = token.claims
    try:
        _check_parties(claims, expected, needs_subject=False)
        _check_times(claims, expected)
    except ProviderRefused:
        raise refuse("oidc_logout_token") from None
    events, subject, session = claims.get("events"), claims.get("sub"), claims.get("sid")
    token_id = claims.get("jti")
    if (
        token.typ not in {*_TYPES, "logout+jwt"}
        or not isinstance(events, dict)
        or not isinstance(events.get(LOGOUT_EVENT), dict)
        or "nonce" in claims
        or not isinstance(token_id, str)
        or not token_id
        or not all(isinstance(text, str | None) for text in (subject, session))
        or not (subject or session)
    ):
        raise refuse("oidc_logout_token")
    return Logout(subject, session, token_id)


def read_claims(claims: Mapping[str, Any], groups_claim: str) -> Claims:
    """Read what we use of claims that were checked."""
    name = _text(claims, "name") or " ".join(
        part for part in (_text(claims, "given_name"), _text(claims, "family_name")) if part
    )
    groups = _find(claims, groups_claim)
    listed = groups if isinstance(groups, list) else [groups] if isinstance(groups, str) else []
    session, methods = claims.get("sid"), claims.get("amr")
    return Claims(
        subject=str(claims["sub"]),
        session=session if isinstance(session, str) and len(session) <= MAX_SUBJECT_CHARS else None,
        email=_text(claims, "email"),
        # xms_edov: Entra's word for an address whose domain the tenant has proved to own.
        is_mail_verified=any(claims.get(claim) in _TRUE for claim in _MAIL_WORDS),
        name=name or _text(claims, "preferred_username"),
        groups=frozenset(group for group in listed[:MAX_GROUPS] if isinstance(group, str)),
        groups_elsewhere=groups is None and _are_elsewhere(claims, groups_claim),
        has_second_factor=isinstance(methods, list) and not _SECOND_FACTORS.isdisjoint(map(str, methods)),
        proved_at_s=_seconds(claims, "auth_time"),
    )


def merged(signed: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Give the claims of an ID token and of userinfo as one; what was signed counts for more than what was only sent.

    The address and whether it is verified come from one of the two, never mixed: from the ID token if it says both.
    """
    says_both = _text(signed, "email") and any(word in signed for word in _MAIL_WORDS)
    source = sent if _text(sent, "email") and not says_both else signed
    mail = ("email", *_MAIL_WORDS)
    rest = {name: value for name, value in {**sent, **signed}.items() if name not in mail}
    return {**rest, **{name: source[name] for name in mail if name in source}}


def lacks(claims: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    """True when a claim is missing that the userinfo endpoint may have."""
    return any(_find(claims, name) is None for name in wanted)


def _check_parties(claims: Mapping[str, Any], expected: Expected, *, needs_subject: bool = True) -> None:
    if claims.get("iss") != expected.issuer:
        raise refuse("oidc_claim_iss")
    subject = claims.get("sub")
    if needs_subject and not (
        isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_CHARS and subject.isprintable()
    ):
        raise refuse("oidc_claim_sub")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise refuse("oidc_claim_aud")
    authorized = claims.get("azp")
    # A token for several is ours only if it says that it was given to us.
    if (authorized is None and len(audiences) > 1) or authorized not in (None, expected.client_id):
        raise refuse("oidc_claim_azp")


def _check_times(claims: Mapping[str, Any], expected: Expected) -> None:
    expires_s, issued_s = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires_s is None or expires_s <= expected.now_s - LEEWAY_S:
        raise refuse("oidc_claim_exp")
    if issued_s is None or not expected.now_s - MAX_AGE_S <= issued_s <= expected.now_s + LEEWAY_S:
        raise refuse("oidc_claim_iat")
    begins_s = _seconds(claims, "nbf")
    if "nbf" in claims and (begins_s is None or begins_s > expected.now_s + LEEWAY_S):
        raise refuse("oidc_claim_nbf")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > _LAST_SECOND:
        return None
    return float(value)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= _MAX_CLAIM_CHARS else ""


def _find(claims: Mapping[str, Any], name: str) -> Any:
    """Find a claim by its name, or by the dotted path to it ("realm_access.roles")."""
    if not name or name in claims:
        return claims.get(name)
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _are_elsewhere(claims: Mapping[str, Any], name: str) -> bool:
    """Entra names too many groups by a link instead, which would need rights to a whole directory."""
    names = claims.get("_claim_names")
    return (isinstance(names, dict) and name in names) or claims.get("hasgroups") is True
