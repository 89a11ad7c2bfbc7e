"""The harbour: servers and doors of one test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.egress.harbour import Harbour, open_harbour


@pytest.fixture
async def harbour(tmp_path: Path) -> AsyncIterator[Harbour]:
    async with open_harbour(tmp_path) as place:
        yield place
