"""PostgreSQL as docs/operate.md sets it up: a server's user who owns nothing, and a way there that nobody reads along.

What the page tells to type is what is typed here.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.looking import Way, look_at_way
from moorage.storage.migrate import upgrade
from moorage.usage.months import AHEAD, find_wanted
from tests.support.authority import TestAuthority
from tests.support.codebase import ROOT
from tests.support.databases import PostgresCluster, chosen_databases
from tests.support.model_server import ModelServer
from tests.support.running import running, settings_for
from tests.usage.monthly import months_ahead

ON_THE_WIRE = "127.83.17.5"  # its own among the loopback addresses, where nobody listens at 5432


@pytest.fixture(autouse=True)
def postgresql_is_chosen(request: pytest.FixtureRequest) -> None:
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")


def as_somebody(url: str, role: str) -> str:
    return url.replace("//moorage@", f"//{role}@")


@pytest.fixture
def split(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """Give the URL of a database with two users, made as the page says, with the roles of its own text."""
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8").partition("### A user who may less")[2]
    [as_administrator, as_owner, *_] = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)

    def run(role: str, database: str, statements: str) -> None:
        address = as_somebody(postgres_cluster.url(database), role).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements.split(";"):
                if statement.strip():
                    connection.execute(statement.encode())

    # The cluster's one user is called as the page's database, which is another thing.
    run("moorage", "postgres", as_administrator)
    try:
        run("moorage_owner", "moorage", as_owner)
        yield postgres_cluster.url("moorage")
    finally:
        postgres_cluster.drop("moorage")
        run("moorage", "postgres", "DROP ROLE moorage_server; DROP ROLE moorage_owner")


async def migrate_as(url: str, role: str) -> None:
    database = Database(as_somebody(url, role))
    try:
        await upgrade(database)
    finally:
        await database.close()


async def test_a_user_who_may_less_serves_and_can_not_undo_the_trail(
    split: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    await migrate_as(split, "moorage_owner")
    authority, server = models
    settings = settings_for(as_somebody(split, "moorage_server"), tmp_path, authority, server)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        mia = await harbour.invited_by(olga, "Mia", "member")
        made = await olga.connect(server.base_url, ["steady"])
        exchange = await mia.ask("Hello?", made["models"][0]["ref"])
        assert (await mia.wait_for(exchange))["state"] == "done"
        assert (await olga.get("/api/audit/check"))["intact"]
    database = Database(as_somebody(split, "moorage_server"))
    try:
        for attempt in (
            "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            "DROP TRIGGER audit_entry_keeps_rows ON audit_entry",
            "DROP TABLE audit_entry",
            "TRUNCATE audit_entry CASCADE",
            "ALTER FUNCTION refuse_trail_change() OWNER TO moorage_server",
            "SET session_replication_role = replica",
            "CREATE TABLE theirs (id int)",
            "CREATE TABLE theirs PARTITION OF byom_usage_event FOR VALUES FROM ('1') TO ('2')",
            "DROP TABLE byom_usage_event_rest",
        ):
            with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
                async with database.write() as tx:
                    await tx.execute(text(attempt))
        # As far ahead as in a month's time: made by the owner's function, which makes nothing else.
        ahead = f"SELECT make_usage_month('byom_usage_event', '{months_ahead(AHEAD + 1)[-1]}')"
        async with database.write() as tx:
            assert await tx.scalar(text(ahead)) == "made"
        async with database.read() as tx:
            assert await find_wanted(tx) == []
        # The start migrates; with nothing to do, it needs no more than this user may.
        await upgrade(database)
    finally:
        await database.close()


async def test_a_user_who_may_less_is_told_who_has_to_bring_the_schema_up_to_date(split: str) -> None:
    with pytest.raises(Unavailable, match="schema_not_ours"):
        await migrate_as(split, "moorage_server")
    await migrate_as(split, "moorage_owner")
    await migrate_as(split, "moorage_server")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def listening(authority: TestAuthority) -> Iterator[PostgresCluster]:
    """Give a cluster that listens at an address and offers TLS."""
    folder = Path(tempfile.mkdtemp(prefix="moorage-pg-", dir="/tmp"))
    chain, key = authority.write_pair(folder, ON_THE_WIRE)
    settings = {"listen_addresses": ON_THE_WIRE, "ssl": "on", "ssl_cert_file": str(chain), "ssl_key_file": str(key)}
    cluster = PostgresCluster(folder, settings)
    for file in (chain, key):
        cluster.take(file)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def ways(listening: PostgresCluster, authority: TestAuthority) -> dict[str, Way]:
    """Give how a connection goes, by what its URL says."""
    address = f"postgresql+psycopg://moorage@{ON_THE_WIRE}/postgres"
    urls = {
        "socket": listening.url("postgres"),
        "disable": f"{address}?sslmode=disable",
        "nothing": address,
        "require": f"{address}?sslmode=require",
        "verify-full": f"{address}?sslmode=verify-full&sslrootcert={authority.ca_pem}",
    }
    found = {}
    for name, url in urls.items():
        database = Database(url, looks_only=True)
        async with database.read() as tx:
            found[name] = await look_at_way(tx)
        await database.close()
    return found


async def test_how_a_connection_goes_is_what_the_driver_did(ways: dict[str, Way]) -> None:
    assert ways == {
        "socket": Way(stays_here=True, is_encrypted=False, is_server_checked=False),
        "disable": Way(stays_here=True, is_encrypted=False, is_server_checked=False),
        "nothing": Way(stays_here=True, is_encrypted=True, is_server_checked=False),
        "require": Way(stays_here=True, is_encrypted=True, is_server_checked=False),
        "verify-full": Way(stays_here=True, is_encrypted=True, is_server_checked=True),
    }
