"""`nursery`: what starts processes at once; `rig`: a deployment on an empty database of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.rig import Rig, make_rig
from tests.support.nursery import Nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest_asyncio.fixture
async def rig(empty_database_url: str, tmp_path: Path, nursery: Nursery) -> AsyncIterator[Rig]:
    async with make_rig(empty_database_url, tmp_path, nursery) as rig:
        yield rig
