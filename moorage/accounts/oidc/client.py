"""Asks a provider: its document, its keys, a code's tokens, the userinfo. Bounded in time, size and number; cached.

Each deployment and each team has its own memory of a provider, so that nobody's answers are believed for another.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from moorage.accounts.oidc.metadata import Metadata, ReadUrl, Target, discovery_paths, read_metadata, read_target
from moorage.accounts.oidc.refusals import ProviderRefused, refuse, unreachable
from moorage.egress.door import Answer, Door, Outbound, Scope
from moorage.errors import AddressRefused, EndpointFailure, Invalid
from moorage.vault.client_credentials import basic_credential
from moorage.vault.secret import Secret
from moorage.vault.signed_tokens import PublicKeys, TokenRefused, Verified

MAX_BODY_BYTES: Final = 256 * 1024
TIMEOUT_S: Final = 10.0
KEPT_S: Final = 600.0
FAILURE_KEPT_S: Final = 10.0
KEYS_AGAIN_AFTER_S: Final = 30.0  # an unknown kid asks for the keys again, but no sooner than this
MAX_REMEMBERED: Final = 256

_NOT_FOUND: Final = frozenset({404, 405, 410})


@dataclass(frozen=True, slots=True)
class Way:
    """How to reach a provider: the operator's door or the common one, under whose scope, by which rules for URLs."""

    door: Door
    scope: Scope
    read: ReadUrl


@dataclass(frozen=True, slots=True)
class Registration:
    """What a provider knows us as, and what we ask it for. Without a secret we are a public client, with PKCE alone."""

    issuer: str
    client_id: str
    client_secret: Secret | None
    scopes: str
    groups_claim: str


@dataclass(slots=True)
class _Memory:
    """What is remembered of one provider. The lock lets one ask while others wait for the same answer."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    metadata: Metadata | None = None
    metadata_at_s: float = 0.0
    refusal: ProviderRefused | None = None
    keys: PublicKeys | None = None
    keys_at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was worth."""

    id_token: str = field(repr=False)
    access_token: str | None = field(repr=False)


