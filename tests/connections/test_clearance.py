"""The second look of the seal, in front of the way out: at what is stored when a model is opened (P19)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from moorage.chat.tables import ConversationRow
from moorage.connections.chosen import ChosenModel
from moorage.connections.zones import Seal
from moorage.errors import MoorageError, NotFound, SealRefused
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from tests.connections.quay import HOST, KEY, Quay, finish, open_quay
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer


async def _store(quay: Quay, **values: Any) -> None:
    async with quay.database.write() as tx:
        await tx.execute(update(ConversationRow).values(**values))


async def _refusal(quay: Quay, chosen: ChosenModel) -> str:
    before = quay.server.counts.connections
    with pytest.raises(MoorageError) as refused:
        await quay.open(chosen)
    assert quay.server.counts.connections == before
    return refused.value.code


async def test_a_seal_that_comes_between_decision_and_opening_holds(quay: Quay) -> None:
    """P19: a retry, a restart or whatever carries an old decision opens nothing with it."""
    await quay.connect()
    chosen = await quay.choose(await quay.ref())
    await _store(quay, sealed_to="own_contract router", sealed_at=db_now())
    assert await _refusal(quay, chosen) == "outside_seal"
    await _store(quay, sealed_to="own_hardware", sealed_at=db_now())
    assert (await quay.open(chosen)) is not None


async def test_a_connection_that_was_labelled_anew_meanwhile_is_not_opened(quay: Quay) -> None:
    """P21: the receipt would name a zone that the words did not go to, even where no seal is."""
    connection_id = await quay.connect()
    chosen = await quay.choose(await quay.ref())
    await quay.connections.change(quay.olga, connection_id, {"zone": "router"})
    assert await _refusal(quay, chosen) == "zone_restated"


async def test_what_is_labelled_own_hardware_after_the_sealing_stays_outside(quay: Quay) -> None:
    """P19: whoever sealed it saw another label; a new seal, or an owner who stands in for it, sees the new one."""
    connection_id = await quay.connect(zone="router")
    await _store(quay, sealed_to="own_hardware", sealed_at=db_now())
    await quay.connections.change(quay.olga, connection_id, {"zone": "own_hardware"})
    for sealed_at, code in ((None, "zone_restated"), (db_now(), None)):
        if sealed_at is not None:
            await _store(quay, sealed_at=sealed_at)
        async with quay.database.read() as tx:
            row = (await tx.execute(ConversationRow.__table__.select())).mappings().first()
        assert row is not None
        seal = Seal.read(row["id"], row["sealed_to"], row["sealed_at"])
        async with quay.database.write() as tx:
            try:
                await quay.picker.choose(tx, quay.olga.asker, await quay.ref(), seal)
                refused = None
            except SealRefused as error:
                refused = error.code
        assert refused == code


async def test_another_server_behind_the_same_label_counts_as_labelled_anew(
    database: Database, tmp_path: Path, authority: TestAuthority
) -> None:
    """P19: own hardware that became a provider's address would else take what was sealed before."""
    context = authority.server_context(HOST, "other.test")
    async with (
        ModelServer(context, name=HOST, key=KEY) as server,
        open_quay(database, tmp_path, server, authority) as quay,
    ):
        connection_id = await quay.connect()
        elsewhere = quay.entered(base_url=quay.base_url.replace(HOST, "other.test"))
        for entered, moved in ((quay.entered(), False), (elsewhere, True)):
            finished = await finish(quay.connections.replace_endpoint(quay.olga, connection_id, entered))
            assert finished.findings.passed
            facts = next(line for line in await _lines(quay) if line.model_id == "steady")
            assert (facts.zone_since is not None) == moved


async def _lines(quay: Quay) -> Any:
    async with quay.database.read() as tx:
        return await quay.picker.lines(tx, quay.olga.asker)


async def test_words_of_a_conversation_that_is_gone_go_nowhere(quay: Quay) -> None:
    await quay.connect()
    chosen = await quay.choose(await quay.ref())
    async with quay.database.write() as tx:
        await tx.execute(delete(ConversationRow))
    with pytest.raises(NotFound):
        await quay.open(chosen)


class Lookalike:
    """Has all that a clearance has."""

    def __init__(self, chosen: ChosenModel) -> None:
        self.team_id, self.ref = chosen.clearance.team_id, chosen.ref
        self.connection_id, self.zone = chosen.connection_id, chosen.zone
        self.conversation_id = chosen.clearance.conversation_id
        self.__class__.__name__ = "Clearance"


async def test_a_stand_in_and_the_clearance_of_another_model_open_nothing(quay: Quay) -> None:
    """P19."""
    await quay.connect()
    chosen, scripted = await quay.choose(await quay.ref()), await quay.choose("scripted:demo")
    for clearance in (Lookalike(chosen), None, True, scripted.clearance):
        with pytest.raises(TypeError):
            await quay.open(replace(chosen, clearance=clearance))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        await quay.open(replace(chosen, connection_id=new_id()))
