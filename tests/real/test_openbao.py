"""OpenBao itself keeps what the double says of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.openbao import OpenBao, open_openbao
from tests.vault.transit_promises import *  # noqa: F403 - the same tests run against the double
from tests.vault.transit_promises import opened, source

__all__ = ["opened", "source"]

pytestmark = pytest.mark.real


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[OpenBao]:
    async with open_openbao(tmp_path / "store") as server:
        yield server
