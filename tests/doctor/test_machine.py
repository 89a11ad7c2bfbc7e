"""Checks of the machine and the settings, and of a SQLite file that was damaged or written by a wrong clock."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from moorage import app
from moorage.doctor import machine, stored
from moorage.doctor.checks import CHECKS, State
from moorage.settings import Settings
from moorage.storage.looking import Way, quick_check
from tests.doctor.conftest import Doctor, check, states
from tests.support.authority import TestAuthority

MIB = 1024 * 1024


@pytest_asyncio.fixture
async def file(tmp_path: Path) -> Path:
    """Give the SQLite file of a deployment that was started once and stopped."""
    built = await app.build(Settings(data=tmp_path / "data"))
    await app.close(built.parts)
    return tmp_path / "data" / "moorage.db"


async def test_every_variable_that_can_not_be_used_is_named_and_the_rest_is_looked_at_all_the_same(
    doctor: Doctor, tmp_path: Path
) -> None:
    said = await doctor("--json", settings={"PROT": "1", "DATEN": "x", "PORT": "hush-hush"})
    found = check(said, "settings")
    assert (said.code, found["state"]) == (1, "problem")
    assert [item.partition(":")[0] for item in found["items"]] == ["MOORAGE_DATEN", "MOORAGE_PROT", "MOORAGE_PORT"]
    assert "hush-hush" not in said.out
    assert (states(said)["data_folder"], states(said)["versions"]) == ("skipped", "ok")
    assert list(states(said)) == list(CHECKS)
    said = await doctor("--json", settings={"EGRESS_ALLOW_FILE": tmp_path / "nowhere"})
    assert [item.partition(":")[0] for item in check(said, "settings")["items"]] == ["MOORAGE_EGRESS_ALLOW_FILE"]


async def test_variables_that_others_obey_are_named_without_their_values(doctor: Doctor, tmp_path: Path) -> None:
    """P12: a proxy's address may hold a password."""
    variables = {
        "HTTPS_PROXY": "http://olga:hush-hush@127.0.0.1:3128",
        "all_proxy": "socks5://hush-hush",
        "NO_PROXY": "",
        "SSL_CERT_FILE": "/hush-hush.pem",
        "SSLKEYLOGFILE": str(tmp_path / "hush-hush"),
    }
    rows = await doctor(settings={"DATA": tmp_path}, variables=variables)
    said = await doctor("--json", settings={"DATA": tmp_path}, variables=variables)
    assert (rows.code, said.code) == (0, 0)
    assert "hush-hush" not in rows.out + rows.err + said.out + said.err
    assert "    HTTPS_PROXY\n" in rows.out
    found = check(said, "ignored_variables")
    assert (found["state"], found["items"]) == (
        "warning",
        ["HTTPS_PROXY", "SSLKEYLOGFILE", "SSL_CERT_FILE", "all_proxy"],
    )


async def test_every_exception_in_force_is_listed(doctor: Doctor, tmp_path: Path) -> None:
    """P11."""
    more = tmp_path / "allow"
    more.write_text("[fd00::1]:8443=fd00::/64  # the lab\n")
    settings = {"DATA": tmp_path, "EGRESS_ALLOW": "llm.kanzlei.internal:443=10.20.0.0/24", "EGRESS_ALLOW_FILE": more}
    said = await doctor("--json", settings=settings)
    assert check(said, "exceptions")["items"] == ["llm.kanzlei.internal:443 → 10.20.0.0/24", "fd00::1:8443 → fd00::/64"]
    said = await doctor(settings=settings)
    assert "    llm.kanzlei.internal:443 → 10.20.0.0/24\n" in said.out


@pytest.mark.parametrize(
    ("text", "entries", "opened"),
    [
        ("a.internal:443=10.0.0.0/8, hush-hush", "2", ["a.internal:443 → 10.0.0.0/8"]),
        ("a.internal:443=169.254.0.0/16,a.internal:5432=10.0.0.1/32", "1, 2", []),
    ],
)
async def test_an_exception_that_would_stop_the_start_is_named_by_its_number(
    doctor: Doctor, tmp_path: Path, text: str, entries: str, opened: list[str]
) -> None:
    """P11."""
    said = await doctor("--json", settings={"DATA": tmp_path, "EGRESS_ALLOW": text})
    found = check(said, "exceptions")
    assert (said.code, found["state"], found["facts"], found["items"]) == (1, "problem", {"entries": entries}, opened)
    assert "hush-hush" not in said.out


def test_own_hosts_networks_and_ports_are_counted() -> None:
    settings = Settings(egress_refuse=".example.com, moorage.example.org, 203.0.113.0/24", egress_ports="443,5432")
    found = machine.check_closed_targets(settings)
    assert (found.facts["hosts"], found.facts["networks"]) == (2, 1)
    assert int(found.facts["addresses"]) >= 1
    ports = machine.check_endpoint_ports(settings)
    assert (ports.state, ports.facts) == ("warning", {"ports": "443, 5432", "doubtful": "5432"})
    assert machine.check_endpoint_ports(Settings()).state == "ok"


@pytest.mark.parametrize(
    ("free_bytes", "state"),
    [
        (100 * MIB - 1, "problem"),
        (100 * MIB, "warning"),
        (1024 * MIB - 1, "warning"),
        (1024 * MIB, "ok"),
    ],
)
def test_little_room_is_a_warning_and_hardly_any_a_problem(free_bytes: int, state: State) -> None:
    assert machine.judge_free_space(free_bytes).state == state


