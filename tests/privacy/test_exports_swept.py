"""What clears exports away takes nothing of one that is being made, and leaves nothing of one that is over."""

import asyncio
import io
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.errors import Unavailable
from moorage.privacy.archive import Archive, PartsLostError
from moorage.privacy.exporting import Exports, sweep
from moorage.privacy.runner import MOST_TRIES
from moorage.privacy.tables import JobRow
from tests.privacy.test_exports import ask_apart, runner_with, take
from tests.scope.world import World


class _Between(Archive):
    """Lets an export begin between the two looks of a sweep: at what lies here, and at what is kept."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive._folder)
        self.has_looked, self.may_go_on = threading.Event(), threading.Event()

    def names(self) -> Sequence[str]:
        found = super().names()
        self.has_looked.set()
        assert self.may_go_on.wait(30)
        return found


async def test_a_sweep_leaves_an_export_alone_that_begins_meanwhile(world: World) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    archive = parts.privacy.archive
    between = _Between(archive)
    sweeping = asyncio.create_task(sweep(parts.database, between))
    await asyncio.to_thread(between.has_looked.wait, 30)
    job_id = await ask_apart(world, mia)
    archive.put(job_id, "data.json", b"{}")
    between.may_go_on.set()
    await sweeping
    assert archive.has(job_id)


async def test_an_export_that_lost_parts_is_not_told_to_be_whole_and_begins_anew(world: World) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    archive = parts.privacy.archive

    class Losing(Archive):
        def close(self, job_id: UUID, least: int) -> tuple[int, str]:
            (self._parts(job_id) / "index.html").unlink()
            return super().close(job_id, least)

    job_id = await ask_apart(world, mia)
    losing = Exports(parts.database, Losing(archive._folder), "first", lambda code, _language: code)
    with pytest.raises(PartsLostError):
        await losing.work(await take(world, job_id, "first"))
    whole = Exports(parts.database, archive, "second", lambda code, _language: code)
    await whole.work(await take(world, job_id, "second"))
    packed = zipfile.ZipFile(io.BytesIO(b"".join(archive.read(job_id))))
    assert {"data.json", "index.html"} <= set(packed.namelist())


class _Waiting(Archive):
    """Waits before it writes anything."""

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive._folder)
        self.is_writing, self.may_go_on = threading.Event(), threading.Event()

    def put(self, job_id: UUID, name: str, data: bytes) -> None:
        self.is_writing.set()
        assert self.may_go_on.wait(30)
        super().put(job_id, name, data)


async def test_nothing_is_left_of_an_export_that_was_deleted_while_it_was_made(world: World) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    await parts.privacy.runner.aclose()
    waiting = _Waiting(parts.privacy.archive)
    runner = runner_with(world, waiting)
    made = await mia.post("/api/team/privacy/exports")
    working = asyncio.create_task(runner.work_on_one())
    await asyncio.to_thread(waiting.is_writing.wait, 30)
    assert (await mia.call("DELETE", f"/api/team/privacy/exports/{made['id']}")).status_code < 300
    waiting.may_go_on.set()
    assert await working
    assert [name for name in waiting.names() if made["id"] in name] == []


class _Broken(Archive):
    """A disk, or code, that breaks at the second part."""

    def __init__(self, archive: Archive, error: Exception) -> None:
        super().__init__(archive._folder)
        self._error, self.tries = error, 0

    def put(self, job_id: UUID, name: str, data: bytes) -> None:
        if name != "data.json":
            self.tries += 1
            raise self._error
        super().put(job_id, name, data)


@pytest.mark.parametrize(
    ("error", "code"), [(Unavailable("export_unwritable"), "export_unwritable"), (ZeroDivisionError(), "export_broke")]
)
async def test_an_export_that_can_not_be_made_is_told_after_some_tries(
    world: World, error: Exception, code: str
) -> None:
    mia, parts = world.people["mia"], world.harbour.built.parts
    await parts.privacy.runner.aclose()
    broken = _Broken(parts.privacy.archive, error)
    runner = runner_with(world, broken)
    made = await mia.post("/api/team/privacy/exports")
    for _ in range(MOST_TRIES):
        assert (await mia.get(f"/api/team/privacy/exports/{made['id']}"))["state"] != "failed"
        with pytest.raises(type(error)):
            await runner.work_on_one()
        assert not await runner.work_on_one(), "it rests in between"
        async with parts.database.write() as tx:
            await tx.execute(update(JobRow).where(JobRow.id == UUID(made["id"])).values(lease_until=None))
    told = await mia.get(f"/api/team/privacy/exports/{made['id']}")
    assert (told["state"], told["problem"]["code"], broken.tries) == ("failed", code, MOST_TRIES)
    assert [name for name in broken.names() if made["id"] in name] == [], "not even its first part lies about"


async def test_a_folder_that_can_not_be_written_is_named_as_one(tmp_path: Path) -> None:
    (tmp_path / "exports").write_bytes(b"no folder")
    archive = Archive(tmp_path / "exports")
    with pytest.raises(Unavailable) as refused:
        archive.put(UUID(int=1), "data.json", b"{}")
    assert refused.value.code == "export_unwritable"
    assert archive.names() == []


async def test_half_of_a_part_that_a_killed_process_left_is_in_no_zip(world: World) -> None:
    archive, job_id = world.harbour.built.parts.privacy.archive, UUID(int=1)
    archive.put(job_id, "files/whole", b"whole")
    (archive._parts(job_id) / "files/other.half").write_bytes(b"ha")
    archive.close(job_id, 1)
    assert zipfile.ZipFile(io.BytesIO(b"".join(archive.read(job_id)))).namelist() == ["files/whole"]
