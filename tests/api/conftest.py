"""A Moorage whose teams sign in by their company's provider, and Mia, whom that one knows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.provider_journeys import Traveller, settings_with
from tests.support.authority import TestAuthority
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, running


@pytest_asyncio.fixture
async def brandt(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer], identity_provider: IdentityProvider
) -> AsyncIterator[Harbour]:
    """Give a Moorage whose teams may reach the provider."""
    async with running(settings_with(database_url, tmp_path, models, identity_provider), models[1]) as harbour:
        yield harbour


@pytest.fixture
def mia(brandt: Harbour, identity_provider: IdentityProvider) -> Traveller:
    """Give Mia, whom the provider knows and Moorage does not."""
    return Traveller(brandt, identity_provider, "mia-at-brandt")
