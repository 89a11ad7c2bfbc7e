"""A whole Moorage for tests: the real composition on a real socket, the cast, a real model server behind TLS."""

import asyncio
import contextlib
import json
import ssl
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest_asyncio
import uvicorn

from moorage.api.parts import Parts
from moorage.api.wire import server_config
from moorage.app import Built, build, make_app
from moorage.egress.resolver import LookUp
from moorage.settings import Settings
from moorage.telemetry import configure_logging
from moorage.vault.passwords import Passwords
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer

PASSWORD = "a long enough pass phrase"
MODEL_KEY = "sk-moorage-tests-0123456789"
# Browsers of tests speak plain HTTP; the client's own default would read all of the world's authorities for each.
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Server(uvicorn.Server):
    """A uvicorn that leaves the signals to the test runner."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]
    id: str | None


@dataclass
class Person:
    """One of the cast, with a browser of their own."""

    client: httpx2.AsyncClient
    csrf: str | None = None
    session: dict[str, Any] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Call the API as this person."""
        sent = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en", **headers}
        if self.csrf is not None:
            sent["X-CSRF-Token"] = self.csrf
        return await self.client.request(method, path, json=body, headers=sent)

    async def get(self, path: str, **headers: str) -> Any:
        """GET what must work."""
        return _worked(await self.call("GET", path, **headers))

    async def post(self, path: str, body: Any = None) -> Any:
        """POST what must work."""
        return _worked(await self.call("POST", path, body))

    async def enter(self, path: str, body: Any) -> Self:
        """Sign up, sign in or accept an invitation."""
        self.session = await self.post(path, body)
        self.csrf = self.session["csrf_token"]
        return self

    async def events(self, method: str, path: str, body: Any = None, **headers: str) -> AsyncGenerator[Event, None]:
        """Read an event stream."""
        sent = {"Sec-Fetch-Site": "same-origin", "Accept": "text/event-stream", "Accept-Language": "en", **headers}
        if self.csrf is not None:
            sent["X-CSRF-Token"] = self.csrf
        async with self.client.stream(method, path, json=body, headers=sent) as response:
            if response.status_code >= 400:
                await response.aread()
                raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
            frame: dict[str, str] = {}
            async for line in response.aiter_lines():
                if line.startswith(":"):
                    continue
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                elif frame:
                    yield Event(frame["event"], json.loads(frame["data"]), frame.get("id"))
                    frame = {}

    async def connect(
        self,
        base_url: str,
        models: list[str],
        *,
        name: str = "Kanzlei GPU",
        key: str = MODEL_KEY,
        zone: str = "own_hardware",
    ) -> dict[str, Any]:
        """Connect an endpoint the way the wizard does: test, then save with the test's result."""
        wish = {"base_url": base_url, "api_key": key, "model_id": models[0]}
        finished = [one async for one in self.events("POST", "/api/connection-tests", wish)][-1]
        assert finished.data["passed"], finished.data
        body = {
            "name": name,
            "base_url": base_url,
            "api_key": key,
            "zone": zone,
            "test_id": finished.data["test_id"],
            "models": [{"model_id": model, "name": "", "enabled": True} for model in models],
        }
        made: dict[str, Any] = await self.post("/api/connections", body)
        return made

    async def ask(
        self, text: str, model_ref: str, conversation_id: str | None = None, parent_id: str | None = None
    ) -> Any:
        """Send a message; gives the exchange, with the conversation's id added."""
        if conversation_id is None:
            conversation_id = (await self.post("/api/conversations", {}))["id"]
        body = {"client_id": str(uuid.uuid4()), "parent_id": parent_id, "text": text, "model_ref": model_ref}
        exchange = await self.post(f"/api/conversations/{conversation_id}/messages", body)
        return {**exchange, "conversation_id": conversation_id}

    async def wait_for(self, exchange: Any) -> Any:
        """Follow a reply to its end; gives the receipt."""
        reply_id = exchange["answer"]["reply"]["reply_id"]
        events = [one async for one in self.events("GET", f"/api/replies/{reply_id}/events")]
        return events[-1].data["receipt"]


