"""Looks at a SQLite file for damage, and at the way to PostgreSQL, without changing anything there.

Looking at a file is bounded in time, changes no byte of it and leaves no file beside it.
"""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.engines import sqlite_looking_uri

Condition = Literal["intact", "damaged", "unfinished", "unreadable"]

# What libpq calls a server whose certificate it checked; "prefer", its default, and "require" believe anybody.
_CHECKED: Final = frozenset({"verify-ca", "verify-full"})
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


@dataclass(frozen=True, slots=True)
class Way:
    """How a connection to PostgreSQL goes. `stays_here`: over a socket file or loopback, which nobody else reads."""

    stays_here: bool
    is_encrypted: bool
    is_server_checked: bool


async def look_at_way(connection: AsyncConnection) -> Way:
    """Say how this connection to PostgreSQL goes: what the driver did, whatever the URL or the environment say."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    link = raw.pgconn
    options = {option.keyword: option.val for option in link.info}
    address = link.hostaddr.decode()
    is_encrypted = bool(link.ssl_in_use)
    mode = (options.get(b"sslmode") or b"").decode()
    return Way(
        stays_here=not address or ip_address(address).is_loopback,
        is_encrypted=is_encrypted,
        is_server_checked=is_encrypted and mode in _CHECKED,
    )
