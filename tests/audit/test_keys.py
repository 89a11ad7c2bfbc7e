"""P17: signing keys are the deployment's, sealed; they can be replaced, and nobody smuggles one in."""

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from moorage.audit.checking import Check
from moorage.audit.keys import KeyChest
from moorage.audit.pen import PEN, Pen
from moorage.audit.reading import read
from moorage.audit.rotation import open_pen, print_key, rotate
from moorage.audit.tables import AuditKeyRow
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT, db_now
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.signing import SigningKey, is_signed
from moorage.vault.sources import LocalSource, Sources
from tests.audit.attacking import add, attack, begin, checked, copy_head, found, rechain, turn_into_form_1


@pytest.fixture
async def chest(database: Database, tmp_path: Path) -> KeyChest:
    """Give the chest of a deployment that was just made."""
    return await chest_of(database, tmp_path / "keys")


async def chest_of(database: Database, ring: Path) -> KeyChest:
    vault = Vault(database, Sources(LocalSource(KeyRing.create(ring))))
    return KeyChest(await vault.of(DEPLOYMENT))


async def test_the_first_start_makes_a_key_and_the_next_finds_it(database: Database, chest: KeyChest) -> None:
    first = await open_pen(database, chest)
    team_id = await begin(database, 2)
    second = await open_pen(database, chest)
    assert first.keys == second.keys
    assert first.number == 1
    assert await checked(database, team_id) == Check(2, 0, None)
    async with database.read() as tx:
        (entry,) = await read(tx, DEPLOYMENT, None, 9)
    assert (entry.action, entry.details) == ("audit.key_made", {"number": 1, "key": print_key(first.keys.by_number[1])})


async def test_chains_of_before_are_taken_over_with_their_history(database: Database, chest: KeyChest) -> None:
    """An upgrade: heads without signature are signed once, with all that stands there."""
    team_id = await begin(database, 3)
    await turn_into_form_1(database, team_id)
    await attack(database, "UPDATE audit_head SET signature = NULL, key_number = NULL")
    await open_pen(database, chest)
    assert await checked(database, team_id) == Check(3, 0, None)
    await add(database, team_id)
    assert await checked(database, team_id) == Check(4, 0, None)


async def test_the_private_half_lies_sealed_and_nowhere_else(database: Database, chest: KeyChest) -> None:
    """P12."""
    pen = await open_pen(database, chest)
    assert pen._private is not None
    raw = pen._private._key.private_bytes_raw()
    async with database.read() as tx:
        row = (await tx.execute(select(AuditKeyRow.__table__))).one()
    for written in (row.sealed_private, row.sealed_public, repr(pen).encode(), repr(pen._private).encode()):
        assert raw not in written
        assert raw.hex().encode() not in written


async def test_a_new_key_signs_from_here_on_and_what_was_signed_stays_proven(
    database: Database, chest: KeyChest
) -> None:
    pen = await open_pen(database, chest)
    team_id, quiet = await begin(database, 2), await begin(database, 1)
    await rotate(database, pen)
    assert (await copy_head(database, quiet)).key_number == 2
    await add(database, team_id)
    assert await checked(database, team_id) == Check(3, 0, None)
    assert await checked(database, quiet) == Check(1, 0, None)
    async with database.read() as tx:
        rows = (await tx.execute(select(AuditKeyRow.number, AuditKeyRow.sealed_private).order_by("number"))).all()
        assert (await read(tx, DEPLOYMENT, None, 1))[0].action == "audit.key_replaced"
    assert [(number, private is None) for number, private in rows] == [(1, True), (2, False)]


async def test_a_process_that_did_not_hear_of_the_new_key_takes_it_at_its_next_entry(
    database: Database, database_url: str, chest: KeyChest
) -> None:
    await open_pen(database, chest)
    team_id = await begin(database, 1)
    other = Database(database_url)
    try:
        await rotate(other, await open_pen(other, chest))
    finally:
        await other.close()
    await add(database, team_id)
    new_team = await begin(database, 1)
    assert await checked(database, team_id) == Check(2, 0, None)
    assert (await copy_head(database, new_team)).key_number == 2


async def test_a_key_stolen_before_it_was_replaced_forges_nothing(database: Database, chest: KeyChest) -> None:
    """Every head is signed anew: the old key ends no chain any more, and can't make hashes fit."""
    pen = await open_pen(database, chest)
    stolen = pen._private
    assert stolen is not None
    team_id = await begin(database, 3)
    before = await copy_head(database, team_id)
    await rotate(database, pen)
    await rechain(database, team_id, 2, key=stolen, object_name="x")
    assert (await checked(database, team_id)).kind == "head_forged"
    await attack(
        database,
        "UPDATE audit_head SET key_number = 1, signature = :signature, hash = :hash WHERE seq = 3",
        signature=before.signature,
        hash=before.hash,
    )
    assert (await checked(database, team_id)).intact is False
    await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 4)


