"""P17: a team's rule decides what is kept; what went leaves a signed tombstone, and nothing else may go."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from moorage.audit.checking import Check
from moorage.audit.pruning import Pruner, prune_all, prune_batch
from moorage.audit.reading import read
from moorage.audit.rules import MAX_KEEP_DAYS, MIN_KEEP_DAYS, change_clients, change_keep_days
from moorage.audit.tables import AuditRow, AuditTombstoneRow
from moorage.errors import Invalid
from moorage.reports.steady import Pace
from moorage.storage.database import Database
from tests.audit.attacking import OLGA, add, attack, begin, bury, checked, copy_head, found, pen_in
from tests.support.codebase import ROOT

LATER = datetime.now(UTC) + timedelta(days=MAX_KEEP_DAYS)


async def test_nothing_is_pruned_until_somebody_decides_so(database: Database) -> None:
    team_id = await begin(database, 3)
    assert await prune_all(database, now=LATER) == {}
    async with database.write() as tx:
        assert await prune_batch(tx, team_id, now=LATER) is None
    assert await checked(database, team_id) == Check(3, 0, None)


async def test_what_is_older_than_the_rule_goes_and_leaves_a_tombstone(database: Database) -> None:
    team_id = await begin(database, 5)
    stone = await bury(database, team_id, 3, keep_days=365)
    assert stone is not None
    assert (stone.first_seq, stone.last_seq, stone.entries, stone.keep_days) == (1, 3, 3, 365)
    assert await checked(database, team_id) == Check(4, 3, None)  # two, the rule, what was pruned
    async with database.read() as tx:
        said = (await read(tx, team_id, None, 1))[0]
    assert (said.action, said.details) == ("audit.pruned", {"first": 1, "last": 3, "entries": 3, "keep_days": 365})
    stone = await bury(database, team_id, 2, keep_days=365)
    assert stone is not None
    assert (stone.first_seq, stone.last_seq) == (4, 5)
    assert await checked(database, team_id) == Check(3, 5, None)


async def test_what_is_young_stays(database: Database) -> None:
    team_id = await begin(database, 2)
    async with database.write() as tx:
        await change_keep_days(tx, team_id, OLGA, MIN_KEEP_DAYS)
    almost = datetime.now(UTC) + timedelta(days=MIN_KEEP_DAYS, seconds=-60)
    assert await prune_all(database, now=almost) == {}
    assert await prune_all(database, now=almost + timedelta(minutes=2)) == {team_id: 3}


async def test_pruning_goes_in_batches_and_each_leaves_a_chain_that_holds(database: Database) -> None:
    team_id, eves = await begin(database, 7), await begin(database, 2)
    for expected in ((1, 3), (4, 6), (7, 9)):
        stone = await bury(database, team_id, 3)
        assert stone is not None
        assert (stone.first_seq, stone.last_seq) == expected
        assert (await checked(database, team_id)).intact
        await add(database, team_id)
        assert (await checked(database, team_id)).intact
    assert await checked(database, eves) == Check(2, 0, None)


@pytest.mark.parametrize("days", [0, -1, MIN_KEEP_DAYS - 1, MAX_KEEP_DAYS + 1])
async def test_a_rule_out_of_bounds_is_refused(database: Database, days: int) -> None:
    team_id = await begin(database)
    with pytest.raises(Invalid) as refused:
        async with database.write() as tx:
            await change_keep_days(tx, team_id, OLGA, days)
    assert (refused.value.code, refused.value.field) == ("keep_days_invalid", "keep_days")


async def test_who_changes_a_rule_is_on_record(database: Database) -> None:
    team_id = await begin(database)
    async with database.write() as tx:
        await change_keep_days(tx, team_id, OLGA, 365)
        await change_keep_days(tx, team_id, OLGA, 365)
        await change_keep_days(tx, team_id, OLGA, None)
        await change_clients(tx, team_id, OLGA, "none")
        await change_clients(tx, team_id, OLGA, "none")
    with pytest.raises(Invalid):
        async with database.write() as tx:
            await change_clients(tx, team_id, OLGA, "everything")
    async with database.read() as tx:
        told = [(one.action, dict(one.details)) for one in reversed(await read(tx, team_id, None, 10))]
    assert told == [
        ("audit.retention_changed", {"keep_days": 365, "before": None}),
        ("audit.retention_lifted", {"keep_days": None, "before": 365}),
        ("audit.clients_changed", {"clients": "none", "before": "coarse"}),
    ]


async def test_a_missing_tombstone_and_a_false_one_are_found(database: Database) -> None:
    team_id = await begin(database, 6)
    await bury(database, team_id, 2)
    await bury(database, team_id, 2)
    await attack(database, "UPDATE audit_tombstone SET keep_days = 91 WHERE first_seq = 3")
    assert await found(database, team_id) == ("tombstone_forged", 3)
    await attack(database, "DELETE FROM audit_tombstone WHERE first_seq = 3")
    assert await found(database, team_id) == ("tombstone_missing", 3)
    await attack(database, "DELETE FROM audit_tombstone")
    assert await found(database, team_id) == ("tombstone_missing", 1)


async def test_entries_deleted_behind_a_tombstone_are_missed(database: Database) -> None:
    team_id = await begin(database, 6)
    await bury(database, team_id, 2)
    await attack(database, "DELETE FROM audit_entry WHERE seq = 3")
    assert await found(database, team_id) == ("deleted", 3)


async def test_a_tombstone_lets_exactly_what_it_covers_be_deleted(database: Database) -> None:
    """By the database itself: even one that an attacker wrote without a key is found by checking."""
    team_id = await begin(database, 4)
    insert = (
        "INSERT INTO audit_tombstone SELECT team_id, 1, 2, 2, hash, at, 90, at, 1, hash FROM audit_entry WHERE seq = 2"
    )
    async with database.write() as tx:
        await tx.execute(text(insert))
        await tx.execute(text("DELETE FROM audit_entry WHERE seq <= 2"))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.write() as tx:
            await tx.execute(text("DELETE FROM audit_entry WHERE seq = 3"))
    assert await found(database, team_id) == ("tombstone_forged", 1)


async def test_a_chain_whose_head_is_false_loses_nothing(database: Database) -> None:
    """Else who can write to the database writes the rule, and we delete and sign for them."""
    team_id = await begin(database, 3)
    await attack(database, "UPDATE audit_head SET keep_days = 90")
    assert await prune_all(database, now=LATER) == {}
    async with database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(AuditRow)) == 3
    assert await found(database, team_id) == ("head_forged", 3)


async def test_the_background_prunes_by_itself(database: Database) -> None:
    team_id = await begin(database, 3)
    async with database.write() as tx:
        await change_keep_days(tx, team_id, OLGA, 90)
    await attack(database, "UPDATE audit_entry SET at = at - 8000000000000 WHERE seq <= 2")
    pruner = Pruner(database, pace=Pace(0.01))
    pruner.start()
    for _ in range(500):
        if (await copy_head(database, team_id)).pruned_through:
            break
        await asyncio.sleep(0.01)
    await pruner.close()
    assert (await copy_head(database, team_id)).pruned_through == 2


KILLED = """
import asyncio, os, signal, sys
from datetime import UTC, datetime, timedelta
from uuid import UUID
from moorage.audit.pen import PEN
from moorage.audit.pruning import prune_batch
from moorage.audit.trail import record
from moorage.reports.steady import Pace
from moorage.storage.database import Database
from moorage.vault.signing import SigningKey
from moorage.vault.secret import Secret
from tests.audit.attacking import OLGA, act
from tests.support.migrated import loose_pen
async def main():
    url, team_id, key = sys.argv[1], UUID(sys.argv[2]), SigningKey.from_secret(Secret(sys.argv[3]))
    pen = loose_pen()
    pen.adopt(1, key.public, key)
    database = Database(url)
    database.carry(PEN, pen)
    async with database.write() as tx:
        await record(tx, team_id, OLGA, act())
    async with database.write() as tx:
        await record(tx, team_id, OLGA, act())
        assert await prune_batch(tx, team_id, now=datetime.now(UTC) + timedelta(days=91)) is not None
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_a_process_killed_while_it_prunes_leaves_a_chain_that_holds(
    database: Database, database_url: str
) -> None:
    from_here = await begin(database, 3)
    async with database.write() as tx:
        await change_keep_days(tx, from_here, OLGA, 90)
    key = pen_in(database)._private
    assert key is not None
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", KILLED, database_url, str(from_here), key.to_secret().reveal()]
    killed = await asyncio.to_thread(subprocess.run, arguments, env=environment, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert await checked(database, from_here) == Check(5, 0, None)
    async with database.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(AuditTombstoneRow)) == 0
    await add(database, from_here)
    assert await checked(database, from_here) == Check(6, 0, None)
