"""Figures are read from the sums of each day, and those are what the events come to (P15, P16)."""

import json
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, func, select, text, update

from moorage.storage.database import Database
from moorage.storage.migrate import alembic_config, upgrade
from moorage.storage.types import new_id
from moorage.usage.day_rows import Scope
from moorage.usage.exporting import Wanted, Words, stream
from moorage.usage.ledger import Call
from moorage.usage.outcomes import Outcome
from moorage.usage.people import read_people
from moorage.usage.statistics import Statistics, UsageReport
from moorage.usage.tables import ByomDayRow, ByomUsageRow, StandardUsageRow
from tests.support.kept_rows import change
from tests.usage.quayside import Quayside, add_team, quayside, used

__all__ = ["quayside"]

ALWAYS = date(2020, 1, 1), date(2040, 1, 1)
PEOPLE = [new_id() for _ in range(2)]
CONNECTIONS = [new_id() for _ in range(2)]

outcomes = st.one_of(
    st.builds(used, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["reported", "estimated"])),
    st.builds(used, st.integers(0, 99), st.none(), st.just("orphan"), st.just("crashed")),
    st.just(used(None, None, "missing", "upstream_error")),
    st.builds(used, st.just(1), st.just(1), st.just("reported"), st.sampled_from(["stopped", "timeout"])),
)
calls = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["kimi", "glm"]),
        st.sampled_from(CONNECTIONS),
        st.integers(-2, 0),  # days before today
        st.booleans(),  # hidden
        outcomes,
    ),
    max_size=8,
)


async def report(quayside: Quayside, kind: Any = "byom", **narrowed: Any) -> UsageReport:
    async with quayside.database.read() as tx:
        return await Statistics(tx, quayside.team_id, **narrowed).report(kind, *ALWAYS)


async def people(quayside: Quayside, scope: Scope, most: int = 100) -> dict[UUID, tuple[int, int]]:
    async with quayside.database.read() as tx:
        found = await read_people(tx, "byom", scope, *ALWAYS, most)
    return {one.user_id: (one.calls, one.tokens.tokens_in + one.tokens.tokens_out) for one in found.people}


def _by_person(seen: list[tuple[Call, Outcome]]) -> dict[UUID, tuple[int, int]]:
    sums: dict[UUID, tuple[int, int]] = {}
    for call, end in seen:
        calls, tokens = sums.get(call.user_id, (0, 0))
        sums[call.user_id] = calls + 1, tokens + (end.count.tokens_in or 0) + (end.count.tokens_out or 0)
    return sums


async def exported(quayside: Quayside, scope: Scope, batch: int) -> list[dict[str, Any]]:
    words = Words(source=str, person=str, cost=lambda *_: None)
    pieces = stream(quayside.database, Wanted("byom", scope, *ALWAYS), words, "ndjson", batch)
    opening, *lines, end = [json.loads(line) for line in b"".join([piece async for piece in pieces]).splitlines()]
    assert (opening["type"], end) == ("export", {"type": "end", "lines": len(lines)})
    keys = [(line["day"], line["source_id"], line["model_id"], line["person_id"]) for line in lines]
    assert len(set(keys)) == len(keys)
    return lines


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=calls)
async def test_the_figures_are_what_the_events_come_to_less_those_that_are_hidden(
    quayside: Quayside, made: list[Any]
) -> None:
    quayside.team_id = await add_team(quayside.database)
    hidden: list[tuple[Call, Outcome]] = []
    told: list[tuple[Call, Outcome]] = []
    for user_id, model_id, connection_id, _, is_hidden, outcome in made:
        call = quayside.own_call(user_id=user_id, model_id=model_id, connection_id=connection_id)
        await quayside.announce(call)
        await quayside.settle(call, outcome)
        (hidden if is_hidden else told).append((call, outcome))
    without: Select[Any] = select(ByomUsageRow.call_id).where(
        ByomUsageRow.call_id.in_([one.call_id for one, _ in hidden])
    )
    for user_id in (None, PEOPLE[0]):
        seen = [(call, end) for call, end in told if user_id in {None, call.user_id}]
        found = await report(quayside, user_id=user_id, without=without)
        assert found.calls == len(seen)
        assert found.total.tokens_in == sum(end.count.tokens_in or 0 for _, end in seen)
        assert found.total.tokens_out == sum(end.count.tokens_out or 0 for _, end in seen)
        sources = [end.count.source for _, end in seen]
        assert found.total.reported_calls == sources.count("reported")
        assert found.total.estimated_calls == sources.count("estimated") + sources.count("orphan")
        assert found.total.missing_calls == sources.count("missing")
        assert {(row.source_id, row.model_id) for row in found.rows} == {
            (str(call.connection_id), call.model_id) for call, _ in seen
        }
        failed = sum(end.ended in {"upstream_error", "timeout"} for _, end in seen)
        assert sum(row.failed_calls for row in found.rows) == failed
        assert sum(one.tokens.tokens_in for one in found.days) == found.total.tokens_in
        assert sum(one.failed_calls for one in found.days) == found.failed_calls == failed
        for source in found.sources:
            its = [row for row in found.rows if row.source_id == source.source_id]
            assert (source.calls, source.failed_calls) == (
                sum(row.calls for row in its),
                sum(row.failed_calls for row in its),
            )
        scope = Scope(quayside.team_id, user_id, without)
        assert await people(quayside, scope) == _by_person(seen)
        for batch in (1, 3, 1000):
            lines = await exported(quayside, scope, batch)
            assert sum(line["calls"] for line in lines) == len(seen)
            assert {line["person_id"] for line in lines} == {str(call.user_id) for call, _ in seen}


