"""P12: rotation and loss know every sealed column, whosever it is."""

from typing import Any

import pytest
import sqlalchemy as sa

from moorage.chat import tables as _chat
from moorage.commands.keys import RESEALERS
from moorage.connections import tables as _connections
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, Row, new_id
from moorage.vault.columns import SealedTable, sealed_as, sealed_tables
from moorage.vault.keys import Vault
from moorage.vault.rotate import Rotation
from moorage.vault.seal import Place, data_key_of
from moorage.vault.secret import Secret
from tests.support.vaults import ring_of


def test_every_column_with_something_sealed_says_how() -> None:
    assert {_chat.__name__, _connections.__name__}
    told = {f"{one.table.name}.{column.name}" for one in sealed_tables() for column, _ in one.columns}
    named = {
        f"{table.name}.{column.name}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        # A conversation is sealed to zones, too; those are words, and nothing is encrypted.
        if column.name.startswith("sealed_") and isinstance(column.type, sa.LargeBinary)
    }
    assert named - told == set()
    assert {"connection.sealed_key", "connection_test.sealed_base_url"} <= told


def test_every_table_with_origins_has_its_rooms_resealer() -> None:
    assert {one.table.name for one in sealed_tables() if one.is_by_room} == set(RESEALERS)


def test_what_becomes_of_a_lost_row_can_be_written() -> None:
    for one in sealed_tables():
        for _, info in one.columns:
            assert set(info.when_lost) <= set(one.table.c.keys())


@pytest.fixture
async def factors(database: Database) -> SealedTable:
    """A table of the deployment's own secrets, as second factors of people are."""
    info: dict[Any, Any] = sealed_as("secret", owner=None)
    table = sa.Table(
        "factor",
        sa.MetaData(),
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("sealed_secret", sa.LargeBinary, info=info),
    )
    async with database.write() as tx:
        await tx.run_sync(table.create)
    return SealedTable(table, [(table.c.sealed_secret, info["sealed_as"])])


async def test_what_belongs_to_the_deployment_is_sealed_anew_like_the_rest(
    database: Database, factors: SealedTable
) -> None:
    vault, person = Vault(database, ring_of("a")), str(new_id())
    place = Place("factor", person, "secret")
    sealed = (await vault.of(DEPLOYMENT)).seal(Secret("JBSWY3DP"), place)
    async with database.write() as tx:
        await tx.execute(sa.insert(factors.table).values(id=person, sealed_secret=sealed))
    rotation = Rotation(database, vault, {}, lambda *_: None)
    await rotation._seal_table(factors, new_id(), b"\x02" + bytes(16))
    async with database.read() as tx:
        assert (await tx.execute(sa.select(factors.table.c.sealed_secret))).scalar_one() == sealed
    await rotation._seal_table(factors, DEPLOYMENT, b"\x02" + bytes(16))
    async with database.read() as tx:
        anew = (await tx.execute(sa.select(factors.table.c.sealed_secret))).scalar_one()
    keys = await vault.of(DEPLOYMENT, anew)
    assert (anew != sealed, data_key_of(anew)) == (True, keys.current_id)
    assert keys.open(anew, place).reveal() == "JBSWY3DP"
