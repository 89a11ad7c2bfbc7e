"""P17: whatever is done to a trail in the database, checking says what, and the first entry it was done to."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from moorage.audit.checking import Check
from moorage.audit.pen import PEN
from moorage.audit.tables import MAX_SEQ, AuditHeadRow
from moorage.audit.walking import KINDS
from moorage.storage.database import Database
from moorage.vault.signing import SigningKey
from tests.audit.attacking import (
    add,
    attack,
    begin,
    bury,
    checked,
    copy_head,
    forge,
    found,
    guard_kept,
    move_head,
    rechain,
    turn_into_form_1,
)
from tests.support.migrated import loose_pen


def tamperings() -> Iterator[tuple[str, str, str, int]]:
    columns = ("actor_name", "action", "object_type", "object_id", "object_name", "outcome", "request_id", "client")
    for column in columns:
        yield f"{column} edited", f"UPDATE audit_entry SET {column} = 'x' WHERE seq = 2", "edited", 2
    yield "details edited", "UPDATE audit_entry SET details = '[]' WHERE seq = 2", "edited", 2
    yield "time edited", "UPDATE audit_entry SET at = at + 1 WHERE seq = 2", "edited", 2
    yield "actor taken out", "UPDATE audit_entry SET actor_id = NULL WHERE seq = 2", "edited", 2
    yield "stored bytes edited", "UPDATE audit_entry SET canonical = prev_hash WHERE seq = 2", "edited", 2
    yield "hash edited", "UPDATE audit_entry SET hash = prev_hash WHERE seq = 2", "edited", 2
    yield "form turned back", "UPDATE audit_entry SET form = 1 WHERE seq = 2", "edited", 2
    yield "form nobody knows", "UPDATE audit_entry SET form = 9 WHERE seq = 2", "edited", 2
    yield "first deleted", "DELETE FROM audit_entry WHERE seq = 1", "deleted", 1
    yield "middle deleted", "DELETE FROM audit_entry WHERE seq = 2", "deleted", 2
    yield "end cut off", "DELETE FROM audit_entry WHERE seq > 2", "cut_off", 3
    yield "all deleted", "DELETE FROM audit_entry", "cut_off", 1
    closed = "DELETE FROM audit_entry WHERE seq = 2;UPDATE audit_entry SET seq = seq - 1 WHERE seq > 2"
    yield "middle deleted, gap closed", closed, "reordered", 2
    move = "UPDATE audit_entry SET seq = {} WHERE seq = {}"
    swapped = ";".join((move.format(-2, 2), move.format(2, 3), move.format(3, -2)))
    yield "two swapped", swapped, "reordered", 2
    yield "head turned back", "UPDATE audit_head SET seq = 3", "extra", 4
    yield "head deleted", "DELETE FROM audit_head", "head_missing", 5
    yield "head's signature edited", "UPDATE audit_head SET signature = hash", "head_forged", 4
    yield "head's signature taken out", "UPDATE audit_head SET signature = NULL", "head_forged", 4
    yield "head's rule edited", "UPDATE audit_head SET keep_days = 90", "head_forged", 4
    yield "head's key edited", "UPDATE audit_head SET key_number = 2", "head_forged", 4
    yield "head claims that entries were pruned", "UPDATE audit_head SET pruned_through = 2", "tombstone_missing", 1


@pytest.mark.parametrize(("statements", "kind", "at"), [pytest.param(*rest, id=name) for name, *rest in tamperings()])
async def test_tampering_is_found_where_it_happened(database: Database, statements: str, kind: str, at: int) -> None:
    team_id = await begin(database, 4)
    await attack(database, *statements.split(";"))
    assert await found(database, team_id) == (kind, at)


async def test_who_makes_every_hash_fit_again_is_found_by_the_signature(database: Database) -> None:
    """Without the key nobody re-chains: the entry that was changed is named, although the chain fits."""
    team_id = await begin(database, 4)
    await rechain(database, team_id, 3, object_name="Nothing happened here")
    assert await found(database, team_id) == ("forged", 3)


async def test_who_signs_with_a_key_of_their_own_is_found(database: Database) -> None:
    team_id = await begin(database, 4)
    await rechain(database, team_id, 2, key=SigningKey.new(), object_name="x")
    assert await found(database, team_id) == ("forged", 2)


async def test_an_entry_that_nobody_recorded_is_found(database: Database) -> None:
    team_id = await begin(database, 3)
    digest = await forge(database, team_id, 4, (await copy_head(database, team_id)).hash, object_name="Forged")
    assert await found(database, team_id) == ("extra", 4)
    async with database.write() as tx:
        await tx.execute(update(AuditHeadRow).where(AuditHeadRow.team_id == team_id).values(seq=4, hash=digest))
    assert await found(database, team_id) == ("forged", 4)


async def test_an_end_that_was_cut_off_cleanly_is_found(database: Database) -> None:
    """The head moved along: only its signature tells, and that one stands for no earlier end."""
    team_id = await begin(database, 4)
    await move_head(database, team_id, 2)
    await attack(database, "DELETE FROM audit_entry WHERE seq > 2")
    assert await found(database, team_id) == ("head_forged", 2)


@pytest.mark.parametrize("cut", [1, 2, 3])
async def test_going_on_does_not_make_good_what_was_cut_off(database: Database, cut: int) -> None:
    """The next honest entry would sign whatever stands there; it says instead that it found it so."""
    team_id = await begin(database, 4)
    await move_head(database, team_id, cut)
    await attack(database, f"DELETE FROM audit_entry WHERE seq > {cut}")
    for _ in range(3):
        await add(database, team_id)
    seen = await checked(database, team_id)
    assert (seen.kind, seen.broken_at) == ("head_changed", cut + 1)
    assert seen.checked == cut + 1 + 3


async def test_going_on_does_not_make_good_what_was_rewritten(database: Database) -> None:
    team_id = await begin(database, 4)
    await rechain(database, team_id, 2, object_name="x")
    await add(database, team_id)
    assert await found(database, team_id) == ("forged", 2)


async def test_a_head_turned_back_locks_nobody_out(database: Database) -> None:
    team_id = await begin(database, 4)
    await move_head(database, team_id, 2)
    await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 5)


@pytest.mark.parametrize("number", [MAX_SEQ, MAX_SEQ - 1, 1000, -7])
async def test_a_head_with_any_number_locks_nobody_out(database: Database, number: int) -> None:
    team_id = await begin(database, 3)
    async with guard_kept(database):
        await attack(database, f"UPDATE audit_head SET seq = {number}")
    for _ in range(2):
        await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 4)
    assert (await copy_head(database, team_id)).seq == 6


async def test_an_entry_at_the_last_number_there_is_locks_nobody_out(database: Database) -> None:
    team_id = await begin(database, 3)
    async with guard_kept(database):
        await forge(database, team_id, MAX_SEQ, bytes(32))
        await attack(database, f"UPDATE audit_head SET seq = {MAX_SEQ}")
    for _ in range(2):
        await add(database, team_id)
    assert (await copy_head(database, team_id)).seq == 6
    assert await found(database, team_id) == ("deleted", 7)


async def test_a_false_head_does_not_go_back_behind_what_was_pruned(database: Database) -> None:
    team_id = await begin(database, 3)
    await bury(database, team_id, 4)
    async with guard_kept(database):
        await attack(database, "DELETE FROM audit_entry", "UPDATE audit_head SET seq = 1")
    await add(database, team_id)
    assert await found(database, team_id) == ("head_changed", 5)


async def test_a_head_goes_back_only_to_where_an_entry_says_so(database: Database) -> None:
    team_id = await begin(database, 3)
    async with guard_kept(database):
        await attack(database, f"UPDATE audit_head SET seq = {MAX_SEQ}")
    await add(database, team_id)
    moved_back = "UPDATE audit_head SET seq = {0}, hash = (SELECT hash FROM audit_entry WHERE seq = {0})"
    for number in (3, 4):  # 4 says that the head was changed, but is not the newest any more
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as tx:
                await tx.execute(text(moved_back.format(number)))


async def test_rules_that_somebody_wrote_into_the_head_are_not_believed(database: Database) -> None:
    team_id = await begin(database, 2)
    await attack(database, "UPDATE audit_head SET keep_days = 90, clients = 'none', pruned_through = 1")
    await add(database, team_id)
    head = await copy_head(database, team_id)
    assert (head.keep_days, head.clients, head.pruned_through) == (None, "coarse", 0)


async def test_an_entry_of_another_team_does_not_fit(database: Database) -> None:
    ours, eves = await begin(database, 1), await begin(database)
    await attack(
        database,
        "UPDATE audit_entry SET team_id = :eves",
        "UPDATE audit_head SET seq = 1, hash = (SELECT hash FROM audit_entry) WHERE team_id = :eves",
        eves=str(eves),
    )
    assert await found(database, eves) == ("foreign", 1)
    assert await found(database, ours) == ("cut_off", 1)


async def test_the_head_of_another_team_does_not_fit(database: Database) -> None:
    ours, eves = await begin(database, 2), await begin(database, 2)
    theirs = await copy_head(database, eves)
    async with database.write() as tx:
        await tx.execute(
            update(AuditHeadRow)
            .where(AuditHeadRow.team_id == ours)
            .values(hash=theirs.hash, signature=theirs.signature)
        )
    assert await found(database, ours) == ("head_forged", 2)


async def test_a_trail_of_before_the_signatures_is_still_whole_and_still_guarded(database: Database) -> None:
    """Entries of form 1: unsigned, but the first signed head stands for them."""
    team_id = await begin(database, 2)
    await turn_into_form_1(database, team_id)
    assert await checked(database, team_id) == Check(2, 0, None)
    await add(database, team_id)
    assert await checked(database, team_id) == Check(3, 0, None)
    await attack(database, "UPDATE audit_entry SET object_name = 'x' WHERE seq = 1")
    assert await found(database, team_id) == ("edited", 1)


async def test_without_the_right_public_key_nothing_is_proven(database: Database) -> None:
    team_id = await begin(database, 2)
    database.carry(PEN, loose_pen())
    assert await found(database, team_id) == ("forged", 1)


async def test_a_long_chain_is_checked_to_its_end(database: Database) -> None:
    team_id = await begin(database, 1001)
    assert await checked(database, team_id) == Check(1001, 0, None)
    await rechain(database, team_id, 1001, object_name="x")
    assert await found(database, team_id) == ("forged", 1001)


async def test_checking_while_others_write_finds_nothing_wrong(database: Database) -> None:
    team_id = await begin(database, 30)

    async def write() -> None:
        for _ in range(20):
            await add(database, team_id)

    async def look() -> list[Check]:
        return [await checked(database, team_id) for _ in range(20)]

    _, seen = await asyncio.gather(write(), look())
    assert [one.finding for one in seen] == [None] * 20
    assert await checked(database, team_id) == Check(50, 0, None)


def test_every_kind_of_finding_is_named_once() -> None:
    assert len(set(KINDS)) == len(KINDS)
