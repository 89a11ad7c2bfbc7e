"""What is particular about a model: calls teach it, people know better, a new list changes neither (P5)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from moorage.connections.places import Entered
from moorage.connections.profiles import Profile
from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionModelRow, ConnectionRow
from moorage.connections.views import ModelFacts
from moorage.errors import AccessRefused, NotAllowed, NotFound
from moorage.providers.protocol import ChatRequest, Delta, Turn
from moorage.storage.database import Database
from tests.connections.quay import HOST, KEY, Quay, finish, open_quay
from tests.support.authority import TestAuthority
from tests.support.dialects.picky import PickyServer
from tests.support.model_server import ModelServer

MISTRAL, OLD, PLAIN = "steady-no-usage", "steady-no-stream", "steady"


@pytest.fixture
async def server(authority: TestAuthority) -> AsyncIterator[ModelServer]:
    """A gateway with three models, each with habits of its own."""
    async with PickyServer(authority.server_context(HOST), name=HOST, key=KEY, models=[MISTRAL, OLD, PLAIN]) as running:
        yield running


@pytest.fixture
async def quay(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> AsyncIterator[Quay]:
    async with open_quay(database, tmp_path, server, authority) as quay:
        yield quay


async def connect(quay: Quay, *ticked: str) -> Any:
    """Test and save with these in the picker, all three if none is named; gives the connection's facts."""
    finished = await quay.test()
    wanted = [Wanted(model, "", enabled=True) for model in ticked or (MISTRAL, OLD, PLAIN)]
    return await quay.connections.make(quay.olga, quay.draft(test_id=finished.test_id, models=wanted))


async def say(quay: Quay, model_id: str) -> str:
    """Write with a model and settle, as a reply does."""
    chosen = await quay.choose(await quay.ref(model_id))
    provider = await quay.open(chosen)
    request = ChatRequest(chosen.model_id, (Turn("user", "Hello"),), max_tokens=3)
    text = "".join([item.text async for item in provider.reply(request) if isinstance(item, Delta)])
    async with quay.database.write() as tx:
        await quay.desk.remember(tx, chosen, provider.quirks)
    return text.strip()


async def profile(quay: Quay, connection_id: Any, model_id: str) -> Profile:
    return (await model(quay, connection_id, model_id)).profile


async def model(quay: Quay, connection_id: Any, model_id: str) -> ModelFacts:
    facts = await quay.connections.get(quay.olga, connection_id)
    return next(one for one in facts.models if one.model_id == model_id)


async def test_the_test_teaches_of_the_model_that_it_asked_and_of_no_other(quay: Quay) -> None:
    facts = await connect(quay)
    learnt = {one.model_id: dict(one.profile.learnt) for one in facts.models}
    assert learnt == {MISTRAL: {"stream_usage": False}, OLD: {}, PLAIN: {}}
    [row] = await quay.rows(ConnectionRow)
    assert row.quirks["stream_usage"] is None


async def test_a_call_teaches_once_and_models_of_one_gateway_do_not_unteach_each_other(quay: Quay) -> None:
    """Whoever reports usage goes on being asked for it, beside one that refuses the question (P16)."""
    connection_id = (await connect(quay)).id
    for asked in (1, 1, 2, 1, 1, 1):
        name = {1: PLAIN, 2: OLD}[asked]
        before = quay.server.counts.chat_requests
        assert await say(quay, name) == "word1 word2 word3"
        assert quay.server.counts.chat_requests - before == asked
    before = quay.server.counts.chat_requests
    assert await say(quay, OLD) == "word1 word2 word3"
    assert await say(quay, MISTRAL) == "word1 word2 word3"
    assert quay.server.counts.chat_requests - before == 2
    assert (await profile(quay, connection_id, OLD)).habits["streaming"] == "never"
    assert (await profile(quay, connection_id, PLAIN)).learnt == {"stream_usage": True}
    await say(quay, PLAIN)
    assert quay.server.last_chat["stream_options"] == {"include_usage": True}


