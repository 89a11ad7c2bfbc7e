"""A server meets a signing key that a command made under a newer data key: it takes it up, and cries no wolf."""

from uuid import UUID

import pytest
from sqlalchemy import select

from moorage.audit.checking import check
from moorage.audit.keys import KeyChest
from moorage.audit.pen import Pen
from moorage.audit.rotation import open_pen, rotate
from moorage.audit.tables import AuditRow
from moorage.audit.trail import Act, Actor, begin_trail, record
from moorage.commands.keys import RESEALERS
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.vault.check import check_keys
from moorage.vault.rotate import Rotation
from tests.support.second_factors import vault_over


async def act(server: Database, team_id: UUID) -> None:
    async with server.write() as tx:
        await record(tx, team_id, Actor(None, "olga", "r"), Act("team.renamed", "team", str(team_id), "x"))


async def made_elsewhere(database_url: str) -> None:
    """Do what `keys rotate --new-data-keys` and then `audit key --new` do, in another process's place."""
    command = Database(database_url)
    vault = vault_over(command)
    await Rotation(command, vault, RESEALERS, lambda *_: None).run(renews_data_keys=True)
    await rotate(command, await open_pen(command, await KeyChest.over(vault)))
    await command.close()


async def test_a_key_whose_data_key_is_new_is_fetched_and_not_called_forged(
    database: Database, database_url: str
) -> None:
    vault = vault_over(database)
    await check_keys(database, vault.sources)
    pen = await open_pen(database, await KeyChest.over(vault))
    team_id = new_id()
    async with database.write() as tx:
        await begin_trail(tx, team_id)
    await act(database, team_id)
    await made_elsewhere(database_url)

    with pytest.raises(Unavailable, match="audit_keys_behind"):
        await act(database, team_id)
    await pen.renew(database)
    await act(database, team_id)

    async with database.read() as tx:
        actions = (await tx.scalars(select(AuditRow.action).where(AuditRow.team_id == team_id))).all()
        assert set(actions) == {"team.renamed"}
        assert (await check(tx, team_id)).intact
    assert pen.number == 2


async def test_a_key_that_nobody_of_ours_sealed_is_told_from_one_that_is_not_fetched_yet(database: Database) -> None:
    vault = vault_over(database)
    await check_keys(database, vault.sources)
    pen: Pen = await open_pen(database, await KeyChest.over(vault))
    async with database.write() as tx:
        await tx.exec_driver_sql(
            "INSERT INTO audit_key (number, public, sealed_public, sealed_private, made_at) "
            "SELECT 2, public, sealed_public, sealed_private, made_at FROM audit_key WHERE number = 1"
        )
    await pen.renew(database)
    assert (pen.number, pen.lacks_keys) == (1, False)
