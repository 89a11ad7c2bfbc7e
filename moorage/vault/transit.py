"""A key of HashiCorp Vault's or OpenBao's transit engine as a source: data keys are wrapped there, by HTTP.

It knows the wire format and no network: whoever composes it hands over a way to send. The binding travels as the
engine's associated data, or as the context of a derived key; the engine's `rewrap` takes only the second. What a
server says is classified and never repeated.
"""

import asyncio
import base64
import binascii
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import structlog

from moorage.errors import EndpointFailure, Unavailable
from moorage.vault.secret import Secret
from moorage.vault.sources import Wrapped

_CIPHERTEXT: Final = re.compile(r"[a-z]{1,20}:v(\d{1,9}):[A-Za-z0-9+/=:_-]{1,4096}")
_PROBE: Final = b"moorage/probe/v1"
_MAX_TOKEN_CHARS: Final = 4096
_SHORTEST_BEAT_S: Final = 1.0
_LONGEST_BEAT_S: Final = 3600.0
_RETRY_S: Final = 15.0
_OK: Final = 200
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_MEANINGS: Final = {_FORBIDDEN: "key_store_refused", 404: "key_store_path", 503: "key_store_sealed"}
# Found in the text of a bad request; the first that fits counts.
_WORDS: Final = {
    "key not found": "key_absent",
    "too old": "key_store_version",
    "disallowed by policy": "key_store_version",
    "authentication failed": "key_wrong",
    "unable to decrypt": "key_wrong",
    "invalid ciphertext": "key_wrong",
}

log = structlog.get_logger(__name__)

