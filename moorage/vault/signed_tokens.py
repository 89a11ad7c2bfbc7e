"""Believes what others signed, by their published keys: RS256, PS256, ES256, EdDSA; never `none`, never a shared key.

A key is chosen by the token's `kid` and by what the key itself says it is for; a header that brings its own key, or
names one to fetch, is not listened to. Nothing here is kept secret, and nothing is fetched.
"""

import base64
import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact

ALGORITHMS: Final[Mapping[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
MAX_KEYS: Final = 64
MAX_TOKEN_CHARS: Final = 32_768
_MIN_RSA_BITS: Final = 2048
_MAX_RSA_BITS: Final = 8192  # what it takes to check a signature grows with it
_MAX_EXPONENT: Final = 0xFFFF_FFFF
_MAX_KID_CHARS: Final = 512
_PUBLIC: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CURVES: Final = {"EC": "P-256", "OKP": "Ed25519"}

PublicKey = RSAKey | ECKey | OKPKey


class TokenRefused(Exception):
    """A signed token is not believed. `finding` says why; the token is never repeated."""

    def __init__(self, finding: str) -> None:
        super().__init__(finding)
        self.finding = finding


class _Registry(JWSRegistry):
    """Room for the headers that real providers send: long key ids, certificates."""

    max_header_length = 8192
    max_signature_length = 2048


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str | None
    kind: str
    alg: str | None
    public: PublicKey = field(repr=False)

    def fits(self, alg: str, kid: str | None) -> bool:
        return self.kind == ALGORITHMS[alg] and self.alg in {None, alg} and (kid is None or self.kid == kid)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, and by which algorithm its signature held."""

    alg: str
    typ: str
    claims: Mapping[str, Any] = field(repr=False)

    def half_hash(self, text: str) -> str:
        """Give the left half of a text's hash, as `at_hash` holds it (OpenID Connect Core 3.1.3.6)."""
        digest = (hashlib.sha512 if self.alg == "EdDSA" else hashlib.sha256)(text.encode("utf-8", "replace")).digest()
        return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


class PublicKeys:
    """The keys of one provider that may have signed a token; what can't be used is left out."""

    def __init__(self, keys: list[_Key]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, document: object) -> "PublicKeys":
        """Read a JWK set. Raises TokenRefused("oidc_keys_unreadable"|"oidc_keys_none")."""
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise TokenRefused("oidc_keys_unreadable")
        keys = [key for key in map(_read_key, listed) if key is not None]
        if not keys:
            raise TokenRefused("oidc_keys_none")
        return cls(keys)

    def __len__(self) -> int:
        return len(self._keys)

    def verify(self, token: str) -> Verified:
        """Check a compact JWS. Raises TokenRefused: oidc_token_unreadable, _algorithm, _key_unknown, _signature."""
        header = _read_header(token)
        alg, kid = header.get("alg"), header.get("kid")
        if not isinstance(alg, str) or alg not in ALGORITHMS:
            raise TokenRefused("oidc_algorithm")
        if kid is not None and not isinstance(kid, str):
            raise TokenRefused("oidc_token_unreadable")
        candidates = [key for key in self._keys if key.fits(alg, kid)]
        # Without a kid there must be no choice; two keys of one kid are a choice, too.
        if len(candidates) != 1:
            raise TokenRefused("oidc_key_unknown")
        try:
            registry = _Registry(algorithms=[alg], strict_check_header=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # EdDSA is being renamed to Ed25519; providers still say EdDSA
                signed = deserialize_compact(token, candidates[0].public, registry=registry)
            claims = json.loads(signed.payload)
        except BadSignatureError:
            raise TokenRefused("oidc_signature") from None
        except (JoseError, ValueError, TypeError, RecursionError):
            raise TokenRefused("oidc_token_unreadable") from None
        if not isinstance(claims, dict):
            raise TokenRefused("oidc_token_unreadable")
        typ = header.get("typ")
        return Verified(alg, typ.lower() if isinstance(typ, str) else "", claims)


def _read_header(token: str) -> dict[str, Any]:
    head, *parts = token.split(".", 3)
    try:
        if not token.isascii() or len(token) > MAX_TOKEN_CHARS or len(parts) != 2:  # noqa: PLR2004 - claims, signature
            raise ValueError(len(parts))
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        raise TokenRefused("oidc_token_unreadable") from None
    if not isinstance(header, dict):
        raise TokenRefused("oidc_token_unreadable")
    return header


def _read_key(jwk: object) -> _Key | None:
    """Give a key that may check signatures; None for every other: for encryption, shared, weak, strange."""
    if not isinstance(jwk, dict):
        return None
    kind, alg, kid = jwk.get("kty"), jwk.get("alg"), jwk.get("kid")
    operations = jwk.get("key_ops")
    if (
        not isinstance(kind, str)
        or kind not in _PUBLIC
        or (alg is not None and ALGORITHMS.get(str(alg)) != kind)
        or jwk.get("use") not in {None, "sig"}
        or (operations is not None and not (isinstance(operations, list) and "verify" in operations))
        or (kid is not None and not (isinstance(kid, str) and len(kid) <= _MAX_KID_CHARS))
        or (kind in _CURVES and jwk.get("crv") != _CURVES[kind])
    ):
        return None
    # The public members alone: what else a provider published by mistake is not ours to hold.
    members = {"kty": kind, **{name: str(jwk.get(name, "")) for name in _PUBLIC[kind]}}
    try:
        public = _import(kind, members)
    except Exception:  # noqa: BLE001 - hostile numbers; the parser has a dozen ways to say no
        return None
    return None if public is None else _Key(kid, kind, alg, public)


def _import(kind: str, members: dict[str, Any]) -> PublicKey | None:
    if kind == "EC":
        return ECKey.import_key(members)
    if kind == "OKP":
        return OKPKey.import_key(members)
    if len(members["n"]) > _MAX_RSA_BITS // 6 + 4 or len(members["e"]) > 8:  # noqa: PLR2004 - base64 of 32 bits, and some
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a key that is too small is left out below, not warned of
        key = RSAKey.import_key(members)
    numbers = key.public_key.public_numbers()
    if not _MIN_RSA_BITS <= numbers.n.bit_length() <= _MAX_RSA_BITS:
        return None
    return key if 2 < numbers.e <= _MAX_EXPONENT and numbers.e % 2 else None  # noqa: PLR2004 - odd, and more than one
