"""P12: a wrong ring stops the start, and no new key is made over sealed rows."""

import asyncio
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import Connection, delete, insert, select, text, update

from moorage.accounts.tables import TeamRow
from moorage.connections.credentials import reseal_connection
from moorage.connections.tables import ConnectionRow
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.migrate import alembic_config, upgrade
from moorage.storage.types import new_id
from moorage.vault.check import check_keys, require_unsealed
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.rotate import Rotation
from moorage.vault.seal import Place, data_key_of
from moorage.vault.sources import LocalSource, Sources
from moorage.vault.tables import KeyCheckRow, TeamKeyRow
from tests.support.vaults import seal_as_before

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def ring(*ids: str, fill: bytes = b"k") -> Sources:
    return Sources(LocalSource(KeyRing(dict.fromkeys(ids, fill * 32), ids[0])))


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
        await check_keys(database, ring("a"))
    async with database.read() as tx:
        assert (await tx.scalars(select(KeyCheckRow.key_id))).all() == ["a"]


async def test_another_ring_is_refused_with_the_key_it_lacks(database: Database) -> None:
    await check_keys(database, ring("a"))
    for wrong, code in ((ring("b"), "key_absent"), (ring("a", fill=b"x"), "key_wrong")):
        with pytest.raises(Unavailable) as refused:
            await check_keys(database, wrong)
        assert (refused.value.code, refused.value.params) == (code, {"key_id": "a"})


async def test_a_new_current_key_is_welcome_while_the_old_one_stays_on_the_ring(database: Database) -> None:
    for accepted in (ring("a"), ring("b", "a"), ring("b", "a")):
        await check_keys(database, accepted)
    with pytest.raises(Unavailable):
        await check_keys(database, ring("b"))


async def test_two_processes_with_two_rings_are_not_both_the_first(database: Database) -> None:
    outcomes = await asyncio.gather(
        check_keys(database, ring("a")), check_keys(database, ring("b")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Unavailable"]
    async with database.read() as tx:
        assert len((await tx.scalars(select(KeyCheckRow.key_id))).all()) == 1


async def test_no_new_ring_over_a_database_that_was_used_with_one(database: Database) -> None:
    await require_unsealed(database)
    await check_keys(database, ring("a"))
    with pytest.raises(Unavailable) as refused:
        await require_unsealed(database)
    assert refused.value.code == "key_ring_lost"


async def test_sealed_rows_count_even_if_the_check_value_was_deleted(database: Database) -> None:
    await store_a_sealed_row(database)
    with pytest.raises(Unavailable) as no_ring:
        await require_unsealed(database)
    with pytest.raises(Unavailable) as other_ring:
        await check_keys(database, ring("a"))
    assert (no_ring.value.code, other_ring.value.code) == ("key_ring_lost", "key_wrong")


async def test_a_key_that_only_a_data_key_names_must_be_there(database: Database) -> None:
    await check_keys(database, ring("a"))
    await Vault(database, ring("a")).of(new_id())
    async with database.write() as tx:
        await tx.execute(delete(KeyCheckRow))
        await tx.execute(update(TeamKeyRow).values(key_id="gone"))
    with pytest.raises(Unavailable) as refused:
        await check_keys(database, ring("a"))
    assert (refused.value.code, refused.value.params) == ("key_absent", {"key_id": "gone"})


async def test_a_row_whose_secrets_were_wiped_holds_nothing_sealed(database: Database) -> None:
    await store_a_sealed_row(database, sealed=b"")
    await require_unsealed(database)


async def test_a_database_from_before_there_were_data_keys_is_brought_up_to_date_and_opens(
    empty_database_url: str,
) -> None:
    database, ring = Database(empty_database_url), KeyRing({"old": b"o" * 32}, "old")
    team, connection = str(new_id()), str(new_id())
    place = {"team": team, "table": "connection", "row_id": connection}
    url = "https://llm.example.com/v1"
    checked = seal_as_before(ring, "moorage", team="", table="key_check", row_id="old", column="sealed", origin="")
    address = seal_as_before(ring, url, **place, column="base_url", origin="")
    key = seal_as_before(ring, "sk-before", **place, column="key", origin=url)

    def make_as_then(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002_trust")

    try:
        async with database.write() as tx:
            await tx.run_sync(make_as_then)
            await tx.execute(
                text("INSERT INTO key_check (key_id, sealed) VALUES ('old', :sealed)"), {"sealed": checked}
            )
            await tx.execute(
                text("INSERT INTO team (id, name, plan, standing, created_at) VALUES (:id, 'T', 'free', 'active', 1)"),
                {"id": team},
            )
            await tx.execute(
                text(
                    "INSERT INTO connection (id, team_id, name, provider, zone, data_location, sealed_base_url, "
                    "sealed_key, key_number, key_set_at, key_set_by, quirks, enabled, health, created_by, created_at, "
                    "updated_at) VALUES (:id, :team, 'c', 'openai_compatible', 'own_hardware', '', :address, :key, 1, "
                    "1, :team, '{}', :yes, 'healthy', :team, 1, 1)"
                ),
                {"id": connection, "team": team, "address": address, "key": key, "yes": True},
            )
        await upgrade(database)
        with pytest.raises(Unavailable, match="key_absent"):
            await check_keys(database, Sources(LocalSource(KeyRing({"new": b"n" * 32}, "new"))))
        sources = Sources(LocalSource(ring))
        await check_keys(database, sources)
        vault = Vault(database, sources)
        done = await Rotation(database, vault, {"connection": reseal_connection}, lambda *_: None).run()
        assert (done.sealed, done.unreadable) == (1, 0)
        async with database.read() as tx:
            [row] = (await tx.execute(select(ConnectionRow.__table__))).all()
        keys = await vault.of(row.team_id, row.sealed_key)
        place_now = Place("connection", connection, "key", f"openai_compatible {url}")
        assert data_key_of(row.sealed_key) is not None
        assert keys.open(row.sealed_key, place_now).reveal() == "sk-before"
    finally:
        await database.close()
