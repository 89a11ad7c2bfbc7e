"""`quay`: the connections room around a model server of one's own that wants a key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moorage.storage.database import Database
from tests.connections.quay import HOST, KEY, Quay, open_quay
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path / "ca")


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[ModelServer]:
    async with ModelServer(authority.server_context(HOST), name=HOST, key=KEY) as running:
        yield running


@pytest.fixture
async def quay(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> AsyncIterator[Quay]:
    async with open_quay(database, tmp_path, server, authority) as quay:
        yield quay
