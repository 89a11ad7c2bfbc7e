"""P12: the ring is private, unambiguous, and never overwritten."""

import base64
import fcntl
import os
import stat
from pathlib import Path

import pytest

from moorage.errors import Unavailable
from moorage.vault.keyring import KeyRing

KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


def test_a_new_ring_is_for_its_owner_only_and_reads_back(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = KeyRing.create(tmp_path / "keys")
    finally:
        os.umask(before)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert KeyRing.from_file(tmp_path / "keys").current_id == made.current_id


def test_a_ring_is_never_overwritten(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys")
    before = (tmp_path / "keys").read_bytes()
    with pytest.raises(Unavailable) as refused:
        KeyRing.create(tmp_path / "keys")
    assert refused.value.code == "key_ring_exists"
    assert (tmp_path / "keys").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_a_ring_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "keys"
    KeyRing.create(file)
    file.chmod(mode)
    with pytest.raises(Unavailable) as refused:
        KeyRing.from_file(file)
    assert refused.value.code == "key_ring_open_to_others"
    assert refused.value.params["mode"] == f"{mode:04o}"


def test_a_missing_ring_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(Unavailable) as refused:
            KeyRing.from_file(path)
        assert refused.value.code == "key_ring_missing"


def test_the_first_key_is_the_current_one() -> None:
    ring = KeyRing.from_text(f"# keys\n\nnew:{KEY}\nold:{OTHER}\n")
    assert ring.current_id == "new"
    assert ring.ids == ("new", "old")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a:{KEY}\na:{OTHER}", 2),
        (f"a:{KEY}\nb", 2),
        ("a:" + base64.b64encode(b"short").decode(), 1),
        ("a:not base64!", 1),
        (f":{KEY}", 1),
        (f"a b:{KEY}", 1),
        (f"{'x' * 41}:{KEY}", 1),
        (f"ä:{KEY}", 1),
    ],
)
def test_a_doubtful_line_is_named_by_its_number_and_not_repeated(text: str, line: int) -> None:
    with pytest.raises(Unavailable) as refused:
        KeyRing.from_text(text)
    assert refused.value.code == "key_ring_malformed"
    assert refused.value.params == {"line": line}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment"])
def test_an_empty_ring_is_refused(text: str) -> None:
    with pytest.raises(Unavailable) as refused:
        KeyRing.from_text(text)
    assert refused.value.code == "key_ring_empty"


def test_a_ring_shows_its_ids_and_no_key() -> None:
    assert repr(KeyRing.from_text(f"a:{KEY}")) == "KeyRing(a)"


def test_a_new_key_comes_first_and_everything_else_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# of the firm in Kiel\nold:{KEY}\n")
    file.chmod(0o400)
    ring = KeyRing.add(file)
    assert (ring.ids[1:], ring.key("old")) == (("old",), base64.b64decode(KEY))
    lines = file.read_text().splitlines()
    assert lines[1:] == ["# of the firm in Kiel", f"old:{KEY}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o400
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    assert KeyRing.add(file).ids[1:] == ring.ids


def test_a_linked_ring_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "mounted").mkdir()
    KeyRing.create(tmp_path / "mounted" / "keys")
    (tmp_path / "keys").symlink_to(tmp_path / "mounted" / "keys")
    ring = KeyRing.add(tmp_path / "keys")
    assert (tmp_path / "keys").is_symlink()
    assert KeyRing.from_file(tmp_path / "mounted" / "keys").ids == ring.ids


def test_the_current_key_and_one_that_is_not_there_are_not_removed(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    [first] = KeyRing.create(file).ids
    current = KeyRing.add(file).current_id
    for key_id in (current, "nobody"):
        with pytest.raises(Unavailable) as refused:
            KeyRing.remove(file, key_id)
        assert refused.value.code == "key_ring_no_such_key"
    assert KeyRing.remove(file, first).ids == (current,)
    assert KeyRing.from_file(file).ids == (current,)


def test_two_who_change_a_ring_at_once_do_not_lose_a_key(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    before = KeyRing.create(file).ids
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable) as refused:
            KeyRing.add(file)
    assert refused.value.code == "key_ring_busy"
    assert KeyRing.from_file(file).ids == before
