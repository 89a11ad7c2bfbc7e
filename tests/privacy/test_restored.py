"""Erased stays erased when a backup from before is put back, and nobody is erased twice by what is in the ledger."""

import asyncio
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.errors import Conflict, Unavailable
from moorage.privacy.erasing import ERASURE, Erasures
from moorage.privacy.tables import JobRow
from moorage.privacy.tombstones import Tombstone, append, append_again, from_line, read_ledger, take_back, to_line
from moorage.storage.types import db_after, new_id
from moorage.telemetry import keep_allowed_fields
from tests.privacy.leaver import found_in, settle_in, tables_of, until_receipts
from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, running, settings_for
from tests.support.tables import read_tables

# What breaks it is looked at by the commit, not before.
_LATE = "CREATE TABLE late (team_id VARCHAR(36) REFERENCES team (id) DEFERRABLE INITIALLY DEFERRED)"


def _copy(data: Path, to: Path) -> None:
    source, target = sqlite3.connect(data / "moorage.db"), sqlite3.connect(to)
    with target:
        source.backup(target)
    source.close()
    target.close()


async def test_an_erasure_is_done_again_after_a_restore_and_before_anybody_is_let_in(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the backup of this test is a copy of a file; the ledger is the same")
    authority, server = models
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    async with open_world(database_url, tmp_path, models) as world:
        leaver, olga = await settle_in(world), world.people["olga"]
        _copy(data, backup)
        await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
        await until_receipts(olga, 1)
    for file in data.glob("moorage.db*"):
        file.unlink()
    shutil.copyfile(backup, data / "moorage.db")
    settings = settings_for(database_url, tmp_path, authority, server, demo=True)
    async with running(settings, server) as harbour:
        tables = await read_tables(harbour.built.parts.database)
        assert tables_of(found_in(tables, leaver.marks)) == {"audit_entry"}
        receipts = [row["id"] for row in tables["erasure_receipt"]]
    async with running(settings, server) as harbour:
        again = await read_tables(harbour.built.parts.database)
        assert [row["id"] for row in again["erasure_receipt"]] == receipts, "what is known is not done again"


class _Killed(BaseException):
    """The process is gone."""


class _Dying(Erasures):
    """Begins what has to be erased again, and is gone; its lease would last for long."""

    async def _begin_again(self, tx: AsyncConnection, tombstone: Tombstone) -> None:
        await super()._begin_again(tx, tombstone)
        held = db_after(timedelta(hours=1))
        await tx.execute(update(JobRow).values(state="running", worker="here:1", lease_until=held))

    async def work_on_all(self) -> None:
        raise _Killed


async def test_a_start_that_was_killed_while_it_erased_again_is_finished_by_the_next_before_anybody_is_let_in(
    world: World,
) -> None:
    leaver, database, ledger = await settle_in(world), world.harbour.built.parts.database, world.harbour.data / "later"
    append(ledger, Tombstone(new_id(), "person_erasure", UUID(leaver.id), None, whole_account=True, at=_now()))
    with pytest.raises(_Killed):
        await _Dying(database, ledger, "here:1").replay()
    assert "message" in tables_of(found_in(await world.tables(), leaver.marks))
    await Erasures(database, ledger, "here:2").replay()
    assert tables_of(found_in(await world.tables(), leaver.marks)) == {"audit_entry"}


async def test_two_that_start_at_once_over_a_restored_database_erase_once(world: World) -> None:
    leaver, database, ledger = await settle_in(world), world.harbour.built.parts.database, world.harbour.data / "later"
    tombstone = Tombstone(new_id(), "person_erasure", UUID(leaver.id), None, whole_account=True, at=_now())
    append(ledger, tombstone)
    await asyncio.gather(*(Erasures(database, ledger, f"{name}:1").replay() for name in ("here", "there")))
    receipts = [row["id"] for row in (await world.tables())["erasure_receipt"]]
    assert receipts == [str(tombstone.id)]
    assert tables_of(found_in(await world.tables(), leaver.marks)) == {"audit_entry"}


async def test_a_ledger_that_can_not_be_written_stops_the_erasure_before_anything_is_touched(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    ledger = tmp_path / "away" / "erasures"
    async with open_world(database_url, tmp_path, models, erasures_file=ledger) as world:
        leaver, olga = await settle_in(world), world.people["olga"]
        before = await world.tables()
        answer = await olga.call("POST", f"/api/team/privacy/people/{leaver.id}/erasure")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "erasures_file_unwritable")
        assert str(tmp_path) not in answer.text, "where it lies is the operator's to know"
        assert await world.tables() == before


async def test_an_erasure_that_is_not_stored_is_done_by_no_later_start(world: World) -> None:
    leaver, database, ledger = await settle_in(world), world.harbour.built.parts.database, world.harbour.data / "later"
    erasures, team_id = Erasures(database, ledger, "here:1"), UUID(world.belongings["olga"]["team"])
    async with database.write() as tx:
        await tx.execute(text(_LATE))
    before = await world.tables()

    async def ask() -> None:
        async with erasures.asking() as asked:
            who, plan = await erasures.plan_for(asked.tx, UUID(leaver.id), team_id)
            await erasures.ask_for_person(asked, who, plan, ERASURE)
            assert len(read_ledger(ledger).tombstones) == 1, "the line comes before the commit"
            await asked.tx.execute(text("INSERT INTO late VALUES ('nobody')"))  # which the commit finds out

    with pytest.raises(IntegrityError):
        await ask()
    assert [one.person_id for one in read_ledger(ledger).withdrawn] == [UUID(leaver.id)]
    assert await Erasures(database, ledger, "here:2").replay() == 0
    assert await world.tables() == before


async def test_a_line_that_can_not_be_taken_back_is_told_and_one_that_was_never_written_is_not(world: World) -> None:
    database, ledger = world.harbour.built.parts.database, world.harbour.data / "later"
    erasures, team_id = Erasures(database, ledger, "here:1"), UUID(world.belongings["olga"]["team"])
    asked_for: list[UUID] = []

    async def ask(of: Erasures, *, loses_the_file: bool) -> None:
        async with of.asking() as asked:
            asked_for.append((await of.ask_for_team(asked, team_id, ERASURE))[0])
            if loses_the_file:
                ledger.rename(ledger.with_name("elsewhere"))
                ledger.mkdir()
            raise _Killed

    with structlog.testing.capture_logs() as said, pytest.raises(_Killed):
        await ask(erasures, loses_the_file=True)
    lost = {"event": "erasure_not_withdrawn", "receipt": str(asked_for[0]), "log_level": "error"}
    assert said[1:] == [lost]
    assert [one["event"] for one in said] == ["erasures_unwritable", "erasure_not_withdrawn"]
    assert keep_allowed_fields(None, "", {"level": "error", **lost})["receipt"] == lost["receipt"]
    away = Erasures(database, world.harbour.data / "away" / "later", "here:1")
    with structlog.testing.capture_logs() as said, pytest.raises(Unavailable):
        await ask(away, loses_the_file=False)
    assert [one["event"] for one in said] == ["erasures_unwritable"] * len(said)


async def test_whoever_goes_away_while_an_erasure_is_asked_for_leaves_none(world: World) -> None:
    """A team goes with a person who is alone in it: both lines are taken back."""
    database, ledger = world.harbour.built.parts.database, world.harbour.data / "later"
    erasures, told = Erasures(database, ledger, "here:1"), asyncio.Event()
    account = {"name": "Carla", "email": "carla@example.com", "password": PASSWORD, "team_name": "Alone"}
    carla = await world.harbour.somebody().enter("/api/sign-up", account)
    before = await world.tables()

    async def ask() -> None:
        async with erasures.asking() as asked:
            who, plan = await erasures.plan_for(asked.tx, UUID(carla.session["me"]["id"]), None)
            await erasures.ask_for_person(asked, who, plan, ERASURE)
            told.set()
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask())
    await told.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [one.kind for one in read_ledger(ledger).withdrawn] == ["team_erasure", "person_erasure"]
    assert await erasures.replay() == 0
    assert await world.tables() == before


