"""A filter of the trail finds its entries by an index on both engines, also among 100,000."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest_asyncio
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.reading import Filter, read, select_page
from moorage.storage.database import Database
from moorage.storage.types import Id, UtcTime, new_id

MANY = 100_000
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
TEAM, MIA = new_id(), new_id()
PAGE = 51

# Every quarter of an hour an entry, for almost three years; one in 1,000 is Mia's, of the rare action, and failed.
_NUMBERS = {
    True: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) ",
    False: "WITH n(i) AS (SELECT generate_series(1, :many)) ",
}
_FILL = """
INSERT INTO audit_entry (team_id, seq, at, actor_id, actor_name, action, object_type, object_id, object_name,
                         outcome, request_id, details, canonical, prev_hash, hash)
{numbers}SELECT :team, i, :begun + CAST(i AS BIGINT) * 900000000,
  CASE WHEN i % 1000 = 7 THEN :mia ELSE :olga END, 'Olga',
  CASE WHEN i % 1000 = 7 THEN 'provider.removed' ELSE 'person.signed_in' END, 'connection',
  CASE WHEN i % 1000 = 7 THEN 'c-rare' ELSE 'c-' || (i % 50) END, 'Werft',
  CASE WHEN i % 1000 = 7 THEN 'failed' ELSE 'done' END, 'r', '{{}}', :some, :some, :some
FROM n
"""


@pytest_asyncio.fixture
async def filled(database: Database) -> Database:
    """Give a database with a team of 100,000 entries and another of as many."""
    statement = _FILL.format(numbers=_NUMBERS[database.is_sqlite])
    fill = text(statement).bindparams(
        bindparam("team", type_=Id()),
        bindparam("mia", type_=Id()),
        bindparam("olga", type_=Id()),
        bindparam("begun", type_=UtcTime()),
    )
    async with database.write() as tx:
        for team_id in (TEAM, new_id()):
            values = {"team": team_id, "mia": MIA, "olga": new_id(), "begun": BEGUN, "many": MANY, "some": b"x"}
            await tx.execute(fill, values)
    async with database.write() as tx:
        if not database.is_sqlite:
            await tx.execute(text("ANALYZE audit_entry"))  # what autovacuum does by itself after so many inserts
    return database


async def plan_of(tx: AsyncConnection, wanted: Filter, team_id: UUID = TEAM) -> str:
    """Give the plan of the page that `read` asks for."""
    asked = select_page(team_id, wanted, limit=PAGE)
    compiled = asked.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN " if tx.dialect.name == "sqlite" else "EXPLAIN "
    rows = await tx.exec_driver_sql(explain + str(compiled))
    return "\n".join(str(row[-1]) for row in rows)


A_DAY = BEGUN + timedelta(days=3)
PLANS = [
    (Filter(actor=MIA), "ix_audit_entry_actor"),
    (Filter(action="provider.removed"), "ix_audit_entry_action"),
    (Filter(action="provider"), "ix_audit_entry_action"),
    (Filter(object_id="c-rare"), "ix_audit_entry_object"),
    (Filter(outcome="failed"), "ix_audit_entry_outcome"),
    (Filter(since=A_DAY, until=A_DAY + timedelta(days=1)), "ix_audit_entry_at"),
]


async def test_every_filter_but_the_free_text_has_an_index_that_finds_its_entries(filled: Database) -> None:
    async with filled.read() as tx:
        for wanted, index in PLANS:
            plan = await plan_of(tx, wanted)
            assert index in plan, plan
            assert "Seq Scan" not in plan, plan
            assert "SCAN" not in plan, plan
        for wanted, _ in PLANS[:-1]:
            numbers = [entry.seq for entry in await read(tx, TEAM, None, PAGE, wanted)]
            assert numbers == [MANY - 993 - 1000 * n for n in range(PAGE)]
        of_day = await read(tx, TEAM, None, 200, PLANS[-1][0])
        assert [entry.seq for entry in of_day] == list(range(4 * 96 - 1, 3 * 96 - 1, -1))


async def test_a_page_of_a_filter_that_most_entries_fit_fetches_that_page_only(filled: Database) -> None:
    async with filled.read() as tx:
        for wanted in (Filter(action="person"), Filter(since=BEGUN), Filter(outcome="done")):
            plan = await plan_of(tx, wanted)
            assert "COVERING" in plan or "Index Only" in plan or "audit_entry_pkey" in plan, plan
            assert "Seq Scan" not in plan, plan
