"""`moorage audit` and `team set` in a terminal: what they verify, sign, and refuse to do without the keys (P17)."""

import contextlib
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from moorage import app
from moorage.accounts.people import NewPerson
from moorage.accounts.visit import Visit
from moorage.settings import Settings
from tests.doctor.conftest import Doctor
from tests.support.codebase import ROOT
from tests.support.running import PASSWORD


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """Give the data folder of a deployment with Olga's team, whose heads were anchored beside it."""
    settings = Settings(data=tmp_path / "data", audit_anchor_file=tmp_path / "anchors")
    built = await app.build(settings)
    built.parts.trail_keeper.start()
    olga = NewPerson("Olga", "olga@example.com", PASSWORD, "en")
    await built.parts.people.sign_up(olga, "Kanzlei Brandt", Visit("203.0.113.7", "req-1"))
    await app.close(built.parts)
    return tmp_path / "data"


@contextlib.contextmanager
def opened(data: Path) -> Iterator[sqlite3.Connection]:
    """Give the file to somebody who holds it, without its triggers."""
    with contextlib.closing(sqlite3.connect(data / "moorage.db")) as connection, connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection


def team_id_in(data: Path) -> str:
    with opened(data) as connection:
        return str(connection.execute("SELECT id FROM team").fetchone()[0])


async def test_whole_trails_are_told_intact_and_so_are_their_anchors(moorage: Doctor, data: Path) -> None:
    said = await moorage("audit", "verify", "--anchors", str(data.parent / "anchors"), settings={"DATA": data})
    assert (said.code, said.err) == (0, "")
    lines = [line.split("  ", 1)[1] for line in said.out.splitlines()[:-1]]
    assert lines == ["this deployment  2 entries  intact", "Kanzlei Brandt  2 entries  intact"]
    assert said.out.splitlines()[-1] == "2 anchors"


async def test_what_was_done_is_told_where_in_the_readers_language(moorage: Doctor, data: Path) -> None:
    with opened(data) as connection:
        connection.execute("UPDATE audit_entry SET actor_name = 'x' WHERE seq = 2 AND actor_name = 'Olga'")
    for language, told in (("en", "Entry 2 was edited."), ("de", "Eintrag 2 wurde verändert.")):
        said = await moorage("audit", "verify", "--language", language, settings={"DATA": data})
        assert said.code == 1
        assert f"Kanzlei Brandt  1 entries  BROKEN  {told}" in said.out


