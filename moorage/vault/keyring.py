"""The key ring: `id:base64` lines, the current key first. Refuses a file that others can read, and any doubtful line.

There is no default key and no passphrase: a ring is random, 32 bytes per key, or it is not there.
"""

import base64
import binascii
import contextlib
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from moorage.errors import Unavailable
from moorage.vault.seal import KEY_BYTES
from moorage.vault.secret import Secret

_MAX_FILE_BYTES: Final = 64 * 1024
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FOR_US_ONLY: Final = 0o077


class KeyRing:
    """Keys by id. The first one seals; the others only open what was sealed before they were replaced."""

    __slots__ = ("_keys", "current_id")

    def __init__(self, keys: dict[str, bytes], current_id: str) -> None:
        self._keys = keys
        self.current_id = current_id

    @classmethod
    def from_text(cls, text: str) -> "KeyRing":
        """Read a ring. Empty lines and lines that begin with `#` are skipped.

        Raises Unavailable("key_ring_malformed", line=…) or Unavailable("key_ring_empty"); never repeats a line.
        """
        keys: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            entry = line.strip()
            if not entry or entry.startswith("#"):
                continue
            key_id, _, encoded = entry.partition(":")
            key = _decode(encoded.strip())
            if key is None or not _KEY_ID.fullmatch(key_id) or key_id in keys:
                raise Unavailable("key_ring_malformed", line=number)
            keys[key_id] = key
        if not keys:
            raise Unavailable("key_ring_empty")
        return cls(keys, next(iter(keys)))

    @classmethod
    def from_file(cls, path: Path) -> "KeyRing":
        """Read a ring's file.

        Raises Unavailable: key_ring_missing, key_ring_open_to_others (`mode`), or as `from_text`.
        """
        try:
            opened = path.open("rb")
        except OSError:
            raise Unavailable("key_ring_missing", file=str(path)) from None
        with opened as file:
            # The opened file is judged, not the name: nobody can swap it in between.
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unavailable("key_ring_missing", file=str(path))
            if status.st_mode & _FOR_US_ONLY:
                mode = f"{stat.S_IMODE(status.st_mode):04o}"
                raise Unavailable("key_ring_open_to_others", file=str(path), mode=mode)
            content = file.read(_MAX_FILE_BYTES)
        return cls.from_text(content.decode("ascii", "replace"))

    @classmethod
    def create(cls, path: Path) -> "KeyRing":
        """Make a ring with one new key in a new file of mode 0600. Raises Unavailable("key_ring_exists")."""
        _make_file(path, f"{_new_line()}\n")
        return cls.from_file(path)

    def save(self, path: Path) -> None:
        """Write this ring to a new file of mode 0600. Raises Unavailable("key_ring_exists")."""
        _make_file(path, self.to_secret().reveal())

    def to_secret(self) -> Secret:
        """Give the ring as its text, the current key first; for the vault alone."""
        lines = (f"{key_id}:{base64.b64encode(key).decode('ascii')}\n" for key_id, key in self._keys.items())
        return Secret("".join(lines))

    @classmethod
    def add(cls, path: Path) -> "KeyRing":
        """Put a new key before the others of a ring's file, in one step; mode and owner stay.

        Raises Unavailable: as `from_file`, key_ring_busy, key_ring_not_writable.
        """
        with _taken(path) as lines:
            _replace(path, [_new_line(), *lines])
        return cls.from_file(path)

    @classmethod
    def remove(cls, path: Path, key_id: str) -> "KeyRing":
        """Take a key off a ring's file; never the first one. Raises as `add`, and key_ring_no_such_key."""
        with _taken(path) as lines:
            ring = cls.from_text("\n".join(lines))
            if key_id not in ring.ids or key_id == ring.current_id:
                raise Unavailable("key_ring_no_such_key", key_id=key_id)
            _replace(path, [line for line in lines if line.strip().partition(":")[0] != key_id])
        return cls.from_file(path)

    def key(self, key_id: str) -> bytes | None:
        """Give a key for the vault alone. None: not on this ring."""
        return self._keys.get(key_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return tuple(self._keys)

    def is_same(self, other: "KeyRing") -> bool:
        """True for a ring of the same keys, in the same order."""
        return list(self._keys.items()) == list(other._keys.items())  # noqa: SLF001 - of this class

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


def _make_file(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Unavailable("key_ring_exists", file=str(path)) from None
    with os.fdopen(descriptor, "wb") as file:
        # The umask can only take bits away; a file system may ignore the mode altogether.
        os.fchmod(file.fileno(), 0o600)
        file.write(text.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _new_line() -> str:
    return f"k{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode('ascii')}"


@contextlib.contextmanager
def _taken(path: Path) -> Iterator[list[str]]:
    """Give a ring's lines while nobody else changes the file."""
    KeyRing.from_file(path)
    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable("key_ring_busy", file=str(path)) from None
        if os.fstat(file.fileno()).st_ino != path.stat().st_ino:
            # Replaced between the two: what was locked is not the ring any more.
            raise Unavailable("key_ring_busy", file=str(path))
        yield file.read(_MAX_FILE_BYTES).decode("ascii", "replace").splitlines()


def _replace(path: Path, lines: list[str]) -> None:
    """Put a new file in the place of the ring's: whoever reads meanwhile sees the one or the other, whole."""
    path = path.resolve()  # a link stays a link
    before = path.stat()
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
            file.write("".join(f"{line}\n" for line in lines).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise Unavailable("key_ring_not_writable", file=str(path)) from None
    _sync_folder(path.parent)


def _decode(encoded: str) -> bytes | None:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut: rows sealed under a key that is gone are gone, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
