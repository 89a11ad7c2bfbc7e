"""What a database holds comes back from its backup as it was: every table, every kind of value, on either engine."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from moorage.backups.archive import open_archive
from moorage.backups.filling import Tally
from moorage.backups.making import make_backup
from moorage.backups.placing import place_file, place_rows, require_room
from moorage.backups.unpacking import unpacked
from moorage.composition.ground import build_database
from moorage.egress.trust import Trust
from moorage.errors import Conflict, Invalid, Unavailable
from moorage.storage.database import Database
from moorage.storage.migrate import require_current, sqlite_file, upgrade
from moorage.storage.shapes import find_shapes, kind_of
from moorage.storage.types import Row
from moorage.vault.keyring import KeyRing
from tests.backups.making import quiet
from tests.support.authority import TestAuthority
from tests.support.comparable import comparable
from tests.support.early import EMAIL, Early, read_all
from tests.support.everything import ROWS, fill_everything
from tests.support.model_server import ModelServer
from tests.support.running import MODEL_KEY, PASSWORD, running, settings_for


async def place(unpacked_one: Database, target: Database, *, replaces: bool = False) -> dict[str, Tally] | None:
    """Give an unpacked backup the target's place, on whichever engine."""
    file, new = sqlite_file(target), sqlite_file(unpacked_one)
    await require_room(target, file, replaces=replaces)
    if file is None or new is None:
        return await place_rows(unpacked_one, target, replaces=replaces, progress=quiet)
    await unpacked_one.close()
    await target.close()
    place_file(new, file, keeps_old=True)
    return None


async def test_everything_comes_back_on_either_engine(database: Database, other_url: str, tmp_path: Path) -> None:
    async with database.write() as tx:
        tables = await fill_everything(tx)
    before = await comparable(database)
    assert {len(rows) for rows in before.values()} == {ROWS}
    made = await make_backup(database, tmp_path / "all.backup", None, quiet)
    assert (len(made.manifest.tables), made.manifest.rows) == (tables, tables * ROWS)
    target = Database(other_url)
    try:
        with open_archive(made.path) as archive:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                await place(there, target)
        await require_current(target)
        assert await comparable(target) == before
        await _triggers_stand(target)
        await _search_finds(target)
        async with target.write() as tx:
            await tx.execute(
                text("INSERT INTO search_entry (conversation_id, words) SELECT id, 'later' FROM conversation LIMIT 1")
            )
            newest = await tx.scalar(text("SELECT max(number) FROM search_entry"))
        assert newest == 8  # three were numbered from 5
    finally:
        await target.close()


async def _triggers_stand(database: Database) -> None:
    """The trail is append-only again, in each of its tables."""
    for table in ("audit_entry", "audit_head", "audit_tombstone", "audit_key"):
        with pytest.raises(Exception, match=r"append-only|IntegrityError"):
            async with database.write() as tx:
                await tx.exec_driver_sql(f"DELETE FROM {table}")


async def _search_finds(database: Database) -> None:
    found = {
        "sqlite": "SELECT count(*) FROM search_index WHERE search_index MATCH '\"hafen\"'",
        "postgresql": "SELECT count(*) FROM search_entry WHERE words @@ CAST('hafen' AS tsquery)",
    }
    async with database.read() as tx:
        assert await tx.scalar(text(found[tx.dialect.name])) == 1


async def test_the_same_database_backed_up_on_either_engine_has_the_same_content(
    database: Database, other_url: str, tmp_path: Path
) -> None:
    async with database.write() as tx:
        await fill_everything(tx)
    first = await make_backup(database, tmp_path / "first.backup", None, quiet)
    target = Database(other_url)
    try:
        with open_archive(first.path) as archive:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                await place(there, target)
        second = await make_backup(target, tmp_path / "second.backup", None, quiet)
    finally:
        await target.close()
    contents = [{one.name: (one.rows, one.content) for one in made.manifest.tables} for made in (first, second)]
    assert contents[0] == contents[1]


def test_every_column_of_the_schema_has_a_kind() -> None:
    for table in Row.metadata.sorted_tables:
        for column in table.columns:
            assert kind_of(table.name, column.name, column.type)


async def test_no_table_is_left_out(database: Database) -> None:
    async with database.read() as tx:
        assert {shape.name for shape in await find_shapes(tx)} == set(Row.metadata.tables)