async def test_what_people_set_holds_over_calls_and_survives_a_new_list(quay: Quay) -> None:
    connection_id = (await connect(quay)).id
    known = await model(quay, connection_id, PLAIN)
    wish = {"context_length": 32768, "inputs": ["text", "image"], "streaming": "never", "stream_usage": False}
    await quay.connections.set_profile(quay.olga, connection_id, known.id, wish)
    assert await say(quay, PLAIN) == "word1 word2 word3"
    assert quay.server.last_chat.keys() == {"model", "messages", "max_tokens"}

    quay.server.models[:] = [PLAIN, "new-one"]
    await quay.connections.discover(quay.olga, connection_id)
    now = await model(quay, connection_id, PLAIN)
    assert (now.context_length, tuple(now.inputs)) == (32768, ("text", "image"))
    assert (now.profile.found_context_length, now.profile.found_inputs) == (8192, ("text",))
    assert now.profile.habits["streaming"] == "never"
    chosen = await quay.choose(await quay.ref(PLAIN))
    assert chosen.context_length == 32768
    assert (await quay.acts())[-2] == ("model.profile_changed", "Kanzlei GPU", "done")


async def test_what_people_set_can_be_taken_back(quay: Quay) -> None:
    connection_id = (await connect(quay)).id
    known = await model(quay, connection_id, MISTRAL)
    await quay.connections.set_profile(
        quay.olga, connection_id, known.id, {"stream_usage": True, "takes_system": False}
    )
    before = quay.server.counts.chat_requests
    assert await say(quay, MISTRAL) == "word1 word2 word3"
    # It was told so by a person, and found out once more that it is refused.
    assert quay.server.counts.chat_requests - before == 2
    assert (await profile(quay, connection_id, MISTRAL)).habits["stream_usage"] is True

    await quay.connections.set_profile(quay.olga, connection_id, known.id, {"stream_usage": None})
    left = await profile(quay, connection_id, MISTRAL)
    assert (left.overrides, left.habits["stream_usage"]) == ({"takes_system": False}, False)


async def test_the_test_of_a_connection_finds_out_anew_but_takes_people_at_their_word(quay: Quay) -> None:
    connection_id = (await connect(quay, PLAIN)).id
    await say(quay, PLAIN)
    known = await model(quay, connection_id, PLAIN)
    await quay.connections.set_profile(quay.olga, connection_id, known.id, {"streaming": "never"})
    assert (await finish(quay.connections.test_stored(quay.olga, connection_id))).findings.passed
    assert "stream" not in quay.server.last_chat
    # Nothing was streamed, so nothing was learnt of usage in streams; what had been learnt is not assumed for ever.
    assert (await profile(quay, connection_id, PLAIN)).learnt == {}


async def test_another_address_forgets_what_calls_have_shown_and_keeps_what_people_set(quay: Quay) -> None:
    connection_id = (await connect(quay)).id
    await say(quay, OLD)
    known = await model(quay, connection_id, OLD)
    await quay.connections.set_profile(quay.olga, connection_id, known.id, {"context_length": 4096})
    finished = await finish(
        quay.connections.replace_endpoint(
            quay.olga, connection_id, Entered(quay.base_url.replace(HOST, "other.test"), quay.entered().key)
        )
    )
    assert not finished.findings.passed  # the certificate is for another name: nothing changes
    assert (await profile(quay, connection_id, OLD)).habits["streaming"] == "never"
    finished = await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered()))
    assert finished.findings.passed
    left = await profile(quay, connection_id, OLD)
    assert (left.learnt, left.context_length) == ({}, 4096)


async def test_what_a_late_call_learnt_of_a_replaced_endpoint_is_dropped(quay: Quay) -> None:
    connection_id = (await connect(quay)).id
    chosen = await quay.choose(await quay.ref(OLD))
    provider = await quay.open(chosen)
    assert [item async for item in provider.reply(ChatRequest(OLD, (Turn("user", "Hello"),)))]
    await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered()))
    async with quay.database.write() as tx:
        await quay.desk.remember(tx, chosen, provider.quirks)
    assert (await profile(quay, connection_id, OLD)).learnt == {}


async def test_only_those_who_manage_connections_set_it_and_only_of_their_own(quay: Quay) -> None:
    """P17."""
    facts = await connect(quay)
    known = await model(quay, facts.id, PLAIN)
    for caller, refusal in ((quay.mia, NotAllowed), (quay.eve, NotFound)):
        with pytest.raises(refusal):
            await quay.connections.set_profile(caller, facts.id, known.id, {"context_length": 1})
    other = await quay.connections.make(quay.olga, quay.draft(name="Other", models=[]))
    with pytest.raises(NotFound) as gone:
        await quay.connections.set_profile(quay.olga, other.id, known.id, {"context_length": 1})
    assert gone.value.code == "model_gone"
    await quay.set_standing("cancelled")
    with pytest.raises(AccessRefused):
        await quay.connections.set_profile(quay.olga, facts.id, known.id, {"context_length": 1})
    assert {row.model_id: row.overrides for row in await quay.rows(ConnectionModelRow)}[PLAIN] == {}
