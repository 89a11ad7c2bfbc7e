"""One file: a zip whose last bytes are the SHA-256 of everything before them. A byte more, less or other is refused.

It is written beside its name, under a lock, and gets the name when it is whole and on the disk: no half file ever bears
it. Reading trusts nothing before the sum is right, and no name in the archive after it.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, Self

from moorage.backups.manifest import FORMAT, KEYS_PART, MANIFEST_PART, Manifest, Part, Table, read_manifest
from moorage.errors import Conflict, Invalid, MoorageError, Unavailable
from moorage.storage.disk import NO_ROOM

PARTIAL: Final = ".partial"
_MARK: Final = "moorage-backup"
_TRAILER: Final = re.compile(rb"moorage-backup/(\d{1,4}) sha256 ([0-9a-f]{64})")
_HEX_CHARS: Final = 64
_TRAILER_BYTES: Final = len(f"{_MARK}/{FORMAT} sha256 ") + _HEX_CHARS
_LONGEST_TRAILER: Final = _TRAILER_BYTES + 3
_CHUNK: Final = 1024 * 1024
# Where the name of the first entry of a zip begins.
_NAME_AT: Final = 30
_MAX_MANIFEST: Final = 16 * 1024 * 1024
# Attachments are 64 MiB at most; base64 makes a third more of it, and their text stands in the same row.
_MAX_LINE: Final = 512 * 1024 * 1024
# What people attach is compressed already; level 6 takes twice the time of 3 and saves a twentieth.
_LEVEL: Final = 3

Told = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""


class ArchiveWriter:
    """Writes a new backup; as a context manager it leaves nothing behind unless `finish` was reached."""

    def __init__(self, target: Path, made_at: datetime) -> None:
        """Raises Conflict: backup_exists, backup_busy. Unavailable: folder_not_writable."""
        self.target = target
        self._partial = target.with_name(target.name + PARTIAL)
        self._time = made_at.utctimetuple()[:6]
        try:
            if target.exists():
                raise Conflict("backup_exists", file=str(target))
            descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            raise Unavailable("folder_not_writable", folder=str(target.parent)) from None
        self._file = os.fdopen(descriptor, "w+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise Conflict("backup_busy", file=str(target)) from None
        # What a killed run left is written over.
        os.ftruncate(descriptor, 0)
        os.fchmod(descriptor, 0o600)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._is_finished = False

    def __enter__(self) -> Self:
        """Begin with the mark that tells what this is."""
        with _written(self.target):
            self._zip.writestr(self._info(_MARK, zipfile.ZIP_STORED), f"{_MARK}/{FORMAT}\n")
        return self

    def __exit__(self, *_raised: object) -> None:
        if not self._is_finished:
            self._partial.unlink(missing_ok=True)
        # Closing writes the zip's end; where the disk is full that fails once more, and does not matter any more.
        with contextlib.suppress(OSError, ValueError):
            self._zip.close()
        with contextlib.suppress(OSError):
            self._file.close()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator["PartWriter"]:
        """Begin a part. Raises Unavailable: disk_full, backup_not_written."""
        with _written(self.target), self._zip.open(self._info(name), "w", force_zip64=True) as file:
            yield PartWriter(file)

    def finish(self, manifest: Manifest) -> int:
        """Write the list, the sum and the name; gives the size in bytes. Raises as `part`, and Conflict."""
        with _written(self.target):
            self._zip.writestr(self._info(MANIFEST_PART), manifest.model_dump_json(indent=1))
            self._zip.comment = f"{_MARK}/{FORMAT} sha256 {'0' * _HEX_CHARS}".encode()
            self._zip.close()
            size = self._file.seek(0, os.SEEK_END)
            found = _sum_of(self._file, size - _HEX_CHARS)
            self._file.seek(size - _HEX_CHARS)
            self._file.write(found.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            self._name()
        self._is_finished = True
        return size

    def _name(self) -> None:
        try:
            # Unlike a rename it replaces nothing.
            os.link(self._partial, self.target)
            self._partial.unlink()
        except FileExistsError:
            raise Conflict("backup_exists", file=str(self.target)) from None
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
                raise
            self._partial.rename(self.target)
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _info(self, name: str, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._time)
        info.compress_type = method
        info.external_attr = 0o600 << 16
        return info


class PartWriter:
    """One part being written, counted and summed up."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write."""
        self._file.write(data)
        self._sum.update(data)
        self._size += len(data)

    @property
    def done(self) -> Part:
        """What was written."""
        return Part(size=self._size, sha256=self._sum.hexdigest())


