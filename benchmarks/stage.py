"""What is measured: a model server behind TLS and a real Moorage beside it, each a process of its own."""

import asyncio
import contextlib
import json
import ssl
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import trustme

from benchmarks.streams import Target
from tests.support.serving import ROOT, Serving

MODEL_KEY: Final = "sk-benchmark-0123456789"
PASSWORD: Final = "a long enough pass phrase"  # noqa: S105 - of somebody who does not exist
WRITERS: Final = 25  # what one person may ask and read at once is limited (docs/limits.md)
HEADERS: Final[Mapping[str, str]] = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}
MODELS: Final = ("steady", "paced-100", "paced-1")
SHIPPED_PLANS: Final = ROOT / "moorage" / "plans" / "plans.toml"
QUESTION: Final = "How long does a permit for a jetty take, and who has to be asked?"


@dataclass(frozen=True)
class Endpoint:
    """A running model server."""

    pid: int
    port: int
    ca_file: Path

    def target(self) -> Target:
        """Give the way straight to it."""
        tls = ssl.create_default_context(cafile=str(self.ca_file))
        headers = {"authorization": f"Bearer {MODEL_KEY}", "content-type": "application/json"}
        return Target(self.port, tls, headers)

    def request(self, target: Target, model: str) -> bytes:
        """Write the request that Moorage would send."""
        body = {
            "model": model,
            "messages": [{"role": "user", "content": QUESTION}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return target.request("/v1/chat/completions", json.dumps(body).encode())


@dataclass(frozen=True)
class Writer:
    """Somebody who is signed in and asks."""

    client: httpx2.AsyncClient
    target: Target


@dataclass(frozen=True)
class Hub:
    """A running Moorage in which a team is signed in, whose owner has connected the endpoint."""

    serving: Serving
    refs: dict[str, str]
    writers: Sequence[Writer]

    @property
    def target(self) -> Target:
        """Give the way there, as its owner."""
        return self.writers[0].target

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self.serving.pid

    async def requests(self, model: str, count: int) -> list[bytes]:
        """Make `count` conversations, by everybody in turn, and write a request for the first message of each."""
        written = []
        for number in range(count):
            writer = self.writers[number % len(self.writers)]
            made = await writer.client.post("/api/conversations", json={})
            conversation_id = made.raise_for_status().json()["id"]
            body = {"client_id": str(uuid.uuid4()), "text": QUESTION, "model_ref": self.refs[model]}
            path = f"/api/conversations/{conversation_id}/messages"
            written.append(writer.target.request(path, json.dumps(body).encode()))
        return written


@contextlib.asynccontextmanager
async def run_endpoint(folder: Path) -> AsyncIterator[Endpoint]:
    """Run the model server of the tests, with a certificate of an authority of its own."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    ca_file, chain, key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    chain.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key))
    command = [sys.executable, "-m", "tests.support.model_server", "--port", "0", "--require-key", MODEL_KEY]
    command += ["--cert", str(chain), "--key", str(key), "--models", "steady"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT)
    try:
        if process.stdout is None:
            raise RuntimeError("no pipe")
        said = json.loads(await process.stdout.readline())
        yield Endpoint(process.pid, int(said["port"]), ca_file)
    finally:
        process.terminate()
        await process.wait()


def _roomy_plans(folder: Path) -> Path:
    """A new team has the first plan, which is for fewer people than write here."""
    folder.mkdir(parents=True, exist_ok=True)
    plans = folder / "plans.toml"
    plans.write_text(SHIPPED_PLANS.read_text("utf-8").replace("members = 10\n", f"members = {WRITERS}\n"), "utf-8")
    return plans


@contextlib.asynccontextmanager
async def run_hub(
    folder: Path, endpoint: Endpoint, models: Sequence[str], settings: Mapping[str, str] | None = None
) -> AsyncIterator[Hub]:
    """Run Moorage on an empty SQLite database, sign a team up and connect the endpoint, all over the API."""
    serving = Serving(
        folder,
        {
            "PLANS": _roomy_plans(folder),
            "EGRESS_ALLOW": f"localhost:{endpoint.port}=127.0.0.1/32",
            "EXTRA_CA_FILE": endpoint.ca_file,
            "DRAIN_S": 0,
            **(settings or {}),
        },
    )
    try:
        url = await serving.start()
        async with contextlib.AsyncExitStack() as stack:
            owner = await _browser(stack, url)
            refs = await _connect(owner, endpoint, models)
            others = [await _join(await _browser(stack, url), owner, number) for number in range(WRITERS - 1)]
            yield Hub(serving, refs, [_writer(client, url) for client in (owner, *others)])
        if await serving.stop() != 0:
            raise RuntimeError(serving.said)
    finally:
        await serving.close()


async def _browser(stack: contextlib.AsyncExitStack, url: str) -> httpx2.AsyncClient:
    client = httpx2.AsyncClient(base_url=url, headers=HEADERS, timeout=60, trust_env=False)
    return await stack.enter_async_context(client)


async def _join(client: httpx2.AsyncClient, owner: httpx2.AsyncClient, number: int) -> httpx2.AsyncClient:
    """Have somebody join by an invitation: signing up is limited by network, and they share one team."""
    made = (await owner.post("/api/team/invitations", json={"role": "member", "note": ""})).raise_for_status().json()
    account = {"name": f"Mia {number}", "email": f"mia{number}@example.com", "password": PASSWORD}
    token = made["path"].rpartition("#")[2]
    answer = await client.post("/api/invitations/accept", json={"token": token, **account})
    client.headers["X-CSRF-Token"] = answer.raise_for_status().json()["csrf_token"]
    return client


def _writer(client: httpx2.AsyncClient, url: str) -> Writer:
    sent = {
        **HEADERS,
        "cookie": "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar),
        "x-csrf-token": client.headers["X-CSRF-Token"],
        "accept": "text/event-stream",
        "content-type": "application/json",
    }
    return Writer(client, Target(int(url.rpartition(":")[2]), None, sent))


async def _connect(client: httpx2.AsyncClient, endpoint: Endpoint, models: Sequence[str]) -> dict[str, str]:
    account = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "Kanzlei"}
    session: dict[str, Any] = (await client.post("/api/sign-up", json=account)).raise_for_status().json()
    client.headers["X-CSRF-Token"] = session["csrf_token"]
    body = {
        "name": "Own hardware",
        "base_url": f"https://localhost:{endpoint.port}/v1",
        "api_key": MODEL_KEY,
        "models": [{"model_id": model, "enabled": True} for model in models],
    }
    made = (await client.post("/api/connections", json=body)).raise_for_status().json()
    return {model["model_id"]: model["ref"] for model in made["models"]}
