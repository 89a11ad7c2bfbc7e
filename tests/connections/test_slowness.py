"""Slow is what people wait, against what they usually wait for the same model; everything else says nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from moorage.connections.slowness import Wait, is_slow
from moorage.storage.types import db_after, db_now, new_id
from moorage.usage.tables import ByomUsageRow
from tests.connections.lookout import lookout_over
from tests.connections.quay import Quay
from tests.support.kept_rows import change

USUAL = [Wait("small", 200.0)] * 20 + [Wait("large", 3000.0)] * 20


@pytest.mark.parametrize(
    ("late", "slow"),
    [
        ([Wait("small", 2300.0)] * 5, True),
        ([Wait("small", 2300.0)] * 4, False),  # too few
        ([Wait("small", 900.0)] * 9, False),  # over four times as long, and nobody minds
        ([Wait("large", 6000.0)] * 9, False),  # twice as long is a longer question
        ([Wait("large", 9100.0)] * 5, True),
        ([Wait("large", 3100.0)] * 9, False),  # another model than an hour ago is not slowness
        ([Wait("small", 2300.0)] * 4 + [Wait("small", 210.0)] * 5, False),  # some long questions
        ([Wait("new", 60_000.0)] * 9, False),  # nobody knows what is usual
        ([], False),
    ],
)
def test_an_endpoint_is_slow_against_its_own_usual(late: list[Wait], slow: bool) -> None:
    assert is_slow(late, USUAL) is slow


async def _waited(quay: Quay, connection_id: Any, ttft_ms: float, *, ago: timedelta, times: int) -> None:
    caller = quay.olga.person
    async with quay.database.write() as tx:
        for _ in range(times):
            await tx.execute(
                insert(ByomUsageRow).values(
                    call_id=new_id(),
                    team_id=caller.team_id,
                    user_id=caller.user_id,
                    purpose="reply",
                    model_id="steady",
                    count_source="reported",
                    ended="ok",
                    ttft_ms=ttft_ms,
                    started_at=db_now(),
                    at=db_after(-ago),
                    connection_id=connection_id,
                )
            )


async def test_what_gets_slow_is_called_so_and_why_and_not_any_more_when_it_is_over(quay: Quay) -> None:
    """P22: judged from the usage log beside the calls, never on their way."""
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _waited(quay, connection_id, 300, ago=timedelta(days=2), times=25)
    await _waited(quay, connection_id, 4000, ago=timedelta(minutes=1), times=4)
    await lookout.watch.judge()
    assert (await quay.connections.get(quay.olga, connection_id)).health == "healthy"
    await _waited(quay, connection_id, 4000, ago=timedelta(minutes=1), times=1)
    await lookout.watch.judge()
    condition = (await quay.connections.get(quay.olga, connection_id)).condition
    assert (condition.health, condition.cause) == ("slow", "slower_than_usual")
    assert condition.since is not None
    await lookout.watch.judge()
    assert (await quay.connections.get(quay.olga, connection_id)).condition.since == condition.since
    await change(quay.database, "UPDATE byom_usage_event SET at = at - 1000000000")
    await lookout.watch.judge()
    assert (await quay.connections.get(quay.olga, connection_id)).health == "healthy"
