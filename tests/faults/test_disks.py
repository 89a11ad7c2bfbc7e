"""A disk that is full: refused before it is sent, settled once there is room (P15).

SQLite's file on a tmpfs of 24 MiB. One write that fails of many: test_writes.py. PostgreSQL: test_full_postgresql.py.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.faults.disks import SmallDisk, small_disk
from tests.faults.rig import make_rig
from tests.support.nursery import Nursery

MIB = 24
# What a start ends with that can not go on.
CANT_START = 2
DYING = ("standard/held", "own/held", "standard/paced-200")


@pytest_asyncio.fixture
async def disk(tmp_path: Path) -> AsyncIterator[SmallDisk]:
    with small_disk(tmp_path / "disk", MIB) as disk:
        yield disk


async def test_a_full_disk_refuses_before_anything_is_sent_and_recovers_alone(
    disk: SmallDisk, tmp_path: Path, nursery: Nursery
) -> None:
    async with make_rig("sqlite", tmp_path, nursery, data=disk.folder / "data") as rig:
        serving = rig.process()
        await serving.start()
        olga = await rig.sign_up(serving)
        places = [str((await olga.post("/api/conversations", {}))["id"]) for _ in range(100)]
        held = [await rig.ask(olga, model, places.pop()) for model in ("standard/held", "own/held")]
        await rig.until_sent(2)
        disk.fill()
        while (said := await rig.ask(olga, "standard/steady", places.pop())).status_code == 201:
            # What room the journal still had is used: whatever is accepted is answered.
            await rig.until_sent(len(rig.told.accepted))
        assert (said.status_code, said.json()["error"]["code"]) == (503, "database_full")
        assert len(rig.truth.sent) == len(rig.told.accepted)
        assert (await olga.call("GET", f"/api/conversations/{places[0]}")).status_code == 200
        rig.truth.release()
        # Written to its end, and not settled yet: that takes room.
        await asyncio.sleep(1)
        disk.clear()
        for one in held:
            assert (await rig.follow(olga, one))["state"] == "done"
        assert (await rig.follow(olga, await rig.ask(olga, "standard/steady", places.pop())))["state"] == "done"
        await rig.until_settled()
        await rig.is_true()


async def test_a_process_that_dies_on_a_full_disk_is_closed_once_there_is_room(
    disk: SmallDisk, tmp_path: Path, nursery: Nursery
) -> None:
    async with make_rig("sqlite", tmp_path, nursery, data=disk.folder / "data") as rig:
        serving = rig.process()
        await serving.start()
        olga = await rig.sign_up(serving)
        for model in DYING:
            await rig.ask(olga, model)
        await rig.until_sent(len(DYING))
        disk.fill()
        await serving.kill()
        for _ in range(2):
            code, said = await serving.refuse_to_start()
            assert (code, "The disk of this Moorage is full." in said) == (CANT_START, True), said
            assert "Traceback" not in said
        assert await rig.rows("SELECT COUNT(*) FROM reservation") == [(len(DYING),)], "kept for whoever finds room"
        disk.clear()
        await rig.start_again(serving, olga)
        books = await rig.is_true()
        assert books.kinds["orphan", "crashed"] == len(DYING)


async def test_an_erasure_that_a_full_disk_refused_is_done_by_no_later_start(
    disk: SmallDisk, tmp_path: Path, nursery: Nursery
) -> None:
    """Its line in the ledger of erasures lies on another disk, and was written."""
    ledger = tmp_path / "erasures"
    async with make_rig("sqlite", tmp_path, nursery, data=disk.folder / "data") as rig:
        serving = rig.process(ERASURES_FILE=ledger)
        await serving.start()
        olga = await rig.sign_up(serving)
        disk.fill()
        while (await olga.call("POST", "/api/conversations", {})).status_code < 400:
            pass  # what room the journal still had is used
        said = await olga.call("POST", "/api/team/privacy/erasure", {"typed_name": "Kanzlei"})
        assert (said.status_code, said.json()["error"]["code"]) == (503, "database_full")
        assert len(ledger.read_text().splitlines()) == 2
        disk.clear()
        assert await serving.stop() == 0
        await rig.start_again(serving, olga)
        assert (await olga.get("/api/team/privacy/receipts"))["receipts"] == []
        assert (await olga.get("/api/team/privacy"))["erasing"] == 0
        await rig.is_true()
