"""`moorage person erase` and `team erase`: the dry run changes nothing, the erasure ends with a receipt."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from moorage import app
from moorage.accounts.people import NewPerson
from moorage.accounts.visit import Visit
from moorage.errors import Unavailable
from moorage.settings import Settings
from tests.doctor.conftest import Doctor
from tests.support.running import PASSWORD


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Give the data folder of a deployment that Olga runs, and in which Eve is alone in a team of her own."""
    built = await app.build(Settings(data=tmp_path / "data"))
    for name, team in (("Olga", "Kanzlei Brandt"), ("Eve", "Elsewhere")):
        person = NewPerson(name, f"{name.lower()}@example.com", PASSWORD, "en")
        await built.parts.people.sign_up(person, team, Visit("203.0.113.7", "req-1"))
    await app.close(built.parts)
    return tmp_path / "data"


def _query(data: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(data / "moorage.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _everything(data: Path) -> str:
    connection = sqlite3.connect(data / "moorage.db")
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


async def test_a_dry_run_says_what_would_go_and_changes_nothing(moorage: Doctor, data: Path) -> None:
    before = _everything(data)
    said = await moorage("person", "erase", "eve@example.com", "--dry-run", settings={"DATA": data})
    assert (said.code, said.err) == (0, "")
    assert "the team Elsewhere goes with them: nobody else is in it" in said.out
    assert "STAYS" in said.out
    assert "hashed into the next" in said.out
    assert _everything(data) == before
    assert not (data / "erasures").exists()


async def test_a_person_who_is_alone_in_a_team_goes_with_it_and_a_receipt_is_given(
    moorage: Doctor,
    data: Path,
) -> None:
    said = await moorage("person", "erase", "eve@example.com", "--yes", settings={"DATA": data})
    assert (said.code, said.err) == (0, ""), said.err
    assert "erased, " in said.out
    assert _query(data, "SELECT name FROM user_account") == [("Olga",)]
    assert _query(data, "SELECT name FROM team") == [("Kanzlei Brandt",)]
    assert len((data / "erasures").read_text().splitlines()) == 2
    left = {name for (name,) in _query(data, "SELECT DISTINCT actor_name FROM audit_entry WHERE actor_name = 'Eve'")}
    assert left == set()
    verified = await moorage("audit", "verify", settings={"DATA": data})
    assert verified.code == 0, verified.out


async def test_what_was_exported_for_whoever_is_erased_goes_with_them(moorage: Doctor, data: Path) -> None:
    people = {row[0]: row[1] for row in _query(data, "SELECT name, id FROM user_account")}
    kept = _export_of(data, people["Olga"])
    gone = _export_of(data, people["Eve"])
    said = await moorage("person", "erase", "eve@example.com", "--yes", settings={"DATA": data})
    assert said.code == 0, said.err
    assert (kept.exists(), gone.exists()) == (True, False)


def _export_of(data: Path, person_id: object) -> Path:
    """Put an export there that is ready to be fetched."""
    job_id = str(uuid4())
    with closing(sqlite3.connect(data / "moorage.db")) as connection, connection:
        [team_id] = connection.execute("SELECT team_id FROM membership WHERE user_id = ?", [person_id]).fetchone()
        connection.execute(
            "INSERT INTO privacy_job (id, team_id, kind, asked_by, whole_account, locale, state, cursor, done, total,"
            " created_at) VALUES (?, ?, 'own_export', ?, 1, 'en', 'done', '{}', 1, 1, 1)",
            [job_id, team_id, person_id],
        )
    file = data / "exports" / f"{job_id}.zip"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"a zip")
    return file


async def test_whoever_is_unknown_and_whoever_others_depend_on_is_not_erased(
    moorage: Doctor,
    data: Path,
) -> None:
    unknown = await moorage("person", "erase", "nobody@example.com", "--yes", settings={"DATA": data})
    assert unknown.code == 2
    missing = "00000000-0000-7000-8000-000000000000"
    no_team = await moorage("team", "erase", missing, "--yes", settings={"DATA": data})
    assert no_team.code == 2
    assert "moorage team list" in no_team.err


async def test_a_ledger_that_is_gone_for_good_is_accepted_after_what_that_costs_was_said(
    moorage: Doctor, data: Path
) -> None:
    await moorage("person", "erase", "eve@example.com", "--yes", settings={"DATA": data})
    (data / "erasures").unlink()
    with pytest.raises(Unavailable) as refused:
        await app.build(Settings(data=data))
    assert (refused.value.code, refused.value.params["count"]) == ("erasures_file_missing", 2)
    said = await moorage("erasures", "accept-loss", "--yes", settings={"DATA": data})
    assert (said.code, said.err) == (0, "")
    assert "lacks 2 erasures" in said.out
    before = _query(data, "SELECT id, name FROM user_account")
    await app.close((await app.build(Settings(data=data))).parts)
    assert _query(data, "SELECT id, name FROM user_account") == before
    again = await moorage("erasures", "accept-loss", settings={"DATA": data})
    assert (again.code, "Nothing is lost" in again.out) == (0, True)
