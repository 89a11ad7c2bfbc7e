"""Who may use and manage connections: the gate (P14), the roles, and another team."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import Update, delete, update

from moorage.accounts.tables import MembershipRow
from moorage.connections.tables import ConnectionRow
from moorage.errors import AccessRefused, Invalid, NotAllowed, NotFound
from moorage.storage.types import new_id
from tests.connections.quay import Quay, watch


async def test_a_suspended_team_keeps_its_connection_but_cannot_use_it(quay: Quay) -> None:
    """P14: refused at listing, test, discovery, change and reply; it works again at once."""
    connection_id = await quay.connect()
    ref = await quay.ref()
    asked = quay.server.counts.connections
    await quay.set_standing("suspended")
    listing = await quay.connections.list(quay.olga)
    assert (listing.refusal, [facts.name for facts in listing.connections]) == ("access_suspended", ["Kanzlei GPU"])
    async with quay.database.read() as tx:
        lines = await quay.picker.lines(tx, quay.olga.asker)
    assert {line.problem_code for line in lines} == {"access_suspended"}
    for attempt in (
        lambda: quay.choose(ref),
        lambda: quay.connections.test_stored(quay.olga, connection_id),
        lambda: quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered()),
        lambda: quay.connections.discover(quay.olga, connection_id),
        lambda: quay.connections.set_models(quay.olga, connection_id, []),
        lambda: quay.connections.change(quay.olga, connection_id, {"name": "New"}),
        lambda: quay.connections.make(quay.olga, quay.draft(name="Second")),
    ):
        with pytest.raises(AccessRefused):
            await attempt()
    assert quay.server.counts.connections == asked
    assert [act for act in await quay.acts() if act[0] == "access.refused"] != []
    await quay.set_standing("active")
    assert await quay.reply(ref) == "word1 word2 word3"


@pytest.mark.parametrize("standing", ["", "ACTIVE", "something new", "expired"])
async def test_a_standing_nobody_has_heard_of_is_refused(quay: Quay, standing: str) -> None:
    """P14."""
    await quay.connect()
    ref = await quay.ref()
    await quay.set_standing(standing)
    with pytest.raises(AccessRefused):
        await quay.choose(ref)


async def test_a_refused_team_may_still_pause_and_delete(quay: Quay) -> None:
    connection_id = await quay.connect()
    await quay.set_standing("expired")
    assert not (await quay.connections.change(quay.olga, connection_id, {"enabled": False})).enabled
    with pytest.raises(AccessRefused):
        await quay.connections.change(quay.olga, connection_id, {"enabled": True})
    await quay.connections.delete(quay.olga, connection_id)


async def test_the_gate_is_asked_again_before_a_new_key_is_swapped_in(quay: Quay) -> None:
    """P14."""
    connection_id = await quay.connect()
    events = await quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered())
    await anext(events)
    await quay.set_standing("suspended")
    with pytest.raises(AccessRefused):
        await watch(events)
    assert (await quay.rows(ConnectionRow))[0].key_number == 1


@pytest.mark.parametrize("role", ["member", None])
async def test_who_loses_the_right_during_a_test_swaps_nothing_in(quay: Quay, role: str | None) -> None:
    """A test may take a minute and a half; the role is judged again where its result is written."""
    connection_id = await quay.connect()
    events = await quay.connections.replace_endpoint(quay.adam, connection_id, quay.entered())
    await anext(events)
    whose = MembershipRow.user_id == quay.adam.person.user_id
    async with quay.database.write() as tx:
        await tx.execute(delete(MembershipRow).where(whose) if role is None else _with_role(role).where(whose))
    with pytest.raises(NotAllowed):
        await watch(events)
    assert (await quay.rows(ConnectionRow))[0].key_number == 1


def _with_role(role: str) -> Update:
    return update(MembershipRow).values(role=role)


async def test_eve_sees_nothing_of_another_teams_connection(quay: Quay) -> None:
    """Scope: another team's connection and one that never was give the same answer."""
    connection_id = await quay.connect()
    ref = await quay.ref()
    assert (await quay.connections.list(quay.eve)).connections == []
    attempts: list[Callable[[Any], Coroutine[Any, Any, Any]]] = [
        lambda target: quay.connections.get(quay.eve, target),
        lambda target: quay.connections.change(quay.eve, target, {"name": "Mine"}),
        lambda target: quay.connections.delete(quay.eve, target),
        lambda target: quay.connections.set_models(quay.eve, target, []),
        lambda target: quay.connections.discover(quay.eve, target),
        lambda target: quay.connections.test_stored(quay.eve, target),
        lambda target: quay.connections.replace_endpoint(quay.eve, target, quay.entered()),
    ]
    for attempt in attempts:
        for target in (connection_id, new_id()):
            with pytest.raises(NotFound) as refused:
                await attempt(target)
            assert refused.value.code == "connection_gone"
    async with quay.database.read() as tx:
        lines = await quay.picker.lines(tx, quay.eve.asker)
        assert [line.ref for line in lines] == ["scripted:demo"]
        for name in (ref, f"byom:{new_id()}"):
            with pytest.raises(Invalid) as unknown:
                await quay.picker.choose(tx, quay.eve.asker, name, quay.unsealed(quay.eve.person.team_id))
            assert unknown.value.code == "model_unknown"


async def test_members_write_with_connections_and_manage_none(quay: Quay) -> None:
    connection_id = await quay.connect()
    for attempt in (
        lambda: quay.connections.list(quay.mia),
        lambda: quay.connections.get(quay.mia, connection_id),
        lambda: quay.connections.make(quay.mia, quay.draft()),
        lambda: quay.connections.change(quay.mia, connection_id, {"enabled": False}),
        lambda: quay.connections.delete(quay.mia, connection_id),
        lambda: quay.connections.set_models(quay.mia, connection_id, []),
        lambda: quay.connections.discover(quay.mia, connection_id),
        lambda: quay.connections.test_stored(quay.mia, connection_id),
        lambda: quay.connections.replace_endpoint(quay.mia, connection_id, quay.entered()),
    ):
        with pytest.raises(NotAllowed):
            await attempt()


async def test_looking_never_calls_an_endpoint(quay: Quay) -> None:
    """P22."""
    connection_id = await quay.connect()
    before = quay.server.counts.connections
    async with quay.database.read() as tx:
        await quay.picker.lines(tx, quay.olga.asker)
    await quay.open(await quay.choose(await quay.ref()))
    await quay.connections.list(quay.olga)
    await quay.connections.get(quay.olga, connection_id)
    assert quay.server.counts.connections == before
