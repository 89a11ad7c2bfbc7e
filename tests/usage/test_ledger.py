"""Every announced call is settled exactly once, whatever dies (P15, P16)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import func, insert, inspect, select, update

from moorage.accounts.tables import TeamRow
from moorage.storage.database import Database, GroupWriter
from moorage.storage.types import db_now, new_id
from moorage.usage.estimates import Count, count_call, estimate_tokens
from moorage.usage.ledger import Call, Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.statistics import Statistics
from moorage.usage.tables import ByomUsageRow, ReservationRow, StandardUsageRow


@dataclass
class Harbour:
    """A team, a writer and a ledger."""

    database: Database
    writer: GroupWriter
    ledger: Ledger
    team_id: UUID

    def call(self, **changes: Any) -> Call:
        """Make a call of an own model."""
        values: dict[str, Any] = {
            "call_id": new_id(),
            "team_id": self.team_id,
            "user_id": new_id(),
            "kind": "byom",
            "purpose": "reply",
            "connection_id": new_id(),
            "provider": "openai_compatible",
            "model_id": "kimi",
            "tokens_in_estimate": 12,
        }
        return Call(**{**values, **changes})

    async def play(self, call: Call, outcome: Outcome) -> None:
        """Announce a call and settle it."""
        await self.writer.do(lambda tx: self.ledger.announce(tx, call))
        await self.writer.do(lambda tx: self.ledger.settle(tx, call.call_id, outcome))

    async def count(self, table: Any) -> int:
        """Count the rows of a table."""
        async with self.database.read() as tx:
            return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


@pytest_asyncio.fixture
async def harbour(database: Database) -> AsyncIterator[Harbour]:
    """Give a team with an empty ledger."""
    team_id = new_id()
    async with database.write() as tx:
        await tx.execute(
            insert(TeamRow).values(id=team_id, name="Kanzlei", plan="free", standing="active", created_at=db_now())
        )
    writer = GroupWriter(database)
    writer.start()
    yield Harbour(database, writer, Ledger("here", "boot1"), team_id)
    await writer.close()


OK = Outcome(Count(10, 20, "reported"), "ok", 12.5, 300.0)


async def test_a_call_is_announced_then_settled_into_one_event(harbour: Harbour) -> None:
    call = harbour.call()
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, call))
    assert await harbour.count(ReservationRow) == 1
    assert await harbour.writer.do(lambda tx: harbour.ledger.settle(tx, call.call_id, OK))
    assert (await harbour.count(ReservationRow), await harbour.count(ByomUsageRow)) == (0, 1)


async def test_settling_twice_counts_once_even_at_the_same_time(harbour: Harbour) -> None:
    call = harbour.call()
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, call))

    async def settle() -> bool:
        async with harbour.database.write() as tx:
            return await harbour.ledger.settle(tx, call.call_id, OK)

    assert sorted(await asyncio.gather(*(settle() for _ in range(6)))) == [False] * 5 + [True]
    assert await harbour.count(ByomUsageRow) == 1


async def test_own_and_standard_calls_go_to_separate_logs_and_a_byom_row_knows_no_budget(harbour: Harbour) -> None:
    """P15."""
    own, included = (
        harbour.call(),
        harbour.call(kind="standard", provider="openai", connection_id=None, tokens_out_most=100),
    )
    for call in (own, included):
        await harbour.play(call, OK)
    assert (await harbour.count(ByomUsageRow), await harbour.count(StandardUsageRow)) == (1, 1)
    columns = {column.name for column in inspect(ByomUsageRow).columns}
    assert not any("budget" in name or "price" in name for name in columns)


async def test_a_scripted_call_goes_nowhere_and_is_not_counted(harbour: Harbour) -> None:
    call = harbour.call(kind="scripted")
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, call))
    assert await harbour.count(ReservationRow) == 0


async def test_calls_of_an_earlier_boot_are_orphans_at_once_and_running_ones_are_not(harbour: Harbour) -> None:
    earlier, other = Ledger("here", "boot0"), Ledger("elsewhere", "boot9")
    left, running, foreign = harbour.call(), harbour.call(), harbour.call()
    await harbour.writer.do(lambda tx: earlier.announce(tx, left))
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, running))
    await harbour.writer.do(lambda tx: other.announce(tx, foreign))
    found = await harbour.writer.do(harbour.ledger.find_orphans)
    assert [orphan.call_id for orphan in found] == [left.call_id]


async def test_a_call_whose_lease_ran_out_is_an_orphan_and_renewing_prevents_that(harbour: Harbour) -> None:
    other = Ledger("elsewhere", "boot9")
    lost, kept, forgotten = harbour.call(), harbour.call(), harbour.call()
    await harbour.writer.do(lambda tx: other.announce(tx, lost))
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, kept))
    await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, forgotten))
    async with harbour.database.write() as tx:
        await tx.execute(update(ReservationRow).values(lease_until=db_now()))
    await harbour.writer.do(lambda tx: harbour.ledger.renew(tx, [kept.call_id]))
    found = await harbour.writer.do(harbour.ledger.find_orphans)
    # Also one of our own that we know nothing of: its announcement was stored, but that news never reached us.
    assert {orphan.call_id for orphan in found} == {lost.call_id, forgotten.call_id}


async def test_two_hundred_calls_at_once_are_all_counted(harbour: Harbour) -> None:
    async def one() -> None:
        call = harbour.call()
        await harbour.writer.do(lambda tx: harbour.ledger.announce(tx, call))
        await harbour.writer.do(lambda tx: harbour.ledger.settle(tx, call.call_id, OK))

    await asyncio.gather(*(one() for _ in range(200)))
    assert (await harbour.count(ReservationRow), await harbour.count(ByomUsageRow)) == (0, 200)


async def test_statistics_say_what_rests_on_reports_and_what_does_not(harbour: Harbour) -> None:
    """P16: a missing count is neither a zero call nor a free one."""
    connection_id = new_id()
    outcomes = [
        Outcome(Count(10, 20, "reported"), "ok", 10.0, 50.0),
        Outcome(Count(5, 7, "estimated"), "stopped", 30.0, 60.0),
        Outcome(Count(None, None, "missing"), "upstream_error", None, 5.0),
    ]
    for outcome in outcomes:
        call = harbour.call(connection_id=connection_id)
        await harbour.play(call, outcome)
    async with harbour.database.read() as tx:
        now = (await tx.execute(select(db_now()))).scalar_one().date()
        report = await Statistics(tx, harbour.team_id).report("byom", now, now)
        strangers = await Statistics(tx, new_id()).report("byom", now, now)
    assert report.calls == 3
    row = report.rows[0]
    assert (row.source_id, row.model_id, row.failed_calls) == (str(connection_id), "kimi", 1)
    total = report.total
    assert (total.tokens_in, total.tokens_out) == (15, 27)
    assert (total.reported_calls, total.estimated_calls, total.missing_calls) == (1, 1, 1)
    assert row.ttft_ms == pytest.approx(20.0)
    assert [one.day for one in report.days] == [now.isoformat()]
    assert strangers.calls == 0


def test_a_count_says_where_it_comes_from() -> None:
    """P16."""
    assert count_call(3, 4, prompt_estimate=9, written_estimate=1, begun=True) == Count(3, 4, "reported")
    assert count_call(None, None, prompt_estimate=9, written_estimate=2, begun=True) == Count(9, 2, "estimated")
    assert count_call(3, None, prompt_estimate=9, written_estimate=1, begun=True) == Count(3, 1, "estimated")
    assert count_call(None, None, prompt_estimate=9, written_estimate=0, begun=False) == Count(None, None, "missing")


def test_an_estimate_counts_bytes_and_survives_half_characters() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("abc") == 1
    assert estimate_tokens("\ud83c") == 1