class OidcClient:
    """One per process. `clock` gives seconds and never goes back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._memories: OrderedDict[tuple[str, str], _Memory] = OrderedDict()

    async def metadata(self, way: Way, issuer: str) -> Metadata:
        """Give the provider's document, ten minutes old at most. Raises ProviderRefused; a failure is kept 10 s."""
        memory = self._memory(way, issuer)
        async with memory.lock:
            age_s = self._clock() - memory.metadata_at_s
            if memory.metadata is not None and age_s < KEPT_S:
                return memory.metadata
            if memory.refusal is not None and age_s < FAILURE_KEPT_S:
                raise memory.refusal
            memory.metadata, memory.refusal = None, None
            try:
                memory.metadata = await self._discover(way, issuer)
            except ProviderRefused as refused:
                memory.refusal = refused
                raise
            finally:
                memory.metadata_at_s = self._clock()
            return memory.metadata

    async def keys(self, way: Way, metadata: Metadata) -> PublicKeys:
        """Fetch the provider's keys. Raises ProviderRefused."""
        answer = await self._ask(way, metadata.keys, Outbound("GET", metadata.keys.path, **_bounds()))
        if answer.status // 100 != 2:  # noqa: PLR2004 - success
            raise refuse("oidc_keys_unreadable")
        try:
            return PublicKeys.read(_json(answer))
        except (ValueError, TokenRefused) as error:
            raise refuse(error.finding if isinstance(error, TokenRefused) else "oidc_keys_unreadable") from None

    async def verify(self, way: Way, metadata: Metadata, token: str) -> Verified:
        """Check a token's signature by the provider's keys; an unknown key is looked for once more. Raises as above."""
        memory = self._memory(way, metadata.issuer)
        async with memory.lock:
            try:
                if memory.keys is not None and self._clock() - memory.keys_at_s < KEPT_S:
                    return memory.keys.verify(token)
            except TokenRefused as refused:
                if refused.finding != "oidc_key_unknown" or self._clock() - memory.keys_at_s < KEYS_AGAIN_AFTER_S:
                    raise refuse(refused.finding) from None
            memory.keys = None
            memory.keys = await self.keys(way, metadata)
            memory.keys_at_s = self._clock()
            try:
                return memory.keys.verify(token)
            except TokenRefused as refused:
                raise refuse(refused.finding) from None

    async def exchange(
        self, way: Way, metadata: Metadata, registration: Registration, *, code: str, verifier: str, redirect_uri: str
    ) -> Tokens:
        """Turn a code into tokens. Raises ProviderRefused."""
        fields: dict[str, Secret | str] = {
            "grant_type": "authorization_code",
            "code": Secret(code),
            "redirect_uri": redirect_uri,
            "code_verifier": Secret(verifier),
        }
        headers: dict[str, Secret | str] = {"accept": "application/json"}
        secret = registration.client_secret
        if secret is not None and "client_secret_basic" in metadata.auth_methods:
            headers["authorization"] = basic_credential(registration.client_id, secret)
        else:
            fields["client_id"] = registration.client_id
            if secret is not None:
                if "client_secret_post" not in metadata.auth_methods:
                    raise refuse("oidc_no_client_auth")
                fields["client_secret"] = secret
        request = Outbound("POST", metadata.token.path, headers=headers, form=fields, **_bounds())
        return _read_tokens(await self._ask(way, metadata.token, request))

    async def userinfo(self, way: Way, target: Target, access_token: str, subject: str) -> Mapping[str, Any]:
        """Ask for more claims of the same person. Raises ProviderRefused."""
        headers: dict[str, Secret | str] = {"accept": "application/json", "authorization": Secret(access_token)}
        answer = await self._ask(way, target, Outbound("GET", target.path, headers=headers, **_bounds()))
        try:
            claims = _json(answer) if answer.status // 100 == 2 else None  # noqa: PLR2004 - success
        except ValueError:
            claims = None
        if not isinstance(claims, dict):
            raise refuse("oidc_userinfo_failed")
        if claims.get("sub") != subject:
            raise refuse("oidc_userinfo_sub")
        return claims

    def forget(self, way: Way, issuer: str) -> None:
        """Ask anew next time: an owner who tests wants to see what is true now."""
        self._memories.pop((way.scope.team, issuer), None)

    async def _discover(self, way: Way, issuer: str) -> Metadata:
        try:
            target = read_target(issuer, way.read)
        except AddressRefused as refused:
            raise unreachable(refused) from None
        for path in discovery_paths(target):
            answer = await self._ask(way, target, Outbound("GET", path, **_bounds()))
            if answer.status in _NOT_FOUND:
                continue
            if answer.status // 100 != 2:  # noqa: PLR2004 - success
                raise refuse("oidc_discovery_failed")
            try:
                document = _json(answer)
            except ValueError:
                raise refuse("oidc_discovery_not_json") from None
            if not isinstance(document, dict):
                raise refuse("oidc_discovery_not_json")
            return read_metadata(document, issuer, way.read)
        raise refuse("oidc_discovery_missing")

    async def _ask(self, way: Way, target: Target, request: Outbound) -> Answer:
        try:
            return await way.door.line(way.scope, target.endpoint).fetch(request)
        except EndpointFailure as failure:
            raise unreachable(failure) from None
        except Invalid:
            # A token that can't travel in a header: nothing was sent.
            raise refuse("oidc_token_shape") from None

    def _memory(self, way: Way, issuer: str) -> _Memory:
        key = (way.scope.team, issuer)
        memory = self._memories.setdefault(key, _Memory())
        self._memories.move_to_end(key)
        while len(self._memories) > MAX_REMEMBERED:
            self._memories.popitem(last=False)
        return memory


def _bounds() -> dict[str, Any]:
    return {
        "first_byte_timeout_s": TIMEOUT_S,
        "idle_timeout_s": TIMEOUT_S,
        "total_timeout_s": TIMEOUT_S,
        "max_body_bytes": MAX_BODY_BYTES,
    }


def _json(answer: Answer) -> Any:
    """Read an answer that says it is JSON. Raises ValueError: a page with JSON in it is a page."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise ValueError(kind)
    return orjson.loads(answer.body)


def _read_tokens(answer: Answer) -> Tokens:
    try:
        body = _json(answer)
    except ValueError:
        body = None
    if answer.status // 100 == 5:  # noqa: PLR2004 - its own failure
        raise refuse("oidc_token_failed")
    if not isinstance(body, dict):
        raise refuse("oidc_token_not_json")
    if answer.status // 100 != 2:  # noqa: PLR2004 - success
        error = body.get("error")
        known = {"invalid_client": "oidc_client_refused", "invalid_grant": "oidc_code_refused"}
        raise refuse(known.get(error, "oidc_token_refused") if isinstance(error, str) else "oidc_token_refused")
    id_token, access_token, kind = body.get("id_token"), body.get("access_token"), body.get("token_type")
    if not isinstance(id_token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise refuse("oidc_token_shape")
    return Tokens(id_token, access_token if isinstance(access_token, str) else None)
