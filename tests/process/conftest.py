"""`deployment`: a Moorage that does not run yet and may reach this test's model server; `sign_up`: its people."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest_asyncio

from tests.process.people import SignUp
from tests.support.authority import TestAuthority
from tests.support.deploying import deployed, reaching
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, TRUSTS_NOBODY, Person, models
from tests.support.serving import Serving

__all__ = ["models"]


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Serving]:
    authority, server = models
    async with deployed(tmp_path, {**reaching(authority, server), "DRAIN_S": 30}) as serving:
        yield serving


@pytest_asyncio.fixture
async def model_server(models: tuple[TestAuthority, ModelServer]) -> ModelServer:
    return models[1]


@pytest_asyncio.fixture
async def sign_up() -> AsyncIterator[SignUp]:
    """Give what signs Olga up, with a team of her own."""
    async with contextlib.AsyncExitStack() as browsers:

        async def sign_up(serving: Serving) -> Person:
            client = httpx2.AsyncClient(base_url=serving.url, timeout=30, trust_env=False, verify=TRUSTS_NOBODY)
            person = Person(await browsers.enter_async_context(client))
            account = {"name": "Olga", "email": "olga@example.com", "password": PASSWORD, "team_name": "Kanzlei"}
            return await person.enter("/api/sign-up", account)

        yield sign_up
