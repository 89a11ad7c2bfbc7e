"""A backup is the file that was written, or it is refused: cut off, changed, foreign, made up, of a later version."""

import hashlib
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from moorage.backups.archive import PARTIAL, ArchiveWriter, open_archive, sweep_partials
from moorage.backups.manifest import Manifest
from moorage.errors import Conflict, MoorageError, Unavailable
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from tests.backups.making import make, read_everything
from tests.support.everything import fill_everything

AT = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> bytes:
    """Give the bytes of a backup of a database with something in every table."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "moorage.db").write_bytes(migrated_file.read_bytes())
    return make(folder / "moorage.db", folder / "good.backup", before=fill_everything)


def refused(content: bytes, folder: Path) -> MoorageError:
    """Read a file as a backup to its end, and give how it was refused."""
    file = folder / "some.backup"
    file.write_bytes(content)
    with pytest.raises(MoorageError) as refusal:
        read_everything(file)
    return refusal.value


def test_what_was_written_is_read(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.backup").write_bytes(good)
    assert read_everything(tmp_path / "good.backup") > 100


@pytest.mark.parametrize("left", [0, 1, 29, 40, 500, -1, -64, -90, -2000])
def test_a_backup_that_was_cut_off_is_refused(good: bytes, tmp_path: Path, left: int) -> None:
    error = refused(good[:left], tmp_path)
    assert error.code in ({"backup_damaged"} if left > 43 or left < 0 else {"backup_not_ours"})


@pytest.mark.parametrize("more", [b"\0", b"PK\x05\x06", b"moorage-backup/1 sha256 " + b"0" * 64])
def test_a_backup_with_something_behind_it_is_refused(good: bytes, tmp_path: Path, more: bytes) -> None:
    assert refused(good + more, tmp_path).code == "backup_damaged"


def test_one_flipped_bit_anywhere_is_found(good: bytes, tmp_path: Path) -> None:
    """In each hundredth of the file, and in every byte of its beginning and its end."""
    chance = random.Random(20261127)
    places = [*range(60), *range(len(good) - 200, len(good))]
    places += [chance.randrange(60, len(good) - 200) for _ in range(100)]
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 1 << chance.randrange(8)
        error = refused(bytes(changed), tmp_path)
        assert error.code in {"backup_damaged", "backup_not_ours", "backup_newer"}, place


def test_bytes_that_changed_places_are_found(good: bytes, tmp_path: Path) -> None:
    middle = len(good) // 2
    assert refused(good[:100] + good[middle:-100] + good[100:middle] + good[-100:], tmp_path).code == "backup_damaged"


def zip_of(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "foreign",
    [b"", b"\0" * 5000, b"SQLite format 3\0" + b"\0" * 4096, zip_of(a=b"b"), zip_of(**{"manifest.json": b"{}"})],
    ids=["empty", "zeros", "sqlite", "zip", "zip with a manifest"],
)
def test_a_foreign_file_is_refused_as_one(tmp_path: Path, foreign: bytes) -> None:
    assert refused(foreign, tmp_path).code == "backup_not_ours"


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(Unavailable, match="backup_unreadable") as error:
            open_archive(path)
        assert error.value.params == {"file": str(path)}


def rewritten(good: bytes, change: Callable[[dict[str, bytes], dict[str, Any]], Any], folder: Path) -> bytes:
    """Make a backup whose sum is right, of parts and a manifest that somebody changed: the work of somebody hostile."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest: dict[str, Any] = json.loads(parts.pop("manifest.json"))
    parts.pop("moorage-backup")
    change(parts, manifest)
    target = folder / "made-up.backup"
    with ArchiveWriter(target, AT) as writer:
        for name, content in parts.items():
            with writer.part(name) as part:
                part.write(content)
        writer.finish(cast("Manifest", _Stated(manifest)))
    content = target.read_bytes()
    target.unlink()
    return content


