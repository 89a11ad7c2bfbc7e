"""A transit server for tests, over real TLS: the wire format, versions and refusals of OpenBao 2.7, and ways to fail.

tests/real/test_openbao.py runs the same tests against OpenBao itself.
"""

import base64
import json
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.authority import TestAuthority

DENIED = "1 error occurred:\n\t* permission denied\n\n"
TOO_OLD = "ciphertext or signature version is disallowed by policy (too old)"
NO_CONTEXT = (
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, "
    "per-request information must be included in order to perform operations with the key"
)


@dataclass
class TransitKey:
    """A named key: its versions, oldest first."""

    versions: list[bytes] = field(default_factory=lambda: [secrets.token_bytes(32)])
    is_derived: bool = False
    min_decryption_version: int = 1


@dataclass
class TransitDouble:
    """The server's state. Tests change it to make it fail."""

    authority: TestAuthority
    port: int = 0
    keys: dict[str, TransitKey] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    namespace: str = ""
    role: tuple[str, str] = ("role-1", "secret-1")
    lease_s: int = 60
    is_sealed: bool = False
    answers_with: tuple[int, bytes] | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://localhost:{self.port}"

    @property
    def ca_pem(self) -> Path:
        """Who vouches for it."""
        return self.authority.ca_pem

    async def make_token(self, lasts_s: int = 0) -> str:
        """Give a token with the right to use the keys; 0: it does not end."""
        token = f"s.{secrets.token_hex(12)}"
        self.tokens[token] = time.monotonic() + lasts_s if lasts_s else float("inf")
        return token

    async def revoke(self, token: str) -> None:
        """Make a token worthless."""
        self.tokens.pop(token, None)

    async def make_key(self, name: str, *, is_derived: bool = False) -> None:
        """Make a key."""
        self.keys[name] = TransitKey(is_derived=is_derived)

    async def delete_key(self, name: str) -> None:
        """Delete a key."""
        del self.keys[name]

    async def rotate(self, name: str) -> None:
        """Add a version."""
        self.keys[name].versions.append(secrets.token_bytes(32))

    async def set_min_decryption_version(self, name: str, number: int) -> None:
        """Let older versions decrypt no more."""
        self.keys[name].min_decryption_version = number

    async def seal(self) -> None:
        """Seal the server."""
        self.is_sealed = True

    async def make_role(self, *, lasts_s: int) -> tuple[str, str]:
        """Give role id and secret id."""
        self.lease_s = lasts_s
        return self.role

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as OpenBao does."""
        self.asked.append(request.path)
        if self.answers_with is not None:
            return web.Response(status=self.answers_with[0], body=self.answers_with[1])
        return _errors(503, "Vault is sealed") if self.is_sealed else await self._route(request)

    async def _route(self, request: web.Request) -> web.Response:
        if request.headers.get("x-vault-namespace", "") != self.namespace:
            return _errors(404, "namespace not found")
        body = json.loads(await request.read() or b"{}")
        parts = request.path.strip("/").split("/")[1:]
        if parts == ["auth", "approle", "login"]:
            return self._log_in(body)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < time.monotonic():
            return _errors(403, "permission denied")
        if parts == ["auth", "token", "renew-self"]:
            return self._renew(token)
        if len(parts) != 3 or parts[0] != "transit" or parts[1] not in {"encrypt", "decrypt", "rewrap"}:
            return _errors(404, f'no handler for route "{"/".join(parts)}". route entry not found.')
        return self._use(parts[1], parts[2], body)

    def _log_in(self, body: dict[str, Any]) -> web.Response:
        if (body.get("role_id"), body.get("secret_id")) != self.role:
            return _errors(400, "invalid role or secret ID")
        token = f"s.{secrets.token_hex(12)}"
        self.tokens[token] = time.monotonic() + self.lease_s
        return self._auth(token, self.lease_s)

    def _renew(self, token: str) -> web.Response:
        if self.tokens[token] == float("inf"):
            return _errors(400, "lease is not renewable")
        self.tokens[token] = time.monotonic() + self.lease_s
        return self._auth(token, self.lease_s)

    def _auth(self, token: str, lasts_s: int) -> web.Response:
        auth = {"client_token": token, "lease_duration": lasts_s, "renewable": True, "policies": ["default"]}
        return _says(None, auth)

    def _use(self, act: str, name: str, body: dict[str, Any]) -> web.Response:
        key = self.keys.get(name)
        if key is None:
            # With the right to make keys OpenBao would make one here; the documented policy lacks it.
            return _errors(403, DENIED) if act == "encrypt" else _errors(400, "encryption key not found")
        # A key that is not derived takes no notice of a context.
        context = base64.b64decode(body.get("context", "")) if key.is_derived else b""
        if key.is_derived and not context:
            return _errors(400, NO_CONTEXT)
        bound = b"" if act == "rewrap" else base64.b64decode(body.get("associated_data", ""))
        plain = base64.b64decode(body.get("plaintext", ""))
        if act != "encrypt":
            opened = _decrypt(key, body.get("ciphertext", ""), context, bound)
            if isinstance(opened, str):
                return _errors(400, opened)
            if act == "decrypt":
                return _says({"plaintext": base64.b64encode(opened).decode()})
            plain = opened
        version = len(key.versions)
        nonce = os.urandom(12)
        sealed = nonce + _cipher(key, version, context).encrypt(nonce, plain, bound)
        ciphertext = f"vault:v{version}:{base64.b64encode(sealed).decode()}"
        return _says({"ciphertext": ciphertext, "key_version": version})


def _cipher(key: TransitKey, version: int, context: bytes) -> AESGCM:
    secret = key.versions[version - 1]
    # Any derivation will do: nobody looks inside.
    return AESGCM(bytes(a ^ b for a, b in zip(secret, context.ljust(32, b"\0"), strict=False))[:32])


def _decrypt(key: TransitKey, ciphertext: str, context: bytes, bound: bytes) -> bytes | str:
    prefix, _, encoded = ciphertext.rpartition(":")
    if not prefix.startswith("vault:v"):
        return "invalid ciphertext: no prefix" if ciphertext else "missing ciphertext to decrypt"
    version = int(prefix.removeprefix("vault:v"))
    if version > len(key.versions):
        return "invalid ciphertext: version is too new"
    if version < key.min_decryption_version:
        return TOO_OLD
    sealed = base64.b64decode(encoded)
    try:
        return _cipher(key, version, context).decrypt(sealed[:12], sealed[12:], bound)
    except InvalidTag:
        return "cipher: message authentication failed"


def _says(data: dict[str, Any] | None, auth: dict[str, Any] | None = None) -> web.Response:
    answer = {"request_id": "89f30a90", "lease_id": "", "renewable": False, "lease_duration": 0, "data": data}
    return web.json_response({**answer, "wrap_info": None, "warnings": None, "auth": auth})


def _errors(status: int, *errors: str) -> web.Response:
    return web.json_response({"errors": list(errors)}, status=status)


@asynccontextmanager
async def transit_double(folder: Path) -> AsyncIterator[TransitDouble]:
    """Run it on loopback, behind TLS for `localhost`."""
    double = TransitDouble(TestAuthority(folder))
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=double.authority.server_context("localhost"))
    await site.start()
    [double.port] = [address[1] for address in runner.addresses]
    try:
        yield double
    finally:
        await runner.cleanup()
