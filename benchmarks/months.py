"""`python -m benchmarks.months --database URL [--months M] [--rows N]`: usage events in one table, and by month.

An empty PostgreSQL database gets the schema of before and so many rows a month, then the migration. A copy of all rows
in one table stands beside; the two take turns under the name of the table, and the product's own statements are read
from both: how many parts and pages each looks into, which no other work on the machine changes; PostgreSQL's own time
at its least, which such work changes little; and the median that a process waits.
"""

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.ledger import add_teams, measure_pairs
from benchmarks.machine import describe
from moorage.connections.slowness import find_used_lately, judge
from moorage.connections.tables import ConnectionRow
from moorage.plans.catalogue import PLAN_NAMES, Plans, Terms, carry_plans
from moorage.privacy.carrying_out import erase_some_of_person
from moorage.privacy.scope import PersonScope
from moorage.privacy.stages import About, own_usage
from moorage.storage.answering import let_take_long
from moorage.storage.database import Database
from moorage.storage.migrate import make_schema, upgrade
from moorage.storage.types import db_now
from moorage.usage.corrections import correct
from moorage.usage.drift import find_day_drift
from moorage.usage.estimates import Count
from moorage.usage.lately import read_clock, settled_within
from moorage.usage.ledger import Ledger
from moorage.usage.months import find_wanted, first_id, make_months, month_after
from moorage.usage.outcomes import Outcome
from moorage.usage.tables import ByomUsageRow

_BEFORE: Final = "0023_desk"
_EVENTS: Final = ByomUsageRow.__tablename__
_ONE: Final = f"{_EVENTS}_one"
_TEAMS: Final = 50
_CONNECTIONS: Final = 500
_ROUNDS: Final = 5
_READS: Final = 40
_LOOKS: Final = 10
_PSEUDONYM: Final = UUID(int=0xE << 124)
# As clocks make them: in the order of time within a month, of all teams, people and connections in turn.
_FILL: Final = text(
    "INSERT INTO byom_usage_event (call_id, team_id, user_id, purpose, model_id, tokens_in, tokens_out, count_source,"
    " ended, ttft_ms, duration_ms, started_at, at, connection_id)"
    " SELECT regexp_replace(lpad(to_hex(ms), 12, '0'), '(.{8})(.{4})', '\\1-\\2-7000-8000-')"
    " || lpad(to_hex(n), 12, '0'), (CAST(:teams AS text[]))[1 + n % :team_count],"
    " '00000000-0000-0000-0001-' || lpad(to_hex(n % 5000), 12, '0'), 'reply',"
    " 'model', 40, 250, 'reported', 'ok', 300 + n % 100, 4000, ms * 1000, ms * 1000,"
    " '00000000-0000-0000-0000-' || lpad(to_hex(n % :connections), 12, '0')"
    " FROM (SELECT n, CAST(:begins + n * CAST(:step AS float) AS bigint) AS ms FROM generate_series(1, :rows) AS n)"
    " AS made"
)
_SIZES: Final = text(
    "SELECT relid, pg_relation_size(relid), pg_indexes_size(relid) FROM pg_partition_tree(:name) WHERE isleaf"
    " UNION SELECT CAST(:name AS regclass), pg_relation_size(:name), pg_indexes_size(:name)"
)

Read = Callable[[AsyncConnection], Awaitable[Any]]


class _Undo(Exception):
    pass


class Looked(NamedTuple):
    """What one read has looked into: tables and partitions of events, pages of 8 KiB; and how long in ms."""

    parts: int
    pages: int
    planned_ms: float
    ran_ms: float