class Archive:
    """A backup whose sum is right. Close it."""

    def __init__(self, path: Path, file: BinaryIO, zipped: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._file = file
        self._zip = zipped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._zip.close()
        self._file.close()

    def lines(self, table: Table) -> Iterator[bytes]:
        """Give a table's rows, each without its end. Raises Invalid("backup_damaged")."""
        yield from (line[:-1] for line in self._read(table.part, table))

    @property
    def sealed_keys(self) -> bytes | None:
        """The sealed key ring; None: there is none inside."""
        keys = self.manifest.keys
        return None if keys is None else b"".join(self._read(KEYS_PART, keys, by_line=False))

    def _read(self, name: str, part: Part, *, by_line: bool = True) -> Iterator[bytes]:
        found, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as file:
                while piece := file.readline(_MAX_LINE) if by_line else file.read(_CHUNK):
                    size += len(piece)
                    if size > part.size or (by_line and not piece.endswith(b"\n")):
                        raise Invalid("backup_damaged")
                    found.update(piece)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError):
            raise Invalid("backup_damaged") from None
        except OSError:
            raise Unavailable("backup_unreadable", file=str(self.path)) from None
        if size != part.size or found.hexdigest() != part.sha256:
            raise Invalid("backup_damaged")


def open_archive(path: Path, told: Told = lambda _done, _all: None) -> Archive:
    """Open a backup, having read it once to its end.

    Raises Invalid: backup_not_ours, backup_damaged, backup_newer (`by`). Unavailable: backup_unreadable.
    """
    try:
        file = path.open("rb")
    except OSError:
        raise Unavailable("backup_unreadable", file=str(path)) from None
    try:
        return _opened(path, file, told)
    except MoorageError:
        file.close()
        raise
    except OSError:
        file.close()
        raise Unavailable("backup_unreadable", file=str(path)) from None


def _opened(path: Path, file: BinaryIO, told: Told) -> Archive:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_TRAILER))
    trailer = re.search(rb"moorage-backup/\d{1,4} sha256 [0-9a-f]{64}\Z", file.read())
    file.seek(0)
    is_begun = file.read(_NAME_AT + len(_MARK))[_NAME_AT:] == _MARK.encode()
    if trailer is None:
        raise Invalid("backup_damaged" if is_begun else "backup_not_ours")
    version, stated = _TRAILER.fullmatch(trailer[0]).groups()  # type: ignore[union-attr]  # of the same form
    if _sum_of(file, size - _HEX_CHARS, told) != stated.decode():
        raise Invalid("backup_damaged")
    if int(version) != FORMAT:
        raise Invalid("backup_newer", by=f"format {int(version)}")
    try:
        zipped = zipfile.ZipFile(file)
        info = zipped.getinfo(MANIFEST_PART)
        if info.file_size > _MAX_MANIFEST:
            raise Invalid("backup_damaged")
        manifest = read_manifest(zipped.read(info))
        names = sorted(one.filename for one in zipped.infolist())
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError):
        raise Invalid("backup_damaged") from None
    # Nothing but what the list names: not twice, and nothing beside it.
    if names != sorted([_MARK, MANIFEST_PART, *manifest.parts]):
        raise Invalid("backup_damaged")
    return Archive(path, file, zipped, manifest)


def _sum_of(file: BinaryIO, length: int, told: Told = lambda _done, _all: None) -> str:
    found, left = hashlib.sha256(), length
    file.seek(0)
    while left and (piece := file.read(min(_CHUNK, left))):
        found.update(piece)
        left -= len(piece)
        told(length - left, length)
    return found.hexdigest()


def sweep_partials(folder: Path) -> None:
    """Remove what killed backups left in a folder; what one that runs is writing stays."""
    for partial in folder.glob(f"moorage-*.backup{PARTIAL}"):
        with contextlib.suppress(OSError), partial.open("r+b") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            partial.unlink()


@contextlib.contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise Unavailable("disk_full") from None
        raise Unavailable("backup_not_written", file=str(target)) from None