async def test_a_start_carries_nothing_out_that_may_still_be_refused(world: World) -> None:
    """A line is there before its transaction ends: another process that starts meanwhile waits for the end."""
    leaver, database, ledger = await settle_in(world), world.harbour.built.parts.database, world.harbour.data / "later"
    erasures, told, refused = Erasures(database, ledger, "here:1"), asyncio.Event(), asyncio.Event()
    before = await world.tables()

    async def ask() -> None:
        async with erasures.asking() as asked:
            who, plan = await erasures.plan_for(asked.tx, UUID(leaver.id), UUID(world.belongings["olga"]["team"]))
            await erasures.ask_for_person(asked, who, plan, ERASURE)
            told.set()
            await refused.wait()
            raise _Killed

    asking = asyncio.create_task(ask())
    await told.wait()
    starting = asyncio.create_task(Erasures(database, ledger, "there:1").replay())
    done, _ = await asyncio.wait({starting}, timeout=0.3)
    assert not done
    refused.set()
    with pytest.raises(_Killed):
        await asking
    assert await starting == 0
    assert await world.tables() == before


async def test_a_team_that_is_being_erased_is_not_erased_once_more(world: World) -> None:
    database, ledger = world.harbour.built.parts.database, world.harbour.data / "later"
    erasures, team_id = Erasures(database, ledger, "here:1"), UUID(world.belongings["olga"]["team"])
    async with erasures.asking() as asked:
        await erasures.ask_for_team(asked, team_id, ERASURE)
        # Nobody works on it yet.
        await asked.tx.execute(update(JobRow).values(worker="here:1", lease_until=db_after(timedelta(hours=1))))

    async def again() -> None:
        async with erasures.asking() as asked:
            await erasures.ask_for_team(asked, team_id, ERASURE)

    with pytest.raises(Conflict) as refused:
        await again()
    assert refused.value.code == "team_being_erased"
    assert len(read_ledger(ledger).tombstones) == 1


