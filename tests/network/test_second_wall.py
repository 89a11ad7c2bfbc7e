"""The real product behind the second wall: what works, works; what the first wall lets through by mistake ends here."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.network.addresses import MODELS_6, NAME_SERVER
from tests.network.cases import INTERNAL, INTERNAL_6, PUBLIC, host_of
from tests.network.name_server import says
from tests.network.world import Product, Site, World, ask, discover, open_product, save, settings_of, try_address
from tests.support.serving import Serving
from tests.wall.rules import Wall

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("nobody_is_harmed")]

# In this network everything runs as root: the product, and the relay through which its people come.
JUDGED = ("users { 0 }", f"resolvers4 {{ {NAME_SERVER} }}")
TOO_WIDE = "10.0.0.0/8"
TOO_WIDE_6 = "fd00::/8"
PERMITTED = host_of("excepted for far too much")


@pytest.fixture
def wall(site: Site) -> Iterator[Wall]:
    wall = Wall(site.inside)
    wall.build(*JUDGED)
    yield wall
    wall.tear_down()


def let_people_in(wall: Wall, product: Product) -> None:
    port = product.serving.url.rpartition(":")[2]
    wall.nft("add", "element", "inet", "moorage_egress", "exceptions4", f"{{ 127.0.0.1 . {port} }}")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def careless(site: Site) -> AsyncIterator[Product]:
    """A product whose operator has opened whole private networks to a name."""
    exceptions = f"{PERMITTED}:443={TOO_WIDE}, {PERMITTED}:443={TOO_WIDE_6}"
    settings = {**settings_of(site.ca_pem), "EGRESS_ALLOW": exceptions}
    serving = Serving(site.folder / "careless", settings, wrapper=site.wrapper)
    async with open_product(site, serving) as product:
        yield product


async def test_behind_the_wall_an_endpoint_works_all_the_way(world: World, wall: Wall) -> None:
    host = host_of("works behind the wall")
    world.site.station_outside.set_names({host: says(PUBLIC, f"AAAA {MODELS_6}")})
    let_people_in(wall, world.product)
    olga = await world.product.team()
    tested = await try_address(olga, f"https://{host}/v1")
    assert tested.ends is None
    made = await save(olga, f"https://{host}/v1", tested, "steady")
    receipt, code = await asyncio.gather(ask(olga, made), discover(olga, made))
    assert (receipt["state"], receipt["problem"], code) == ("done", None, None)
    # People of earlier tests have connections that are older than the wall, and their ends count as inner.
    assert wall.counted().keys() - {"dropped_inner"} == {"passed_dns", "passed_public", "passed_exception"}


async def test_an_exception_that_opens_too_much_ends_at_the_wall(site: Site, wall: Wall, careless: Product) -> None:
    """P11: the first wall lets the name through, as its operator said; the victim is not called all the same."""
    site.station_outside.set_names({PERMITTED: says(f"A {INTERNAL}", f"AAAA {INTERNAL_6}")})
    let_people_in(wall, careless)
    olga = await careless.team()
    assert (await try_address(olga, f"https://{PERMITTED}/v1")).ends == ("tcp", "connect_timeout")
    assert wall.counted()["dropped_inner"] >= len({INTERNAL, INTERNAL_6})
    accepted = site.station_outside.tell().accepted
    assert (accepted[INTERNAL], accepted[INTERNAL_6]) == (0, 0)


async def test_without_the_wall_that_exception_reaches_the_victim(site: Site, careless: Product) -> None:
    """The control."""
    site.station_outside.set_names({PERMITTED: says(f"A {INTERNAL}")})
    olga = await careless.team()
    assert (await try_address(olga, f"https://{PERMITTED}/v1")).ends is None
    assert site.station_outside.tell().accepted[INTERNAL] > 0
    site.forget()  # as its operator wanted, this once
