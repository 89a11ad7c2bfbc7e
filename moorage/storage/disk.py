"""Tells a disk that is full, or fails, from a database that is gone; drivers and SQLAlchemy call both an outage."""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from typing import Final, Literal

from psycopg.errors import DiskFull

from moorage.errors import Unavailable

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_KIND: Final = 0xFF  # of SQLite's codes; the rest says more


@contextlib.contextmanager
def disk_trouble_told() -> Iterator[None]:
    """Raise Unavailable: disk_full, disk_failed for what a disk is the cause of; everything else goes on as it is."""
    try:
        yield
    except Exception as error:
        code = trouble_of(error)
        if code is not None:
            raise Unavailable(code) from None
        raise


def trouble_of(error: BaseException | None) -> Literal["disk_full", "disk_failed"] | None:
    """Say what the disk has to do with an error; None: nothing."""
    while error is not None:
        said = getattr(error, "orig", error)
        kind = (getattr(said, "sqlite_errorcode", None) or 0) & _KIND
        if kind == sqlite3.SQLITE_FULL or isinstance(said, DiskFull):
            return "disk_full"
        if isinstance(said, OSError) and said.errno in NO_ROOM:
            return "disk_full"
        if kind == sqlite3.SQLITE_IOERR:
            return "disk_failed"
        error = error.__cause__
    return None
