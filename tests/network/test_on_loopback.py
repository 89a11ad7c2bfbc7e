"""What can be shown of the real product without root: an exception opens what it names, and nothing beside it (P11)."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.network.cases import LOCAL, NO_PUBLIC_ADDRESS
from tests.network.namespaces import reason_to_skip
from tests.network.on_loopback import MODELS_4, MODELS_6, REDIRECTING, VICTIM, Loopback, has_ipv6, open_loopback
from tests.network.world import Product, ask, open_product, save, try_address
from tests.support.serving import Serving


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    with open_loopback(tmp_path_factory.mktemp("loopback")) as loopback:
        yield loopback


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(loopback: Loopback) -> AsyncIterator[Product]:
    serving = Serving(loopback.folder / "deployment", loopback.settings)
    async with open_product(loopback, serving) as product:
        yield product


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "host",
    ["localhost", MODELS_4, pytest.param(MODELS_6, marks=pytest.mark.skipif(not has_ipv6(), reason="no ::1 here"))],
)
async def test_an_excepted_endpoint_works_all_the_way(loopback: Loopback, product: Product, host: str) -> None:
    olga, url = await product.team(), loopback.url(host)
    receipt = await ask(olga, await save(olga, url, await try_address(olga, url), "steady"))
    assert (receipt["state"], receipt["problem"]) == ("done", None)
    assert loopback.trespasses() == []


@pytest.mark.asyncio(loop_scope="module")
async def test_beside_the_exceptions_nobody_is_reached(loopback: Loopback, product: Product) -> None:
    """A victim on the same port, one whose name is excepted for another address, one that a redirect names."""
    olga = await product.team()
    inner = f"https://localhost:{loopback.inner.port}/v1"
    outcomes = await asyncio.gather(
        try_address(olga, loopback.url(VICTIM)),
        try_address(olga, inner),
        try_address(olga, loopback.url(REDIRECTING)),
        try_address(olga, loopback.url(MODELS_4), "redirect"),
        try_address(olga, f"https://{MODELS_4}:{loopback.inner.port}/v1"),
    )
    assert [outcome.ends for outcome in outcomes] == [
        LOCAL,
        NO_PUBLIC_ADDRESS,
        ("credential", "redirected"),
        ("completion", "redirected"),
        LOCAL,
    ]
    assert loopback.trespasses() == []


def test_the_victims_would_count_whoever_came(loopback: Loopback) -> None:
    """The control."""
    assert loopback.trespasses() == []
    for host, port in ((VICTIM, loopback.port), ("127.0.0.1", loopback.inner.port)):
        with socket.create_connection((host, port), timeout=10):
            pass
    assert len(loopback.trespasses()) == 2
    for station in (loopback.station, loopback.inner):
        station.forget()


def test_with_root_the_namespaces_are_never_skipped() -> None:
    """Whatever else is missing there is a failure that says what."""
    assert reason_to_skip(user_id=0) is None
    assert "root" in (reason_to_skip(user_id=1000) or "")
    assert os.geteuid() != 0 or reason_to_skip(user_id=os.geteuid()) is None
