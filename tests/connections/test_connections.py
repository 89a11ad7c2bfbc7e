"""Connections of a team: made, changed, paused, rotated, deleted; sealed to where they belong, and to whom."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from moorage.connections.chosen import OwnOpening
from moorage.connections.credentials import Reach
from moorage.connections.store import Wanted
from moorage.connections.tables import ConnectionModelRow, ConnectionRow, ConnectionTestRow
from moorage.egress.trust import Trust
from moorage.errors import (
    AddressRefused,
    Conflict,
    EndpointFailure,
    Invalid,
    MoorageError,
    NotFound,
    Unavailable,
)
from moorage.storage.types import new_id
from moorage.usage.tables import ByomUsageRow, ReservationRow
from tests.connections.quay import KEY, Quay, failed, finish, states, watch
from tests.support.model_server import LEAK_MARKER


async def test_a_connection_is_saved_with_what_its_test_found(quay: Quay) -> None:
    """P8, P9."""
    finished = await quay.test(base_url=quay.base_url.removesuffix("/v1"))
    draft = quay.draft(entered=quay.entered(quay.base_url.removesuffix("/v1")), test_id=finished.test_id)
    facts = await quay.connections.make(quay.olga, draft)
    shown = {model.model_id: (model.enabled, model.typed) for model in facts.models}
    assert shown == {"steady": (True, False), "echo": (False, False)}
    assert {model.context_length for model in facts.models} == {8192}
    assert (facts.health, facts.has_key, facts.key_number, facts.key_set_by) == ("healthy", True, 1, "Olga")
    assert facts.last_test is not None
    assert facts.last_test.passed
    asked = quay.server.counts.requests
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"
    assert quay.server.counts.requests == asked + 1  # the address with /v1 was kept: no second try
    assert await quay.acts() == [
        ("connection.tested", "", "done"),
        ("connection.created", "Kanzlei GPU", "done"),
    ]


async def test_a_connection_can_be_saved_untested_and_says_so(quay: Quay) -> None:
    facts = await quay.connections.make(quay.adam, quay.draft(models=[Wanted("typed-id", "Our model", enabled=True)]))
    assert facts.health == "unproven"
    assert facts.last_test is None
    assert [(model.model_id, model.name, model.typed) for model in facts.models] == [("typed-id", "Our model", True)]
    assert quay.server.counts.connections == 0


async def test_nothing_of_an_address_or_a_key_is_readable_in_the_database(quay: Quay) -> None:
    """P12."""
    await quay.connect()
    stored = [row for table in (ConnectionRow, ConnectionTestRow, ConnectionModelRow) for row in await quay.rows(table)]
    text = " ".join(str(bytes(cell) if isinstance(cell, bytes) else cell) for row in stored for cell in row)
    assert KEY not in text
    assert "llm.test" not in text
    assert str(quay.server.port) not in text


async def test_a_test_counts_only_for_the_address_and_key_it_was_made_with(quay: Quay) -> None:
    finished = await quay.test()
    for other in (
        quay.entered(key="sk-other"),
        quay.entered(base_url="https://llm.example.com/v1"),
        quay.entered(auth_style="api_key"),
    ):
        with pytest.raises(Invalid) as refused:
            await quay.connections.make(quay.olga, quay.draft(entered=other, test_id=finished.test_id))
        assert (refused.value.code, refused.value.field) == ("test_other_endpoint", "test_id")
    with pytest.raises(Invalid) as refused:
        await quay.connections.make(quay.eve, quay.draft(test_id=finished.test_id))
    assert refused.value.code == "test_unknown"
    assert await quay.count(ConnectionRow) == 0


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"maintainer_id": new_id()}, Invalid, "maintainer_unknown"),
        ({"key_expires_on": "2027-02-30"}, Invalid, "date_invalid"),
        ({"name": "KANZLEI gpu"}, Conflict, "name_taken"),
    ],
)
async def test_a_connection_that_cannot_be_saved_leaves_nothing_behind(
    quay: Quay, change: dict[str, Any], error: type[MoorageError], code: str
) -> None:
    await quay.connections.make(quay.olga, quay.draft())
    before = [await quay.count(table) for table in (ConnectionRow, ConnectionModelRow)], await quay.acts()
    with pytest.raises(error) as refused:
        await quay.connections.make(quay.olga, quay.draft(**{"name": "Second", **change}))
    assert refused.value.code == code
    assert ([await quay.count(table) for table in (ConnectionRow, ConnectionModelRow)], await quay.acts()) == before


async def test_a_bad_address_is_not_saved_untested_either(quay: Quay) -> None:
    with pytest.raises(AddressRefused) as refused:
        await quay.connections.make(quay.olga, quay.draft(entered=quay.entered(base_url="http://localhost:11434")))
    assert (refused.value.code, refused.value.field) == ("ollama_local", "base_url")
    assert await quay.count(ConnectionRow) == 0


async def test_a_key_does_not_open_beside_another_address(quay: Quay) -> None:
    """P12: whoever can edit rows still can't send a stored key somewhere else."""
    first = await quay.connect()
    elsewhere = quay.entered(base_url="https://evil.example.com/v1")
    evil = await quay.connections.make(quay.olga, quay.draft(name="Evil", entered=elsewhere, models=[]))
    rows = {row.id: row for row in await quay.rows(ConnectionRow)}
    async with quay.database.write() as tx:
        await tx.execute(
            update(ConnectionRow).where(ConnectionRow.id == first).values(sealed_base_url=rows[evil.id].sealed_base_url)
        )
    chosen = await quay.choose(await quay.ref())
    with pytest.raises(Unavailable) as refused:
        await quay.open(chosen)
    assert refused.value.code == "key_unreadable"
    # Even an address that opens in this row does not bring the key along.
    chosen = await quay.choose(await quay.ref())
    opening = chosen.opening
    assert isinstance(opening, OwnOpening)
    credentials = await quay.desk._credentials.of(opening.team_id)
    evil_address = quay.desk._rules.read("https://evil.example.com/v1")
    moved = credentials.seal(first, chosen.provider, Reach(evil_address, None, Trust()))["sealed_base_url"]
    with pytest.raises(Unavailable):
        await quay.open(replace(chosen, opening=replace(opening, sealed_base_url=moved)))


