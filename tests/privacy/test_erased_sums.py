"""What was used adds up after an erasure as before: sums of days, counters of budgets, on whoever's name they were."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.privacy import jobs
from moorage.privacy.carrying_out import erase_some_of_person, finish_person, finish_team, shut_doors_of_team
from moorage.privacy.erasing import ERASURE, Erasures
from moorage.privacy.scope import PersonScope, TeamScope
from moorage.privacy.tables import JobRow
from moorage.storage.types import db_after, new_id
from moorage.usage.drift import count_periods, find_day_drift, find_drift
from moorage.usage.estimates import Count
from moorage.usage.ledger import Ledger
from moorage.usage.outcomes import Outcome
from moorage.usage.rollups import FIGURES
from moorage.usage.tables import ByomDayRow, ReservationRow, StandardDayRow, StandardUsageRow, TokenScaleRow
from tests.privacy.leaver import settle_in, standard_call, until_receipts
from tests.scope.world import World
from tests.support.running import PASSWORD
from tests.support.tables import Contents

DAYS: Final = {"byom_usage_day": "connection_id", "standard_usage_day": "provider"}


def _sums(tables: Contents) -> Mapping[Any, float]:
    """Add up what all people used of each model on each day."""
    sums: Counter[Any] = Counter()
    for table, source in DAYS.items():
        for row in tables[table]:
            of = row["team_id"], row["day"], row["model_id"], row[source]
            sums.update({(*of, name): round(row[name], 3) for name in FIGURES})
    return sums


async def test_after_a_person_is_erased_days_and_budgets_add_up_as_before(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    before = await world.tables()
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    after = await world.tables()
    assert _sums(after) == _sums(before)
    assert after["budget_period"] == before["budget_period"]
    async with database.read() as tx:
        assert await find_drift(tx) == []
        assert await find_day_drift(tx) == []
        assert await count_periods(tx) > 0
        held = (await tx.scalars(select(ReservationRow.held_tokens))).all()
    assert sum(one or 0 for one in held) > 0, "a call is under way"


async def test_what_is_under_way_is_settled_under_the_other_id(world: World) -> None:
    leaver, olga, database = await settle_in(world), world.people["olga"], world.harbour.built.parts.database
    await olga.post(f"/api/team/privacy/people/{leaver.id}/erasure")
    await until_receipts(olga, 1)
    async with database.write() as tx:
        call_id = (await tx.scalars(select(ReservationRow.call_id))).one()
        assert await Ledger("gone", "1").settle(tx, call_id, Outcome(Count(80, 20, "reported"), "ok"))
    async with database.read() as tx:
        assert await find_drift(tx) == []
        assert await find_day_drift(tx) == []
        [day] = await _days(tx, StandardDayRow.model_id == "m")
    assert (day["calls"], day["reported_in"], day["reported_out"]) == (3, 90 + 95 + 80, 40 + 7 + 20)
    assert str(day["user_id"]) != leaver.id


async def test_what_becomes_known_between_two_batches_meets_the_sum_and_is_added_to_it(world: World) -> None:
    leaver, database = await settle_in(world), world.harbour.built.parts.database
    person_id, team_id, pseudonym = UUID(leaver.id), UUID(world.belongings["olga"]["team"]), new_id()
    ledger, call = Ledger("gone", "1"), standard_call(UUID(leaver.id), UUID(world.belongings["olga"]["team"]))
    async with database.write() as tx:
        await ledger.announce(tx, call)
        await ledger.settle(tx, call.call_id, Outcome(Count(100, None, "orphan"), "crashed"))
        before = await _days(tx, StandardDayRow.user_id == person_id)
    who = PersonScope(person_id, team_id, whole_account=True)
    async with database.write() as tx:
        while await tx.scalar(select(StandardUsageRow.call_id).where(StandardUsageRow.user_id == person_id).limit(1)):
            await erase_some_of_person(tx, who, pseudonym)
        assert await _days(tx, StandardDayRow.user_id == person_id) == before, "the sums are not their turn yet"
        assert await ledger.settle(tx, call.call_id, Outcome(Count(77, 5, "reported"), "ok"))
        assert await _days(tx, StandardDayRow.user_id == pseudonym) != []
    async with database.write() as tx:
        await finish_person(tx, who, pseudonym)
    async with database.read() as tx:
        assert await _days(tx, StandardDayRow.user_id == person_id) == []
        [day] = await _days(tx, StandardDayRow.user_id == pseudonym)
        assert await find_drift(tx) == []
        assert await find_day_drift(tx) == []
    assert (day["calls"], day["reported_calls"], day["reported_in"]) == (3, 3, 90 + 95 + 77)


async def test_a_team_that_is_erased_leaves_one_sum_for_each_day_and_model(world: World) -> None:
    leaver, database = await settle_in(world), world.harbour.built.parts.database
    olga, eve = world.people["olga"], world.people["eve"]
    team, eves = UUID(olga.session["team"]["id"]), UUID(eve.session["team"]["id"])
    ledger = Ledger("gone", "1")
    for person_id, team_id in ((olga.session["me"]["id"], team), (eve.session["me"]["id"], eves)):
        async with database.write() as tx:
            call = standard_call(UUID(person_id), team_id)
            await ledger.announce(tx, call)
            await ledger.settle(tx, call.call_id, Outcome(Count(10, 20, "reported"), "ok"))
    mine, hers = [{one["id"] for one in (await who.get("/api/connections"))["connections"]} for who in (olga, eve)]
    async with database.write() as tx:
        for connection_id in [*mine, *hers]:
            await tx.execute(insert(TokenScaleRow).values(_scale(connection_id)))
        before = await _days(tx, (StandardDayRow.team_id == team))
        assert len({one["user_id"] for one in before}) == 2
        pseudonym = new_id()
        await shut_doors_of_team(tx, TeamScope(team))
        await finish_team(tx, TeamScope(team), pseudonym)
    async with database.read() as tx:
        [day] = await _days(tx, StandardDayRow.team_id == team)
        for name in FIGURES:
            assert day[name] == sum(one[name] for one in before), name
        assert day["user_id"] == pseudonym
        assert str(day["user_id"]) != leaver.id
        assert (await tx.scalars(select(ByomDayRow.day).where(ByomDayRow.team_id == team))).all() == []
        assert (await tx.scalars(select(ByomDayRow.day).where(ByomDayRow.team_id == eves))).all() != []
        assert await find_drift(tx) == []
        assert await find_day_drift(tx) == []
        assert await count_periods(tx) == 1, "the other team's budget is as it was"
        taught = set(await tx.scalars(select(TokenScaleRow.source)))
        assert hers <= taught
        assert not mine & taught


class _Killed(BaseException):
    """The process is gone."""


class _Dying(Erasures):
    """Gives an account's calls their other id, and is gone before their sums have it."""

    async def _erase_account(self, job: jobs.Job, person_id: UUID, pseudonym: UUID) -> None:
        async with self._database.write() as tx:
            who = PersonScope(person_id, None, whole_account=True)
            while await tx.scalar(select(StandardUsageRow.call_id).where(StandardUsageRow.user_id == person_id)):
                await erase_some_of_person(tx, who, pseudonym)
        raise _Killed


