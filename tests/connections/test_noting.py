"""What one call after another makes of a connection: the word, since when, and when the breaker opens and closes."""

from uuid import UUID

import pytest

from moorage.connections.noting import By, note
from moorage.errors import EndpointFailure
from tests.connections.lookout import Lookout, lookout_over
from tests.connections.quay import Quay


async def _note(quay: Quay, connection_id: UUID, code: str | None, by: By = "call") -> None:
    async with quay.database.write() as tx:
        await note(tx, quay.olga.person.team_id, connection_id, code, facts={"port": 443}, by=by)


async def _fail(lookout: Lookout, connection_id: UUID, code: str, times: int = 3) -> None:
    for _ in range(times):
        await _note(lookout.quay, connection_id, code)
        await lookout.later(seconds=40)


async def test_three_failures_in_a_minute_and_more_open_the_breaker_and_one_answer_closes_it(quay: Quay) -> None:
    """P10."""
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _fail(lookout, connection_id, "connect_refused", times=1)
    await lookout.later(minutes=5)
    await _fail(lookout, connection_id, "connect_refused", times=1)
    row = await lookout.row(connection_id)
    assert (row.health, row.failures, row.opened_at) == ("unreachable", 2, None)
    await _note(quay, connection_id, "tls_expired")
    row = await lookout.row(connection_id)
    assert (row.failures, row.health_code, row.opened_at is not None) == (3, "tls_expired", True)
    began = row.failing_since
    await _note(quay, connection_id, "connect_refused")
    assert (await lookout.row(connection_id)).failing_since == began
    await _note(quay, connection_id, None)
    row = await lookout.row(connection_id)
    assert (row.health, row.failures, row.failing_since, row.opened_at) == ("healthy", 0, None, None)


async def test_ten_people_at_once_are_one_moment_and_open_nothing(quay: Quay) -> None:
    lookout, connection_id = lookout_over(quay), await quay.connect()
    for _ in range(10):
        await _note(quay, connection_id, "connection_lost")
    assert (await lookout.row(connection_id)).opened_at is None


async def test_a_refused_key_needs_no_second_time(quay: Quay) -> None:
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _note(quay, connection_id, "forbidden")  # perhaps about one model only
    assert (await lookout.row(connection_id)).opened_at is None
    await _note(quay, connection_id, "bad_key")
    row = await lookout.row(connection_id)
    assert (row.health, row.opened_at is not None) == ("refused", True)


async def test_slow_three_times_in_a_row_is_no_answer_and_busy_is_one(quay: Quay) -> None:
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _fail(lookout, connection_id, "first_byte_timeout", times=2)
    assert (await lookout.row(connection_id)).health == "slow"
    await _fail(lookout, connection_id, "first_byte_timeout", times=1)
    assert (await lookout.row(connection_id)).health == "unreachable"
    await _note(quay, connection_id, "rate_limited")
    row = await lookout.row(connection_id)
    assert (row.health, row.failures, row.opened_at) == ("slow", 0, None)


async def test_a_state_knows_since_when_it_is_and_when_it_was_last_well(quay: Quay) -> None:
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await lookout.later(hours=1)
    well = (await lookout.row(connection_id)).good_at
    await _note(quay, connection_id, "connect_refused")
    since = (await lookout.row(connection_id)).health_since
    assert since > well
    await lookout.later(hours=1)
    await _note(quay, connection_id, "tls_failed")
    facts = await quay.connections.get(quay.olga, connection_id)
    assert facts.condition.since is not None
    assert (since - facts.condition.since).total_seconds() == pytest.approx(3600, abs=0.001)
    assert (facts.condition.health, facts.condition.cause) == ("unreachable", "tls_failed")
    assert facts.condition.last_good is not None
    assert (well - facts.condition.last_good).total_seconds() == pytest.approx(3600, abs=0.001)


@pytest.mark.parametrize(
    ("code", "by", "then"),
    [
        ("connect_refused", "call", "healthy"),
        ("tunnel_down", "call", "healthy"),
        ("rate_limited", "call", "healthy"),
        ("upstream_failed", "check", "healthy"),
        ("upstream_failed", "call", "unreachable"),
        ("midstream_error", "call", "unreachable"),
        ("first_byte_timeout", "call", "slow"),
        ("quota_exhausted", "call", "refused"),
        ("bad_key", "call", "refused"),
        ("bad_key", "check", "refused"),
    ],
)
async def test_a_list_that_answers_refutes_only_what_it_can_know(quay: Quay, code: str, by: By, then: str) -> None:
    """llama.cpp lists its models to everybody, and vLLM lists them while its engine is dead."""
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _note(quay, connection_id, code, by)
    await _note(quay, connection_id, None, "check")
    row = await lookout.row(connection_id)
    assert row.health == then
    assert (row.failures == 0) == (then == "healthy")


async def test_news_of_a_key_that_was_replaced_changes_nothing(quay: Quay) -> None:
    lookout, connection_id = lookout_over(quay), await quay.connect()
    async with quay.database.write() as tx:
        await note(tx, quay.olga.person.team_id, connection_id, "bad_key", key_number=2)
        await note(tx, quay.eve.person.team_id, connection_id, "bad_key")
    assert (await lookout.row(connection_id)).health == "healthy"


async def test_nobody_waits_for_what_nobody_could_connect_to_seconds_ago(quay: Quay) -> None:
    """P22, ADR 0026: within ten seconds it is not tried again, and nothing else keeps a message from being tried."""
    lookout, connection_id = lookout_over(quay), await quay.connect()
    ref = await quay.ref()
    await _note(quay, connection_id, "connect_timeout")
    assert await quay.reply(ref) == "word1 word2 word3"
    await _fail(lookout, connection_id, "connect_timeout")
    await _note(quay, connection_id, "connect_timeout")
    asked = quay.server.counts.requests
    with pytest.raises(EndpointFailure) as refused:
        await quay.reply(ref)
    assert refused.value.code == "connection_resting"
    assert refused.value.params == {"connection": "Kanzlei GPU", "window_s": 10}
    assert quay.server.counts.requests == asked
    await lookout.later(seconds=11)
    assert await quay.reply(ref) == "word1 word2 word3"


@pytest.mark.parametrize("code", ["connect_refused", "bad_key", "upstream_failed", "first_byte_timeout"])
async def test_an_open_breaker_alone_refuses_nobody(quay: Quay, code: str) -> None:
    """P20."""
    lookout, connection_id = lookout_over(quay), await quay.connect()
    await _fail(lookout, connection_id, code)
    await _note(quay, connection_id, code)
    assert (await lookout.row(connection_id)).opened_at is not None
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"
