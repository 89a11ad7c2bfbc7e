"""`python -m benchmarks.hops`: what the parts of a question's way through SQLite cost, in turn, in one process.

Each figure is the median of the rounds, in microseconds. Nothing is sent anywhere; the file is in a temporary folder.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.machine import describe
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.soon import soon

_ROUNDS: Final = 200
# As many as a question stores.
_STORED: Final = 9
_PUT: Final = text("INSERT INTO berth (name) VALUES (:name)")
_LOOK: Final = text("SELECT name FROM berth LIMIT 1")

Part = Callable[[], Awaitable[float]]


def _parts_of(database: Database, plain: sqlite3.Connection) -> dict[str, Part]:
    async def statement() -> float:
        async with database.read() as tx:
            await tx.execute(_LOOK)
            began = time.perf_counter()
            await tx.execute(_LOOK)
            return time.perf_counter() - began

    async def bare() -> float:
        began = time.perf_counter()
        plain.execute("SELECT name FROM berth LIMIT 1").fetchall()
        return time.perf_counter() - began

    async def read() -> float:
        began = time.perf_counter()
        async with database.read() as tx:
            await tx.execute(_LOOK)
        return time.perf_counter() - began

    async def glance() -> float:
        began = time.perf_counter()
        async with database.glance() as tx:
            await tx.execute(_LOOK)
        return time.perf_counter() - began

    async def stored(tx: AsyncConnection, *, later: bool) -> float:
        began = time.perf_counter()
        for _ in range(_STORED):
            await (soon(tx, _PUT, {"name": "x"}) if later else tx.execute(_PUT, {"name": "x"}))
        return time.perf_counter() - began

    async def one_by_one() -> float:
        async with database.write() as tx:
            return await stored(tx, later=False)

    async def put_off() -> float:
        async with database.write() as tx:
            return await stored(tx, later=True)

    async def synced() -> float:
        plain.execute("BEGIN IMMEDIATE")
        plain.execute("INSERT INTO berth (name) VALUES ('x')")
        began = time.perf_counter()
        plain.execute("COMMIT")
        return time.perf_counter() - began

    return {
        "a SELECT of one row, sqlite3 alone": bare,
        "the same as a statement of a transaction": statement,
        "a read of one SELECT": read,
        "a glance of one SELECT": glance,
        f"{_STORED} INSERTs, each executed": one_by_one,
        f"{_STORED} INSERTs, put off": put_off,
        "a commit synced to this disk, sqlite3 alone": synced,
    }


async def _measure(folder: Path) -> dict[str, float]:
    file = folder / "hops.db"
    database = Database(sqlite_url(file))
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE berth (name VARCHAR)"))
        await tx.execute(_PUT, {"name": "x"})
    plain = sqlite3.connect(file, isolation_level=None)
    plain.execute("PRAGMA synchronous=FULL")
    parts = _parts_of(database, plain)
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(_ROUNDS):
        for name, part in parts.items():
            taken[name].append(await part())
            await asyncio.sleep(0)
    plain.close()
    await database.close()
    return {name: statistics.median(values) * 1e6 for name, values in taken.items()}


def main() -> None:
    """Measure and print."""
    print(describe())
    with tempfile.TemporaryDirectory(prefix="moorage-hops-") as folder:
        for name, median_us in uvloop.run(_measure(Path(folder))).items():
            print(f"{median_us:>10,.0f} µs  {name}")


if __name__ == "__main__":
    main()
