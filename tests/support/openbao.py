"""OpenBao itself, in memory and behind TLS, with the same handles as the double: `make test-real` installs it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.authority import TestAuthority
from tests.support.peers import free_port, peer_program, running
from tests.support.tls_front import tls_front

ROOT_TOKEN = "root-of-the-tests"
POLICY = """
path "transit/encrypt/*" { capabilities = ["update"] }
path "transit/decrypt/*" { capabilities = ["update"] }
path "transit/rewrap/*" { capabilities = ["update"] }
"""


@dataclass
class OpenBao:
    """A running server."""

    port: int
    plain_port: int
    ca_pem: Path

    @property
    def url(self) -> str:
        """Where it is, behind TLS."""
        return f"https://localhost:{self.port}"

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Administer it."""
        headers = {"authorization": f"Bearer {ROOT_TOKEN}"}
        address = f"http://127.0.0.1:{self.plain_port}/v1/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, address, headers=headers, json=body or {}) as said,
        ):
            text = await said.text()
            assert said.status < 300, (path, said.status, text)
            return json.loads(text) if text else None

    async def make_token(self, lasts_s: int = 0) -> str:
        """Give a token with the documented rights and no more."""
        made = await self.ask(
            "POST", "auth/token/create", {"policies": ["moorage"], **({"ttl": f"{lasts_s}s"} if lasts_s else {})}
        )
        token: str = made["auth"]["client_token"]
        return token

    async def revoke(self, token: str) -> None:
        """Make a token worthless."""
        await self.ask("POST", "auth/token/revoke", {"token": token})

    async def make_key(self, name: str, *, is_derived: bool = False) -> None:
        """Make a key."""
        await self.ask("POST", f"transit/keys/{name}", {"derived": is_derived})

    async def delete_key(self, name: str) -> None:
        """Delete a key."""
        await self.ask("POST", f"transit/keys/{name}/config", {"deletion_allowed": True})
        await self.ask("DELETE", f"transit/keys/{name}")

    async def rotate(self, name: str) -> None:
        """Add a version."""
        await self.ask("POST", f"transit/keys/{name}/rotate")

    async def set_min_decryption_version(self, name: str, number: int) -> None:
        """Let older versions decrypt no more."""
        await self.ask("POST", f"transit/keys/{name}/config", {"min_decryption_version": number})

    async def seal(self) -> None:
        """Seal the server."""
        await self.ask("PUT", "sys/seal")

    async def make_role(self, *, lasts_s: int) -> tuple[str, str]:
        """Give role id and secret id."""
        await self.ask("POST", "sys/auth/approle", {"type": "approle"})
        role = {"token_ttl": f"{lasts_s}s", "token_policies": ["moorage"]}
        await self.ask("POST", "auth/approle/role/moorage", role)
        role_id = (await self.ask("GET", "auth/approle/role/moorage/role-id"))["data"]["role_id"]
        secret_id = (await self.ask("POST", "auth/approle/role/moorage/secret-id"))["data"]["secret_id"]
        return role_id, secret_id


@asynccontextmanager
async def open_openbao(folder: Path) -> AsyncIterator[OpenBao]:
    """Run `bao server -dev`: everything is in memory and gone with it."""
    plain_port = free_port()
    command = [str(peer_program("openbao", "bao")), "server", "-dev", f"-dev-root-token-id={ROOT_TOKEN}"]
    command += [f"-dev-listen-address=127.0.0.1:{plain_port}", "-dev-no-store-token"]
    authority = TestAuthority(folder)
    with running(command, port=plain_port, log=folder / "bao.log", start_timeout_s=60, env={"HOME": str(folder)}):
        async with tls_front(plain_port, authority.server_context("localhost")) as port:
            server = OpenBao(port, plain_port, authority.ca_pem)
            await _until_open(server)
            await server.ask("POST", "sys/mounts/transit", {"type": "transit"})
            await server.ask("PUT", "sys/policies/acl/moorage", {"policy": POLICY})
            yield server


async def _until_open(server: OpenBao) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(AssertionError, aiohttp.ClientError):
                await server.ask("GET", "sys/health")
                return
            await asyncio.sleep(0.1)