class _Stated:
    """A list that nobody judged."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self._manifest = manifest

    def model_dump_json(self, *, indent: int) -> str:
        return json.dumps(self._manifest, indent=indent)


@pytest.mark.parametrize(
    "name",
    ["../../evil", "/etc/evil", "tables/../../evil.ndjson", "tables\\evil.ndjson", "keys", "tables/team.ndjson/x"],
)
def test_a_name_in_the_archive_never_becomes_a_path(good: bytes, tmp_path: Path, name: str) -> None:
    inside = tmp_path / "deep" / "deeper"
    inside.mkdir(parents=True)

    def smuggle(parts: dict[str, bytes], _manifest: dict[str, Any]) -> None:
        parts[name] = b"evil"

    made = rewritten(good, smuggle, inside)
    assert refused(made, inside).code == "backup_damaged"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "deeper", "some.backup"]


def _rename_table(parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["name"] = "../../team"
    parts["tables/../../team.ndjson"] = parts.pop(next(iter(parts)))


def _drop_part(parts: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    parts.pop(next(iter(parts)))


def _twice(_parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"].append(manifest["tables"][0])


def _shorter(_parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["size"] -= 1


def _longer(_parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["size"] += 1


def _no_lines(parts: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    name = next(iter(parts))
    parts[name] = b"x" * len(parts[name])


def _no_tables(parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"] = []
    parts.clear()


def _other_kind(_parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["columns"][0]["kind"] = "program"


@pytest.mark.parametrize(
    "change", [_rename_table, _drop_part, _twice, _shorter, _longer, _no_lines, _no_tables, _other_kind]
)
def test_a_made_up_list_is_refused(
    good: bytes, tmp_path: Path, change: Callable[[dict[str, bytes], dict[str, Any]], Any]
) -> None:
    assert refused(rewritten(good, change, tmp_path), tmp_path).code == "backup_damaged"


def test_a_later_format_is_told_from_damage(good: bytes, tmp_path: Path) -> None:
    later = re.sub(rb"moorage-backup/1( sha256 )", rb"moorage-backup/2\1", good[-200:])
    content = good[:-200] + later
    with_sum = content[:-64] + hashlib.sha256(content[:-64]).hexdigest().encode()
    error = refused(with_sum, tmp_path)
    assert (error.code, error.params) == ("backup_newer", {"by": "format 2"})


def test_a_backup_is_for_its_owner_alone_and_replaces_nothing(tmp_path: Path, migrated_file: Path) -> None:
    (tmp_path / "moorage.db").write_bytes(migrated_file.read_bytes())
    target = tmp_path / "one.backup"
    make(tmp_path / "moorage.db", target)
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    with pytest.raises(Conflict, match="backup_exists"):
        make(tmp_path / "moorage.db", target)
    assert target.read_bytes() == before
    assert list(tmp_path.glob(f"*{PARTIAL}")) == []


def test_what_fails_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with ArchiveWriter(tmp_path / "half.backup", AT) as archive, archive.part("tables/x.ndjson") as part:
            part.write(b"something\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_two_that_write_one_file_do_not_mix(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "same.backup", AT), pytest.raises(Conflict, match="backup_busy"):
        ArchiveWriter(tmp_path / "same.backup", AT)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_backup_left_is_swept_and_a_running_one_stays(tmp_path: Path) -> None:
    left = tmp_path / f"moorage-20261126-000000.backup{PARTIAL}"
    left.write_bytes(b"half")
    other = tmp_path / f"notes.txt{PARTIAL}"
    other.write_bytes(b"not ours")
    with ArchiveWriter(tmp_path / "moorage-20261127-000000.backup", AT):
        sweep_partials(tmp_path)
        assert not left.exists()
        assert (tmp_path / f"moorage-20261127-000000.backup{PARTIAL}").exists()
    assert [path.name for path in tmp_path.iterdir()] == [other.name]


async def test_a_database_that_is_no_moorage_is_not_backed_up(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="database_missing"):
        make(tmp_path / "empty.db", tmp_path / "no.backup")
    assert not (tmp_path / "no.backup").exists()
    database = Database(sqlite_url(tmp_path / "empty.db"))
    await database.close()


def test_a_backup_that_can_not_be_written_says_where(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="folder_not_writable") as error:
        ArchiveWriter(tmp_path / "none" / "x.backup", AT)
    assert error.value.params == {"folder": str(tmp_path / "none")}


def test_a_wrong_sum_of_a_part_is_found_although_the_files_is_right(good: bytes, tmp_path: Path) -> None:
    def change(_parts: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["tables"][3]["sha256"] = "0" * 64

    assert refused(rewritten(good, change, tmp_path), tmp_path).code == "backup_damaged"
