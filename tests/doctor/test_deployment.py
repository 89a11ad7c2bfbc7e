"""`moorage doctor` says what is wrong with a deployment and what to do, and changes nothing of it."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert, text

from moorage import app
from moorage.composition.ground import build_database
from moorage.doctor.checks import CHECKS, State
from moorage.settings import Settings
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.vault.keyring import KeyRing
from moorage.vault.tables import KeyRotationRow
from tests.doctor.conftest import Doctor, check, states
from tests.support.transit_double import transit_double

Given = dict[str, Any]


def picture(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Give mode, time of change and content of a folder and everything in it; nothing if there is none."""
    return {
        str(path): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in (folder, *folder.rglob("*"))
        if path.exists()
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def settings(empty_database_url: str, data: Path) -> Given:
    """Give the settings of a deployment on this engine."""
    if empty_database_url.startswith("sqlite"):
        return {"DATA": data}
    return {"DATA": data, "DATABASE_URL": empty_database_url.replace("+psycopg", "")}


def as_settings(settings: Given) -> Settings:
    return Settings(**{name.lower(): value for name, value in settings.items()})


@pytest_asyncio.fixture
async def started(settings: Given) -> Given:
    """Give the settings of a deployment that was started once and stopped."""
    built = await app.build(as_settings(settings))
    await app.close(built.parts)
    return settings


@pytest_asyncio.fixture
async def database(settings: Given, started: object) -> AsyncIterator[Database]:
    """Give the database of the stopped deployment, to be changed by the test."""
    database = build_database(as_settings(settings))
    yield database
    await database.close()


async def test_a_good_deployment_has_no_problem_and_stays_as_it_is(doctor: Doctor, started: Given, data: Path) -> None:
    before = picture(data)
    said = await doctor("--json", settings=started)
    assert (said.code, said.err, said.document["verdict"]) == (0, "", "ok"), said.out
    assert list(states(said)) == list(CHECKS)
    assert set(states(said).values()) == {"ok"}
    assert check(said, "schema")["code"] == "doctor.schema.current"
    assert check(said, "key_ring")["code"] == "doctor.key_ring.ok"
    assert picture(data) == before


async def test_a_deployment_that_runs_is_looked_at_without_disturbing_it(
    doctor: Doctor, started: Given, database: Database
) -> None:
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM invitation"))
        said = await doctor("--json", settings=started)
    assert (said.code, check(said, "database")["state"]) == (0, "ok"), said.out


async def test_rows_say_the_same_as_the_document(doctor: Doctor, started: Given) -> None:
    said = await doctor(settings=started)
    assert (said.code, len(said.rows())) == (0, len(CHECKS))
    assert set(said.rows().values()) == {"ok"}
    assert said.out.splitlines()[-1] == f"All is well. Checks: {len(CHECKS)}."


async def test_before_the_first_start_nothing_is_made_and_nothing_is_a_problem(
    doctor: Doctor, settings: Given, data: Path, here: Path
) -> None:
    said = await doctor("--json", settings=settings)
    assert (said.code, said.document["verdict"]) == (0, "warning"), said.out
    assert check(said, "data_folder")["code"] == "doctor.data_folder.missing"
    assert check(said, "key_ring")["code"] == "doctor.key_ring.missing"
    assert (picture(data), len(picture(here))) == ({}, 1)


@pytest.mark.parametrize(
    ("mode", "state", "code"), [(0o755, "problem", 1), (0o701, "problem", 1), (0o750, "warning", 0)]
)
async def test_a_folder_that_others_can_look_into_is_named(
    doctor: Doctor, tmp_path: Path, mode: int, state: State, code: int
) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    said = await doctor("--json", settings={"DATA": folder})
    found = check(said, "data_folder")
    assert (said.code, found["state"], found["facts"]["mode"]) == (code, state, f"{mode:04o}")
    assert "chmod 700" in found["sentence"]


async def test_a_missing_ring_beside_a_used_database_is_a_problem_and_none_is_made(
    doctor: Doctor, started: Given, data: Path
) -> None:
    """P12."""
    (data / "keys").unlink()
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "key_ring")["code"]) == (1, "key_ring_lost")
    assert not (data / "keys").exists()


async def test_another_ring_and_one_that_others_can_read_are_problems(
    doctor: Doctor, started: Given, data: Path, tmp_path: Path
) -> None:
    """P12."""
    other = tmp_path / "other-ring"
    KeyRing.create(other)
    said = await doctor("--json", settings={**started, "KEY_RING_FILE": other})
    assert (said.code, check(said, "key_ring")["code"]) == (1, "key_absent")
    (data / "keys").chmod(0o644)
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "key_ring")["code"]) == (1, "key_ring_open_to_others")
    secret = (data / "keys").read_text().strip().partition(":")[2]
    assert secret not in said.out