async def test_no_event_is_read_for_a_figure(quayside: Quayside) -> None:
    """With the events gone the figures are still there: nothing is added up anew."""
    call = quayside.own_call()
    await quayside.announce(call)
    await quayside.settle(call, used(3, 4))
    await change(quayside.database, "DELETE FROM byom_usage_event")
    found = await report(quayside)
    assert (found.calls, found.total.tokens_in) == (1, 3)
    assert found.rows[0].ttft_ms == pytest.approx(10.0)


async def test_asking_for_a_list_of_models_is_no_usage(quayside: Quayside) -> None:
    call = quayside.own_call(purpose="discovery")
    await quayside.announce(call)
    await quayside.settle(call, used(3, 4))
    assert await quayside.count(ByomDayRow) == 0
    assert (await report(quayside)).calls == 0


@pytest.mark.parametrize("kind", ["byom", "standard"])
async def test_a_late_truth_takes_the_place_of_what_a_sweep_had_to_assume(quayside: Quayside, kind: str) -> None:
    call = quayside.own_call() if kind == "byom" else quayside.call()
    await quayside.announce(call)
    await quayside.settle(call, used(100, None, "orphan", "crashed"))
    assert (await report(quayside, kind)).total.estimated_calls == 1
    await quayside.settle(call, used(80, 20))
    found = await report(quayside, kind)
    assert (found.calls, found.total.tokens_in, found.total.tokens_out) == (1, 80, 20)
    assert (found.total.reported_calls, found.total.estimated_calls) == (1, 0)
    table: Any = ByomUsageRow if kind == "byom" else StandardUsageRow
    without = select(table.call_id).where(table.call_id == call.call_id)
    hidden = await report(quayside, kind, without=without)
    assert (hidden.calls, hidden.rows, hidden.days, hidden.total.tokens_in) == (0, [], [], 0)


async def test_a_range_of_days_holds_its_first_and_its_last_day(quayside: Quayside) -> None:
    for _ in range(3):
        call = quayside.own_call()
        await quayside.announce(call)
        await quayside.settle(call, used(1, 1))
    async with quayside.database.write() as tx:
        # All three of one person, connection and model would be one row; each is another connection's.
        today = await tx.scalar(select(func.max(ByomDayRow.day)))
        rows = (await tx.execute(select(ByomDayRow.connection_id))).scalars().all()
        for back, connection_id in enumerate(rows):
            moved = update(ByomDayRow).where(ByomDayRow.connection_id == connection_id)
            await tx.execute(moved.values(day=(today or 0) - back))
    last = date(1970, 1, 1) + timedelta(days=today or 0)
    async with quayside.database.read() as tx:
        statistics = Statistics(tx, quayside.team_id)
        counted = [
            (await statistics.report("byom", last - timedelta(days=first), last - timedelta(days=end))).calls
            for first, end in ((0, 0), (1, 0), (2, 0), (2, 1), (5, 3))
        ]
    assert counted == [1, 2, 3, 2, 0]


async def test_the_sums_of_before_are_made_by_the_upgrade(empty_database_url: str) -> None:
    """From 0018 on: events of two days, sources and ends; a list of models counts for nothing."""
    database = Database(empty_database_url)
    team_id, user_id, connection_id = str(new_id()), str(new_id()), str(new_id())
    day = 86_400_000_000

    def fill(connection: Any) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0018_shapes")
        events = [
            (0, "reply", 10, 20, "reported", "ok", 5.0),
            (0, "title", 1, 2, "estimated", "stopped", 7.0),
            (day - 1, "reply", None, None, "missing", "upstream_error", None),
            (day, "reply", 4, None, "orphan", "crashed", None),
            (day, "discovery", None, None, "missing", "ok", None),
        ]
        for table, source, value in (
            ("byom", "connection_id", connection_id),
            ("standard", "provider", "mistral"),
        ):
            for at, purpose, *rest in events:
                tokens_in, tokens_out, count_source, ended, ttft_ms = rest
                connection.execute(
                    text(
                        f"INSERT INTO {table}_usage_event (call_id, team_id, user_id, purpose, model_id, tokens_in,"
                        f" tokens_out, count_source, ended, ttft_ms, duration_ms, started_at, at, {source}) VALUES"
                        " (:id, :team, :user, :purpose, 'm', :ti, :to, :source, :ended, :ttft, 1, :at, :at, :value)"
                    ),
                    {
                        "id": str(new_id()),
                        "team": team_id,
                        "user": user_id,
                        "purpose": purpose,
                        "ti": tokens_in,
                        "to": tokens_out,
                        "source": count_source,
                        "ended": ended,
                        "ttft": ttft_ms,
                        "at": at,
                        "value": value,
                    },
                )

    try:
        async with database.write() as tx:
            await tx.run_sync(fill)
        await upgrade(database)
        kinds: tuple[Literal["byom", "standard"], ...] = ("byom", "standard")
        for kind in kinds:
            async with database.read() as tx:
                found = await Statistics(tx, UUID(team_id)).report(kind, date(1970, 1, 1), date(1970, 1, 9))
            assert (found.calls, found.total.tokens_in, found.total.tokens_out) == (4, 15, 22)
            total = found.total
            assert (total.reported_calls, total.estimated_calls, total.missing_calls) == (1, 2, 1)
            assert [one.day for one in found.days] == ["1970-01-01", "1970-01-02"]
            assert found.rows[0].failed_calls == 1
            assert found.rows[0].ttft_ms == pytest.approx(6.0)
    finally:
        await database.close()
