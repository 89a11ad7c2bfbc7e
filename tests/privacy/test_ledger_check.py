"""A ledger of erasures that is away, older than the database or damaged stops the start; a broken-off line does not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

from moorage.errors import Unavailable
from moorage.privacy.erasing import Erasures
from moorage.privacy.ledger_check import accept_loss
from moorage.privacy.tables import ReceiptRow
from moorage.privacy.tombstones import Tombstone, append, is_broken_off, read_ledger, to_line
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id


def _line(receipt_id: UUID) -> Tombstone:
    return Tombstone(receipt_id, "person_erasure", new_id(), None, whole_account=True, at=datetime.now(UTC))


async def _receipts(database: Database, *team_ids: UUID | None) -> Sequence[UUID]:
    ids = [new_id() for _ in team_ids]
    async with database.write() as tx:
        for receipt_id, team_id in zip(ids, team_ids, strict=True):
            kind = "person_erasure" if team_id is None else "team_erasure"
            row = {"id": receipt_id, "team_id": team_id, "kind": kind, "asked_at": db_now(), "done_at": db_now()}
            await tx.execute(insert(ReceiptRow).values(**row, told=[]))
    return ids


async def _refusal(database: Database, file: Path) -> tuple[str, object]:
    with pytest.raises(Unavailable) as refused:
        await Erasures(database, file, "here:1").replay()
    return refused.value.code, refused.value.params.get("count", refused.value.params.get("line"))


async def test_a_new_deployment_starts_without_a_ledger(database: Database, tmp_path: Path) -> None:
    assert await Erasures(database, tmp_path / "erasures", "here:1").replay() == 0


async def test_a_ledger_that_is_not_there_although_somebody_was_erased_stops_the_start(
    database: Database, tmp_path: Path
) -> None:
    await _receipts(database, None, None)
    assert await _refusal(database, tmp_path / "not-mounted" / "erasures") == ("erasures_file_missing", 2)


async def test_an_older_copy_of_the_ledger_stops_the_start(database: Database, tmp_path: Path) -> None:
    first, _ = await _receipts(database, None, None)
    append(tmp_path / "erasures", _line(first))
    assert await _refusal(database, tmp_path / "erasures") == ("erasures_file_behind", 1)


@pytest.mark.parametrize("bad", ["{}", "[]", "\0x", '{"format":"moorage-erasure/2"}', "<<<<<<< HEAD"])
async def test_a_line_that_somebody_damaged_stops_the_start(database: Database, tmp_path: Path, bad: str) -> None:
    (tmp_path / "erasures").write_text(f"\n{bad}\n", encoding="ascii")
    assert await _refusal(database, tmp_path / "erasures") == ("erasures_line_unreadable", 2)


async def test_what_a_killed_process_or_a_full_disk_broke_off_stops_nothing(database: Database, tmp_path: Path) -> None:
    [receipt_id] = await _receipts(database, None)
    whole = to_line(_line(new_id()))
    for end in (1, 10, 40, len(whole) - 2):
        (tmp_path / "erasures").write_text(whole[:end], encoding="ascii")
        append(tmp_path / "erasures", _line(receipt_id))
        assert await Erasures(database, tmp_path / "erasures", "here:1").replay() == 0, end
    assert is_broken_off("\0\0\0"), "what a power cut leaves of a line whose length was stored before its bytes"


async def test_what_is_accepted_as_lost_starts_again_and_erases_nobody(database: Database, tmp_path: Path) -> None:
    team_id, file = new_id(), tmp_path / "erasures"
    known, person, team = await _receipts(database, None, None, team_id)
    append(file, _line(known))
    async with database.read() as tx:
        assert await accept_loss(tx, file) == 2
    lines = {one.id: one for one in read_ledger(file).tombstones}
    assert lines.keys() == {known, person, team}
    assert lines[team].team_id == team_id, "of a team it is known which"
    assert lines[person].person_id == person, "of a person it is not: nobody has this id"
    assert await Erasures(database, file, "here:1").replay() == 0


async def test_a_true_line_that_turns_up_after_its_loss_was_accepted_counts(database: Database, tmp_path: Path) -> None:
    [receipt_id] = await _receipts(database, None)
    true = _line(receipt_id)
    async with database.read() as tx:
        assert await accept_loss(tx, tmp_path / "erasures") == 1
    append(tmp_path / "erasures", true)
    assert read_ledger(tmp_path / "erasures").tombstones == [true]