def link_of(made: dict[str, Any]) -> str:
    """Give the token in the path of an invitation that was just made."""
    path, token = made["path"].split("#")
    assert path == "/invite"
    return str(token)


@dataclass
class Harbour:
    """A running Moorage."""

    url: str
    built: Built
    models: ModelServer
    data: Path
    browsers: list[httpx2.AsyncClient] = field(default_factory=list)

    def somebody(self) -> Person:
        """Give a browser in which nobody is signed in."""
        self.browsers.append(httpx2.AsyncClient(base_url=self.url, timeout=60, trust_env=False, verify=TRUSTS_NOBODY))
        return Person(self.browsers[-1])

    async def olga(self) -> Person:
        """Give Olga, who owns the first team."""
        return await self.somebody().enter("/api/sign-up", _account("Olga", "Kanzlei Brandt"))

    async def eve(self) -> Person:
        """Give Eve, who owns another team."""
        return await self.somebody().enter("/api/sign-up", _account("Eve", "Elsewhere"))

    async def invited_by(self, olga: Person, name: str, role: str) -> Person:
        """Give somebody whom Olga invited."""
        made = await olga.post("/api/team/invitations", {"role": role, "note": name})
        account = {key: value for key, value in _account(name, "").items() if key != "team_name"}
        return await self.somebody().enter("/api/invitations/accept", {"token": link_of(made), **account})


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    models: ModelServer,
    *,
    look_up: LookUp | None = None,
    change: Callable[[Parts], Parts] | None = None,
) -> AsyncIterator[Harbour]:
    """Run Moorage with these settings until the end of the block.

    `look_up` resolves names instead of the system; `change` puts other parts in the place of composed ones. Passwords
    are hashed cheaply; what production takes is proved on a process of its own (tests/process).
    """
    configure_logging(style=settings.log_format, level=settings.log_level)
    built = await build(settings, look_up=look_up, passwords=Passwords(memory_kib=8, passes=1))
    if change is not None:
        parts = change(built.parts)
        built = Built(make_app(parts), parts)
    server = _Server(server_config(built.app, host="127.0.0.1", port=0))
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    harbour = Harbour(f"http://127.0.0.1:{port}", built, models, settings.data)
    try:
        yield harbour
    finally:
        for browser in harbour.browsers:
            await browser.aclose()
        server.should_exit = True
        await task


def settings_for(
    database_url: str, folder: Path, authority: TestAuthority, models: ModelServer, **changes: Any
) -> Settings:
    """Give the settings that let a deployment reach this one model server on loopback."""
    values: dict[str, Any] = {
        "data": folder / "data",
        "database_url": None if database_url.startswith("sqlite") else database_url.replace("+psycopg", ""),
        "egress_allow": f"localhost:{models.port}=127.0.0.1/32",
        "extra_ca_file": authority.ca_pem,
        "log_level": "error",
        # Whose test is about titles says so: a call more for each conversation would be in every count.
        "titles": "words",
        # A check that comes by itself would be counted where a test counts; tests/connections drives them.
        "check_every_s": 0,
    }
    return Settings(**{**values, **changes})


@pytest_asyncio.fixture
async def models(tmp_path: Path) -> AsyncIterator[tuple[TestAuthority, ModelServer]]:
    """Give a model server behind TLS that wants a key, and the authority that vouches for it."""
    authority = TestAuthority(tmp_path / "ca")
    async with ModelServer(authority.server_context("localhost"), key=MODEL_KEY) as server:
        yield authority, server


@pytest_asyncio.fixture
async def harbour(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> AsyncIterator[Harbour]:
    """Give a running Moorage on an empty database, with a model server that it may reach."""
    authority, server = models
    async with running(settings_for(database_url, tmp_path, authority, server), server) as harbour:
        yield harbour


def _account(name: str, team_name: str) -> dict[str, str]:
    return {"name": name, "email": f"{name.lower()}@example.com", "password": PASSWORD, "team_name": team_name}


def _worked(response: httpx2.Response) -> Any:
    assert response.status_code < 400, f"{response.request.url}: {response.status_code} {response.text}"
    return response.json()