def test_a_database_that_others_could_read_along_or_stand_in_for_is_a_warning() -> None:
    def judged(*, here: bool, encrypted: bool, checked: bool) -> tuple[State, str]:
        found = stored.judge_way(Way(stays_here=here, is_encrypted=encrypted, is_server_checked=checked), "17.5")
        return found.state, found.code

    well = ("ok", "doctor.database.postgresql")
    assert judged(here=True, encrypted=False, checked=False) == well
    assert judged(here=False, encrypted=True, checked=True) == well
    assert judged(here=False, encrypted=True, checked=False) == ("warning", "doctor.database.unchecked")
    assert judged(here=False, encrypted=False, checked=False) == ("warning", "doctor.database.readable_on_the_way")


@pytest.mark.parametrize(
    ("limit", "state"), [(255, "problem"), (256, "warning"), (4095, "warning"), (4096, "ok"), (-1, "ok")]
)
def test_few_open_files_are_a_warning(limit: int, state: State) -> None:
    assert machine.judge_open_files(limit).state == state


@pytest.mark.parametrize(("seconds", "state"), [(5, "ok"), (5.1, "warning"), (300, "warning"), (301, "problem")])
def test_a_database_whose_clock_is_elsewhere_is_named(seconds: float, state: State) -> None:
    assert stored.judge_clock(seconds).state == state


@pytest.mark.parametrize(
    ("url", "host", "proxies", "state"),
    [
        ("https://moorage.example.com", "0.0.0.0", "10.0.0.2", "ok"),
        ("https://moorage.example.com", "0.0.0.0", "", "warning"),
        ("http://moorage.example.com", "127.0.0.1", "", "warning"),
        ("", "127.0.0.1", "", "ok"),
        ("", "localhost", "", "ok"),
        ("", "0.0.0.0", "", "warning"),
    ],
)
def test_cookies_that_travel_readable_and_a_proxy_without_a_say_are_warnings(
    url: str, host: str, proxies: str, state: State
) -> None:
    assert machine.check_public_url(Settings(public_url=url, host=host, trusted_proxies=proxies)).state == state


def test_an_additional_authority_is_named_with_its_last_day(tmp_path: Path) -> None:
    last = date(3000, 1, 1)  # as trustme issues them
    settings = Settings(extra_ca_file=TestAuthority(tmp_path).ca_pem)
    found = [machine.check_extra_ca(settings, today=last + timedelta(days)) for days in (-31, -30, -29, 0, 1)]
    assert [one.state for one in found] == ["ok", "ok", "warning", "warning", "problem"]
    assert {one.facts["expires_on"] for one in found} == {last.isoformat()}
    assert found[2].facts["days"] == 29
    assert machine.check_extra_ca(Settings(extra_ca_file=tmp_path / "nowhere")).state == "problem"


def test_a_whole_bundle_of_authorities_is_counted(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"".join(trustme.CA().cert_pem.bytes() for _ in range(40)))
    assert machine.check_extra_ca(Settings(extra_ca_file=bundle)).facts["count"] == 40


@pytest.mark.parametrize("page", [b"", b"no database at all"])
async def test_a_damaged_database_is_a_problem(doctor: Doctor, file: Path, page: bytes) -> None:
    """A page lost in the middle, and something else altogether."""
    with file.open("r+b") as opened:
        opened.seek(0 if page else 8192)
        opened.write((page or b"\0") * 8192)
    said = await doctor("--json", settings={"DATA": file.parent})
    assert (said.code, check(said, "database")["code"]) == (1, "doctor.database.damaged")


async def test_what_a_killed_server_left_behind_is_read_and_stays(doctor: Doctor, file: Path) -> None:
    """The newest is in the write-ahead log then."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("UPDATE alembic_version SET version_num = '9999_future'")
        connection.commit()
        left = {path.name: path.read_bytes() for path in file.parent.iterdir() if "moorage.db" in path.name}
    for name, content in left.items():
        (file.parent / name).write_bytes(content)
    said = await doctor("--json", settings={"DATA": file.parent})
    assert check(said, "schema")["facts"] == {"found": "9999_future"}
    assert (file.parent / "moorage.db-wal").read_bytes() == left["moorage.db-wal"]


def test_a_check_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "large.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE word (text TEXT)")
        connection.executemany("INSERT INTO word VALUES (?)", (("word " * 50,) for _ in range(20_000)))
        connection.commit()
    assert quick_check(file, limit_s=0) == "unfinished"
    assert quick_check(file, limit_s=30) == "intact"


async def test_an_entry_of_the_future_says_that_the_clock_went_back(doctor: Doctor, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER audit_entry_keeps_values")
        connection.execute("UPDATE audit_entry SET at = at + 3600000000")
        connection.commit()
    said = await doctor("--json", settings={"DATA": file.parent})
    assert (said.code, check(said, "clock")["code"]) == (0, "doctor.clock.went_back")
    assert int(check(said, "clock")["facts"]["seconds"]) == pytest.approx(3600, abs=60)


async def test_the_checks_are_told_in_german(doctor: Doctor, tmp_path: Path) -> None:
    said = await doctor("--language", "de", settings={"DATA": tmp_path / "nowhere"})
    assert said.code == 0
    assert "der erste Start legt es an" in said.out
    assert said.out.splitlines()[-1].startswith("Kein Problem; Warnungen: ")
