"""An account that goes with its team stands in the ledger by itself: a backup may have it in another team, too."""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, insert, select

from moorage.accounts.tables import MembershipRow, UserRow
from moorage.audit.deployment import OPERATOR
from moorage.privacy import jobs
from moorage.privacy.erasing import Erasures
from moorage.privacy.tables import ReceiptRow
from moorage.privacy.tombstones import read_ledger
from moorage.storage.database import Database
from moorage.storage.types import db_now
from tests.privacy.leaver import Leaver, found_in, settle_in, tables_of
from tests.privacy.test_erasing_a_team import until_erased
from tests.scope.world import World, open_world
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import link_of, running, settings_for
from tests.support.tables import read_tables


async def _join_eves(world: World, leaver: Leaver) -> None:
    made = await world.people["eve"].post("/api/team/invitations", {"role": "member", "note": ""})
    await leaver.person.enter("/api/invitations/accept", {"token": link_of(made)})


async def _leave_eves(world: World, leaver: Leaver) -> None:
    answer = await world.people["eve"].call("DELETE", f"/api/team/members/{leaver.id}")
    assert answer.status_code == 200, answer.text


def _copy(data: Path, to: Path) -> None:
    source, target = sqlite3.connect(data / "moorage.db"), sqlite3.connect(to)
    with target:
        source.backup(target)
    source.close()
    target.close()


async def _begin(erasures: Erasures, team_id: UUID) -> jobs.Job:
    async with erasures.asking() as asked:
        await erasures.ask_for_team(asked, team_id, OPERATOR)
        job = await jobs.claim(asked.tx, "here:1", jobs.ERASURES)
    assert job is not None
    return job


async def _people(database: Database) -> set[str]:
    async with database.read() as tx:
        return set(await tx.scalars(select(UserRow.name)))


async def test_who_was_in_another_team_when_the_backup_was_made_is_not_back_after_it(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the backup of this test is a copy of a file; the ledger is the same")
    authority, server = models
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    async with open_world(database_url, tmp_path, models) as world:
        leaver, olga = await settle_in(world), world.people["olga"]
        await _join_eves(world, leaver)
        _copy(data, backup)
        await _leave_eves(world, leaver)
        await olga.post("/api/team/privacy/erasure", {"typed_name": olga.session["team"]["name"]})
        await until_erased(world.harbour.built.parts.database, UUID(olga.session["team"]["id"]))
        left = await _people(world.harbour.built.parts.database)
    for file in data.glob("moorage.db*"):
        file.unlink()
    shutil.copyfile(backup, data / "moorage.db")
    settings = settings_for(database_url, tmp_path, authority, server, demo=True)
    async with running(settings, server) as harbour:
        assert await _people(harbour.built.parts.database) == left
        tables = await read_tables(harbour.built.parts.database)
        assert tables_of(found_in(tables, leaver.marks)) <= {"audit_entry"}
        lines = len(read_ledger(data / "erasures").tombstones)
    async with running(settings, server):
        assert len(read_ledger(data / "erasures").tombstones) == lines, "what is known is not done again"


async def test_each_account_that_goes_has_a_line_and_a_receipt_and_those_that_stay_have_none(world: World) -> None:
    leaver, database = await settle_in(world), world.harbour.built.parts.database
    await _join_eves(world, leaver)
    ledger = world.harbour.data / "later"
    erasures, before = Erasures(database, ledger, "here:1"), await _accounts(database)
    await erasures.work(await _begin(erasures, UUID(world.belongings["olga"]["team"])))
    after = await _accounts(database)
    lines = {one.person_id: one.id for one in read_ledger(ledger).tombstones if one.kind == "person_erasure"}
    assert lines.keys() == before.keys() - after.keys()
    assert UUID(leaver.id) in after, "who is in another team stays"
    async with database.read() as tx:
        assert set(lines.values()) <= set(await tx.scalars(select(ReceiptRow.id)))


class _Killed(BaseException):
    """The process is gone."""


class _Dying(Erasures):
    """Is gone as soon as it has written an account down and shut its doors."""

    async def _erase_all(self, job: jobs.Job, erase_some: Any) -> None:
        if any(one.kind == "person_erasure" for one in read_ledger(self._file).tombstones):
            raise _Killed
        await super()._erase_all(job, erase_some)


async def test_an_account_that_was_written_down_by_a_killed_process_is_erased_once_and_before_anybody_is_let_in(
    world: World,
) -> None:
    await settle_in(world)
    database, ledger = world.harbour.built.parts.database, world.harbour.data / "later"
    dying, team_id = _Dying(database, ledger, "here:1"), UUID(world.belongings["olga"]["team"])
    job = await _begin(dying, team_id)
    with pytest.raises(_Killed):
        await dying.work(job)
    assert len(read_ledger(ledger).tombstones) == 2
    await Erasures(database, ledger, "here:2").replay()
    assert await _people(database) == {"Olga", "Eve", "Frank", "Gil"}
    written = [one.id for one in read_ledger(ledger).tombstones]
    assert len(written) == len(set(written))
    async with database.read() as tx:
        assert set(written) == set(await tx.scalars(select(ReceiptRow.id)))


async def test_an_account_whose_end_was_not_stored_is_judged_anew(world: World) -> None:
    """Nobody was killed: the line is taken back, and who is in another team by then stays."""
    await settle_in(world)
    database, ledger = world.harbour.built.parts.database, world.harbour.data / "later"
    erasures = Erasures(database, ledger, "here:1")
    job = await _begin(erasures, UUID(world.belongings["olga"]["team"]))

    def break_off(connection: Connection) -> None:
        if connection.info["writes"] and any(one.kind == "person_erasure" for one in read_ledger(ledger).tombstones):
            raise _Killed

    event.listen(database.engine.sync_engine, "commit", break_off)
    try:
        with pytest.raises(_Killed):
            await erasures.work(job)
    finally:
        event.remove(database.engine.sync_engine, "commit", break_off)
    [withdrawn] = read_ledger(ledger).withdrawn
    assert withdrawn.person_id is not None
    assert [one.kind for one in read_ledger(ledger).tombstones] == ["team_erasure"]
    async with database.write() as tx:
        membership = {"team_id": UUID(world.belongings["eve"]["team"]), "user_id": withdrawn.person_id}
        await tx.execute(insert(MembershipRow).values(**membership, role="member", joined_at=db_now()))
    await erasures.work(job)
    assert withdrawn.person_id in await _accounts(database)


async def _accounts(database: Database) -> Mapping[UUID, str]:
    async with database.read() as tx:
        return {row.id: row.name for row in await tx.execute(select(UserRow.id, UserRow.name))}
