"""`deployment`: a Moorage that does not run yet and may reach this test's model server; `sign_up`: its people."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest_asyncio

from tests.process.people import SignUp
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Person, models
from tests.support.serving import Serving

__all__ = ["models"]


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Serving]:
    authority, server = models
    settings: dict[str, str | Path | float] = {
        "EGRESS_ALLOW": f"localhost:{server.port}=127.0.0.1/32",
        "EXTRA_CA_FILE": authority.ca_pem,
        "DRAIN_S": 30,
    }
    serving = Serving(tmp_path / "deployment", settings)
    try:
        yield serving
    finally:
        await serving.close()


@pytest_asyncio.fixture
async def model_server(models: tuple[TestAuthority, ModelServer]) -> ModelServer:
    return models[1]


@pytest_asyncio.fixture
async def sign_up() -> AsyncIterator[SignUp]:
    """Give what signs Olga up, with a team of her own."""
    async with contextlib.AsyncExitStack() as browsers:

        async def sign_up(serving: Serving) -> Person:
            client = httpx2.AsyncClient(base_url=serving.url, timeout=30, trust_env=False)
            person = Person(await browsers.enter_async_context(client))
            account = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "Kanzlei"}
            return await person.enter("/api/sign-up", account)

        yield sign_up