async def test_an_older_schema_is_a_warning_and_is_not_brought_up_to_date(
    doctor: Doctor, started: Given, database: Database, data: Path
) -> None:
    """The ring is judged there, too, although columns of today are missing."""
    async with database.write() as tx:
        for column in ("sealed_trust", "trust_facts", "key_lost_at"):
            await tx.execute(text(f"ALTER TABLE connection DROP COLUMN {column}"))
        await tx.execute(text("DROP TABLE team_key"))
        await tx.execute(text("UPDATE alembic_version SET version_num = '0001_first'"))
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "schema")["code"]) == (0, "doctor.schema.older"), said.out
    facts = check(said, "schema")["facts"]
    assert (facts["found"], facts["newest"] > "0002") == ("0001_first", True)
    assert check(said, "key_ring")["code"] == "doctor.key_ring.ok"
    (data / "keys").unlink()
    assert check(await doctor("--json", settings=started), "key_ring")["code"] == "key_ring_lost"
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM key_check"))
    assert check(await doctor("--json", settings=started), "key_ring")["code"] == "doctor.key_ring.missing"
    async with database.read() as tx:
        assert await tx.scalar(text("SELECT version_num FROM alembic_version")) == "0001_first"


async def test_a_newer_schema_and_somebody_elses_tables_are_problems(
    doctor: Doctor, started: Given, database: Database
) -> None:
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "schema")["code"]) == (1, "schema_unknown")
    assert "9999_future" in check(said, "schema")["sentence"]


async def test_a_check_that_breaks_stops_no_other(doctor: Doctor, started: Given, database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(text("DROP TABLE key_check"))
    said = await doctor("--json", settings=started)
    assert (said.code, list(states(said))) == (1, list(CHECKS))
    assert (states(said)["key_ring"], states(said)["versions"]) == ("problem", "ok")


async def test_sealed_values_without_the_check_of_a_ring_are_a_problem(
    doctor: Doctor, started: Given, database: Database
) -> None:
    """P12: whose key sealed them is not known, so that no ring can be said to fit."""
    async with database.write() as tx:
        await tx.execute(text("DELETE FROM key_check"))
    assert check(await doctor("--json", settings=started), "key_ring")["code"] == "doctor.key_ring.new_key"
    async with database.write() as tx:
        # The deployment's own data key opened, which proved the ring; the signing key that lies under it remains.
        await tx.execute(text("DELETE FROM team_key"))
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "key_ring")["code"]) == (1, "key_wrong")


async def test_a_database_that_can_not_be_reached_is_a_problem_and_its_password_is_not_shown(
    doctor: Doctor, tmp_path: Path
) -> None:
    """P12."""
    for url in ("postgresql://olga:hush-hush@127.0.0.1:1/moorage", "postgresql://olga:hush-hush@127.0.0.1:port/m"):
        said = await doctor("--json", settings={"DATA": tmp_path, "DATABASE_URL": url})
        assert (said.code, check(said, "database")["state"]) == (1, "problem")
        assert states(said)["schema"] == "skipped"
        assert "hush-hush" not in said.out + said.err


async def test_upgrade_makes_the_schema_and_ends(moorage: Doctor, doctor: Doctor, settings: Given) -> None:
    said = await moorage("upgrade", settings=settings)
    assert said.code == 0, said.err
    schema = check(await doctor("--json", settings=settings), "schema")
    assert schema["code"] == "doctor.schema.current"
    assert said.out.splitlines()[-1] == f"The schema is up to date: {schema['facts']['found']}."
    again = await moorage("upgrade", settings=settings)
    assert (again.code, again.out.count("\n")) == (0, 1)
    closed = await moorage("upgrade", settings={**settings, "DATABASE_URL": "postgresql://olga:hush@127.0.0.1:1/m"})
    assert closed.code == 2
    assert "hush" not in closed.out + closed.err


async def test_a_key_store_is_asked_and_named_when_it_can_not_help(
    doctor: Doctor, settings: Given, tmp_path: Path
) -> None:
    async with transit_double(tmp_path / "store") as store:
        await store.make_key("moorage")
        (tmp_path / "token").write_text(await store.make_token())
        given = {
            **settings,
            "KEY_SOURCE": "transit",
            "TRANSIT_URL": store.url,
            "TRANSIT_TOKEN_FILE": tmp_path / "token",
            "EXTRA_CA_FILE": store.ca_pem,
        }
        await app.close((await app.build(as_settings(given))).parts)
        said = await doctor("--json", settings=given)
        assert check(said, "key_ring")["code"] == "doctor.key_ring.ok", said.out
        assert check(said, "key_ring")["facts"]["key_id"] == "transit:transit/moorage:v1"
        await store.seal()
        said = await doctor("--json", settings=given)
        assert (said.code, check(said, "key_ring")["code"]) == (1, "key_store_sealed")
        assert (tmp_path / "token").read_text() not in said.out


async def test_a_rotation_that_did_not_end_is_a_warning(doctor: Doctor, started: Given, database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(insert(KeyRotationRow).values(id=1, begun_at=db_now()))
    said = await doctor("--json", settings=started)
    assert (said.code, check(said, "key_ring")["code"]) == (0, "doctor.key_ring.rotate")
