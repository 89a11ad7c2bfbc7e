"""Under the rule "only cleared models", whoever manages connections clears none, by no address and by no label."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from moorage.connections.catalogue import Catalogue
from moorage.connections.cleared import Reached, own_place, uncleared
from moorage.connections.undertaking_tables import UndertakingRow
from moorage.connections.undertakings import Signed, Undertakings
from moorage.errors import Conflict, MoorageError, NotAllowed
from moorage.storage.database import Database
from tests.connections.quay import HOST, KEY, Quay, finish, open_quay
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer

TODAY = datetime.now(UTC).date()
BOUND = Signed("Rechenwerk GmbH", TODAY - timedelta(days=1), None, "Folder 7")


def _undertakings(quay: Quay) -> Undertakings:
    return Undertakings(quay.database, Catalogue.load(None, {}))


async def _rule(quay: Quay) -> None:
    async with quay.database.read() as tx:
        listed = await _undertakings(quay).recipients(tx, quay.olga.person.team_id, TODAY)
    seen = {one.connection_id: one.zone_since for one in listed if one.connection_id is not None}
    await _undertakings(quay).set_rule(quay.olga, only_cleared=True, seen=seen)


async def _refusals(quay: Quay) -> set[str | None]:
    """How the same model is judged where it is listed, chosen, and while it answers."""
    async with quay.database.read() as tx:
        line = next(one for one in await quay.picker.lines(tx, quay.olga.asker) if one.model_id == "steady")
        connection_id = (await quay.connections.list(quay.olga)).connections[0].id
        reached = Reached(quay.olga.person.team_id, own_place(connection_id), line.zone)
        stopped = await uncleared(tx, {reached}, TODAY)
    async with quay.database.write() as tx:
        try:
            await quay.picker.choose(tx, quay.olga.asker, line.ref, quay.unsealed())
            chosen = None
        except MoorageError as error:
            chosen = error.code
    return {line.problem_code, chosen, "model_not_cleared" if stopped else None}


async def _recipient(quay: Quay) -> Any:
    async with quay.database.read() as tx:
        [one] = await _undertakings(quay).recipients(tx, quay.olga.person.team_id, TODAY)
    return one


async def test_an_undertaking_is_of_the_server_that_it_was_signed_for(
    database: Database, tmp_path: Path, authority: TestAuthority
) -> None:
    context = authority.server_context(HOST, "other.test")
    async with (
        ModelServer(context, name=HOST, key=KEY) as server,
        open_quay(database, tmp_path, server, authority) as quay,
    ):
        connection_id = await quay.connect(zone="own_contract")
        await _undertakings(quay).record(quay.olga, connection_id, BOUND)
        await _rule(quay)
        assert await _refusals(quay) == {None}
        same = await finish(quay.connections.replace_endpoint(quay.adam, connection_id, quay.entered()))
        assert same.findings.passed
        assert await _refusals(quay) == {None}, "another key for the same server is no other server"
        elsewhere = quay.entered(base_url=quay.base_url.replace(HOST, "other.test"))
        moved = await finish(quay.connections.replace_endpoint(quay.adam, connection_id, elsewhere))
        assert moved.findings.passed
        assert await _refusals(quay) == {"model_not_cleared"}
        async with quay.database.read() as tx:
            assert (await tx.scalars(select(UndertakingRow.place))).all() == []
        assert ("undertaking.voided", "Kanzlei GPU", "done") in await quay.acts()


async def test_own_hardware_that_an_admin_moves_is_own_hardware_when_an_owner_says_so(
    database: Database, tmp_path: Path, authority: TestAuthority
) -> None:
    context = authority.server_context(HOST, "other.test")
    async with (
        ModelServer(context, name=HOST, key=KEY) as server,
        open_quay(database, tmp_path, server, authority) as quay,
    ):
        connection_id = await quay.connect()
        await _rule(quay)
        elsewhere = quay.entered(base_url=quay.base_url.replace(HOST, "other.test"))
        assert (await finish(quay.connections.replace_endpoint(quay.adam, connection_id, elsewhere))).findings.passed
        assert await _refusals(quay) == {"model_not_cleared"}
        with pytest.raises(Conflict, match="recipient_changed"):
            await _undertakings(quay).vouch(quay.olga, connection_id)
        assert await _refusals(quay) == {"model_not_cleared"}, "the page showed the server before"
        await _undertakings(quay).vouch(quay.olga, connection_id, (await _recipient(quay)).zone_since)
        assert await _refusals(quay) == {None}


async def test_nobody_signs_for_a_server_that_was_put_there_since(
    database: Database, tmp_path: Path, authority: TestAuthority
) -> None:
    context = authority.server_context(HOST, "other.test")
    async with (
        ModelServer(context, name=HOST, key=KEY) as server,
        open_quay(database, tmp_path, server, authority) as quay,
    ):
        connection_id = await quay.connect(zone="own_contract")
        seen = await _recipient(quay)
        elsewhere = quay.entered(base_url=quay.base_url.replace(HOST, "other.test"))
        assert (await finish(quay.connections.replace_endpoint(quay.adam, connection_id, elsewhere))).findings.passed
        with pytest.raises(Conflict, match="recipient_changed"):
            await _undertakings(quay).record(quay.olga, connection_id, BOUND, seen.zone_since)
        assert (await _recipient(quay)).signed is None
        await _undertakings(quay).record(quay.olga, connection_id, BOUND, (await _recipient(quay)).zone_since)
        assert (await _recipient(quay)).signed == BOUND


async def test_a_rule_stands_for_no_server_that_the_owner_did_not_see(quay: Quay) -> None:
    await quay.connect(zone="own_contract")
    seen = await _recipient(quay)
    await quay.connections.change(quay.adam, seen.connection_id, {"zone": "own_hardware"})
    shown = {seen.connection_id: seen.zone_since}
    await _undertakings(quay).set_rule(quay.olga, only_cleared=True, seen=shown)
    assert (await _recipient(quay)).needs_owner
    assert await _refusals(quay) == {"model_not_cleared"}


async def test_a_label_that_an_admin_gives_clears_nothing_until_an_owner_confirms_it(quay: Quay) -> None:
    connection_id = await quay.connect(zone="own_contract")
    await _rule(quay)
    await quay.connections.change(quay.adam, connection_id, {"zone": "own_hardware"})
    assert await _refusals(quay) == {"model_not_cleared"}
    told = await _recipient(quay)
    assert (told.is_cleared, told.needs_owner) == (False, True)
    with pytest.raises(NotAllowed):
        await _undertakings(quay).vouch(quay.adam, connection_id)
    await _undertakings(quay).vouch(quay.olga, connection_id, told.zone_since)
    assert await _refusals(quay) == {None}
    told = await _recipient(quay)
    assert (told.is_cleared, told.needs_owner) == (True, False)
    assert ("connection.own_hardware_confirmed", "Kanzlei GPU", "done") in await quay.acts()


async def test_a_connection_that_an_admin_makes_as_own_hardware_waits_for_an_owner_too(quay: Quay) -> None:
    await _rule(quay)
    finished = await finish(quay.connections.test_draft(quay.adam, quay.entered(), None))
    await quay.connections.make(quay.adam, quay.draft(test_id=finished.test_id))
    assert await _refusals(quay) == {"model_not_cleared"}


async def test_what_an_owner_says_and_what_stood_there_when_the_rule_came_counts(quay: Quay) -> None:
    finished = await finish(quay.connections.test_draft(quay.adam, quay.entered(), None))
    made = await quay.connections.make(quay.adam, quay.draft(test_id=finished.test_id))
    assert not (await _recipient(quay)).needs_owner, "without the rule nobody has to confirm anything"
    await _rule(quay)
    assert await _refusals(quay) == {None}, "the owner saw it when ruling"
    await quay.connections.change(quay.olga, made.id, {"zone": "router"})
    assert await _refusals(quay) == {"model_not_cleared"}
    await quay.connections.change(quay.olga, made.id, {"zone": "own_hardware"})
    assert await _refusals(quay) == {None}


async def test_nobody_confirms_what_is_not_said_any_more_or_belongs_to_another_team(quay: Quay) -> None:
    connection_id: UUID = await quay.connect(zone="router")
    with pytest.raises(Conflict) as refused:
        await _undertakings(quay).vouch(quay.olga, connection_id)
    assert refused.value.code == "recipient_changed"
    with pytest.raises(MoorageError) as unknown:
        await _undertakings(quay).vouch(quay.eve, connection_id)
    assert unknown.value.code == "connection_gone"