class Ground:
    """A database full of calls, in one of two layouts."""

    def __init__(self, database: Database, teams: list[UUID]) -> None:
        self._database = database
        self._teams = teams
        self._is_one = False

    async def reads(self) -> Mapping[str, Read]:
        """Give what the product asks of events, by what a person would call it."""
        team, person, connection = self._teams[7], UUID(int=1 << 48 | 7), UUID(int=7)
        async with self._database.read() as tx:
            call = UUID(await tx.scalar(text(f"SELECT max(call_id) FROM {_EVENTS}")))  # noqa: S608 - a name of ours
        late = Outcome(Count(1, 1, "reported"), "ok", None, None)
        budgets = Ledger("bench", "bench").budgets
        export = About(team, person, of_team=True, whole_account=False, language="en", tell=_tell)

        async def of_team(tx: AsyncConnection) -> None:
            within = settled_within(ByomUsageRow, await read_clock(tx), timedelta(days=30))
            its = select(ByomUsageRow.connection_id, func.count(), func.sum(ByomUsageRow.tokens_in))
            await tx.execute(its.where(ByomUsageRow.team_id == team, within).group_by(ByomUsageRow.connection_id))

        return {
            "a late correction finds its call": lambda tx: correct(tx, budgets, call, late),
            "is a connection slow": lambda tx: judge(tx, connection),
            f"which of {_CONNECTIONS} were used lately": find_used_lately,
            "a team's 30 days": of_team,
            "a person's calls get another id": lambda tx: erase_some_of_person(
                tx, PersonScope(person, team), _PSEUDONYM
            ),
            "a team's export, first step": lambda tx: own_usage(tx, export, ""),
        }

    async def lay_out(self, *, is_one: bool) -> None:
        """Give the name of the table to one of the two."""
        if is_one == self._is_one:
            return
        self._is_one = is_one
        new, kept = (_ONE, f"{_EVENTS}_by_month") if is_one else (f"{_EVENTS}_by_month", _ONE)
        async with self._database.write() as tx:
            await tx.execute(text(f"ALTER TABLE {_EVENTS} RENAME TO {kept}"))
            await tx.execute(text(f"ALTER TABLE {new} RENAME TO {_EVENTS}"))

    async def look(self, read: Read) -> Looked:
        """Have PostgreSQL explain what a read does."""
        asked: list[tuple[str, Any]] = []
        with _heard(self._database, asked):
            await self._undone(read)
        plans: list[dict[str, Any]] = []

        async def explain(tx: AsyncConnection) -> None:
            for statement, parameters in asked:
                if _EVENTS in statement:
                    found = await tx.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
                    plans.extend(found.scalar_one())

        await self._undone(explain)
        parts = {name for plan in plans for name in _looked_into(plan["Plan"])}
        pages = sum(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] for plan in plans)
        planned_ms, ran_ms = (sum(plan[f"{what} Time"] for plan in plans) for what in ("Planning", "Execution"))
        return Looked(len(parts), pages, planned_ms, ran_ms)

    async def take(self, read: Read, times: int) -> list[float]:
        """Read so many times; gives each time in ms."""
        taken = []
        for _ in range(times):
            begun = time.perf_counter()
            await self._undone(read)
            taken.append((time.perf_counter() - begun) * 1000)
        return taken

    async def write(self, seconds: float) -> None:
        """Say how many calls are announced and settled in a second."""
        for at_once in (20, 200):
            rate, slowest = await measure_pairs(self._database, self._teams, "byom", at_once, seconds)
            _say(f"  {at_once} at once: {rate:,.0f} pairs/s, p99 {slowest:.0f} ms")

    async def _undone(self, read: Read) -> None:
        with contextlib.suppress(_Undo):
            async with self._database.write() as tx:
                await read(tx)
                raise _Undo


@contextlib.contextmanager
def _heard(database: Database, asked: list[tuple[str, Any]]) -> Iterator[None]:
    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's own signature
        asked.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


def _looked_into(plan: Mapping[str, Any]) -> Iterator[str]:
    if (
        plan.get("Actual Loops")
        and str(plan.get("Relation Name", "")).startswith(_EVENTS)
        and "Scan" in plan["Node Type"]
    ):
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _looked_into(below)


def _tell(*_: Any) -> str:
    return ""


