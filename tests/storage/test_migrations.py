"""The schema is brought up to date under a lock, whole or not at all, and an unknown one is refused."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.migrate import (
    ADVISORY_LOCK,
    alembic_config,
    copy_sqlite,
    require_current,
    sqlite_file,
    upgrade,
    upgrade_within,
)
from moorage.storage.shapes import find_tables
from moorage.storage.types import DEPLOYMENT, Row
from tests.support.codebase import ROOT


@pytest_asyncio.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    """Give a database in which nothing was made yet."""
    empty = Database(empty_database_url)
    yield empty
    await empty.close()


async def set_revision(database: Database, revision: str) -> None:
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def tables(database: Database) -> set[str]:
    async with database.read() as tx:
        return set(await tx.run_sync(lambda connection: inspect(connection).get_table_names()))


async def test_the_migrations_make_exactly_the_tables_the_code_knows(database: Database) -> None:
    # What finds words is made for each engine in its own way; the tests of search see whether it is there.
    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        if str(name).startswith(("search_index", "ix_search_entry_w")):
            return False
        return kind != "table" or name in whole  # a partition is a part of its table

    ours = {"include_name": is_ours}

    def compare(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts=ours), Row.metadata))

    async with database.read() as tx:
        whole = await find_tables(tx)
        assert await tx.run_sync(compare) == []


async def test_accounts_that_a_teams_provider_made_let_go_of_their_address(empty: Database) -> None:
    """From 0008 to 0009, with people in it: one by password, one by the deployment's provider, one by a team's."""
    people = {"password": "hash", "deployment": "", "team": ""}

    def fill(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0008_oidc")
        for name, password in people.items():
            values = {"id": f"{name:0>36}", "email": f"{name}@example.com", "hash": password}
            connection.execute(
                text(
                    "INSERT INTO user_account (id, email, name, password_hash, locale, is_operator, created_at)"
                    " VALUES (:id, :email, 'x', :hash, 'en', :no, 0)"
                ),
                {**values, "no": False},
            )
        for name, provider in (("deployment", str(DEPLOYMENT)), ("team", "7" * 36), ("password", "7" * 36)):
            connection.execute(
                text(
                    "INSERT INTO identity (id, provider_id, issuer, subject, user_id, linked_at, used_at)"
                    " VALUES (:id, :provider, 'https://sso.example.com', :id, :user, 0, 0)"
                ),
                {"id": f"{name:1>36}", "provider": provider, "user": f"{name:0>36}"},
            )

    async with empty.write() as tx:
        await tx.run_sync(fill)
    await upgrade(empty)
    async with empty.read() as tx:
        rows = await tx.execute(text("SELECT email, said_email FROM user_account ORDER BY id"))
        found = [tuple(row) for row in rows]
    assert sorted(found, key=str) == [
        (f"{'team':0>36}", "team@example.com"),
        ("deployment@example.com", None),
        ("password@example.com", None),
    ]


async def test_a_second_start_changes_nothing(database: Database) -> None:
    before = await tables(database)
    await upgrade(database)
    await require_current(database)
    assert await tables(database) == before


async def test_an_empty_database_is_not_served(empty: Database) -> None:
    with pytest.raises(Unavailable) as refused:
        await require_current(empty)
    assert refused.value.code == "schema_unknown"


async def test_a_schema_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    await set_revision(database, "9999_future")
    for attempt in (require_current, upgrade):
        with pytest.raises(Unavailable) as refused:
            await attempt(database)
        assert (refused.value.code, refused.value.params) == ("schema_unknown", {"found": "9999_future"})


async def test_somebody_elses_database_is_refused_and_left_alone(empty: Database) -> None:
    async with empty.write() as tx:
        await tx.execute(text("CREATE TABLE recipes (id INTEGER PRIMARY KEY)"))
    with pytest.raises(Unavailable) as refused:
        await upgrade(empty)
    assert refused.value.code == "schema_unknown"
    assert await tables(empty) == {"recipes"}


async def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    async def fail_later() -> None:
        async with empty.write() as tx:
            await tx.run_sync(upgrade_within)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_later()
    assert await tables(empty) == set()
    await upgrade(empty)


async def test_a_process_killed_inside_a_migration_leaves_nothing_behind(
    empty: Database, empty_database_url: str
) -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from moorage.storage.database import Database\n"
        "from moorage.storage.migrate import upgrade_within\n"
        "async def main():\n"
        "    async with Database(sys.argv[1]).write() as tx:\n"
        "        await tx.run_sync(upgrade_within)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, empty_database_url],
        env=environment,
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    await upgrade(empty)
    await require_current(empty)


def copies(folder: Path) -> list[Path]:
    return list(folder.glob("moorage.db.before-*"))


async def test_an_existing_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "moorage.db"))
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    shutil.copy(ROOT / "moorage" / "migrations" / "env.py", scripts)
    step = "from alembic import op\nrevision = '{}'\ndown_revision = {}\ndef upgrade():\n    op.execute('{}')\n"
    (scripts / "versions" / "one.py").write_text(step.format("one", None, "CREATE TABLE first (x INTEGER)"))
    try:
        await upgrade(database, scripts=str(scripts))
        assert copies(tmp_path) == []
        (scripts / "versions" / "two.py").write_text(step.format("two", "'one'", "CREATE TABLE second (x INTEGER)"))
        await upgrade(database, scripts=str(scripts))
        assert {"first", "second"} <= await tables(database)
    finally:
        await database.close()
    (copy,) = copies(tmp_path)
    assert copy.name.endswith("-one")
    before = Database(sqlite_url(copy))
    try:
        assert await tables(before) == {"alembic_version", "first"}
    finally:
        await before.close()


async def test_two_processes_that_start_at_once_make_one_schema(empty: Database, empty_database_url: str) -> None:
    others = [Database(empty_database_url) for _ in range(3)]
    try:
        await asyncio.gather(upgrade(empty), *(upgrade(other) for other in others))
    finally:
        for other in others:
            await other.close()
    await require_current(empty)


async def test_a_start_waits_for_the_lock_and_says_so_when_it_takes_too_long(empty: Database) -> None:
    file = sqlite_file(empty)
    if file is None:
        async with empty.write() as holder:
            await holder.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
            with pytest.raises(Unavailable) as refused:
                await upgrade(empty, lock_timeout_s=0.1)
    else:
        with file.with_name(file.name + ".lock").open("w") as holder_file:
            fcntl.flock(holder_file, fcntl.LOCK_EX)
            with pytest.raises(Unavailable) as refused:
                await upgrade(empty, lock_timeout_s=0.1)
    assert refused.value.code == "schema_busy"
    await upgrade(empty)


def kill_a_holder_of(lock: Path) -> None:
    program = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1], 'w')\n"
        "fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(lock)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.kill()


async def test_a_process_killed_while_it_holds_the_lock_blocks_nobody(tmp_path: Path) -> None:
    kill_a_holder_of(tmp_path / "moorage.db.lock")
    database = Database(sqlite_url(tmp_path / "moorage.db"))
    try:
        await upgrade(database, lock_timeout_s=0)
        await require_current(database)
    finally:
        await database.close()


def test_the_copy_before_a_migration_holds_what_was_there(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (7)")
    copy_sqlite(tmp_path / "a.db", tmp_path / "copy.db")
    connection.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(7,)]
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
