"""`python -m benchmarks.figures [--database URL] [--events] [--quick]`: statistics over ten million calls.

A real server answers over HTTP, one request after the other, from what so many calls leave behind in the sums of days:
500 people who use two of ten models every day for 400 days, 25 calls each. Days that are over are closed, as the server
does it. With `--events` the ten million events are there as well (minutes, and gigabytes of disk), which must make no
difference.
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2
from sqlalchemy import insert, text

from benchmarks.machine import cpu_s, describe
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.storage.types import new_id
from moorage.usage.closed import OPEN_DAYS, read_closed_until
from moorage.usage.closing import close_days
from moorage.usage.rollups import FIGURES, day_of
from moorage.usage.tables import ByomDayRow, StandardDayRow
from tests.support.running import PASSWORD, link_of
from tests.support.serving import Serving

ARTIFACT: Final = Path("artifacts/figures.json")
AIM_MS: Final = 300
DAYS: Final = 400
PEOPLE: Final = 500
MODELS: Final = 10
CALLS_A_ROW: Final = 25
_CLIENT: Final = {"Sec-Fetch-Site": "same-origin"}
# One event for each call of a row: the same calls, as the ledger would have kept them.
_EVENTS: Final = (
    "INSERT INTO byom_usage_event (call_id, team_id, user_id, purpose, model_id, tokens_in, tokens_out, count_source,"
    " ended, ttft_ms, duration_ms, started_at, at, connection_id)"
    " SELECT {new_id}, team_id, user_id, 'reply', model_id, 40, 10, 'reported', 'ok', 120, 900,"
    " day * 86400000000, day * 86400000000 + {number}, connection_id FROM byom_usage_day, {numbers}"
)
_SQLITE: Final = {
    # randomblob() would be made once for all rows if nothing of the row stood beside it.
    "new_id": (
        "(SELECT substr(h,1,8)||'-'||substr(h,9,4)||'-7'||substr(h,14,3)||'-8'||substr(h,18,3)||'-'||substr(h,21,12)"
        " FROM (SELECT lower(hex(randomblob(16))) || substr(value, 1, 0) AS h))"
    ),
    "number": "value",
    "numbers": "json_each(:numbers)",
}
_POSTGRESQL: Final = {
    "new_id": "CAST(gen_random_uuid() AS VARCHAR)",
    "number": "CAST(value AS BIGINT)",
    "numbers": "json_array_elements_text(CAST(:numbers AS json)) AS value",
}


class Office:
    """A team in a running server, its owner and a member."""

    def __init__(self, serving: Serving, database: Database) -> None:
        self.serving = serving
        self.database = database
        self.clients: dict[str, httpx2.AsyncClient] = {}
        self.sessions: dict[str, Any] = {}

    async def open(self) -> None:
        """Let both arrive."""
        await self._enter("olga", "/api/sign-up", {"team_name": "Benchmark"})
        wish = {"role": "member", "note": "Mia"}
        made = (await self.clients["olga"].post("/api/team/invitations", json=wish)).raise_for_status().json()
        await self._enter("mia", "/api/invitations/accept", {"token": link_of(made)})

    async def _enter(self, name: str, path: str, more: Mapping[str, str]) -> None:
        client = httpx2.AsyncClient(base_url=self.serving.url, timeout=600, trust_env=False, headers=_CLIENT)
        account = {"name": name, "email": f"{name}@example.com", "password": PASSWORD, **more}
        session = (await client.post(path, json=account)).raise_for_status().json()
        client.headers["X-CSRF-Token"] = session["csrf_token"]
        self.clients[name], self.sessions[name] = client, session

    async def fill(self, people: int) -> int:
        """Put the sums of all days; four of five calls are of own models. Gives how many calls they stand for."""
        chance = random.Random(1)  # noqa: S311 - the same figures each time, not a secret
        team = self.sessions["olga"]["team"]["id"]
        them = [UUID(self.sessions["mia"]["me"]["id"]), *(new_id() for _ in range(people - 1))]
        places = [new_id() for _ in range(MODELS)]
        today, calls = day_of(datetime.now(UTC)), 0
        async with self.database.write() as tx:
            for back in range(DAYS):
                own: list[dict[str, Any]] = []
                standard: list[dict[str, Any]] = []
                for number, person in enumerate(them):
                    for model in chance.sample(range(MODELS), 2):
                        row = {**dict.fromkeys(FIGURES, CALLS_A_ROW), "team_id": UUID(team), "day": today - back}
                        row |= {"user_id": person, "model_id": f"model-{model}"}
                        if number % 5:
                            own.append({**row, "connection_id": places[model]})
                        else:
                            standard.append({**row, "provider": f"provider-{model % 4}"})
                await tx.execute(insert(ByomDayRow), own)
                await tx.execute(insert(StandardDayRow), standard)
                calls += CALLS_A_ROW * (len(own) + len(standard))
        return calls

    async def close_days(self) -> float:
        """Close all days that are over, as the server does by itself, one after the other. Gives seconds."""
        begun = time.monotonic()
        while True:
            _ = await close_days(self.database, rests=False)
            async with self.database.read() as tx:
                if await read_closed_until(tx) >= day_of(datetime.now(UTC)) - OPEN_DAYS:
                    return round(time.monotonic() - begun, 1)

    async def add_events(self) -> int:
        """Add the events of own models. Gives how many."""
        async with self.database.write() as tx:
            words = _POSTGRESQL if tx.dialect.name == "postgresql" else _SQLITE
            numbers = {"numbers": json.dumps(list(range(CALLS_A_ROW)))}
            return (await tx.execute(text(_EVENTS.format(**words)), numbers)).rowcount

    async def time(self, who: str, path: str, reads: int) -> dict[str, float]:
        """Ask again and again: median and 95th of a hundred times, and what the server's processor spent on each.

        The last is what a machine that others use as well does not spoil.
        """
        times, spent = [], cpu_s(self.serving.pid)
        for _ in range(reads):
            begun = time.perf_counter()
            (await self.clients[who].get(path)).raise_for_status()
            times.append((time.perf_counter() - begun) * 1000)
        return {
            "median_ms": round(statistics.median(times), 1),
            "p95_ms": round(statistics.quantiles(times, n=20)[18], 1),
            "processor_ms": round((cpu_s(self.serving.pid) - spent) / reads * 1000, 1),
        }

    async def export(self, first: str, last: str) -> dict[str, float]:
        """Export all, and give seconds to the first byte and to the last, and how many MiB that were."""
        wish = {"kind": "byom", "format": "csv", "from_day": first, "to_day": last}
        begun, came, size = time.perf_counter(), 0.0, 0
        async with self.clients["olga"].stream("POST", "/api/usage/exports", json=wish) as answer:
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                came = came or time.perf_counter() - begun
                size += len(piece)
        whole = time.perf_counter() - begun
        return {"first_byte_s": round(came, 2), "whole_s": round(whole, 1), "mib": round(size / 2**20, 1)}


def _days(count: int) -> tuple[str, str]:
    today = datetime.now(UTC).date()
    return (today - timedelta(days=count - 1)).isoformat(), today.isoformat()


async def _measure(office: Office, reads: int) -> dict[str, dict[str, float]]:
    found = {}
    for days in (30, 90, 366):
        first, last = _days(days)
        for who, path, name in (
            ("olga", "/api/usage", "team"),
            ("olga", "/api/usage/people", "team by person"),
            ("mia", "/api/usage", "own"),
        ):
            found[f"{name}, {days} days"] = await office.time(who, f"{path}?from={first}&to={last}", reads)
    return found


async def _run(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    results: dict[str, Any] = {"machine": describe()}
    serving = Serving(folder / "hub", {"DATABASE_URL": given.database} if given.database else {})
    try:
        await serving.start()
        database = Database(given.database or sqlite_url(serving.data / "moorage.db"))
        office = Office(serving, database)
        await office.open()
        results["calls"] = await office.fill(PEOPLE // 10 if given.quick else PEOPLE)
        _say(f"sums of {results['calls']:,} calls are there")
        results["closed_in_s"] = await office.close_days()
        _say(f"days that are over are closed, in {results['closed_in_s']} s")
        if given.events:
            results["events"] = await office.add_events()
            _say(f"{results['events']:,} events are there")
        results["requests"] = await _measure(office, given.reads)
        results["export"] = await office.export(*_days(366))
        await database.close()
    finally:
        await serving.close()
    return results


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an empty PostgreSQL database; default: SQLite in a folder thrown away")
    parser.add_argument("--events", action="store_true", help="with the events themselves, which nothing reads")
    parser.add_argument("--quick", action="store_true", help="a tenth of the people: does it work?")
    parser.add_argument("--reads", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moorage-figures-") as folder:
        results = asyncio.run(_run(given, Path(folder)))
    ARTIFACT.parent.mkdir(exist_ok=True)
    ARTIFACT.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    _say(str(results["machine"]))
    for name, took in results["requests"].items():
        _say(f"{'met   ' if took['p95_ms'] < AIM_MS else 'MISSED'} {name}: {took} (p95 under {AIM_MS} ms)")
    _say(f"export of 366 days: {results['export']}; figures in {ARTIFACT}")


if __name__ == "__main__":
    main()
