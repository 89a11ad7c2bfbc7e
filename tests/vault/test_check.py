"""P12: a wrong ring stops the start, and no new key is made over sealed rows."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, select

from moorage.accounts.tables import TeamRow
from moorage.connections.tables import ConnectionRow
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import new_id
from moorage.vault.check import check_ring, require_unsealed
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import Vault
from moorage.vault.tables import KeyCheckRow

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def vault(*ids: str, fill: bytes = b"k") -> Vault:
    return Vault(KeyRing(dict.fromkeys(ids, fill * 32), ids[0]))


async def store_a_sealed_row(database: Database, *, sealed: bytes = b"sealed") -> None:
    team_id = new_id()
    async with database.write() as tx:
        await tx.execute(insert(TeamRow).values(id=team_id, name="T", plan="free", standing="active", created_at=NOW))
        await tx.execute(
            insert(ConnectionRow).values(
                id=new_id(), team_id=team_id, name="c", provider="openai_compatible", zone="own", data_location="",
                sealed_base_url=sealed, sealed_key=None, key_number=1, key_set_at=NOW, key_set_by=new_id(), quirks={},
                enabled=True, health="unknown", created_by=new_id(), created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip


async def test_a_ring_is_accepted_again_after_its_first_use(database: Database) -> None:
    for _ in range(2):
        async with database.write() as tx:
            await check_ring(tx, vault("a"))
    async with database.read() as tx:
        assert (await tx.scalars(select(KeyCheckRow.key_id))).all() == ["a"]


async def test_another_ring_is_refused_with_the_key_it_lacks(database: Database) -> None:
    async with database.write() as tx:
        await check_ring(tx, vault("a"))
    for wrong in (vault("b"), vault("a", fill=b"x")):
        with pytest.raises(Unavailable) as refused:
            async with database.write() as tx:
                await check_ring(tx, wrong)
        assert (refused.value.code, refused.value.params) == ("key_wrong", {"key_id": "a"})


async def test_a_new_current_key_is_welcome_while_the_old_one_stays_on_the_ring(database: Database) -> None:
    for accepted in (vault("a"), vault("b", "a"), vault("b", "a")):
        async with database.write() as tx:
            await check_ring(tx, accepted)
    with pytest.raises(Unavailable):
        async with database.write() as tx:
            await check_ring(tx, vault("b"))


async def test_no_new_ring_over_a_database_that_was_used_with_one(database: Database) -> None:
    async with database.read() as tx:
        await require_unsealed(tx)
    async with database.write() as tx:
        await check_ring(tx, vault("a"))
    async with database.read() as tx:
        with pytest.raises(Unavailable) as refused:
            await require_unsealed(tx)
    assert refused.value.code == "key_ring_lost"


async def test_sealed_rows_count_even_if_the_check_value_was_deleted(database: Database) -> None:
    await store_a_sealed_row(database)
    async with database.write() as tx:
        await tx.execute(delete(KeyCheckRow))
    with pytest.raises(Unavailable) as no_ring:
        async with database.read() as tx:
            await require_unsealed(tx)
    with pytest.raises(Unavailable) as other_ring:
        async with database.write() as tx:
            await check_ring(tx, vault("a"))
    assert (no_ring.value.code, other_ring.value.code) == ("key_ring_lost", "key_wrong")


async def test_a_row_whose_secrets_were_wiped_holds_nothing_sealed(database: Database) -> None:
    await store_a_sealed_row(database, sealed=b"")
    async with database.read() as tx:
        await require_unsealed(tx)
