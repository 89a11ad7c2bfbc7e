"""`python -m benchmarks.ledger [--database URL] [--seconds S]`: calls announced and settled a second, and figures read.

Pairs: an announcement and its settlement, each acknowledged only after its commit, through the writer of one process.
Figures: the report of a team from the sums that so many events leave behind (400 days, 50 people, 10 models).
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from moorage.accounts.tables import TeamRow
from moorage.plans.catalogue import PLAN_NAMES, Plans, Terms, carry_plans
from moorage.storage.database import Database, GroupWriter
from moorage.storage.engines import sqlite_url
from moorage.storage.migrate import upgrade
from moorage.storage.types import db_now, new_id
from moorage.usage.estimates import Count
from moorage.usage.ledger import Call, CallKind, Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.rollups import FIGURES, day_of
from moorage.usage.statistics import Statistics
from moorage.usage.tables import ByomDayRow

_DAYS: Final = 400
_PEOPLE: Final = 50
_MODELS: Final = 10
_EVENTS_A_ROW: Final = 50  # 400 × 50 × 10 rows of 50 calls are ten million events
_OUTCOME: Final = Outcome(Count(120, 250, "reported"), "ok", 300.0, 4000.0)


async def measure_pairs(
    database: Database, teams: Sequence[UUID], kind: CallKind, at_once: int, seconds: float
) -> tuple[float, float]:
    """Give pairs per second, and the 99th of a hundred times for a pair in ms."""
    writer, ledger = GroupWriter(database), Ledger("bench", str(new_id()))
    writer.start()
    times: list[float] = []
    ends_at = time.perf_counter() + seconds

    async def one(place: int) -> None:
        while time.perf_counter() < ends_at:
            call = _call(teams[place % len(teams)], kind)
            begun = time.perf_counter()
            await writer.do(lambda tx, call=call: ledger.announce(tx, call))  # type: ignore[misc]
            await writer.do(lambda tx, call=call: ledger.settle(tx, call.call_id, _OUTCOME))  # type: ignore[misc]
            times.append(time.perf_counter() - begun)

    await asyncio.gather(*(one(place) for place in range(at_once)))
    await writer.close()
    return len(times) / seconds, statistics.quantiles(times, n=100)[98] * 1000


def _call(team_id: UUID, kind: CallKind) -> Call:
    is_own = kind == "byom"
    return Call(
        call_id=new_id(),
        team_id=team_id,
        user_id=team_id,
        kind=kind,
        purpose="reply",
        connection_id=team_id if is_own else None,
        provider="openai",
        model_id="gpt",
        tokens_in_estimate=150,
        tokens_out_most=None if is_own else 4000,
    )


async def add_teams(database: Database, count: int) -> list[UUID]:
    """Add teams of the largest plan; gives their ids."""
    teams = [new_id() for _ in range(count)]
    rows = [{"id": one, "name": "Team", "plan": "enterprise", "standing": "active"} for one in teams]
    async with database.write() as tx:
        await tx.execute(insert(TeamRow).values(created_at=db_now()), rows)
    return teams


async def _figures(database: Database, team_id: UUID, reads: int) -> dict[int, float]:
    """Give the 95th of a hundred times for a report in ms, by days."""
    today = datetime.now(UTC).date()
    people, connections = [new_id() for _ in range(_PEOPLE)], [new_id() for _ in range(_MODELS)]
    for back in range(_DAYS):
        day = day_of(datetime.now(UTC)) - back
        rows: list[dict[str, Any]] = [
            {
                **dict.fromkeys(FIGURES, _EVENTS_A_ROW),
                "team_id": team_id,
                "day": day,
                "model_id": f"model-{place}",
                "user_id": person,
                "connection_id": connection,
            }
            for person in people
            for place, connection in enumerate(connections)
        ]
        async with database.write() as tx:
            await tx.execute(insert(ByomDayRow), rows)
    return {days: await _report(database, team_id, today, days, reads) for days in (30, _DAYS)}


async def _report(database: Database, team_id: UUID, today: date, days: int, reads: int) -> float:
    times = []
    for _ in range(reads):
        begun = time.perf_counter()
        async with database.read() as tx:
            await Statistics(tx, team_id).report("byom", today - timedelta(days=days - 1), today)
        times.append(time.perf_counter() - begun)
    return statistics.quantiles(times, n=100)[94] * 1000


async def _run(url: str, seconds: float, reads: int) -> None:
    database = Database(url)
    terms = {name: Terms(name, 10**15, 8000, ("*",), 10, 10**4, 10**6) for name in PLAN_NAMES}
    carry_plans(database, Plans(terms))
    try:
        await upgrade(database)
        teams = await add_teams(database, 50)
        kinds: tuple[tuple[str, CallKind, int], ...] = (
            ("own models, 50 teams", "byom", 50),
            ("standard models, 50 teams", "standard", 50),
            ("standard models, one team", "standard", 1),
        )
        for name, kind, count in kinds:
            for at_once in (20, 200):
                rate, slowest = await measure_pairs(database, teams[:count], kind, at_once, seconds)
                _say(f"{name}, {at_once} at once: {rate:,.0f} pairs/s, p99 {slowest:.0f} ms")
        for days, slowest in (await _figures(database, teams[0], reads)).items():
            _say(f"report of {days} days, ten million events in {_DAYS}: p95 {slowest:.0f} ms")
    finally:
        await database.close()


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", help="an empty database; default: a SQLite file that is thrown away")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--reads", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="moorage-ledger-") as folder:
        asyncio.run(_run(given.database or sqlite_url(Path(folder) / "ledger.db"), given.seconds, given.reads))


if __name__ == "__main__":
    main()