async def test_an_early_versions_backup_is_put_back_at_todays_schema(
    empty_database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    settings = settings_for(empty_database_url, tmp_path, authority, server, extra_ca_file=None)
    database = build_database(settings)
    KeyRing.create(settings.data / "keys")
    trust = Trust(ca_pem=authority.ca_pem.read_text())
    early = Early(KeyRing.from_file(settings.data / "keys"), server.base_url, MODEL_KEY, trust, PASSWORD)
    try:
        before = await early.fill(database, tmp_path)
        made = await make_backup(database, tmp_path / "early.backup", None, quiet)
        assert made.manifest.schema_revision == "0002_trust"
        with open_archive(made.path) as archive:
            async with unpacked(archive, settings.data / "unpacked.db", quiet) as there:
                async with there.read() as tx:
                    after = await read_all(tx, before)
                await place(there, database, replaces=True)
    finally:
        await database.close()
    before["message"].sort(key=lambda row: str(row["id"]))
    assert after == {**before, "sign_in": []}
    async with running(settings, server) as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", {"email": EMAIL, "password": PASSWORD})
        conversation = await olga.get(f"/api/conversations/{early.conversation_id}")
        assert [one["text"] for one in conversation["messages"]] == ["Is it deep enough?", "Three fathoms."]
        [found] = (await olga.post("/api/searches", {"text": "fathoms"}))["results"]
        assert found["title"] == [{"text": "Depth", "marked": False}]


async def test_a_backup_of_a_newer_schema_is_refused(database: Database, tmp_path: Path) -> None:
    made = await make_backup(database, tmp_path / "now.backup", None, quiet)
    with open_archive(made.path) as archive:
        newer = archive.manifest.model_copy(update={"schema_revision": "9999_future", "moorage": "9.0"})
        archive.manifest = newer
        with pytest.raises(Invalid, match="backup_newer") as error:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet):
                pass
    assert error.value.params == {"by": "9.0"}
    assert not (tmp_path / "unpacked.db").exists()


async def test_a_database_with_something_in_it_is_not_replaced_without_a_word(
    database: Database, tmp_path: Path
) -> None:
    made = await make_backup(database, tmp_path / "empty.backup", None, quiet)
    async with database.write() as tx:
        await fill_everything(tx)
    before = await comparable(database)
    with open_archive(made.path) as archive:
        async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
            with pytest.raises(Conflict, match="target_not_empty"):
                await place(there, database)
    assert await comparable(database) == before
    with open_archive(made.path) as archive:
        async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
            await place(there, database, replaces=True)
    assert {len(rows) for rows in (await comparable(database)).values()} == {0}


async def test_somebody_elses_tables_are_never_dropped(other_url: str, database: Database, tmp_path: Path) -> None:
    target = Database(other_url)
    made = await make_backup(database, tmp_path / "one.backup", None, quiet)
    try:
        async with target.write() as tx:
            await tx.execute(text("CREATE TABLE recipes (id INTEGER PRIMARY KEY)"))
            await tx.execute(text("INSERT INTO recipes VALUES (1)"))
        with open_archive(made.path) as archive:
            async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                if not target.is_sqlite:
                    with pytest.raises(Conflict, match="target_not_ours"):
                        await place(there, target, replaces=True)
                else:
                    with pytest.raises(Conflict, match="target_not_empty"):
                        await place(there, target)
        async with target.read() as tx:
            assert await tx.scalar(text("SELECT count(*) FROM recipes")) == 1
    finally:
        await target.close()


async def test_a_table_of_somebody_else_beside_ours_keeps_all_of_them(database: Database, tmp_path: Path) -> None:
    if database.is_sqlite:
        return  # the whole file is kept
    made = await make_backup(database, tmp_path / "one.backup", None, quiet)
    async with database.write() as tx:
        await fill_everything(tx)
        await tx.execute(text("CREATE TABLE recipes (id INTEGER PRIMARY KEY)"))
    with open_archive(made.path) as archive:
        async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
            with pytest.raises(Conflict, match="target_not_ours"):
                await place(there, database, replaces=True)
    assert {len(rows) for rows in (await comparable(database)).values()} == {ROWS}


