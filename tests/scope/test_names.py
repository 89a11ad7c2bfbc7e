"""A page whose name is pointed at this machine later (DNS rebinding) looks like ours to a browser, and is refused."""

from pathlib import Path

import pytest

from moorage.composition.doors import own_hosts_of
from moorage.settings import Settings
from tests.scope.world import Attempt, World
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import running, settings_for

FOREIGN = ("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "", "[", "a b")
ACCOUNT = {"name": "Eve", "email": "eve@example.com", "password": "a long enough pass phrase", "team_name": "Elsewhere"}


async def test_no_unsafe_request_is_believed_under_a_foreign_name(world: World) -> None:
    olga, own = world.people["olga"], world.belongings["olga"]
    attempts = [
        Attempt(host, olga, operation, world.at(operation, own), world.body(operation), frozenset({400, 403}), headers)
        for host in FOREIGN
        for operation in world.operations()
        if operation.is_unsafe and not operation.is_signed
        for headers in [(("Host", host), ("Origin", f"http://{host}"))]
    ]
    assert await world.expect(attempts) == []


async def test_the_first_account_is_not_to_be_had_from_another_sites_page(
    tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    """Whoever signs up first operates the deployment: on a fresh one a page could have done so."""
    authority, server = models
    async with running(settings_for("sqlite", tmp_path, authority, server), server) as harbour:
        eve = harbour.somebody()
        refused = await eve.call("POST", "/api/sign-up", ACCOUNT, Host="evil.example", Origin="http://evil.example")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "host_wrong")
        assert (await eve.get("/api/session"))["setup_needed"]
        port = harbour.url.rpartition(":")[2]
        for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
            answer = await eve.call("POST", "/api/sign-in", {"email": "a@b.de", "password": "x"}, Host=host)
            assert answer.json()["error"]["code"] == "sign_in_wrong", host


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, {"localhost"}),
        ({"host": "0.0.0.0"}, None),
        ({"host": "0.0.0.0", "public_url": "https://Moorage.Example.com"}, {"moorage.example.com", "localhost"}),
        ({"public_url": "https://moorage.example.com:8443/"}, {"moorage.example.com", "localhost"}),
    ],
)
def test_the_names_are_those_that_the_operator_said(settings: dict[str, str], names: set[str] | None) -> None:
    assert own_hosts_of(Settings(**settings)) == names  # type: ignore[arg-type]
