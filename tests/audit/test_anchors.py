"""P17: what the database alone can't know, that it was put back to yesterday, an anchor outside knows."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from moorage.audit.anchors import AnchorWriter, Held, hold_against
from moorage.audit.checking import Check
from moorage.audit.pen import pen_of
from moorage.audit.tables import AuditHeadRow, AuditRow
from moorage.audit.walking import Finding
from moorage.errors import Unavailable
from moorage.storage.database import Database
from tests.audit.attacking import add, attack, begin, bury, checked, without_guard


async def held(database: Database, file: Path) -> Held:
    async with database.read() as tx:
        return await hold_against(tx, read(file).splitlines(keepends=True), pen_of(tx).keys)


def read(file: Path) -> str:
    return file.read_text(encoding="ascii")


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="ascii")


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "anchors"


async def test_only_what_is_new_is_written_and_everything_fits(database: Database, file: Path) -> None:
    ours, eves = await begin(database, 2), await begin(database)
    writer = AnchorWriter(database, file)
    assert await writer.write() == 2
    assert await writer.write() == 0
    await add(database, ours)
    assert await writer.write() == 1
    assert mode_of(file) == 0o600
    assert [json.loads(line)["seq"] for line in read(file).splitlines()] in ([2, 0, 3], [0, 2, 3])
    await add(database, eves)
    assert await held(database, file) == Held(3, 0, {})


async def test_a_trail_that_was_put_back_to_an_older_state_is_found(database: Database, file: Path) -> None:
    """Signed head, fitting chain, everything genuine: only older."""
    team_id = await begin(database, 2)
    async with database.read() as tx:
        backup = dict((await tx.execute(select(AuditHeadRow.__table__))).one()._mapping)
    for _ in range(3):
        await add(database, team_id)
    await AnchorWriter(database, file).write()
    async with database.write() as tx:
        await without_guard(tx)
        await tx.execute(delete(AuditRow).where(AuditRow.seq > 2))
        await tx.execute(delete(AuditHeadRow))
        await tx.execute(insert(AuditHeadRow).values(**backup))
    assert await checked(database, team_id) == Check(2, 0, None)
    assert (await held(database, file)).findings == {team_id: Finding("rolled_back", 3)}
    for _ in range(4):
        await add(database, team_id)
    assert (await checked(database, team_id)).intact
    assert (await held(database, file)).findings == {team_id: Finding("rewritten", 5)}


async def test_a_trail_that_is_gone_is_missed(database: Database, file: Path) -> None:
    team_id = await begin(database, 2)
    await AnchorWriter(database, file).write()
    await attack(database, "DELETE FROM audit_entry", "DELETE FROM audit_head")
    assert (await held(database, file)).findings == {team_id: Finding("chain_missing", 1)}


async def test_what_was_pruned_is_not_missed(database: Database, file: Path) -> None:
    team_id = await begin(database, 4)
    writer = AnchorWriter(database, file)
    await writer.write()
    await bury(database, team_id, 2)
    await writer.write()
    await bury(database, team_id, 3)
    assert await held(database, file) == Held(2, 0, {})


async def test_anchors_that_somebody_edited_prove_nothing(database: Database, file: Path) -> None:
    await begin(database, 2)
    await AnchorWriter(database, file).write()
    good = read(file)
    write(file, good + good.replace('"seq":2', '"seq":9'))
    assert (await held(database, file)).findings == {None: Finding("anchor_forged", 2)}
    write(file, good + good.replace('"key":1', '"key":7'))
    assert (await held(database, file)).findings == {None: Finding("anchor_key_unknown", 2)}
    write(file, "{}\nnull\n[]\n\n" + good[:50] + "\n" + good.replace('"hash":"', '"hash":"x'))
    assert await held(database, file) == Held(0, 5, {})


async def test_a_line_that_a_killed_process_left_swallows_nothing(database: Database, file: Path) -> None:
    await begin(database, 1)
    write(file, '{"format":"moorage-aud')
    await AnchorWriter(database, file).write()
    assert await held(database, file) == Held(1, 1, {})


async def test_anchors_are_written_in_the_background_and_at_the_end(database: Database, file: Path) -> None:
    team_id = await begin(database, 1)
    writer = AnchorWriter(database, file, every_s=0.01)
    writer.require_writable()
    writer.start()
    for _ in range(500):
        if read(file):
            break
        await asyncio.sleep(0.01)
    await add(database, team_id)
    await writer.close()
    assert json.loads(read(file).splitlines()[-1])["seq"] == 2


async def test_a_file_that_can_not_be_written_is_said_at_the_start_and_stops_no_work_later(
    database: Database, tmp_path: Path
) -> None:
    team_id = await begin(database, 1)
    with pytest.raises(Unavailable) as refused:
        AnchorWriter(database, tmp_path / "nowhere" / "anchors").require_writable()
    assert refused.value.code == "anchor_file_unwritable"
    writer = AnchorWriter(database, tmp_path / "nowhere" / "anchors", every_s=0.01)
    writer.start()
    await asyncio.sleep(0.03)
    await add(database, team_id)
    await writer.close()
    assert (await checked(database, team_id)).intact
