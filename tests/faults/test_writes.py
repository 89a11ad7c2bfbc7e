"""Any one write to SQLite's files fails, in the process that serves: nothing is half done, lost or doubled (P15).

Every write is made to fail that the storing of a question takes, and every one that the end of its answer takes: the
first, the second … until strace sees that there was no n-th any more. All of them go into the journal (WAL). A
checkpoint copies that into the database's file, many pages in one way: there the 1st, 2nd, 4th, 8th … fails.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disks import Watched, failing_call
from tests.faults.rig import make_rig
from tests.support.nursery import Nursery
from tests.support.serving import Serving

WAYS = (("pwrite64", "ENOSPC"), ("fdatasync", "EIO"))
# A frame of the journal is two writes, a transaction of several pages one sync.
FEWEST = {"pwrite64": 20, "fdatasync": 1}
MOST = 150
# So many questions bring a checkpoint at the latest: SQLite makes one when the journal holds 1,000 pages.
UNTIL_CHECKPOINT = 60
Act = Callable[[], Coroutine[Any, Any, None]]


async def let_each_fail(serving: Serving, way: tuple[str, str], prepare: Act, act: Act) -> int:
    """Do `act` again and again, and let its 1st, 2nd … write fail; gives how many there were to fail."""
    for number in range(1, MOST):
        await prepare()
        async with failing_call(serving.pid, *way, number) as watched:
            acting = asyncio.create_task(act())
            # One that fails is enough: the next try finds a sound disk.
            while not acting.done() and not watched.failed:
                await asyncio.sleep(0.002)
        await acting
        if not watched.failed:
            assert watched.most == number - 1, "each one before has had its turn"
            return number - 1
    raise AssertionError("there is no end of writes")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", WAYS, ids=[call for call, _ in WAYS])
async def test_whichever_write_to_the_disk_fails_nothing_is_half_done(
    way: tuple[str, str], tmp_path: Path, nursery: Nursery
) -> None:
    async with make_rig("sqlite", tmp_path, nursery) as rig:
        serving = rig.process()
        await serving.start()
        olga = await rig.sign_up(serving)
        places: list[str] = []

        async def have_a_place() -> None:
            places.append(str((await olga.post("/api/conversations", {}))["id"]))

        async def ask() -> None:
            await rig.ask(olga, "standard/held", places.pop())

        async def have_asked() -> None:
            rig.truth.release()
            await rig.until_settled()
            rig.truth.hold()
            sent = len(rig.truth.sent)
            assert (await rig.ask(olga, "standard/held")).status_code == 201
            await rig.until_sent(sent + 1)

        async def end() -> None:
            rig.truth.release()
            await rig.until_settled()

        asking = await let_each_fail(serving, way, have_a_place, ask)
        # Whoever was told no is told which, and nothing of it was sent; a sync is several writes' in one.
        refused = rig.told.refused.copy()
        assert set(refused) <= {"database_full", "database_disk_failed"}
        assert refused.total() == asking >= FEWEST[way[0]]
        await rig.until_sent(len(rig.told.accepted))
        assert len(rig.truth.sent) == len(rig.told.accepted)
        ending = await let_each_fail(serving, way, have_asked, end)
        assert ending >= FEWEST[way[0]]
        assert rig.told.refused == refused
        await end()
        await rig.is_true()
        assert await serving.stop() == 0


@pytest.mark.timeout(180)
async def test_a_checkpoint_that_breaks_off_anywhere_costs_nothing(tmp_path: Path, nursery: Nursery) -> None:
    """What is in the journal stays there until the whole of it was copied: each later write tries again."""
    async with make_rig("sqlite", tmp_path, nursery) as rig:
        serving = rig.process()
        await serving.start()
        olga = await rig.sign_up(serving)
        file = tmp_path / "data" / "moorage.db"

        async def ask_and_read() -> None:
            said = await rig.ask(olga, "standard/steady")
            assert said.status_code == 201
            assert (await rig.follow(olga, said))["state"] == "done"

        async def until_a_checkpoint(way: tuple[str, str], when: str) -> Watched:
            """Ask until there was one, whole or broken off."""
            async with failing_call(serving.pid, *way, when, file) as watched:
                for _ in range(UNTIL_CHECKPOINT):
                    await ask_and_read()
                    if watched.calls:
                        return watched
            raise AssertionError("there was no checkpoint")

        writes, syncs = WAYS
        number = 1
        # From the n-th page on nothing can be written; a checkpoint of fewer pages than that ends well.
        while (await until_a_checkpoint(writes, f"{number}+")).failed:
            number *= 2
        assert number > 64
        assert (await until_a_checkpoint(syncs, "1+")).failed
        # Killed with half of one in the file.
        assert (await until_a_checkpoint(writes, "8+")).failed
        await serving.kill()
        await rig.start_again(serving, olga)
        await ask_and_read()
        assert await serving.stop() == 0
        books = await rig.is_true()
        assert set(books.kinds) == {("reported", "ok")}
