"""The key ring: `id:base64` lines, the current key first. Refuses a file that others can read, and any doubtful line.

There is no default key and no passphrase: a ring is random, 32 bytes per key, or it is not there.
"""

import base64
import binascii
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from moorage.errors import Unavailable

KEY_BYTES: Final = 32
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
        key_id = "k" + secrets.token_hex(4)
        line = f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode('ascii')}\n"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Unavailable("key_ring_exists", file=str(path)) from None
        with os.fdopen(descriptor, "wb") as file:
            # The umask can only take bits away; a file system may ignore the mode altogether.
            os.fchmod(file.fileno(), 0o600)
            file.write(line.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
        return cls.from_file(path)

    def key(self, key_id: str) -> bytes | None:
        """Give a key for the vault alone. None: not on this ring."""
        return self._keys.get(key_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return tuple(self._keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


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
