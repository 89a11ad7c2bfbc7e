"""Where exports lie until they are fetched: a folder of the data folder, for this process's user alone.

While one is made, each of its parts is a file of its own, whole or not there; at the end they become one zip.
"""

import errno
import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from moorage.errors import NotFound, Unavailable

_PIECE: Final = 256 * 1024
_PART: Final = re.compile(r"[a-z0-9][a-z0-9/._-]{0,150}")
_HALF: Final = ".half"
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# As old as a zip can say: when a part was written tells nobody anything.
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


class PartsLostError(Exception):
    """Parts that were written are not there any more."""


class Archive:
    """The files of all exports. Every method blocks: call it in a thread.

    What writes raises Unavailable: export_no_room, export_unwritable.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, job_id: UUID, name: str, data: bytes) -> None:
        """Write one part; the same again replaces it. Raises ValueError for a name that could lead elsewhere."""
        if not _PART.fullmatch(name) or ".." in name:
            raise ValueError(name)
        file = self._parts(job_id) / name
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file, [data])
        except OSError as error:
            raise _named(error) from None

    def has(self, job_id: UUID) -> bool:
        """Tell whether parts of this export are here; they are not on another machine."""
        return self._parts(job_id).is_dir()

    def close(self, job_id: UUID, least: int) -> tuple[int, str]:
        """Make one zip of all parts. Gives its size in bytes and its SHA-256.

        Raises PartsLostError where fewer than `least` are there: they go, so that the export begins anew.
        """
        parts, file = self._parts(job_id), self._zip(job_id)
        half = file.with_name(f"{file.name}{_HALF}")
        found = sorted(one for one in parts.rglob("*") if one.is_file() and one.suffix != _HALF)
        if len(found) < least:
            shutil.rmtree(parts, ignore_errors=True)
            raise PartsLostError
        try:
            with _opened(half) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
                for part in found:
                    entry = zipfile.ZipInfo(part.relative_to(parts).as_posix(), _LONG_AGO)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o600 << 16
                    entry.file_size = part.stat().st_size
                    with part.open("rb") as source, packed.open(entry, "w") as target:
                        shutil.copyfileobj(source, target, _PIECE)
            half.replace(file)
            size, sha256 = file.stat().st_size, _digest(file)
        except OSError as error:
            raise _named(error) from None
        shutil.rmtree(parts, ignore_errors=True)
        return size, sha256

    def size_of(self, job_id: UUID) -> int:
        """Give the size of the zip in bytes. Raises NotFound("export_gone"), also where it lies on another machine."""
        try:
            return self._zip(job_id).stat().st_size
        except OSError:
            raise NotFound("export_gone") from None

    def read(self, job_id: UUID) -> Iterator[bytes]:
        """Give the zip piece by piece."""
        with self._zip(job_id).open("rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece

    def remove(self, job_id: UUID) -> None:
        """Delete whatever there is of an export."""
        self.sweep([name for name in self.names() if name.partition(".")[0] == str(job_id)], ())

    def names(self) -> Sequence[str]:
        """Name what lies here now, for `sweep`; nothing, where that can't be read."""
        try:
            return [one.name for one in self._folder.iterdir()]
        except OSError:
            return []

    def sweep(self, names: Iterable[str], kept: Iterable[UUID]) -> int:
        """Delete those of `names` that belong to no export that is kept; gives how many could not be deleted.

        Ask for the names first and for what is kept then: what was begun in between is not among the names.
        """
        ids = {str(one) for one in kept}
        left = 0
        for one in (self._folder / name for name in names if name.partition(".")[0] not in ids):
            try:
                if one.is_dir():
                    shutil.rmtree(one)
                else:
                    one.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # somebody else sweeps, too
            except OSError:
                left += 1
        return left

    def _parts(self, job_id: UUID) -> Path:
        return self._folder / f"{job_id}.parts"

    def _zip(self, job_id: UUID) -> Path:
        return self._folder / f"{job_id}.zip"


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    half = file.with_name(f"{file.name}{_HALF}")
    with _opened(half) as stream:
        for piece in pieces:
            stream.write(piece)
    half.replace(file)


def _opened(file: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    return os.fdopen(os.open(file, flags, 0o600), "wb")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _named(error: OSError) -> Exception:
    return Unavailable("export_no_room" if error.errno in _NO_ROOM else "export_unwritable")
