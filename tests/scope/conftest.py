"""`world`: a running Moorage with the whole cast and a thing of every kind for both teams."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer


@pytest_asyncio.fixture
async def world(database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[World]:
    async with open_world(database_url, tmp_path, models) as made:
        yield made
