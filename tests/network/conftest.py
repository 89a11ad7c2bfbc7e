"""`world`: two network namespaces with a product inside, made once per test process. Each test harms nobody."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.network.world import Site, World, open_product, open_site, settings_of
from tests.support.serving import Serving


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("network")) as site:
        yield site


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(site: Site) -> AsyncIterator[World]:
    serving = Serving(site.folder / "deployment", settings_of(site.ca_pem), wrapper=site.inside.wrapper)
    async with open_product(site, serving) as product:
        yield World(site, product)


@pytest.fixture
def nobody_is_harmed(site: Site) -> Iterator[None]:
    """Fail a test after which anything but an endpoint was called, by whatever way."""
    yield
    if trespasses := site.trespasses():
        site.forget()  # so that only this test is blamed
        pytest.fail("somebody was called who is no endpoint: " + ", ".join(trespasses), pytrace=False)
