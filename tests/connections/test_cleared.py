"""The rule on undertakings where it is easy to miss: between choosing and opening, in a list, at standard providers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update

from moorage.connections.cleared import provider_place, read_clearing
from moorage.connections.undertaking_tables import ClearingRuleRow, UndertakingRow
from moorage.errors import NotCleared
from moorage.storage.types import db_now
from tests.connections.quay import Quay

TODAY = datetime.now(UTC).date()


async def _rule(quay: Quay, *, only_cleared: bool = True) -> None:
    async with quay.database.write() as tx:
        await tx.execute(delete(ClearingRuleRow))
        if only_cleared:
            await tx.execute(insert(ClearingRuleRow).values(team_id=quay.olga.person.team_id, since=db_now()))


async def _bind(quay: Quay, place: str, team_id: UUID | None = None) -> None:
    days = {"signed_on": TODAY.isoformat(), "expires_on": (TODAY + timedelta(days=1)).isoformat()}
    who = {"signer": "Rechenwerk", "document": "", "set_by": quay.olga.person.user_id, "set_at": db_now()}
    async with quay.database.write() as tx:
        whose = team_id or quay.olga.person.team_id
        await tx.execute(insert(UndertakingRow).values(team_id=whose, place=place, **days, **who))


async def test_what_ends_between_choosing_and_opening_opens_nothing(quay: Quay) -> None:
    connection_id = await quay.connect(zone="own_contract")
    await _rule(quay)
    await _bind(quay, str(connection_id))
    ref = await quay.ref()
    await quay.open(await quay.choose(ref))
    chosen = await quay.choose(ref)
    async with quay.database.write() as tx:
        await tx.execute(update(UndertakingRow).values(expires_on=(TODAY - timedelta(days=1)).isoformat()))
    with pytest.raises(NotCleared):
        await quay.open(chosen)


async def test_a_rule_that_comes_between_choosing_and_opening_holds(quay: Quay) -> None:
    await quay.connect(zone="own_contract")
    chosen = await quay.choose(await quay.ref())
    await _rule(quay)
    with pytest.raises(NotCleared):
        await quay.open(chosen)


async def test_another_teams_undertaking_and_another_connections_clear_nothing(quay: Quay) -> None:
    connection_id = await quay.connect(zone="own_contract")
    other = await quay.connect(name="Other", zone="own_contract")
    await _rule(quay)
    await _bind(quay, str(connection_id), quay.eve.person.team_id)
    await _bind(quay, str(other))
    async with quay.database.read() as tx:
        lines = {line.connection_name: line.problem_code for line in await quay.picker.lines(tx, quay.olga.asker)}
    assert lines["Kanzlei GPU"] == "model_not_cleared"
    assert lines["Other"] is None


async def test_a_standard_provider_is_cleared_by_its_own_undertaking(quay: Quay) -> None:
    await _rule(quay)
    async with quay.database.read() as tx:
        clearing = await read_clearing(tx, quay.olga.person.team_id)
    assert clearing.refusal(provider_place("openai"), "included", TODAY) == "model_not_cleared"
    await _bind(quay, provider_place("openai"))
    async with quay.database.read() as tx:
        clearing = await read_clearing(tx, quay.olga.person.team_id)
    assert clearing.refusal(provider_place("openai"), "included", TODAY) is None
    assert clearing.refusal(provider_place("google"), "included", TODAY) == "model_not_cleared"


async def test_without_the_rule_nothing_is_asked(quay: Quay) -> None:
    await quay.connect(zone="own_contract")
    await _rule(quay, only_cleared=False)
    await quay.open(await quay.choose(await quay.ref()))