async def test_a_killed_erasure_of_a_team_gives_the_calls_of_its_people_and_their_sums_one_id(world: World) -> None:
    """Of somebody who had used something in another team, and had left that."""
    database, file = world.harbour.built.parts.database, world.harbour.data / "later"
    eve, ledger = world.people["eve"], Ledger("gone", "1")
    account = {"name": "Carla", "email": "carla@example.com", "password": PASSWORD, "team_name": "Alone"}
    carla = await world.harbour.somebody().enter("/api/sign-up", account)
    person_id, elsewhere = UUID(carla.session["me"]["id"]), UUID(eve.session["team"]["id"])
    call = standard_call(person_id, elsewhere)
    async with database.write() as tx:
        await ledger.announce(tx, call)
        await ledger.settle(tx, call.call_id, Outcome(Count(10, 20, "reported"), "ok"))
    dying = _Dying(database, file, "here:1")
    async with dying.asking() as asked:
        await dying.ask_for_team(asked, UUID(carla.session["team"]["id"]), ERASURE)
        held = db_after(timedelta(hours=1))
        await asked.tx.execute(update(JobRow).values(worker="here:0", lease_until=held))  # not the server's
    with pytest.raises(_Killed):
        await dying.work_on_all()
    async with database.read() as tx:
        assert await find_day_drift(tx) != []
    await Erasures(database, file, "here:2").work_on_all()
    async with database.read() as tx:
        assert await find_day_drift(tx) == []
        assert await _days(tx, StandardDayRow.user_id == person_id) == []


async def _days(tx: AsyncConnection, which: Any) -> Sequence[Mapping[Any, Any]]:
    return [dict(row) for row in (await tx.execute(select(*StandardDayRow.__table__.c).where(which))).mappings()]


def _scale(source: str) -> dict[str, Any]:
    return {"source": source, "model_id": "another", "scale_in": 1.5, "calls_in": 1, "scale_out": 1.0, "calls_out": 0}
