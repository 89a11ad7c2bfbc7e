"""A model server of one's own, and providers that reach it through the real door."""

from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from moorage.egress.door import Door, Line, Scope
from moorage.egress.policy import Address, AddressPolicy, Exceptions
from moorage.egress.urls import Endpoint
from moorage.providers.openai_compatible import OpenAICompatible
from moorage.providers.protocol import Quirks
from moorage.providers.speaking import Patience
from moorage.vault.secret import Secret
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer

HOST = "llm.test"


class LoopbackResolver:
    async def resolve(self, host: str, port: int, team: str) -> list[Address]:
        return [ip_address("127.0.0.1")]


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path)


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[ModelServer]:
    async with ModelServer(authority.server_context(HOST), name=HOST) as running:
        yield running


@pytest.fixture
async def connect(authority: TestAuthority) -> AsyncIterator[Callable[..., OpenAICompatible]]:
    """Gives providers for a server: `connect(server, path="/v1", key="sk-1", quirks=…, patience=…)`."""
    doors: list[Door] = []

    def build(
        server: ModelServer,
        *,
        path: str = "/v1",
        key: str | None = "sk-1",
        quirks: Quirks = Quirks(),  # noqa: B008 - frozen
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> OpenAICompatible:
        policy = AddressPolicy(Exceptions.parse(f"{HOST}:{server.port}=127.0.0.1"))
        door = Door(policy=policy, resolver=LoopbackResolver(), extra_ca_file=authority.ca_pem)
        doors.append(door)
        endpoint = Endpoint(HOST, server.port, path)
        line = door.line(Scope("team-1", "connection-1", "mia"), endpoint)
        return OpenAICompatible(line, endpoint, None if key is None else Secret(key), quirks, patience)

    yield build
    for door in doors:
        await door.aclose()


@pytest.fixture
async def reach(authority: TestAuthority) -> AsyncIterator[Callable[[ModelServer], tuple[Line, Endpoint]]]:
    """Gives the way to a server: `line, endpoint = reach(server)`."""
    doors: list[Door] = []

    def build(server: ModelServer) -> tuple[Line, Endpoint]:
        policy = AddressPolicy(Exceptions.parse(f"{HOST}:{server.port}=127.0.0.1"))
        door = Door(policy=policy, resolver=LoopbackResolver(), extra_ca_file=authority.ca_pem)
        doors.append(door)
        endpoint = Endpoint(HOST, server.port, "/v1")
        return door.line(Scope("team-1", "standard:one", "mia"), endpoint), endpoint

    yield build
    for door in doors:
        await door.aclose()
