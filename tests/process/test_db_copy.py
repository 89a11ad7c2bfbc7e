"""`moorage db copy`: a deployment moves from SQLite to PostgreSQL and back with everything in it, or stays put."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from moorage.storage.database import Database
from tests.process.people import SignUp, connect, follow_move
from tests.support.authority import TestAuthority
from tests.support.comparable import comparable
from tests.support.databases import PostgresCluster, chosen_databases
from tests.support.deploying import deployed, plain, reaching
from tests.support.model_server import ModelServer
from tests.support.serving import Serving


@pytest.fixture(autouse=True)
def postgresql_is_chosen(request: pytest.FixtureRequest) -> None:
    if "postgresql" not in chosen_databases(request.config):
        pytest.skip("--databases leaves PostgreSQL out")


@pytest.fixture
def url(request: pytest.FixtureRequest, postgresql_is_chosen: None) -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database."""
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = f"c_{uuid.uuid4().hex}"
    cluster.create(name)
    try:
        yield cluster.url(name)
    finally:
        cluster.drop(name)


@pytest_asyncio.fixture
async def deployment(tmp_path: Path, models: tuple[TestAuthority, ModelServer]) -> AsyncIterator[Serving]:
    authority, server = models
    async with deployed(tmp_path, {**reaching(authority, server), "CHECK_EVERY_S": 0}) as serving:
        yield serving


async def held_by(url: str) -> dict[str, object]:
    database = Database(url)
    try:
        everything = await comparable(database)
        # The copy itself is in the target's trail, and its data key was opened for that, which counts.
        moved_on = {"audit_entry", "audit_head", "team_key"}
        return {table: rows for table, rows in everything.items() if table not in moved_on}
    finally:
        await database.close()


@pytest.mark.timeout(400)
async def test_a_deployment_moves_to_postgresql_and_back(
    deployment: Serving, url: str, model_server: ModelServer, sign_up: SignUp
) -> None:
    there = {"DATABASE_URL": plain(url)}
    await deployment.start()
    olga = await sign_up(deployment)
    ref = (await connect(olga, model_server))["steady"]
    exchange = await olga.ask("On SQLite", ref)
    await olga.wait_for(exchange)

    code, said = await deployment.run("db", "copy", **there)
    assert (code, "A server is running" in said) == (2, True), said
    assert await deployment.stop() == 0
    code, said = await deployment.run("db", "copy")
    assert (code, "MOORAGE_DATABASE_URL" in said) == (2, True), said
    code, said = await deployment.run("db", "copy", **there)
    assert (code, "each table was read back and is the same" in said) == (0, True), said
    file = f"sqlite+aiosqlite:///{deployment.data}/moorage.db"
    assert await held_by(file) == await held_by(url)
    code, said = await deployment.run("db", "copy", **there)
    assert (code, "something in it already" in said) == (2, True), said

    await deployment.start(**there)
    follow_move(olga, deployment)
    # Nobody signs in anew: it is the same deployment.
    assert (await olga.wait_for(await olga.ask("On PostgreSQL", ref)))["state"] == "done"
    code, said = await deployment.run("audit", "verify", **there)
    assert code == 0, said
    code, said = await deployment.run("audit", "show", **there)
    assert "was copied to PostgreSQL" in said
    [found] = (await olga.post("/api/searches", {"text": "sqlite"}))["results"]
    assert found["hits"]
    assert await deployment.stop() == 0

    code, said = await deployment.run("db", "copy", "--back", **there)
    assert (code, "something in it already" in said) == (2, True), said
    for left in deployment.data.glob("moorage.db*"):
        left.unlink()
    with psycopg.connect(there["DATABASE_URL"]):
        code, said = await deployment.run("db", "copy", "--back", **there)
        assert (code, "has this database open" in said) == (2, True), said
    code, said = await deployment.run("db", "copy", "--back", **there)
    assert code == 0, said
    assert (deployment.data / "moorage.db").stat().st_mode & 0o777 == 0o600
    assert await held_by(file) == await held_by(url)
    await deployment.start()
    follow_move(olga, deployment)
    assert (await olga.wait_for(await olga.ask("Back home", ref)))["state"] == "done"


async def test_a_user_who_owns_nothing_is_told_so(deployment: Serving, url: str, sign_up: SignUp) -> None:
    await deployment.start()
    await sign_up(deployment)
    assert await deployment.stop() == 0
    with psycopg.connect(plain(url), autocommit=True) as administrator:
        administrator.execute("CREATE ROLE nobodys LOGIN")
        administrator.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try:
        theirs = plain(url).replace("//moorage@", "//nobodys@")
        code, said = await deployment.run("db", "copy", DATABASE_URL=theirs)
        assert (code, "as the user who owns" in said) == (2, True), said
    finally:
        with psycopg.connect(plain(url), autocommit=True) as administrator:
            administrator.execute("DROP ROLE nobodys")