async def test_what_was_taken_back_although_it_was_stored_stands_again_before_it_is_carried_out(world: World) -> None:
    """The answer to a commit got lost, and the database with it: nobody could say that it was stored."""
    leaver, database, ledger = await settle_in(world), world.harbour.built.parts.database, world.harbour.data / "later"
    erasures = Erasures(database, ledger, "here:1")
    async with erasures.asking() as asked:
        who, plan = await erasures.plan_for(asked.tx, UUID(leaver.id), UUID(world.belongings["olga"]["team"]))
        receipt_id = await erasures.ask_for_person(asked, who, plan, ERASURE)
        # Nobody else may be first.
        await asked.tx.execute(update(JobRow).values(worker="here:1", lease_until=db_after(timedelta(hours=1))))
    [tombstone] = asked.written
    take_back(ledger, tombstone)
    assert read_ledger(ledger).tombstones == []
    await Erasures(database, ledger, "here:2").work_on_all()
    assert [one.id for one in read_ledger(ledger).tombstones] == [receipt_id]
    take_back(ledger, replace(tombstone, at=read_ledger(ledger).tombstones[0].at))
    assert await Erasures(database, ledger, "here:2").replay() == 0
    assert [one.id for one in read_ledger(ledger).tombstones] == [receipt_id], "the receipt is there"


def test_of_the_lines_of_an_erasure_the_newest_counts_wherever_it_stands(tmp_path: Path) -> None:
    file, again = tmp_path / "erasures", tmp_path / "again"
    one = Tombstone(new_id(), "person_erasure", new_id(), None, whole_account=True, at=_now())
    two = Tombstone(new_id(), "team_erasure", None, new_id(), whole_account=True, at=_now() + timedelta(days=1))
    for tombstone in (one, two):
        append(file, tombstone)
        take_back(file, tombstone)
    assert read_ledger(file).tombstones == []
    withdrawn = read_ledger(file).withdrawn
    assert [gone.id for gone in withdrawn] == [one.id, two.id], "although the clock was put back meanwhile"
    taken_back = file.read_text().splitlines()[1]
    append_again(file, withdrawn[0])
    assert [stands.id for stands in read_ledger(file).tombstones] == [one.id]
    again.write_text("\n".join(reversed(file.read_text().splitlines())))
    assert read_ledger(again) == read_ledger(file)
    again.write_text(f"{to_line(one)}{taken_back[:-9]}")
    assert (read_ledger(again).tombstones, read_ledger(again).broken_off) == ([one], 1)
    again.write_text(to_line(one).replace("+00:00", ""))
    assert read_ledger(again).damaged_line == 1, "a moment without its zone"


def test_lines_that_a_killed_process_left_are_passed_over_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "erasures"
    one = Tombstone(new_id(), "person_erasure", new_id(), None, whole_account=True, at=_now())
    two = Tombstone(new_id(), "team_erasure", None, new_id(), whole_account=True, at=_now())
    half = to_line(one)[:40]
    file.write_text(f"{to_line(one)}{half}\n{{}}\n[]\n\xff\n{to_line(two)}", encoding="latin-1")
    ledger = read_ledger(file)
    assert ledger.tombstones == [one, two]
    assert (ledger.broken_off, ledger.damaged_line) == (1, 3)


@pytest.mark.parametrize(
    "change", [("person_erasure", "x"), ('"person":"', '"person":"x'), ("moorage-erasure/1", "2"), ('"receipt"', '"r"')]
)
def test_a_line_that_is_not_ours_erases_nobody(change: tuple[str, str]) -> None:
    line = to_line(Tombstone(new_id(), "person_erasure", new_id(), None, whole_account=True, at=_now()))
    assert from_line(line) is not None
    assert from_line(line.replace(*change)) is None


def test_a_ledger_that_is_not_there_has_no_lines_and_one_that_can_not_be_read_stops_the_start(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "none").tombstones == []
    with pytest.raises(Unavailable) as refused:
        read_ledger(tmp_path)
    assert refused.value.code == "erasures_file_unreadable"


def _now() -> datetime:
    return datetime.now(UTC)