async def test_nobody_may_be_connected_to_what_is_replaced(database: Database, tmp_path: Path) -> None:
    await require_current(database)
    made = await make_backup(database, tmp_path / "one.backup", None, quiet)
    async with database.write() as tx:
        await fill_everything(tx)
    other = Database(str(database.engine.url.render_as_string(hide_password=False)))
    try:
        with open_archive(made.path) as archive:
            async with other.read() as somebody:
                await somebody.execute(text("SELECT count(*) FROM team"))
                async with unpacked(archive, tmp_path / "unpacked.db", quiet) as there:
                    with pytest.raises(Unavailable, match="database_in_use"):
                        await place(there, database, replaces=True)
        assert {len(rows) for rows in (await comparable(database)).values()} == {ROWS}
    finally:
        await other.close()


async def test_the_backup_is_of_one_moment_whatever_is_written_meanwhile(database: Database, tmp_path: Path) -> None:
    """Two rows are always moved together; no backup sees one of them moved."""
    async with database.write() as tx:
        await fill_everything(tx)
    moving = asyncio.Event()

    async def move() -> int:
        count = 0
        while not moving.is_set():
            count += 1
            async with database.write() as tx:
                await tx.execute(text("UPDATE team SET name = :name"), {"name": f"at {count}"})
                await tx.execute(text("UPDATE user_account SET name = :name"), {"name": f"at {count}"})
            await asyncio.sleep(0)
        return count

    mover = asyncio.create_task(move())
    try:
        for number in range(5):
            made = await make_backup(database, tmp_path / f"{number}.backup", None, quiet)
            with open_archive(made.path) as archive:
                tables = {table.name: table for table in archive.manifest.tables}
                names = set()
                for name in ("team", "user_account"):
                    place_of_name = [column.name for column in tables[name].columns].index("name")
                    names |= {json.loads(line)[place_of_name] for line in archive.lines(tables[name])}
            assert len(names) == 1 or number == 0
    finally:
        moving.set()
    assert await mover > 5


async def test_a_value_that_postgresql_can_not_hold_stops_the_copy_and_names_the_table(
    tmp_path: Path, migrated_file: Path, other_url: str
) -> None:
    file = tmp_path / "moorage.db"
    shutil.copyfile(migrated_file, file)
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute(
            "INSERT INTO team (id, name, plan, standing, created_at) VALUES ('1', 'a' || char(0) || 'b', 'x', 'y', 1)"
        )
    source, target = Database(f"sqlite+aiosqlite:///{file}"), Database(other_url)
    try:
        if target.is_sqlite:
            return
        with pytest.raises(Unavailable, match="row_not_storable") as error:
            await place_rows(source, target, replaces=False, progress=quiet)
        assert error.value.params == {"table": "team"}
        async with target.read() as tx:
            assert (await tx.execute(text("SELECT 1 FROM pg_tables WHERE schemaname = 'public'"))).first() is None
    finally:
        await source.close()
        await target.close()


def test_a_killed_log_of_the_old_file_does_not_get_into_the_new_one(tmp_path: Path, migrated_file: Path) -> None:
    """A write-ahead log that a killed process left beside the old file would be taken for the new file's own."""
    file, new = tmp_path / "moorage.db", tmp_path / "new.db"
    for one in (file, new):
        one.write_bytes(migrated_file.read_bytes())
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("INSERT INTO team (id, name, plan, standing, created_at) VALUES ('1', 'old', 'x', 'y', 1)")
        raw.commit()
        left = file.with_name("moorage.db-wal").read_bytes()
    # The file itself is unreadable now, so nobody can take its log into it.
    file.write_bytes(b"damaged" * 1000)
    file.with_name("moorage.db-wal").write_bytes(left)
    old = place_file(new, file, keeps_old=True)
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("SELECT count(*) FROM team").fetchone() == (0,)
    assert old is not None
    assert old.read_bytes() == b"damaged" * 1000
    new.write_bytes(file.read_bytes())
    again = place_file(new, file, keeps_old=True)
    assert again not in {None, old}  # in the same second
    assert old.with_name(old.name + "-wal").read_bytes() == left


async def test_an_unfinished_schema_is_no_backup(empty_database_url: str, tmp_path: Path) -> None:
    database = Database(empty_database_url)
    try:
        await upgrade(database)
        async with database.write() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
        with pytest.raises(Unavailable, match="schema_unknown"):
            await make_backup(database, tmp_path / "x.backup", None, quiet)
    finally:
        await database.close()
    assert not (tmp_path / "x.backup").exists()
