"""Looks at a SQLite file for damage, bounded in time, without changing a byte of it or leaving a file beside it."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final, Literal

from moorage.storage.database import sqlite_looking_uri

Condition = Literal["intact", "damaged", "unfinished", "unreadable"]

_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK: Final = 10_000


def quick_check(file: Path, *, limit_s: float) -> Condition:
    """Check the whole file as SQLite's quick_check does, or as much of it as the time allows. Blocks."""
    uri = sqlite_looking_uri(file)
    condition = _check(uri, time.monotonic() + limit_s)
    if condition != "intact" and sqlite_looking_uri(file) != uri:
        # Somebody began to use the file meanwhile: what was read as one state may have been two.
        return _check(sqlite_looking_uri(file), time.monotonic() + limit_s)
    return condition


def _check(uri: str, ends_at_s: float) -> Condition:
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.set_progress_handler(
                lambda: int(time.monotonic() > ends_at_s), _STEPS_BETWEEN_LOOKS_AT_THE_CLOCK
            )
            [said] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return "unfinished" if time.monotonic() > ends_at_s else "unreadable"
    except sqlite3.DatabaseError:
        return "damaged"
    return "intact" if said == "ok" else "damaged"
