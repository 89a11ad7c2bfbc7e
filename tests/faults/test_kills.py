"""SIGKILL at random moments, again and again: nothing is lost, nothing counts twice, nothing stays reserved (P15).

`KILL_ROUNDS=1000` makes it the long run (docs/reliability.md).
"""

import asyncio
import os
import random
import sys

import pytest

from tests.faults.rig import Rig
from tests.support.running import Person
from tests.support.serving import Serving

SEED = 20261127
STREAMS = 6
ROUNDS = {"sqlite": 50, "postgresql": 20}
MODELS = (
    ("standard/paced-200", "own/burst-2000"),
    ("standard/burst-2000", "own/paced-200"),
    ("standard/no-usage", "standard/paced-200", "own/no-usage"),
    ("own/paced-200", "standard/burst-300"),
)


@pytest.mark.timeout(0 if "KILL_ROUNDS" in os.environ else 300)
async def test_kills_at_random_moments_lose_nothing_and_count_nothing_twice(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    """P15: lost 0, double 0, the budget is the sum of its rows, and nothing is reserved for ever."""
    engine = "sqlite" if rig.database.is_sqlite else "postgresql"
    rounds = int(os.environ.get("KILL_ROUNDS", ROUNDS[engine]))
    moments = random.Random(SEED)
    serving = rig.process()
    await serving.start()
    olga = await rig.sign_up(serving)
    cut = 0
    for number in range(rounds):
        # One in ten lives long enough for a checkpoint to have stored half of its answers.
        cut += await _die(rig, serving, olga, moments.uniform(0.02, 0.5) if number % 10 else moments.uniform(2.0, 2.6))
        if number % 7 == 6:
            # Killed once more while it starts, or while it closes what the last one left.
            serving.launch()
            await asyncio.sleep(moments.uniform(0.0, 0.8))
            await serving.kill()
        await rig.start_again(serving, olga)
        assert await rig.rows("SELECT 1 FROM reservation") == []
    assert await serving.stop() == 0
    books = await rig.is_true()
    assert cut > rounds
    assert len(rig.told.ends) > rounds // 2
    assert books.kinds["orphan", "crashed"] >= cut // 2
    assert books.kinds["reported", "ok"]
    with capsys.disabled():
        if "KILL_ROUNDS" in os.environ:
            head = f"{engine}: {rounds} kills, seed {SEED}; {len(rig.truth.sent)} calls reached the provider"
            sys.stdout.write("\n".join(["", head, *books.lines, ""]))


async def _die(rig: Rig, serving: Serving, olga: Person, after_s: float) -> int:
    """Keep six questions going at a time, and kill in the middle of it; gives how many calls were under way."""
    asking = [
        asyncio.create_task(rig.keep_asking(olga, MODELS[number % len(MODELS)], lambda: False))
        for number in range(STREAMS)
    ]
    while not (await rig.rows("SELECT 1 FROM reservation")):
        await asyncio.sleep(0.01)
    await asyncio.sleep(after_s)
    await serving.kill()
    await asyncio.gather(*asking)
    [(left,)] = await rig.rows("SELECT COUNT(*) FROM reservation")
    return int(left)