async def test_a_stored_test_notices_a_key_that_does_not_open(quay: Quay) -> None:
    first = await quay.connect()
    other = await quay.connections.make(quay.olga, quay.draft(name="Other", entered=quay.entered(key="sk-2")))
    rows = {row.id: row for row in await quay.rows(ConnectionRow)}
    async with quay.database.write() as tx:
        await tx.execute(
            update(ConnectionRow).where(ConnectionRow.id == first).values(sealed_key=rows[other.id].sealed_key)
        )
    finished = await finish(quay.connections.test_stored(quay.olga, first))
    assert failed(finished) == ("url", "key_unreadable")
    assert (await quay.connections.get(quay.olga, first)).health == "refused"


async def test_what_is_not_secret_can_be_changed(quay: Quay) -> None:
    """P10."""
    connection_id = await quay.connect()
    change = {
        "name": "GPU in the cellar",
        "zone": "own_contract",
        "data_location": "Kiel",
        "maintainer_id": quay.mia.person.user_id,
        "key_expires_on": "2027-02-14",
    }
    facts = await quay.connections.change(quay.adam, connection_id, change)
    assert (facts.name, facts.zone, facts.data_location) == ("GPU in the cellar", "own_contract", "Kiel")
    assert (facts.maintainer_name, facts.key_expires_on) == ("Mia", "2027-02-14")
    facts = await quay.connections.change(quay.adam, connection_id, {"key_expires_on": "", "maintainer_id": None})
    assert (facts.maintainer_name, facts.key_expires_on) == (None, None)
    assert (await quay.acts())[-2:] == [
        ("connection.zone_changed", "GPU in the cellar", "done"),
        ("connection.changed", "GPU in the cellar", "done"),
    ]


async def test_a_paused_connection_stays_listed_and_is_not_used(quay: Quay) -> None:
    """P10."""
    connection_id = await quay.connect()
    ref = await quay.ref()
    await quay.connections.change(quay.olga, connection_id, {"enabled": False})
    with pytest.raises(Conflict) as refused:
        await quay.choose(ref)
    assert refused.value.code == "connection_paused"
    async with quay.database.read() as tx:
        [line] = [line for line in await quay.picker.lines(tx, quay.olga.asker) if line.ref == ref]
    assert line.problem_code == "connection_paused"
    await quay.connections.change(quay.olga, connection_id, {"enabled": True})
    assert await quay.reply(ref) == "word1 word2 word3"
    assert [action for action, _, _ in await quay.acts()][-2:] == ["connection.disabled", "connection.enabled"]


