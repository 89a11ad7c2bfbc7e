"""PostgreSQL whose disk is full: refused before it is sent, settled once there is room, nothing lost or doubled (P15).

Full where its tables lie, it refuses what needs a new page (53100) and lives on: Moorage says `database_full`. Full
where its journal lies, it ends itself (PANIC), with 53100 for its last words, and does not come up before there is
room: that is `database_gone`. Only one of the two is small at a time, a tmpfs.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.faults.disks import SmallDisk, small_disk
from tests.faults.rig import Rig, make_rig
from tests.support.databases import PostgresCluster, chosen_databases
from tests.support.nursery import Nursery
from tests.support.running import Person
from tests.support.serving import Serving

DATA_MIB, JOURNAL_MIB = 96, 24
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on"}
# One that keeps no empty segments for later, so that a full disk is met at once.
SMALL_JOURNAL = {"min_wal_size": "2MB", "max_wal_size": "8MB", "wal_recycle": "off", "wal_init_zero": "on"}
OUTAGES = {"database_gone", "database_crowded"}


@dataclass(frozen=True)
class Cramped:
    """A PostgreSQL, and the small disk that a part of it lies on."""

    cluster: PostgresCluster
    disk: SmallDisk


@pytest.fixture
def cramped(request: pytest.FixtureRequest) -> Iterator[Cramped]:
    """Give one; `request.param` says what lies on the small disk: "data" or "journal"."""
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir="/tmp"))
    is_data = request.param == "data"
    try:
        with small_disk(folder / "disk", DATA_MIB if is_data else JOURNAL_MIB) as disk:
            folder.chmod(0o755)
            data, wal = (disk.folder / "data", folder / "wal") if is_data else (folder / "data", disk.folder / "wal")
            settings = DURABLE | SMALL_JOURNAL
            cluster = PostgresCluster(folder, settings, data=data, wal=wal, wal_segment_mib=1)
            try:
                cluster.start()
                cluster.create("cramped")
                yield Cramped(cluster, disk)
            finally:
                cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def begin(rig: Rig) -> tuple[Serving, Person, list[httpx2.Response]]:
    """Give a process, Olga, and two answers that are half written."""
    serving = rig.process()
    await serving.start()
    olga = await rig.sign_up(serving)
    held = [await rig.ask(olga, model) for model in ("standard/held", "own/held")]
    await rig.until_sent(2)
    return serving, olga, held


async def ask_until_refused(rig: Rig, olga: Person, places: list[str]) -> tuple[int, str]:
    """Ask until somebody is told no; gives how. Whatever is accepted is sent."""
    while (said := await rig.ask(olga, "standard/burst-2000", places.pop())).status_code == 201:
        await rig.until_sent(len(rig.told.accepted))
    return said.status_code, said.json()["error"]["code"]


@pytest.mark.parametrize("cramped", ["data"], indirect=True)
async def test_a_postgresql_without_room_for_a_page_refuses_before_anything_is_sent_and_recovers_alone(
    cramped: Cramped, tmp_path: Path, nursery: Nursery
) -> None:
    async with make_rig(cramped.cluster.url("cramped"), tmp_path, nursery) as rig:
        serving, olga, held = await begin(rig)
        places = [str((await olga.post("/api/conversations", {}))["id"]) for _ in range(100)]
        cramped.disk.fill()
        assert await ask_until_refused(rig, olga, places) == (503, "database_full")
        assert len(rig.truth.sent) == len(rig.told.accepted)
        assert (await olga.call("GET", f"/api/conversations/{places[0]}")).status_code == 200
        rig.truth.release()
        # Written to their ends, which may need room that is not there.
        await asyncio.sleep(1)
        cramped.disk.clear()
        for one in held:
            assert (await rig.follow(olga, one))["state"] == "done"
        assert (await rig.follow(olga, await rig.ask(olga, "standard/steady", places.pop())))["state"] == "done"
        await rig.until_settled()
        books = await rig.is_true()
        assert set(books.kinds) == {("reported", "ok")}
        assert "PANIC" not in cramped.cluster.said
        assert await serving.stop() == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("cramped", ["journal"], indirect=True)
async def test_a_postgresql_without_room_for_its_journal_ends_itself_and_nothing_is_lost(
    cramped: Cramped, tmp_path: Path, nursery: Nursery
) -> None:
    """Nobody restarts Moorage; PostgreSQL is started again by whoever looks after it, once there is room."""
    cluster = cramped.cluster
    async with make_rig(cluster.url("cramped"), tmp_path, nursery) as rig:
        serving, olga, held = await begin(rig)
        pid = serving.pid
        places = [str((await olga.post("/api/conversations", {}))["id"]) for _ in range(100)]
        cramped.disk.fill()
        # The first is told by PostgreSQL's last words, the next find nobody there.
        for codes in ({"database_full", *OUTAGES}, OUTAGES):
            status, code = await ask_until_refused(rig, olga, places)
            assert (status, code in codes) == (503, True), code
        assert re.search(r"PANIC: .*No space left on device", cluster.said)
        sent = len(rig.truth.sent)
        assert sent == len(rig.told.accepted)
        rig.truth.release()
        await asyncio.sleep(1)
        cramped.disk.clear()
        if not cluster.is_running:
            await asyncio.to_thread(cluster.start_again)
        for one in held:
            assert (await rig.follow(olga, one))["state"] == "done"
        async with asyncio.timeout(30):
            while (said := await rig.ask(olga, "standard/steady", places.pop())).status_code != 201:
                await asyncio.sleep(0.5)
        assert (await rig.follow(olga, said))["state"] == "done"
        assert serving.pid == pid
        assert await serving.stop() == 0
        # A question that was stored, but whose "stored" got lost, runs nowhere: the next start closes it.
        await rig.start_again(serving)
        books = await rig.is_true()
        assert books.kinds["reported", "ok"] >= sent
