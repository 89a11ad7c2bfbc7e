"""An identity provider that can be made to lie about anything, over TLS. What it is not told to lie about holds."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]


@dataclass
class Page:
    """What is answered to a path."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stalls_s: float = 0.0


def as_json(document: Any, status: int = 200) -> Page:
    return Page(json.dumps(document).encode(), status)


class HostileProvider:
    """Set `claims`, `header`, `metadata`, `pages`, `signer` to make it lie; `asked` is what it was asked."""

    def __init__(self, context: ssl.SSLContext, *, path: str = "") -> None:
        self._context = context
        self._path = path
        self.port = 0
        self.key: Any = RSAKey.generate_key(2048, {"kid": "main", "use": "sig", "alg": "RS256"})
        self.keys: list[Any] = [self.key.as_dict(private=False)]
        self.claims: Callable[[Claims], Claims] = lambda claims: claims
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "main", "typ": "JWT"}
        self.metadata: Callable[[Claims], Claims] = lambda document: document
        self.tokens: Callable[[Claims], Claims] = lambda body: body
        self.sign: Callable[[dict[str, Any], Claims], str] = self._sign
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.codes: dict[str, dict[str, str]] = {}

    @property
    def issuer(self) -> str:
        return f"https://localhost:{self.port}{self._path}"

    def authorize(self, url: str) -> dict[str, str]:
        """Let the person in at once; gives what comes back to Moorage."""
        asked = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def id_token(self, asked: dict[str, str], access_token: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": asked["client_id"],
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "email": "mia.sommer@example.org",
            "email_verified": True,
            "name": "Mia Sommer",
            "at_hash": half_hash(access_token),
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library warns of what is wrong on purpose here
            return self.sign(dict(self.header), self.claims(claims))

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n", 1)[0].split()
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
            }
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            page = self._answer(method, target, headers, body)
            await asyncio.sleep(page.stalls_s)
            lines = [f"HTTP/1.1 {page.status} X", f"content-type: {page.kind}", f"content-length: {len(page.body)}"]
            lines += ["connection: close", *(f"{name}: {value}" for name, value in page.headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + page.body)
            await writer.drain()
        writer.close()

    def _answer(self, method: str, target: str, headers: dict[str, str], body: str) -> Page:
        fields = {name: values[0] for name, values in parse_qs(body).items()}
        self.asked.append((method, target, {**fields, "authorization": headers.get("authorization", "")}))
        if target in self.pages:
            return self.pages[target]
        path = target.removeprefix(self._path)
        if path == "/.well-known/openid-configuration":
            return as_json(self.metadata(self.document()))
        if path == "/jwks":
            return as_json({"keys": self.keys})
        if path == "/token":
            return self._exchange(fields)
        return as_json({"error": "not_found"}, 404)

    def document(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _exchange(self, fields: dict[str, str]) -> Page:
        asked = self.codes.pop(fields.get("code", ""), None)
        if asked is None or fields.get("redirect_uri") != asked["redirect_uri"]:
            return as_json({"error": "invalid_grant"}, 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields.get("code_verifier", "").encode()).digest())
        if challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return as_json({"error": "invalid_grant"}, 400)
        access_token = "an-access-token"
        body = {"access_token": access_token, "token_type": "Bearer", "id_token": self.id_token(asked, access_token)}
        return as_json(self.tokens(body))

    def _sign(self, header: dict[str, Any], claims: Claims) -> str:
        return jwt.encode(header, claims, self.key, algorithms=[header["alg"]])


def half_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def unsigned(header: dict[str, Any], claims: Claims) -> str:
    """Write a token by hand, with an empty signature."""
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(map(_base64, parts)) + "."


def signed_by_published_key(key: RSAKey, header: dict[str, Any], claims: Claims) -> str:
    """Sign with the public key as if it were a shared one: the classic confusion."""
    text = unsigned({**header, "alg": "HS256"}, claims)[:-1]
    return f"{text}.{_base64(hmac.digest(key.as_pem(private=False), text.encode(), 'sha256'))}"


def signed_by_rs512(key: RSAKey, header: dict[str, Any], claims: Claims) -> str:
    """Sign with the right key by another algorithm."""
    text = unsigned({**header, "alg": "RS512"}, claims)[:-1]
    private = load_pem_private_key(key.as_pem(private=True), None)
    assert isinstance(private, RSAPrivateKey)
    return f"{text}.{_base64(private.sign(text.encode(), PKCS1v15(), SHA512()))}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