async def _run(url: str, months: int, rows: int, seconds: float) -> None:
    database = Database(url)
    terms = {name: Terms(name, 10**15, 8000, ("*",), 10, 10**4, 10**6) for name in PLAN_NAMES}
    carry_plans(database, Plans(terms))
    try:
        async with database.write() as tx:
            await tx.run_sync(_make_before)
        teams = await add_teams(database, _TEAMS)
        ground = Ground(database, teams)
        first = await _fill(database, teams, months, rows)
        await _say_sizes(database, f"{months * rows:,} calls of {months} months in one table")
        begun = time.perf_counter()
        await upgrade(database)
        await _say_sizes(database, f"by month, after a migration of {time.perf_counter() - begun:.1f} s")
        await _copy(database)
        await _add_connections(database, teams)
        await _compare(ground)
        for is_one in (True, False):
            await ground.lay_out(is_one=is_one)
            _say("one table" if is_one else "by month")
            if seconds:
                await ground.write(seconds)
            begun = time.perf_counter()
            async with database.read() as tx:
                await let_take_long(tx)
                await find_day_drift(tx, 1)
            _say(f"  all sums of days held against all calls: {time.perf_counter() - begun:.1f} s")
        await _move(database, 50_000)
        await _forget_a_month(database, first)
    finally:
        await database.close()


async def _compare(ground: Ground) -> None:
    reads = await ground.reads()
    times: dict[tuple[str, bool], list[float]] = {(name, is_one): [] for name in reads for is_one in (True, False)}
    looked: dict[tuple[str, bool], list[Looked]] = {key: [] for key in times}
    for _ in range(_ROUNDS):
        for is_one in (True, False):
            await ground.lay_out(is_one=is_one)
            for name, read in reads.items():
                times[name, is_one] += await ground.take(read, _READS)
                looked[name, is_one] += [await ground.look(read) for _ in range(_LOOKS)]
    for name in reads:
        for is_one in (True, False):
            parts, pages, *_ = looked[name, is_one][-1]
            planned_ms, ran_ms = (min(one[which] for one in looked[name, is_one]) for which in (2, 3))
            _say(
                f"  {name}, {'one table' if is_one else 'by month '}: {parts} parts, {pages:,} pages, planned in"
                f" {planned_ms:.2f} ms, run in {ran_ms:.2f} ms; waited {statistics.median(times[name, is_one]):.1f} ms"
            )


def _make_before(connection: Connection) -> None:
    make_schema(connection, _BEFORE)


async def _copy(database: Database) -> None:
    """Put all rows into one table with the same indexes, beside the other."""
    async with database.write() as tx:
        await let_take_long(tx)
        await tx.execute(text(f"CREATE TABLE {_ONE} (LIKE {_EVENTS} INCLUDING ALL EXCLUDING INDEXES)"))
        await tx.execute(text(f"INSERT INTO {_ONE} SELECT * FROM {_EVENTS}"))  # noqa: S608 - names of ours
        await tx.execute(text(f"ALTER TABLE {_ONE} ADD PRIMARY KEY (call_id)"))
        for columns in ("team_id, at", "team_id, user_id", "connection_id, at"):
            await tx.execute(text(f"CREATE INDEX ON {_ONE} ({columns})"))
    for table in (_ONE, _EVENTS):
        await _alone(database, f"VACUUM ANALYZE {table}")


async def _add_connections(database: Database, teams: Sequence[UUID]) -> None:
    same: dict[str, Any] = {"name": "x", "provider": "ollama", "zone": "own", "data_location": ""}
    same |= {
        "sealed_base_url": b"x",
        "key_number": 0,
        "key_set_by": teams[0],
        "quirks": {},
        "enabled": True,
        "health": "healthy",
    }
    same |= {"created_by": teams[0]}
    rows = [{**same, "id": UUID(int=number), "team_id": teams[number % _TEAMS]} for number in range(_CONNECTIONS)]
    now = {"key_set_at": db_now(), "created_at": db_now(), "updated_at": db_now()}
    async with database.write() as tx:
        await tx.execute(insert(ConnectionRow).values(**now), rows)
    await _alone(database, f"ANALYZE {ConnectionRow.__tablename__}")