Send = Callable[[str, Mapping[str, Secret | str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends a POST: path, headers and JSON body; gives status and body. Raises EndpointFailure."""


@dataclass(frozen=True, slots=True)
class Transit:
    """Which key, where, and how its binding is sent."""

    key: str = "moorage"
    mount: str = "transit"
    namespace: str = ""
    binding: Literal["associated_data", "context"] = "associated_data"


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A token in a file. Whoever keeps the file may renew it: it is read again whenever the token is refused."""

    path: Path


@dataclass(frozen=True, slots=True)
class AppRole:
    """A role that signs in with the secret of a file."""

    role_id: str
    secret_id_file: Path
    mount: str = "approle"


@dataclass(slots=True)
class _Token:
    text: Secret = field(repr=False)
    renew_at_s: float
    is_renewable: bool


class TransitSource:
    """One named key of the engine; its versions are its keys: `transit:<mount>/<key>:v3`."""

    def __init__(
        self, send: Send, sign_in: TokenFile | AppRole, transit: Transit, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._sign_in = sign_in
        self._transit = transit
        self._clock = clock
        self._token: _Token | None = None
        self._turn = asyncio.Lock()
        self._version = 0
        self._family = f"transit:{transit.mount}/{transit.key}:v"

    @property
    def current_id(self) -> str:
        """The newest version that was met."""
        return f"{self._family}{self._version}"

    @property
    def ids(self) -> tuple[str, ...]:
        """All versions up to the newest that was met."""
        return tuple(f"{self._family}{number}" for number in range(self._version, 0, -1))

    def owns(self, key_id: str) -> bool:
        """Tell whether an id names a version of this key."""
        return key_id.startswith(self._family)

    async def refresh(self) -> None:
        """Learn the newest version, by wrapping something: it needs no right but to encrypt."""
        await self.wrap(_PROBE, _PROBE)

    async def wrap(self, plain: bytes, bound: bytes) -> Wrapped:
        """Wrap under the newest version that the engine encrypts with."""
        answer = await self._ask("encrypt", {"plaintext": _encode(plain), **self._bind(bound)}, self.current_id)
        return self._read_wrapped(answer)

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap. Raises as the protocol says, and key_store_version for a version that may not decrypt any more."""
        ciphertext = wrapped.data.decode("ascii", "replace")
        if not _CIPHERTEXT.fullmatch(ciphertext):
            raise Unavailable("key_wrong", key_id=wrapped.key_id)
        answer = await self._ask("decrypt", {"ciphertext": ciphertext, **self._bind(bound)}, wrapped.key_id)
        try:
            return base64.b64decode(answer["plaintext"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            raise Unavailable("key_store_garbled") from None

    async def rewrap(self, wrapped: Wrapped, bound: bytes) -> Wrapped:
        """Wrap under the newest version; a derived key does it without the data key leaving the engine."""
        if self._transit.binding != "context":
            return await self.wrap(await self.unwrap(wrapped, bound), bound)
        ciphertext = wrapped.data.decode("ascii", "replace")
        return self._read_wrapped(
            await self._ask("rewrap", {"ciphertext": ciphertext, **self._bind(bound)}, wrapped.key_id)
        )

    async def stay_signed_in(self) -> None:
        """Wait until the token is due, and renew it, once. An outage is said and left to the next time."""
        token = self._token
        until_s = _RETRY_S if token is None else token.renew_at_s - self._clock()
        await asyncio.sleep(max(_SHORTEST_BEAT_S, min(until_s, _LONGEST_BEAT_S)))
        try:
            await self._renew()
        except Unavailable as error:
            log.warning("key_store_token_not_renewed", code=error.code)

    def _bind(self, bound: bytes) -> dict[str, str]:
        return {self._transit.binding: _encode(bound)}

    def _read_wrapped(self, answer: Mapping[str, Any]) -> Wrapped:
        ciphertext = answer.get("ciphertext")
        found = _CIPHERTEXT.fullmatch(ciphertext) if isinstance(ciphertext, str) else None
        if found is None:
            raise Unavailable("key_store_garbled")
        self._version = max(self._version, int(found[1]))
        return Wrapped(f"{self._family}{found[1]}", found[0].encode("ascii"))

    async def _ask(self, act: str, body: Mapping[str, str], key_id: str) -> Mapping[str, Any]:
        """Ask, once more with a new token if this one is refused. Gives `data`."""
        path = f"/v1/{self._transit.mount}/{act}/{self._transit.key}"
        token = await self._signed_in()
        status, answer = await self._post(path, body, token)
        if status == _FORBIDDEN:
            token = await self._signed_in(instead_of=token)
            status, answer = await self._post(path, body, token)
        if status == _OK and isinstance(answer.get("data"), dict):
            return dict(answer["data"])
        raise _judge(status, answer, key_id)

    async def _signed_in(self, *, instead_of: _Token | None = None) -> _Token:
        async with self._turn:
            if self._token is None or self._token is instead_of:
                self._token = await self._begin()
            return self._token

    async def _begin(self) -> _Token:
        if isinstance(self._sign_in, TokenFile):
            token = _Token(_read_secret(self._sign_in.path), self._clock() + _LONGEST_BEAT_S, is_renewable=False)
            # How long it lasts is told when it is renewed. One that can't be is kept by whoever keeps the file.
            status, answer = await self._post("/v1/auth/token/renew-self", {}, token)
            return self._read_auth(status, answer) if status == _OK else token
        role, secret_id = self._sign_in, _read_secret(self._sign_in.secret_id_file)
        body = {"role_id": role.role_id, "secret_id": secret_id.reveal()}
        return self._read_auth(*await self._post(f"/v1/auth/{role.mount}/login", body, None))

    async def _renew(self) -> None:
        async with self._turn:
            token = self._token
            if token is None or self._clock() < token.renew_at_s:
                return
            if not token.is_renewable:
                # The file may hold a newer one; a role signs in again.
                self._token = await self._begin()
                return
            try:
                self._token = self._read_auth(*await self._post("/v1/auth/token/renew-self", {}, token))
            except Unavailable as error:
                if error.code != "key_store_refused":
                    token.renew_at_s = self._clock() + _RETRY_S
                    raise
                self._token = await self._begin()

    def _read_auth(self, status: int, answer: Mapping[str, Any]) -> _Token:
        auth = answer.get("auth")
        if status != _OK:
            # A wrong secret is a bad request to `login`.
            raise _judge(_FORBIDDEN if status == _BAD_REQUEST else status, answer, "")
        if not isinstance(auth, dict) or not isinstance(auth.get("client_token"), str):
            raise Unavailable("key_store_garbled")
        return self._dated(Secret(auth["client_token"]), auth.get("lease_duration"), auth.get("renewable"))

    def _dated(self, text: Secret, lasts_s: object, renewable: object) -> _Token:
        half_s = lasts_s / 2 if isinstance(lasts_s, int) and lasts_s > 0 else _LONGEST_BEAT_S
        return _Token(text, self._clock() + half_s, is_renewable=renewable is True)

    async def _post(self, path: str, body: Mapping[str, str], token: _Token | None) -> tuple[int, Mapping[str, Any]]:
        headers: dict[str, Secret | str] = {"x-vault-request": "true"}
        if token is not None:
            headers["authorization"] = token.text
        if self._transit.namespace:
            headers["x-vault-namespace"] = self._transit.namespace
        try:
            status, said = await self._send(path, headers, json.dumps(body).encode())
        except EndpointFailure as failure:
            raise Unavailable("key_store_unreachable", reason=failure.code) from None
        try:
            answer = json.loads(said) if said else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            if status == _OK:
                raise Unavailable("key_store_garbled")
            answer = {}
        return status, answer


def _judge(status: int, answer: Mapping[str, Any], key_id: str) -> Unavailable:
    """Say what a refusal means; the words of the server decide only between codes of ours."""
    errors = answer.get("errors")
    said = " ".join(str(one) for one in errors).lower() if isinstance(errors, list) else ""
    if status in _MEANINGS:
        return Unavailable(_MEANINGS[status])
    if status == _BAD_REQUEST:
        for words, code in _WORDS.items():
            if words in said:
                return Unavailable(code, key_id=key_id)
    return Unavailable("key_store_failed", status=status)


def _read_secret(path: Path) -> Secret:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        raise Unavailable("key_store_secret_file", file=str(path)) from None
    if not text or len(text) > _MAX_TOKEN_CHARS:
        raise Unavailable("key_store_secret_file", file=str(path))
    return Secret(text)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
