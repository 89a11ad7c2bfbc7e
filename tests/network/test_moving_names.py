"""Names that move after they were tested: whatever they say later, no reply and no discovery follows them inside (P11).

Every answer of the name server may be kept for 0 seconds, and the product keeps none.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.network.addresses import MODELS_4, MODELS_6, PORT
from tests.network.cases import INTERNAL, INTERNAL_6, NO_PUBLIC_ADDRESS, PUBLIC, host_of
from tests.network.name_server import changes, says
from tests.network.world import Outcome, World, ask, discover, save, try_address
from tests.support.running import MODEL_KEY, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("nobody_is_harmed")]

CODE = NO_PUBLIC_ADDRESS[1]
MOVES = {
    "to an internal address": says(f"A {INTERNAL}"),
    "to metadata beside the public address": says(PUBLIC, "A 169.254.169.254"),
    "to an internal address by IPv6 beside the public one": says(PUBLIC, f"AAAA {INTERNAL_6}"),
    "to loopback by an alias": says("CNAME localhost"),
    "to nowhere": says(rcode="NXDOMAIN"),
}


async def retest(person: Person, connection: Mapping[str, Any]) -> Outcome:
    events = person.events("POST", f"/api/connections/{connection['id']}/tests", {})
    return Outcome(person, [(event.name, event.data) async for event in events], 0.0)


@pytest.mark.parametrize("move", MOVES)
async def test_a_name_that_moves_between_test_and_save_is_never_followed(world: World, move: str) -> None:
    """Nothing is dialled at the save; then a message, a discovery and a test each ask anew and refuse."""
    host, outside = host_of(f"moves {move}"), world.site.station_outside
    outside.set_names({host: says(PUBLIC), "localhost": says("A 127.0.0.1")})
    olga = await world.product.team()
    tested = await try_address(olga, f"https://{host}/v1")
    assert tested.ends is None

    outside.set_names({host: MOVES[move]})
    before = len(outside.tell().contacts)
    made = await save(olga, f"https://{host}/v1", tested, "steady")
    assert len(outside.tell().contacts) == before

    receipt, code, again = await asyncio.gather(ask(olga, made), discover(olga, made), retest(olga, made))
    assert (receipt["state"], receipt["problem"]["code"], receipt["ttft_ms"]) == ("failed", CODE, None)
    assert code == CODE
    assert again.ends == NO_PUBLIC_ADDRESS


async def test_a_name_that_moves_between_two_messages_is_asked_with_every_new_connection(world: World) -> None:
    """A kept connection leads to the address that was judged; once it is gone, the new answer counts."""
    host, outside = host_of("moves between two messages"), world.site.station_outside
    outside.set_names({host: says(PUBLIC)})
    olga = await world.product.team()
    made = await save(olga, f"https://{host}/v1", await try_address(olga, f"https://{host}/v1"), "steady", "reset-mid")
    steady, breaking = ({**made, "models": [model]} for model in sorted(made["models"], key=_steady_first)[:2])
    assert (await ask(olga, steady))["state"] == "done"

    outside.set_names({host: says(f"A {INTERNAL}")})
    before = outside.tell()
    assert (await ask(olga, steady))["state"] == "done"
    after = outside.tell()
    assert (after.contacts, after.asked) == (before.contacts, before.asked)

    assert (await ask(olga, breaking))["problem"]["code"] == "cut_off"
    receipt = await ask(olga, steady)
    assert (receipt["state"], receipt["problem"]["code"]) == ("failed", CODE)

    outside.set_names({host: says(PUBLIC)})
    assert (await ask(olga, steady))["state"] == "done"


async def test_a_name_that_alternates_is_followed_only_when_it_is_public(world: World) -> None:
    host, outside = host_of("alternates"), world.site.station_outside
    outside.set_names({host: says(PUBLIC)})
    olga = await world.product.team()
    made = await save(olga, f"https://{host}/v1", await try_address(olga, f"https://{host}/v1"), "steady")
    outside.set_names({host: changes((f"A {INTERNAL}",), (PUBLIC,), in_circle=True)})
    problems = []
    for _ in range(4):
        problem = (await ask(olga, made))["problem"]
        problems.append(None if problem is None else problem["code"])
        # Pausing and resuming hangs up, so that each message needs a connection of its own.
        for enabled in (False, True):
            await olga.call("PATCH", f"/api/connections/{made['id']}", {"enabled": enabled})
    assert problems == [CODE, None, CODE, None]


async def test_one_look_up_for_one_connection_and_no_address_but_those_of_the_answer(world: World) -> None:
    """P11: the address that was judged is the one that is dialled, because there was only one answer."""
    host, outside = host_of("asked once"), world.site.station_outside
    outside.set_names({host: changes((PUBLIC,), (f"AAAA {MODELS_6}",), (f"A {INTERNAL}",))})
    olga = await world.product.team()
    before = len(outside.tell().contacts)
    assert (await try_address(olga, f"https://{host}/v1")).ends is None
    told = outside.tell()
    # A test makes two connections, one for the survey and one to talk.
    assert [kind for name, kind, _ in told.asked if name == host] == ["A", "AAAA"] * 2
    dialled = [contact for contact in told.contacts[before:] if contact[0] == "tcp"]
    assert dialled == [("tcp", MODELS_4, PORT), ("tcp", MODELS_6, PORT)]


async def test_a_replacement_that_leads_inside_leaves_the_good_address_in_use(world: World) -> None:
    host, inner, outside = host_of("stays"), host_of("replacement"), world.site.station_outside
    outside.set_names({host: says(PUBLIC), inner: says(f"A {INTERNAL}")})
    olga = await world.product.team()
    made = await save(olga, f"https://{host}/v1", await try_address(olga, f"https://{host}/v1"), "steady")
    wish = {"base_url": f"https://{inner}/v1", "api_key": MODEL_KEY}
    events = [event.data async for event in olga.events("POST", f"/api/connections/{made['id']}/endpoint", wish)]
    assert Outcome(olga, [("", event) for event in events], 0.0).ends == NO_PUBLIC_ADDRESS
    assert (await ask(olga, made))["state"] == "done"


async def test_the_trail_of_a_team_does_not_tell_an_unknown_name_from_an_internal_one(world: World) -> None:
    names = {"inner.firm.test": says(f"A {INTERNAL}"), "mixed.firm.test": says(PUBLIC, f"A {INTERNAL}")}
    world.site.station_outside.set_names(names)
    olga = await world.product.team()
    await asyncio.gather(*(try_address(olga, f"https://{host}/v1") for host in (*names, "unknown.firm.test")))
    trail = (await olga.get("/api/audit"))["entries"]
    told = [
        {name: entry[name] for name in ("actor", "sentence", "object_name", "outcome", "details")}
        for entry in trail
        if entry["action"] == "connection.tested"
    ]
    assert told == [told[0]] * 3
    assert told[0]["details"]["code"] == CODE


def _steady_first(model: Mapping[str, Any]) -> tuple[bool, bool]:
    return (model["model_id"] != "steady", model["model_id"] != "reset-mid")