async def _fill(database: Database, teams: list[UUID], months: int, rows: int) -> date:
    async with database.read() as tx:
        now = await read_clock(tx)
    order = [now.date().replace(day=1)]
    while len(order) < months:
        order.append((order[-1] - timedelta(days=1)).replace(day=1))
    now_ms = int(now.timestamp() * 1000)
    for month in reversed(order):
        begins = _ms(month)
        step = (min(_ms(month_after(month)), now_ms) - begins) / (rows + 1)
        async with database.write() as tx:
            await _fill_month(tx, teams, {"begins": begins, "step": step, "rows": rows})
            await tx.execute(text(f"ANALYZE {_EVENTS}"))
    return order[-1]


async def _fill_month(tx: AsyncConnection, teams: Sequence[UUID], asked: Mapping[str, Any]) -> None:
    await let_take_long(tx)
    its = {"teams": [str(one) for one in teams], "team_count": len(teams), "connections": _CONNECTIONS}
    await tx.execute(_FILL, {**asked, **its})


async def _move(database: Database, rows: int) -> None:
    """Say how long everybody waits while so many calls are moved into a month that was missing."""
    async with database.write() as tx:
        await _fill_month(tx, [UUID(int=1)], {"begins": _ms(date(2024, 1, 1)), "step": 10.0, "rows": rows})
    async with database.read() as tx:
        missing = len(await find_wanted(tx))
    begun = time.perf_counter()
    outcome = dict(await make_months(database, at_most=rows))
    _say(f"  {rows:,} calls of a month that was missing ({missing}): {time.perf_counter() - begun:.2f} s {outcome}")


async def _forget_a_month(database: Database, month: date) -> None:
    """Say what deleting a whole month takes, row by row and as a part; by who may, for the product never does."""
    within = {"first": first_id(month), "end": first_id(month_after(month))}
    begun = time.perf_counter()
    async with database.write() as tx:
        await let_take_long(tx)
        await tx.execute(text(f"DELETE FROM {_ONE} WHERE call_id >= :first AND call_id < :end"), within)  # noqa: S608 - a name of ours
    await _alone(database, f"VACUUM {_ONE}")
    _say(f"  a month deleted from one table and vacuumed: {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    async with database.write() as tx:
        await tx.execute(text(f"DROP TABLE {_EVENTS}{month:_%Y_%m}"))
    _say(f"  dropped as a part: {time.perf_counter() - begun:.2f} s")


async def _alone(database: Database, statement: str) -> None:
    async with database.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("SET statement_timeout = 0"))
        await let_take_long(alone)
        await alone.execute(text(statement))
        await alone.invalidate()


async def _say_sizes(database: Database, of: str) -> None:
    async with database.read() as tx:
        found = [(str(row[0]), row[1], row[2]) for row in await tx.execute(_SIZES, {"name": _EVENTS})]
    mib = 1024 * 1024
    rows, indexes = sum(one[1] for one in found) / mib, sum(one[2] for one in found) / mib
    most = max(one[2] for one in found) / mib
    _say(f"{of}: rows {rows:,.0f} MiB, indexes {indexes:,.0f} MiB; the largest part's indexes {most:,.0f} MiB")


def _ms(month: date) -> int:
    return UUID(first_id(month)).int >> 80


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True, help="an empty database on PostgreSQL")
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--rows", type=int, default=100_000, help="of each month")
    parser.add_argument("--seconds", type=float, default=5.0, help="of writing; 0: none")
    given = parser.parse_args()
    _say(str(describe()))
    asyncio.run(_run(given.database, given.months, given.rows, given.seconds))


if __name__ == "__main__":
    main()