async def test_a_head_of_before_the_new_key_does_not_count_any_more(database: Database, chest: KeyChest) -> None:
    """Genuine, fitting, and signed by a key that was ours: put back, it would cut off what came since."""
    pen = await open_pen(database, chest)
    team_id = await begin(database, 3)
    before = await copy_head(database, team_id)
    await rotate(database, pen)
    await attack(
        database,
        "UPDATE audit_head SET key_number = 1, signature = :signature WHERE seq = 3",
        signature=before.signature,
    )
    assert await found(database, team_id) == ("head_forged", 3)
    await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 4)


async def test_a_key_that_somebody_wrote_into_the_table_is_not_ours(database: Database, chest: KeyChest) -> None:
    pen = await open_pen(database, chest)
    team_id, mine = await begin(database, 3), SigningKey.new()
    async with database.write() as tx:
        row = (await tx.execute(select(AuditKeyRow.__table__))).one()
        forged = {"number": 2, "public": mine.public, "made_at": db_now()}
        sealed = {"sealed_public": row.sealed_public, "sealed_private": row.sealed_private}
        await tx.execute(insert(AuditKeyRow).values(**forged, **sealed))
    await rechain(database, team_id, 2, key=mine, object_name="x")
    await attack(database, "UPDATE audit_entry SET key_number = 2 WHERE seq >= 2")
    fresh = Pen(chest)
    database.carry(PEN, fresh)
    assert await found(database, team_id) == ("forged", 2)
    assert fresh.keys == pen.keys
    with pytest.raises(Unavailable) as refused:
        await open_pen(database, chest)
    assert refused.value.code == "audit_key_unreadable"


async def test_a_lost_ring_stops_the_start_until_the_operator_accepts_the_loss(
    database: Database, chest: KeyChest, tmp_path: Path
) -> None:
    """Never a new key in silence; accepted, the old signatures go on counting, on the operator's word."""
    await open_pen(database, chest)
    team_id = await begin(database, 2)
    await attack(database, "DELETE FROM team_key")
    other = await chest_of(database, tmp_path / "other")
    with pytest.raises(Unavailable) as refused:
        await open_pen(database, other)
    assert refused.value.code == "audit_key_unreadable"
    await open_pen(database, other, accepts_loss=True)
    await add(database, team_id)
    assert await checked(database, team_id) == Check(3, 0, None)
    async with database.read() as tx:
        entry = (await read(tx, DEPLOYMENT, None, 1))[0]
        assert await tx.scalar(select(func.count()).select_from(AuditKeyRow)) == 2
    assert (entry.action, entry.details["lost"]) == ("audit.key_replaced", True)
    await open_pen(database, other)
    assert await checked(database, team_id) == Check(3, 0, None)


async def test_a_false_head_is_not_signed_by_a_new_key(database: Database, chest: KeyChest) -> None:
    pen = await open_pen(database, chest)
    team_id = await begin(database, 3)
    await attack(database, "UPDATE audit_head SET keep_days = 90 WHERE seq = 3")
    await rotate(database, pen)
    assert await found(database, team_id) == ("head_forged", 3)
    await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 4)


@pytest.mark.parametrize("count", [0, 1])
async def test_without_keys_nothing_is_checked_in_good_faith(database: Database, count: int) -> None:
    team_id = await begin(database, count)
    async with database.write() as tx:
        await tx.execute(text("SELECT 1"))
    database.carry(PEN, None)
    with pytest.raises(Unavailable):
        await checked(database, team_id)


def test_a_signature_is_of_one_key_and_one_message() -> None:
    key, other = SigningKey.new(), SigningKey.new()
    signature = key.sign(b"entry")
    assert is_signed(key.public, b"entry", signature)
    for public, message, sign in (
        (other.public, b"entry", signature),
        (key.public, b"entry ", signature),
        (key.public, b"entry", signature[:-1] + bytes((signature[-1] ^ 1,))),
        (key.public, b"entry", b""),
        (key.public, b"entry", None),
        (b"short", b"entry", signature),
    ):
        assert not is_signed(public, message, sign)
    assert SigningKey.from_secret(key.to_secret()).public == key.public
