"""P12: connections while keys are rotated, and after keys were lost."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, update

from moorage.connections.credentials import reseal_connection
from moorage.connections.places import Entered
from moorage.connections.tables import ConnectionRow, ConnectionTestRow
from moorage.errors import Conflict, Invalid, Unavailable
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.vault.check import check_keys, make_check_value
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import OwnerKeys, Vault
from moorage.vault.loss import accept_loss, find_loss
from moorage.vault.rotate import Rotated, Rotation
from moorage.vault.seal import data_key_of, ring_key_of
from moorage.vault.secret import Secret
from moorage.vault.sources import LocalSource, Sources
from moorage.vault.status import look_at_keys
from moorage.vault.tables import KeyCheckRow, KeyRotationRow, TeamKeyRow
from tests.connections.quay import KEY, Quay, finish
from tests.support.vaults import ring_in, seal_as_before

SEALED = ("sealed_base_url", "sealed_key", "sealed_trust")


async def rotate(database: Database, sources: Sources, *, renews_data_keys: bool = False) -> Rotated:
    told: list[tuple[str, int, int]] = []
    rotation = Rotation(
        database, Vault(database, sources), {"connection": reseal_connection}, lambda *one: told.append(one)
    )
    done = await rotation.run(renews_data_keys=renews_data_keys)
    assert all(count <= total for _, count, total in told)
    return done


async def sealed_of(quay: Quay) -> list[bytes]:
    return [row._mapping[name] for row in await quay.rows(ConnectionRow) for name in SEALED if row._mapping[name]]


async def seal_all_as_before(quay: Quay, ring: KeyRing, connection_id: UUID) -> None:
    """Put a connection back to how it was stored before there were data keys."""
    url = quay.base_url
    place = {"team": str(quay.olga.person.team_id), "table": "connection", "row_id": str(connection_id)}
    values = {
        "sealed_base_url": seal_as_before(ring, url, **place, column="base_url", origin=""),
        "sealed_key": seal_as_before(ring, KEY, **place, column="key", origin=url),
    }
    async with quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).where(ConnectionRow.id == connection_id).values(**values))
        await tx.execute(delete(TeamKeyRow))
    quay.vault.forget(quay.olga.person.team_id)


@pytest.fixture
def ring_file(quay: Quay, tmp_path: Any) -> Any:
    return tmp_path / "keys"


async def test_what_a_database_from_before_holds_works_and_moves_under_data_keys(quay: Quay, ring_file: Any) -> None:
    connection_id = await quay.connect()
    ring = KeyRing.from_file(ring_file)
    await seal_all_as_before(quay, ring, connection_id)
    assert {ring_key_of(one) for one in await sealed_of(quay)} == {ring.current_id}
    assert (await quay.reply(await quay.ref())).startswith("word1")
    done = await rotate(quay.database, ring_in(ring_file))
    assert (done.sealed, done.unreadable) == (1, 0)
    assert None not in {data_key_of(one) for one in await sealed_of(quay)}
    assert (await quay.reply(await quay.ref())).startswith("word1")
    assert (await rotate(quay.database, ring_in(ring_file))).sealed == 0


async def test_a_key_is_bound_to_the_kind_of_provider(quay: Quay) -> None:
    await quay.connect()
    async with quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(provider="another_kind"))
    with pytest.raises(Unavailable, match="key_unreadable"):
        await quay.open(await quay.choose(await quay.ref()))


async def test_a_new_key_of_the_ring_takes_over_and_the_old_one_may_leave(quay: Quay, ring_file: Any) -> None:
    await quay.connect()
    await check_keys(quay.database, ring_in(ring_file))
    [old_id] = KeyRing.from_file(ring_file).ids
    new_id = KeyRing.add(ring_file).current_id
    before = await sealed_of(quay)
    done = await rotate(quay.database, ring_in(ring_file))
    assert (done.wrapped, done.sealed, done.released) == (1, 0, [old_id])
    assert await sealed_of(quay) == before
    status = await look_at_keys(quay.database, ring_in(ring_file))
    assert [(key.key_id, key.data_keys, key.is_needed) for key in status.wrapping_keys] == [
        (new_id, 1, True),
        (old_id, 0, False),
    ]
    KeyRing.remove(ring_file, old_id)
    await check_keys(quay.database, ring_in(ring_file))
    assert (await quay.reply(await quay.ref())).startswith("word1")
    fresh = Vault(quay.database, ring_in(ring_file))
    await fresh.of(quay.olga.person.team_id, *before)


async def test_new_data_keys_are_met_by_a_server_that_goes_on_serving(quay: Quay, ring_file: Any) -> None:
    await quay.connect()
    ref = await quay.ref()
    assert (await quay.reply(ref)).startswith("word1")
    before = {data_key_of(one) for one in await sealed_of(quay)}
    # With a vault that has served already: what it holds is not what is current now.
    used = Vault(quay.database, ring_in(ring_file))
    await used.of(quay.olga.person.team_id)
    rotation = Rotation(quay.database, used, {"connection": reseal_connection}, lambda *_: None)
    done = await rotation.run(renews_data_keys=True)
    assert (done.begun, done.sealed >= 1) == (1, True)
    after = {data_key_of(one) for one in await sealed_of(quay)}
    assert before & after == set()
    assert (await quay.reply(ref)).startswith("word1")
    status = await look_at_keys(quay.database, ring_in(ring_file))
    assert [(key.number, key.values > 0, key.is_current) for key in status.data_keys] == [
        (1, False, False),
        (2, True, True),
    ]


async def test_an_interrupted_rotation_of_data_keys_is_finished_by_the_next(quay: Quay, ring_file: Any) -> None:
    await quay.connect()
    async with quay.database.write() as tx:
        now = await tx.scalar(select(db_now()))
        await tx.execute(insert(KeyRotationRow).values(id=1, begun_at=now))
    done = await rotate(quay.database, ring_in(ring_file))
    assert done.begun == 1
    assert await quay.count(KeyRotationRow) == 0
    # A kill after everybody had a new key: nobody gets another one.
    async with quay.database.write() as tx:
        await tx.execute(insert(KeyRotationRow).values(id=1, begun_at=now))
    assert (await rotate(quay.database, ring_in(ring_file))).begun == 0
    assert (await rotate(quay.database, ring_in(ring_file))).begun == 0


async def test_a_replacement_that_comes_while_a_rotation_seals_is_not_undone(quay: Quay, ring_file: Any) -> None:
    connection_id = await quay.connect()
    await seal_all_as_before(quay, KeyRing.from_file(ring_file), connection_id)
    sources = ring_in(ring_file)
    replaced = b"\x02" + b"r" * 60

    class Slow(Vault):
        """Gives the keys for a row only after somebody replaced what is in it."""

        async def of(self, owner_id: UUID, *envelopes: bytes | None) -> OwnerKeys:
            async with quay.database.write() as tx:
                await tx.execute(update(ConnectionRow).values(sealed_key=replaced))
            return await super().of(owner_id, *envelopes)

    rotation = Rotation(quay.database, Slow(quay.database, sources), {"connection": reseal_connection}, lambda *_: None)
    assert (await rotation.run()).sealed == 0
    assert [row.sealed_key for row in await quay.rows(ConnectionRow)] == [replaced]


async def test_the_address_of_a_draft_moves_too(quay: Quay, ring_file: Any) -> None:
    finished = await quay.test()
    before = [row.sealed_base_url for row in await quay.rows(ConnectionTestRow)]
    assert (await rotate(quay.database, ring_in(ring_file), renews_data_keys=True)).sealed == 1
    assert [row.sealed_base_url for row in await quay.rows(ConnectionTestRow)] != before
    made = await quay.connections.make(quay.olga, quay.draft(test_id=finished.test_id))
    assert made.health == "healthy"


async def lose(quay: Quay, sources: Sources) -> int:
    loss = await find_loss(quay.database, sources)
    assert loss.is_any
    check_value = await make_check_value(sources)
    async with quay.database.write() as tx:
        rows = await accept_loss(tx, loss, check_value)
    return sum(rows.values())


@pytest.mark.parametrize("is_from_before", [False, True], ids=["data keys", "from before"])
async def test_a_lost_ring_costs_the_keys_and_nothing_else(quay: Quay, ring_file: Any, is_from_before: bool) -> None:
    connection_id = await quay.connect()
    await check_keys(quay.database, ring_in(ring_file))
    if is_from_before:
        await seal_all_as_before(quay, KeyRing.from_file(ring_file), connection_id)
    new = Sources(LocalSource(KeyRing({"new": b"n" * 32}, "new")))
    with pytest.raises(Unavailable, match="key_absent"):
        await check_keys(quay.database, new)
    ref = await quay.ref()
    assert await lose(quay, new) >= 1
    await check_keys(quay.database, new)
    assert not (await find_loss(quay.database, new)).is_any
    assert await sealed_of(quay) == []

    quay.vault.sources = new
    quay.vault.forget(quay.olga.person.team_id)
    facts = await quay.connections.get(quay.olga, connection_id)
    assert (facts.health, facts.has_key, facts.name) == ("needs_key", False, "Kanzlei GPU")
    async with quay.database.read() as tx:
        lines = await quay.picker.lines(tx, quay.olga.asker)
    assert {(line.health, line.problem_code) for line in lines if line.ref == ref} == {
        ("needs_key", "connection_needs_key")
    }
    for attempt in (
        lambda: quay.choose(ref),
        lambda: quay.connections.test_stored(quay.olga, connection_id),
        lambda: quay.connections.discover(quay.olga, connection_id),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt()
        assert refused.value.code == "connection_needs_key"
    with pytest.raises(Invalid) as needed:
        await quay.connections.replace_endpoint(quay.olga, connection_id, Entered(None, Secret(KEY)))
    assert needed.value.code == "address_needed_again"

    await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered()))
    facts = await quay.connections.get(quay.olga, connection_id)
    assert (facts.health, facts.has_key) == ("healthy", True)
    assert (await quay.reply(ref)).startswith("word1")
    async with quay.database.read() as tx:
        numbers = (await tx.execute(select(TeamKeyRow.number, TeamKeyRow.lost_at.is_(None)))).all()
    assert sorted((row[0], row[1]) for row in numbers) == ([(1, True)] if is_from_before else [(1, False), (2, True)])


async def test_what_opens_is_left_alone_when_a_part_is_lost(quay: Quay, ring_file: Any) -> None:
    """Eve's team moved to the new key, Olga's did not before the old one was lost."""
    mine = await quay.connect()
    hers = await quay.connections.make(quay.eve, quay.draft(models=[]))
    await check_keys(quay.database, ring_in(ring_file))
    KeyRing.add(ring_file)
    sources = ring_in(ring_file)
    async with quay.database.write() as tx:
        await tx.execute(delete(TeamKeyRow).where(TeamKeyRow.owner_id == quay.eve.person.team_id))
    fresh = Vault(quay.database, sources)
    keys = await fresh.of(quay.eve.person.team_id)
    async with quay.database.write() as tx:
        await tx.execute(
            update(ConnectionRow)
            .where(ConnectionRow.id == hers.id)
            .values(sealed_base_url=b"\x02" + keys.current_id.bytes + b"x" * 40, sealed_key=None)
        )
    old_id = KeyRing.from_file(ring_file).ids[1]
    KeyRing.remove(ring_file, old_id)
    await lose(quay, ring_in(ring_file))
    rows = {row.id: row for row in await quay.rows(ConnectionRow)}
    assert (rows[mine].key_lost_at is not None, rows[hers.id].key_lost_at is not None) == (True, False)
    assert len(rows[hers.id].sealed_base_url) > 0
    assert {row.key_id for row in await quay.rows(KeyCheckRow)} == {KeyRing.from_file(ring_file).current_id}


async def test_drafts_that_lose_their_address_are_tested_once_more(quay: Quay, ring_file: Any) -> None:
    finished = await quay.test()
    await check_keys(quay.database, ring_in(ring_file))
    new = Sources(LocalSource(KeyRing({"new": b"n" * 32}, "new")))
    await lose(quay, new)
    quay.vault.sources = new
    quay.vault.forget(quay.olga.person.team_id)
    assert [row.sealed_base_url for row in await quay.rows(ConnectionTestRow)] == [None]
    with pytest.raises(Invalid) as refused:
        await quay.connections.make(quay.olga, quay.draft(test_id=finished.test_id))
    assert refused.value.code == "test_other_endpoint"
