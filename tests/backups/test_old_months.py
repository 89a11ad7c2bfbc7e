"""A backup of calls from long ago: on PostgreSQL each lies in its month when it comes, and nothing has to be moved."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from moorage.backups.archive import open_archive
from moorage.backups.making import make_backup
from moorage.backups.placing import place_rows
from moorage.backups.unpacking import unpacked
from moorage.storage.database import Database
from moorage.storage.migrate import make_schema, require_current, sqlite_file
from moorage.usage.months import make_months
from tests.backups.making import quiet
from tests.support.comparable import comparable
from tests.usage.monthly import id_at, lies_in

EARLIER = "0023_desk"
CALLS = (datetime(2025, 5, 31, 23, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC))


async def fill(database: Database, *, wrong_clock: bool) -> None:
    ids = [id_at(one) for one in CALLS]
    if wrong_clock:
        ids += [UUID(int=7), UUID(int=0xE << 124 | 7)]
    async with database.write() as tx:
        for call_id in ids:
            for kind, place in (("byom", "connection_id"), ("standard", "provider")):
                await tx.execute(
                    text(
                        f"INSERT INTO {kind}_usage_event (call_id, team_id, user_id, purpose, model_id, count_source,"
                        f" ended, started_at, at, {place}) VALUES ('{call_id}', 't', 'u', 'reply', 'm', 'missing',"
                        " 'ok', 0, 0, 'p')"
                    )
                )


async def test_an_old_backup_comes_back_into_its_months(
    empty_database_url: str, other_url: str, tmp_path: Path
) -> None:
    """Made by the version before, on either engine, with the ids of wrong clocks in it."""
    old, target = Database(empty_database_url), Database(other_url)
    try:
        async with old.write() as tx:
            await tx.run_sync(make_schema, EARLIER)
        await fill(old, wrong_clock=True)
        made = await make_backup(old, tmp_path / "old.backup", None, quiet)
        assert made.manifest.schema_revision == EARLIER
        with open_archive(made.path) as archive:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                before = await comparable(there)
                assert len(before["standard_usage_event"]) == 5
                if target.is_sqlite:
                    return
                # Twice: the second time over tables and a function that are there.
                for _ in range(2):
                    await place_rows(there, target, replaces=True, progress=quiet)
                    await require_current(target)
                    assert await comparable(target) == before
                    assert await lies_in(target, "byom_usage_event") == {
                        "byom_usage_event_2025_05": 1,
                        "byom_usage_event_2025_06": 2,
                        "byom_usage_event_rest": 2,
                    }
        assert await make_months(target) == {}
    finally:
        await old.close()
        await target.close()


async def test_months_are_a_matter_of_the_engine_and_not_of_the_backup(
    database: Database, other_url: str, tmp_path: Path
) -> None:
    await fill(database, wrong_clock=False)
    first = await make_backup(database, tmp_path / "first.backup", None, quiet)
    if not database.is_sqlite:
        assert await make_months(database) == {"made": 4}
    second = await make_backup(database, tmp_path / "second.backup", None, quiet)
    tables = [[(one.name, one.rows, one.content) for one in made.manifest.tables] for made in (first, second)]
    assert tables[0] == tables[1]
    other = Database(other_url)
    try:
        if sqlite_file(other) is None:
            written = await place_rows(database, other, replaces=False, progress=quiet)
            assert {(name, tally.rows, tally.content) for name, tally in written.items()} == set(tables[0])
            assert await make_months(other) == {}
    finally:
        await other.close()