async def test_a_deleted_connection_keeps_its_name_and_loses_its_secrets(quay: Quay) -> None:
    connection_id = await quay.connect()
    ref = await quay.ref()
    await quay.connections.delete(quay.olga, connection_id)
    assert (await quay.connections.list(quay.olga)).connections == []
    with pytest.raises(NotFound):
        await quay.connections.get(quay.olga, connection_id)
    with pytest.raises(Conflict) as refused:
        await quay.choose(ref)
    assert refused.value.code == "connection_deleted"
    [row] = await quay.rows(ConnectionRow)
    assert (bytes(row.sealed_base_url), row.sealed_key, row.name) == (b"", None, "Kanzlei GPU")
    assert await quay.count(ConnectionTestRow) == 0
    assert (await quay.acts())[-1] == ("connection.deleted", "Kanzlei GPU", "done")
    await quay.connections.make(quay.olga, quay.draft())  # the name is free again


async def test_a_new_key_is_swapped_in_only_if_it_works(quay: Quay) -> None:
    """P10: the old key keeps working until the new one has passed the test."""
    connection_id = await quay.connect()
    ref = await quay.ref()
    finished = await finish(
        quay.connections.replace_endpoint(
            quay.olga, connection_id, replace(quay.entered(key="sk-wrong"), base_url=None)
        )
    )
    assert failed(finished) == ("credential", "bad_key")
    facts = await quay.connections.get(quay.olga, connection_id)
    assert (facts.key_number, facts.health) == (1, "healthy")
    assert facts.last_test is not None
    assert facts.last_test.passed
    assert await quay.reply(ref) == "word1 word2 word3"
    quay.server.key = "sk-new"
    finished = await finish(
        quay.connections.replace_endpoint(quay.adam, connection_id, replace(quay.entered(key="sk-new"), base_url=None))
    )
    assert finished.findings.passed
    facts = await quay.connections.get(quay.olga, connection_id)
    assert (facts.key_number, facts.key_set_by) == (2, "Adam")
    assert await quay.reply(ref) == "word1 word2 word3"
    assert (await quay.acts())[-2:] == [
        ("connection.tested", "Kanzlei GPU", "failed"),
        ("connection.key_replaced", "Kanzlei GPU", "done"),
    ]


async def test_a_new_address_always_needs_the_key_again(quay: Quay) -> None:
    """P12."""
    connection_id = await quay.connect()
    for entered in (
        quay.entered(base_url="https://evil.example.com/v1", key=None),
        replace(quay.entered(key=None), base_url=None),
    ):
        with pytest.raises(Invalid) as refused:
            await quay.connections.replace_endpoint(quay.olga, connection_id, entered)
        assert (refused.value.code, refused.value.field) == ("key_needed", "api_key")


async def test_a_replacement_that_was_overtaken_is_not_swapped_in(quay: Quay) -> None:
    connection_id = await quay.connect()
    events = await quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered())
    await anext(events)
    await quay.connections.delete(quay.adam, connection_id)
    with pytest.raises(Conflict) as refused:
        await watch(events)
    assert refused.value.code == "connection_changed"
    [row] = await quay.rows(ConnectionRow)
    assert row.sealed_key is None


async def test_a_stored_test_is_counted_and_tells_the_health(quay: Quay) -> None:
    """P15."""
    connection_id = await quay.connect()
    finished = await finish(quay.connections.test_stored(quay.olga, connection_id))
    assert set(states(finished).values()) == {"passed"}
    [row] = await quay.rows(ByomUsageRow)
    assert (row.purpose, row.model_id, row.ended, row.count_source, row.tokens_out) == (
        "test", "steady", "ok", "reported", 16,
    )  # fmt: skip
    assert row.connection_id == connection_id
    quay.server.key = "sk-rotated"
    finished = await finish(quay.connections.test_stored(quay.olga, connection_id))
    assert failed(finished) == ("credential", "bad_key")
    facts = await quay.connections.get(quay.olga, connection_id)
    assert (facts.health, facts.calls, facts.tokens) == ("refused", 1, row.tokens_in + 16)
    assert facts.last_test is not None
    assert not facts.last_test.passed
    assert (await quay.acts())[-2:] == [
        ("connection.tested", "Kanzlei GPU", "done"),
        ("connection.tested", "Kanzlei GPU", "failed"),
    ]
    assert await quay.count(ReservationRow) == 0


async def test_a_stored_test_completes_an_address_that_was_saved_untested(quay: Quay) -> None:
    entered = quay.entered(base_url=quay.base_url.removesuffix("/v1"))
    facts = await quay.connections.make(quay.olga, quay.draft(entered=entered))
    finished = await finish(quay.connections.test_stored(quay.olga, facts.id))
    assert finished.findings.notes == ("v1_added",)
    asked = quay.server.counts.requests
    assert await quay.reply(await quay.ref()) == "word1 word2 word3"
    assert quay.server.counts.requests == asked + 1


