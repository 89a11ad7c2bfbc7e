"""An export tells nobody who wrote what in a blind comparison that is not judged yet."""

import json

import pytest

from tests.privacy.test_exports import export, lines
from tests.scope.world import World
from tests.support.comparing import all_ended, compare, judge, refs_of
from tests.support.running import Person

_MODELS = ("reasoning-parts", "no-usage")
_PATHS = ("/api/team/privacy/exports", "/api/team/privacy/team-exports")


async def _told(person: Person, path: str, calls: set[str]) -> tuple[int, int, int]:
    """How many of the calls it tells, how many of these models its days count, how many it says it holds back."""
    packed = await export(person, path)
    its = [one for one in lines(packed, "usage-own-models") if one["call_id"] in calls]
    days = [one for one in lines(packed, "usage-own-models-by-day") if one["model_id"] in _MODELS]
    held_back = json.loads(packed.read("data.json"))["calls_held_back"]
    return len(its), sum(one["calls"] for one in days), held_back


@pytest.mark.parametrize("path", _PATHS)
async def test_calls_of_a_blind_comparison_come_into_an_export_with_the_verdict(world: World, path: str) -> None:
    olga = world.people["olga"]
    made = await compare(olga, await refs_of(world.harbour, olga, *_MODELS), blind=True)
    calls = {one["reply_id"] for one in await all_ended(olga, made)}
    told, counted, held_back = await _told(olga, path, calls)
    assert (told, held_back >= len(calls)) == (0, True)
    assert (await judge(olga, made, "tie")).is_success
    assert await _told(olga, path, calls) == (len(calls), counted + len(calls), held_back - len(calls))
