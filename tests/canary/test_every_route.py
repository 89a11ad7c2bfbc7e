"""P12: planted secrets come back from no route, in no form, to nobody; and lie in no table and no log line."""

import ipaddress
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moorage.egress.policy import Address
from tests.canary.driving import Drive
from tests.canary.parrot import MODES, Parrot
from tests.canary.planting import MEANT, Ear, Planted, hear_tables
from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.running import PASSWORD


def names_of(host: str) -> Callable[[str, int], list[Address]]:
    """Look names up: the planted host is this machine, and no other name is known."""
    return lambda name, _port: [ipaddress.ip_address("127.0.0.1")] if name == host else []


@dataclass
class Deployment:
    """What a run needs, and what it heard."""

    folder: Path
    authority: TestAuthority
    server: Parrot
    ear: Ear
    client_pem: str

    def open(self, database_url: str) -> AbstractAsyncContextManager[World]:
        """Run it, with the operator's secrets in its settings and everything logged."""
        planted = self.ear.planted
        return open_world(
            database_url,
            self.folder,
            (self.authority, self.server),
            look_up=names_of(planted["host"]),
            log_level="debug",
            metrics_token=planted["metrics token"],
            standard_keys=f"openai={planted['standard key']}",
            egress_allow=f"{planted['host']}:{self.server.port}=127.0.0.1/32",
        )

    async def hear_what_is_left(self, world: World) -> None:
        """Keep the counters and every cell of every table."""
        hear_tables(self.ear, await world.tables())
        token = self.ear.planted["metrics token"]
        told = await world.harbour.somebody().call("GET", "/api/metrics", Authorization=f"Bearer {token}")
        assert told.status_code == 200
        self.ear.hear_answer("GET /api/metrics good as the operator", told)

    def hear_what_was_written(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Keep the log, and the files of the data folder with what SQLite has not tidied up."""
        for file in self.folder.rglob("*"):
            if file.is_file() and file.name.startswith(("moorage.db", "instance")):
                self.ear.hear(f"database {file.name}", file.read_bytes())
        out, err = capfd.readouterr()
        assert "request_id=" in out
        self.ear.hear("log", out + err)


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """Give secrets, and a server that has one of them as its key, one in its path and one in its name."""
    authority = TestAuthority(tmp_path / "ca")
    client_pem = authority.client_pem("canary")
    planted = Planted.make(client_pem)
    server = Parrot(
        authority.server_context(planted["host"]),
        name=planted["host"],
        key=planted["api key"],
        prefix=f"/{planted['base path']}/v1",
    )
    return Deployment(tmp_path, authority, server, Ear(planted), client_pem)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_no_route_gives_a_secret_back(
    database_url: str, deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    ear = deployment.ear
    async with deployment.server, deployment.open(database_url) as world:
        for own in world.belongings.values():
            ear.planted.add("link", own["link"])
        await Drive(world, ear, deployment.client_pem).everything()
        await deployment.hear_what_is_left(world)
        deployment.hear_what_was_written(capfd)
    assert len(ear.heard) > 1000
    hits, meant = ear.sniff()
    assert not hits, "\n".join(hits)
    assert meant == MEANT.keys(), "a place where nothing is any more, or a nose that smells nothing"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_what_a_hostile_endpoint_says_back_reaches_nobody(
    database_url: str, deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its key and address, in bodies, headers, status lines, lists of models and events."""
    ear, server = deployment.ear, deployment.server
    async with server, deployment.open(database_url) as world:
        for mode in MODES:
            # Each has a team of its own: ten questions a minute are all that one may ask.
            await _meet(world, ear, server, mode)
        await deployment.hear_what_is_left(world)
        deployment.hear_what_was_written(capfd)
    hits = ear.hits()
    assert not hits, "\n".join(hits)


async def _meet(world: World, ear: Ear, server: Parrot, mode: str) -> None:
    """Connect while it behaves; then test, list, talk and replace while it does not."""
    person, what = world.harbour.somebody(), f"with an endpoint in mode {mode}"
    account = {"name": "Otto", "email": f"{mode.replace(' ', '-')}@example.com", "password": PASSWORD}
    server.mode = "good"
    await person.enter("/api/sign-up", {**account, "team_name": mode})
    made = await person.connect(server.base_url, ["steady"], key=server.key or "")
    server.mode = mode
    path, wish = f"/api/connections/{made['id']}", {"base_url": server.base_url, "api_key": server.key}
    for method, where, body in (
        ("POST", "/api/connection-tests", wish),
        ("POST", f"{path}/tests", {}),
        ("POST", f"{path}/discovery", {}),
        ("POST", f"{path}/endpoint", wish),
        ("GET", path, None),
    ):
        ear.hear_answer(f"{method} {where} {what}", await person.call(method, where, body))
    conversation = await person.post("/api/conversations", {})
    question = {"client_id": str(uuid.uuid4()), "text": "Hello?", "model_ref": _ref(made)}
    asked = await person.call("POST", f"/api/conversations/{conversation['id']}/messages", question)
    reply_id = asked.json()["answer"]["reply"]["reply_id"]
    ear.hear_answer(f"POST a message {what}", asked)
    ear.hear_answer(f"its events {what}", await person.call("GET", f"/api/replies/{reply_id}/events"))
    for where in (
        f"/api/conversations/{conversation['id']}",
        "/api/models",
        "/api/connections",
        "/api/usage",
        "/api/audit",
    ):
        ear.hear_answer(f"GET {where} {what}", await person.call("GET", where))


def _ref(connection: Any) -> str:
    return next(str(model["ref"]) for model in connection["models"] if model["enabled"])