async def test_models_are_ticked_renamed_and_typed(quay: Quay) -> None:
    """P9."""
    connection_id = await quay.connect()
    facts = await quay.connections.set_models(
        quay.olga,
        connection_id,
        [
            Wanted("steady", "", enabled=False),
            Wanted("echo", "Parrot", enabled=True),
            Wanted("burst-3", "", enabled=True),
        ],
    )
    shown = {model.model_id: (model.name, model.enabled, model.typed) for model in facts.models}
    assert shown == {
        "steady": ("steady", False, False),
        "echo": ("Parrot", True, False),
        "burst-3": ("burst-3", True, True),
    }
    off = next(model.id for model in facts.models if model.model_id == "steady")
    with pytest.raises(Conflict) as refused:
        await quay.choose(f"byom:{off}")
    assert refused.value.code == "model_off"
    assert (await quay.acts())[-1] == ("models.changed", "Kanzlei GPU", "done")


async def test_rediscovery_shows_what_came_and_went(quay: Quay) -> None:
    """P9: new ones arrive off, a vanished one stays readable, a returned one is there again."""
    connection_id = await quay.connect()
    ref = await quay.ref()
    quay.server.models[:] = ["echo", "burst-5"]
    facts, merged = await quay.connections.discover(quay.olga, connection_id)
    assert (list(merged.came), list(merged.went)) == (["burst-5"], ["steady"])
    by_id = {model.model_id: model for model in facts.models}
    assert not by_id["burst-5"].enabled
    assert by_id["steady"].vanished_at is not None
    with pytest.raises(NotFound) as gone:
        await quay.choose(ref)
    assert gone.value.code == "model_gone"
    quay.server.models[:] = ["echo", "burst-5", "steady"]
    facts, merged = await quay.connections.discover(quay.olga, connection_id)
    assert (list(merged.came), list(merged.went)) == (["steady"], [])
    assert (await quay.choose(ref)).model_id == "steady"
    assert {row.purpose for row in await quay.rows(ByomUsageRow)} == {"discovery"}
    assert (await quay.acts())[-1] == ("models.discovered", "Kanzlei GPU", "done")


async def test_a_failed_rediscovery_changes_no_model(quay: Quay) -> None:
    connection_id = await quay.connect()
    quay.server.listing = "html"
    with pytest.raises(EndpointFailure) as failure:
        await quay.connections.discover(quay.olga, connection_id)
    assert failure.value.code == "not_api"
    assert LEAK_MARKER not in str(failure.value.params)
    facts = await quay.connections.get(quay.olga, connection_id)
    assert [model.vanished_at for model in facts.models] == [None, None]
    assert facts.health == "unreachable"
    assert (await quay.acts())[-1] == ("models.discovered", "Kanzlei GPU", "failed")
    assert await quay.count(ReservationRow) == 0


async def test_a_rediscovery_that_breaks_is_settled_and_told_all_the_same(quay: Quay) -> None:
    connection_id = await quay.connect()
    async with quay.database.write() as tx:
        await tx.execute(update(ConnectionRow).values(quirks=["edited by hand"]))
    with pytest.raises(Unavailable, match="unexpected"):
        await quay.connections.discover(quay.olga, connection_id)
    assert (await quay.acts())[-1] == ("models.discovered", "Kanzlei GPU", "failed")
    assert await quay.count(ReservationRow) == 0


async def test_news_about_a_replaced_endpoint_is_dropped(quay: Quay) -> None:
    connection_id = await quay.connect()
    before = await quay.choose(await quay.ref())
    opened = await quay.open(before)
    await finish(quay.connections.replace_endpoint(quay.olga, connection_id, quay.entered()))
    async with quay.database.write() as tx:
        await quay.desk.note_health(tx, before, "connect_refused")
        await quay.desk.remember(tx, before, replace(opened.quirks, stream_usage=False))
    assert (await quay.connections.get(quay.olga, connection_id)).health == "healthy"
    now = await quay.choose(await quay.ref())
    opened = await quay.open(now)
    assert opened.quirks.stream_usage is True
    async with quay.database.write() as tx:
        await quay.desk.note_health(tx, now, "connect_refused")
        await quay.desk.remember(tx, now, replace(opened.quirks, stream_usage=False))
    assert (await quay.connections.get(quay.olga, connection_id)).health == "unreachable"
    assert (await quay.open(await quay.choose(await quay.ref()))).quirks.stream_usage is False


async def test_what_was_entered_does_not_print_itself(quay: Quay) -> None:
    """P12."""
    await quay.connect()
    chosen = await quay.choose(await quay.ref())
    shown = repr((quay.draft(), chosen, await quay.open(chosen), await quay.test()))
    assert KEY not in shown
    assert "llm.test" not in shown