async def test_a_database_that_was_put_back_is_found_by_its_anchors(moorage: Doctor, data: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "moorage.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(data.parent / "yesterday.db"),))
    team_id = team_id_in(data)
    settings = {"DATA": data, "AUDIT_ANCHOR_FILE": data.parent / "anchors"}
    assert (await moorage("team", "set", team_id, "--standing", "suspended", settings=settings)).code == 0
    built = await app.build(Settings(data=data, audit_anchor_file=data.parent / "anchors"))
    built.parts.trail_keeper.start()
    await app.close(built.parts)
    for ending in ("", "-wal", "-shm"):
        (data / f"moorage.db{ending}").unlink(missing_ok=True)
    (data.parent / "yesterday.db").rename(data / "moorage.db")
    assert (await moorage("audit", "verify", settings=settings)).code == 0
    said = await moorage("audit", "verify", "--anchors", str(data.parent / "anchors"), settings=settings)
    assert said.code == 1
    assert "put back to an older state: entry 3 had been there" in said.out


async def test_team_set_signs_what_it_records_and_refuses_without_the_ring(moorage: Doctor, data: Path) -> None:
    team_id = team_id_in(data)
    said = await moorage("team", "set", team_id, "--plan", "enterprise", settings={"DATA": data})
    assert said.code == 0
    assert (await moorage("audit", "verify", settings={"DATA": data})).code == 0
    (data / "keys").rename(data.parent / "keys")
    said = await moorage("team", "set", team_id, "--plan", "free", settings={"DATA": data})
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    with opened(data) as connection:
        assert connection.execute("SELECT plan FROM team").fetchall() == [("enterprise",)]


async def test_a_mistyped_plan_or_standing_changes_nothing(moorage: Doctor, data: Path) -> None:
    """The gate would refuse it, and the team's models would be closed by a typing error."""
    team_id = team_id_in(data)
    for wish in (("--plan", "entreprise"), ("--standing", "actve"), ("--plan", "free", "--standing", "Active")):
        said = await moorage("team", "set", team_id, *wish, settings={"DATA": data})
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("There is no such ")
    with opened(data) as connection:
        assert connection.execute("SELECT plan, standing FROM team").fetchall() == [("free", "active")]


async def test_a_ring_with_another_key_of_the_same_name_is_told_in_the_status(moorage: Doctor, data: Path) -> None:
    ring = data / "keys"
    key_id = ring.read_text().split(":")[0]
    ring.write_text(f"{key_id}:{b64encode(b'n' * 32).decode()}\n")
    said = await moorage("keys", "status", settings={"DATA": data})
    assert (said.code, f"{key_id}  DOES NOT FIT" in said.out) == (0, True)


async def test_a_folder_without_a_database_is_told_and_left_empty(moorage: Doctor, data: Path) -> None:
    elsewhere = data.parent / "mistyped"
    said = await moorage("team", "list", settings={"DATA": elsewhere})
    assert (said.code, said.err.startswith("There is no database of Moorage here yet.")) == (2, True)
    assert not (elsewhere / "moorage.db").exists()


async def test_options_that_would_be_passed_over_are_refused(moorage: Doctor, data: Path) -> None:
    for wish in (("--key", "x"), ("--file", "export.ndjson", "--anchors", "anchors")):
        said = await moorage("audit", "verify", *wish, settings={"DATA": data})
        assert (said.code, said.out) == (2, "")


async def test_the_public_keys_are_printed_and_a_new_one_made(moorage: Doctor, data: Path) -> None:
    first = await moorage("audit", "key", settings={"DATA": data})
    assert [line.split("  ")[0::2] for line in first.out.splitlines()] == [["1", "signs"]]
    second = await moorage("audit", "key", "--new", settings={"DATA": data})
    assert [line.split("  ")[0] for line in second.out.splitlines()] == ["1", "2"]
    assert second.out.splitlines()[1].endswith("  signs")
    assert first.out.split("  ")[1] == second.out.splitlines()[0].split("  ")[1]
    said = await moorage("audit", "verify", "--anchors", str(data.parent / "anchors"), settings={"DATA": data})
    assert said.code == 0
    shown = await moorage("audit", "show", settings={"DATA": data})
    assert shown.out.splitlines()[-1].endswith("the key before is retired.")


async def test_a_file_is_verified_where_there_is_no_deployment(moorage: Doctor) -> None:
    file = ROOT / "docs" / "audit-export.ndjson"
    said = await moorage("audit", "verify", "--file", str(file))
    assert said.code == 0
    assert "Kanzlei Brandt  3 entries, the whole trail  intact" in said.out
    key = said.out.split("signed under ")[1].split(":")[0]
    assert (await moorage("audit", "verify", "--file", str(file), "--key", key)).code == 0
    other = "A" * 43 + "="
    said = await moorage("audit", "verify", "--file", str(file), "--key", other, "--language", "de")
    assert (said.code, "anderen Schlüssel" in said.out) == (1, True)
    for arguments in (("--file", str(file), "--key", "x"), ("--file", "/nowhere")):
        said = await moorage("audit", "verify", *arguments)
        assert (said.code, "Traceback" in said.err) == (2, False)


async def test_pruning_and_uses_are_told(moorage: Doctor, data: Path) -> None:
    said = await moorage("audit", "prune", settings={"DATA": data})
    assert (said.code, said.out) == (0, "0 entries pruned\n")
    said = await moorage("audit", "uses", settings={"DATA": data})
    assert (said.code, said.out) == (0, "")


async def test_an_anchor_file_that_can_not_be_made_stops_the_start(moorage: Doctor, tmp_path: Path) -> None:
    settings = {"DATA": tmp_path / "data", "AUDIT_ANCHOR_FILE": tmp_path / "nowhere" / "anchors", "PORT": 0}
    said = await moorage("serve", settings=settings)
    assert (said.code, "MOORAGE_AUDIT_ANCHOR_FILE" in said.err, "Traceback" in said.err) == (2, True, False)
