"""The real product against a real name server and real TLS in a network of its own: who is reached, and what is told.

Nothing is excepted by the operator, names go through the system's resolver, and victims answer to whoever gets there.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest
import pytest_asyncio

from tests.network.addresses import DEAD_4, DEAD_6, MODELS_4, MODELS_6, OWN_PUBLIC, PORT, SEARCH_DOMAIN, VICTIMS
from tests.network.cases import (
    CASES,
    INTERNAL,
    NO_PUBLIC,
    NO_PUBLIC_ADDRESS,
    OTHERS,
    REFUSED_BY_TEXT,
    WORKING,
    Case,
    host_of,
)
from tests.network.name_server import says
from tests.network.world import Outcome, Site, World, ask, discover, save, try_address
from tests.support.running import Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("nobody_is_harmed")]

TESTS_PER_TEAM = 6  # the product admits ten a minute
TIMED_PAIRS = 5
FAR_AWAY_S = 0.8
CALL = """
import socket, sys
for host in sys.argv[2:]:
    with socket.create_connection((host, int(sys.argv[1])), timeout=5):
        pass
"""
LOOK_UP = "import socket, sys; socket.getaddrinfo(sys.argv[1], 443)"

Outcomes = Mapping[str, Outcome]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def outcomes(world: World) -> Outcomes:
    """Run the cases as people of several teams would: at once, but those that need their time first."""
    world.site.station_outside.set_names({name: what for case in CASES for name, what in case.names.items()})
    found: dict[str, Outcome] = {}

    async def run(cases: tuple[Case, ...]) -> None:
        person = await world.product.team()
        outcomes = await asyncio.gather(*(try_address(person, case.base_url, case.model_id) for case in cases))
        found.update(zip((case.sentence for case in cases), outcomes, strict=True))

    for cases in ((*WORKING, *OTHERS), (*NO_PUBLIC, *REFUSED_BY_TEXT)):
        parts = [cases[begin : begin + TESTS_PER_TEAM] for begin in range(0, len(cases), TESTS_PER_TEAM)]
        await asyncio.gather(*(run(part) for part in parts))
    return found


async def test_every_victim_would_be_reached_by_a_program_without_a_door(site: Site) -> None:
    """The control: routes are there, victims listen and count. So a count of zero means that nobody tried."""
    assert site.trespasses() == []
    targets = [*VICTIMS, *OWN_PUBLIC]
    command = [*site.inside.wrapper, sys.executable, "-c", CALL, str(PORT), *targets]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    accepted = {**site.station_inside.tell().accepted, **site.station_outside.tell().accepted}
    assert {host: accepted[host] for host in targets} == dict.fromkeys(targets, 1)
    assert len(site.trespasses()) >= len(VICTIMS)
    site.forget()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
async def test_each_address_ends_where_it_should(outcomes: Outcomes, case: Case) -> None:
    """P11."""
    assert outcomes[case.sentence].ends == case.ends, outcomes[case.sentence].finished


@pytest.mark.parametrize("case", NO_PUBLIC, ids=lambda case: case.sentence)
async def test_without_a_public_address_every_name_is_told_the_same(outcomes: Outcomes, case: Case) -> None:
    """P11: the same events with the same codes and sentences; no facts, no time, no stage that passed."""
    unknown = outcomes["a name that does not exist"].told
    assert outcomes[case.sentence].told == unknown
    refused = unknown[-1][1]["stages"][1]
    assert (refused["stage"], refused["state"], refused["facts"], refused["ms"]) == ("dns", "failed", {}, None)


@pytest.mark.parametrize("case", WORKING, ids=lambda case: case.sentence)
async def test_a_good_endpoint_works_all_the_way(outcomes: Outcomes, case: Case) -> None:
    tested = outcomes[case.sentence]
    receipt = await ask(tested.person, await save(tested.person, case.base_url, tested, "steady", name=case.sentence))
    assert (receipt["state"], receipt["problem"]) == ("done", None)
    assert receipt["tokens_out"] > 0


async def test_an_endpoint_is_reached_over_the_way_that_its_name_says(outcomes: Outcomes) -> None:
    versions = {
        sentence: next(stage["facts"] for stage in outcomes[sentence].finished["stages"] if stage["stage"] == "tcp")
        for sentence in ("a name of an IPv4 endpoint", "a name of an IPv6 endpoint", "dead by IPv6 and alive by IPv4")
    }
    assert [facts["ip_version"] for facts in versions.values()] == [4, 6, 4]


async def test_a_dead_address_was_tried_before_the_living_one(world: World, outcomes: Outcomes) -> None:
    """Else the cases of dead addresses would prove nothing about the second try."""
    contacts = world.site.told_outside().contacts
    assert {("tcp", host, PORT) for host in (DEAD_4, DEAD_6, MODELS_4, MODELS_6)} <= set(contacts)


async def test_no_search_domain_is_ever_appended(world: World, outcomes: Outcomes) -> None:
    asked = [name for name, _, _ in world.site.told_outside().asked]
    assert "only-with-search.firm.test" in asked
    assert [name for name in asked if name.endswith(f".{SEARCH_DOMAIN}") and name != f"db.{SEARCH_DOMAIN}"] == []
    # The control: for a program that asks without the final dot, the search domain is in force.
    command = [*world.site.inside.wrapper, sys.executable, "-c", LOOK_UP, "only-with-search.firm.test"]
    await asyncio.to_thread(subprocess.run, command, check=True, timeout=60)
    assert world.site.told_outside().asked[-1][0] == f"only-with-search.firm.test.{SEARCH_DOMAIN}"


async def test_what_is_cut_over_udp_is_asked_for_over_tcp(world: World, outcomes: Outcomes) -> None:
    over_tcp = {name for name, _, way in world.site.told_outside().asked if way == "tcp"}
    for sentence in (
        "an answer that is cut and fetched over TCP",
        "a public piece over UDP and an internal answer over TCP",
        "a hundred public records",
    ):
        assert host_of(sentence) in over_tcp


@pytest.mark.parametrize("address", OWN_PUBLIC)
async def test_the_deployments_own_addresses_are_refused(world: World, address: str) -> None:
    """P11: what listens beside the product is not for a team, however public its address is."""
    olga = await world.product.team()
    literal, record = (f"[{address}]", "AAAA") if ":" in address else (address, "A")
    name = host_of(f"a name of our own {address}")
    world.site.station_outside.set_names({name: says(f"{record} {address}")})
    before = world.site.station_inside.tell().accepted[address]
    ends = [(await try_address(olga, f"https://{host}/v1")).ends for host in (literal, name)]
    # Saved without a test and asked: nobody looks a literal up, so only the making of its socket can refuse it.
    made = await save(olga, f"https://{literal}/v1", None, "steady")
    problem = (await ask(olga, made))["problem"]
    assert world.site.station_inside.tell().accepted[address] == before
    assert ends == [NO_PUBLIC_ADDRESS, NO_PUBLIC_ADDRESS]
    assert problem["code"] == NO_PUBLIC_ADDRESS[1]


@pytest.mark.parametrize("way", ["test", "message", "discovery"])
async def test_an_unknown_name_and_an_internal_one_are_refused_after_the_same_time(world: World, way: str) -> None:
    """P11: a firm's name server is near and knows internal names; about others it has to ask far away."""
    inner = {f"inner-{way}-{number}.firm.test": says(f"A {INTERNAL}") for number in range(TIMED_PAIRS)}
    far = says(rcode="NXDOMAIN", after_s=FAR_AWAY_S)
    unknown = {f"unknown-{way}-{number}.firm.test": far for number in range(TIMED_PAIRS)}
    world.site.station_outside.set_names({**inner, **unknown})

    async def time_pair(*hosts: str) -> tuple[float, ...]:
        olga = await world.product.team()
        return tuple([await time_refusal(olga, way, host) for host in hosts])

    # A team for each pair, and all at the same time: each refusal may take seconds.
    pairs = await asyncio.gather(*(time_pair(*hosts) for hosts in zip(inner, unknown, strict=True)))
    inner_s, unknown_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = max(inner_s, unknown_s) / min(inner_s, unknown_s)
    assert ratio < 1.3, f"internal {inner_s * 1000:.1f} ms, unknown {unknown_s * 1000:.1f} ms"


async def time_refusal(olga: Person, way: str, host: str) -> float:
    """Give the seconds until a person is told that a name has no public address."""
    if way == "test":
        return (await try_address(olga, f"https://{host}/v1")).took_s
    made = await save(olga, f"https://{host}/v1", None, "steady", name=host)
    started_s = time.perf_counter()
    if way == "message":
        assert (await ask(olga, made))["problem"]["code"] == NO_PUBLIC_ADDRESS[1]
    else:
        assert await discover(olga, made) == NO_PUBLIC_ADDRESS[1]
    return time.perf_counter() - started_s
