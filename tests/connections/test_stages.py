"""The staged test says at which stage what is wrong, in a code that names the fix (P8), and keeps nothing half."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from moorage.audit.pen import PEN
from moorage.connections.findings import STAGES, StageEvent
from moorage.connections.stages import pick_model
from moorage.connections.tables import ConnectionRow, ConnectionTestRow
from moorage.connections.testing import Finished
from moorage.errors import AccessRefused, NotAllowed, TooMany
from moorage.providers.protocol import DiscoveredModel
from moorage.storage.database import Database
from moorage.storage.engines import sqlite_url
from moorage.usage.tables import ByomUsageRow, ReservationRow
from tests.connections.quay import HOST, KEY, Quay, failed, open_quay, states, watch
from tests.support.authority import TestAuthority
from tests.support.migrated import loose_pen
from tests.support.model_server import LEAK_MARKER, ModelServer


@pytest.fixture
async def database(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Database]:
    """Stages don't differ by engine; test_connections.py stores their results on both."""
    database = Database(sqlite_url(shutil.copyfile(migrated_file, tmp_path / "moorage.db")))
    database.carry(PEN, loose_pen())
    yield database
    await database.close()


async def test_a_good_endpoint_passes_every_stage_in_order(quay: Quay) -> None:
    """P8."""
    events = await watch(await quay.connections.test_draft(quay.olga, quay.entered(), None))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert states(finished) == dict.fromkeys(STAGES, "passed")
    assert [(event.stage, event.state) for event in events[:-1] if isinstance(event, StageEvent)] == [
        (stage, state) for stage in STAGES for state in ("running", "passed")
    ]
    assert finished.findings.passed
    assert [model.id for model in finished.findings.models] == ["steady", "echo"]
    facts = {stage: dict(event.facts) for stage, event in finished.findings.stages.items()}
    assert facts["tls"]["version"] == "TLSv1.3"
    assert facts["models"] == {"count": 2}
    assert facts["completion"]["model"] == "steady"
    assert facts["usage"]["tokens_out"] == 16
    assert quay.server.last_chat["max_tokens"] == 16
    assert quay.server.last_headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("base_url", "code"),
    [
        ("http://llm.example.com/v1", "url_not_https"),
        ("http://localhost:11434", "ollama_local"),
        ("https://localhost:8443/v1", "url_local"),
        ("https://192.168.1.20/v1", "url_local"),
        ("https://127.0.0.1/v1", "url_local"),
        ("https://[::1]/v1", "url_local"),
        ("https://169.254.169.254/latest", "url_local"),
        ("https://metadata.google.internal/v1", "url_local"),
        ("https://me:secret@llm.example.com/v1", "url_userinfo"),
        ("https://llm.example.com/v1?key=1", "url_query"),
        ("https://llm.example.com:22/v1", "url_port"),
        ("not an address", "url_invalid"),
    ],
)
async def test_a_bad_address_fails_at_the_first_stage_and_nothing_is_sent(quay: Quay, base_url: str, code: str) -> None:
    """P6, P11."""
    finished = await quay.test(base_url=base_url)
    assert failed(finished) == ("url", code)
    assert set(states(finished).values()) == {f"failed {code}", "skipped"}
    assert quay.server.counts.connections == 0


@pytest.mark.parametrize("host", ["inside.test", "metadata.test", "nobody.test"])
async def test_an_inner_name_and_an_unknown_name_look_the_same(quay: Quay, host: str) -> None:
    """P11: neither the stage, nor the code, nor a time tells whether a name exists inside a network."""
    finished = await quay.test(base_url=f"https://{host}/v1")
    assert failed(finished) == ("dns", "address_not_public")
    assert finished.findings.stages["dns"].ms is None
    assert finished.findings.stages["dns"].facts == {}
    assert finished.findings.stages["address"].state == "skipped"


async def test_a_port_where_nothing_listens_fails_at_tcp(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> None:
    async with ModelServer(authority.server_context(HOST)) as closed:
        port = closed.port
    async with open_quay(database, tmp_path, server, authority, also_ports=(port,)) as quay:
        finished = await quay.test(base_url=f"https://{HOST}:{port}/v1")
    assert failed(finished) == ("tcp", "connect_refused")


async def test_a_certificate_for_another_name_fails_at_tls(quay: Quay) -> None:
    finished = await quay.test(base_url=quay.base_url.replace(HOST, "other.test"))
    assert failed(finished) == ("tls", "tls_name")
    assert quay.server.counts.requests == 0


async def test_a_server_without_tls_fails_at_tls(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> None:
    async with (
        ModelServer(None) as plain,
        open_quay(database, tmp_path, server, authority, also_ports=(plain.port,)) as quay,
    ):
        assert failed(await quay.test(base_url=f"https://{HOST}:{plain.port}/v1")) == ("tls", "tls_failed")


async def test_an_expired_certificate_fails_at_tls(
    database: Database, tmp_path: Path, authority: TestAuthority
) -> None:
    context = authority.server_context(HOST, expired=True)
    async with (
        ModelServer(context, name=HOST) as server,
        open_quay(database, tmp_path, server, authority) as quay,
    ):
        assert failed(await quay.test()) == ("tls", "tls_expired")


async def test_a_wrong_key_fails_at_the_credential(quay: Quay) -> None:
    assert failed(await quay.test(key="sk-wrong")) == ("credential", "bad_key")


async def test_a_missing_key_fails_at_the_credential(quay: Quay) -> None:
    assert failed(await quay.test(key=None)) == ("credential", "key_missing")


async def test_an_endpoint_that_needs_no_key_is_warned_about(quay: Quay) -> None:
    quay.server.key = None
    finished = await quay.test(key=None)
    assert states(finished)["credential"] == "warned auth_missing"
    assert finished.findings.passed


async def test_without_a_model_list_a_typed_id_proves_the_key(quay: Quay) -> None:
    quay.server.listing = "none"
    finished = await quay.test(model_id="steady")
    assert finished.findings.passed
    assert not finished.findings.models_offered
    assert states(finished) | {"models": "", "credential": ""} == dict.fromkeys(STAGES, "passed") | {
        "models": "",
        "credential": "",
    }
    assert states(finished)["models"] == "warned models_not_offered"
    assert states(finished)["credential"] == "passed"


@pytest.mark.parametrize(("model", "code"), [("error-401", "bad_key"), ("error-403", "forbidden")])
async def test_without_a_model_list_a_refused_key_still_fails_at_the_credential(
    quay: Quay, model: str, code: str
) -> None:
    quay.server.listing = "none"
    finished = await quay.test(model_id=model)
    assert failed(finished) == ("credential", code)
    assert states(finished)["completion"] == "skipped"


async def test_without_a_model_list_and_without_a_typed_id_the_test_asks_for_one(quay: Quay) -> None:
    quay.server.listing = "none"
    finished = await quay.test()
    assert not finished.findings.passed
    assert finished.findings.failed is None
    found = states(finished)
    assert found["credential"] == "warned credential_unproven"
    assert found["models"] == "warned models_not_offered"
    assert (found["completion"], found["usage"]) == ("skipped", "skipped")


async def test_an_empty_list_is_warned_about(quay: Quay) -> None:
    quay.server.listing = "empty"
    finished = await quay.test()
    assert states(finished)["models"] == "warned models_empty"
    assert not finished.findings.passed


async def test_a_web_page_instead_of_an_api_is_named(quay: Quay) -> None:
    quay.server.listing = "html"
    assert failed(await quay.test()) == ("credential", "not_api")


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("no-such-model", "model_missing"),
        ("quota", "quota_exhausted"),
        ("context", "context_too_long"),
        ("html", "not_api"),
        ("redirect", "redirected"),
        ("not-chat", "not_chat_model"),
        ("gateway-key", "gateway_key"),
        ("error-500", "upstream_failed"),
        ("cut", "cut_off"),
        ("garbage-flood", "bad_stream"),
    ],
)
async def test_a_completion_that_fails_says_why(quay: Quay, model: str, code: str) -> None:
    finished = await quay.test(model_id=model)
    assert failed(finished) == ("completion", code)
    assert states(finished)["models"] == "passed"
    assert states(finished)["usage"] == "skipped"
    assert not finished.findings.passed
    assert LEAK_MARKER not in str(finished.findings.stages)


async def test_a_busy_endpoint_counts_as_reached(quay: Quay) -> None:
    finished = await quay.test(model_id="error-429")
    assert states(finished)["completion"] == "warned rate_limited"
    assert finished.findings.stages["completion"].facts == {"retry_after_s": 7}
    assert finished.findings.passed


async def test_an_endpoint_that_reports_no_tokens_is_warned_about(quay: Quay) -> None:
    """P16."""
    finished = await quay.test(model_id="no-usage")
    assert states(finished)["usage"] == "warned usage_missing"
    assert finished.findings.passed


async def test_what_the_endpoint_refuses_is_learnt(quay: Quay) -> None:
    finished = await quay.test(model_id="refuses-stream-options")
    assert finished.findings.passed
    assert finished.findings.quirks.stream_usage is False


async def test_a_forgotten_v1_is_added_and_said(quay: Quay) -> None:
    finished = await quay.test(base_url=quay.base_url.removesuffix("/v1"))
    assert finished.findings.passed
    assert finished.findings.notes == ("v1_added",)
    assert finished.findings.endpoint is not None
    assert finished.findings.endpoint.url == quay.base_url


async def test_a_pasted_request_path_is_cut_and_said(quay: Quay) -> None:
    finished = await quay.test(base_url=f" {quay.base_url}/chat/completions ")
    assert finished.findings.passed
    assert finished.findings.notes == ("path_trimmed",)


async def test_the_key_can_be_sent_as_azure_wants_it(quay: Quay) -> None:
    finished = await quay.test(auth_style="api_key")
    assert finished.findings.passed
    assert quay.server.last_headers["api-key"] == KEY
    assert "authorization" not in quay.server.last_headers


async def test_an_endpoint_that_hangs_is_ended_at_the_deadline(
    database: Database, tmp_path: Path, server: ModelServer, authority: TestAuthority
) -> None:
    async with open_quay(database, tmp_path, server, authority, test_deadline_s=3) as quay:
        finished = await quay.test(model_id="hang-before-headers")
        assert failed(finished) == ("completion", "test_took_too_long")
        assert finished.findings.stages["completion"].facts == {"timeout_s": 3}


async def test_a_reader_that_leaves_ends_the_test_and_nothing_is_stored(quay: Quay) -> None:
    async with aclosing(await quay.connections.test_draft(quay.olga, quay.entered(), "hang-before-headers")) as events:
        async for event in events:
            if isinstance(event, StageEvent) and (event.stage, event.state) == ("completion", "running"):
                break
    await quay.connections.aclose()
    assert await quay.count(ConnectionTestRow) == 0
    assert await quay.acts() == []


async def test_a_stored_test_that_is_left_early_still_settles_what_it_announced(quay: Quay) -> None:
    """P15: a call that was announced is never forgotten."""
    connection_id = await quay.connect()
    quay.server.models[:] = ["hang-mid"]
    events = await quay.connections.test_stored(quay.olga, connection_id)
    await _follow_until_asked(quay, events)
    await events.aclose()
    await quay.connections.aclose()
    assert await quay.count(ReservationRow) == 0
    [row] = await quay.rows(ByomUsageRow)
    assert (row.purpose, row.ended) == ("test", "stopped")


async def _follow_until_asked(quay: Quay, events: AsyncIterator[StageEvent | Finished]) -> None:
    asked = quay.server.counts.chat_requests
    async for event in events:
        if isinstance(event, StageEvent) and (event.stage, event.state) == ("completion", "running"):
            break
    async with asyncio.timeout(10):
        while quay.server.counts.chat_requests == asked:
            await asyncio.sleep(0.01)


async def test_ten_tests_a_minute_are_enough_for_a_team(quay: Quay) -> None:
    for _ in range(10):
        await quay.test(base_url="http://llm.example.com")
    with pytest.raises(TooMany) as refused:
        await quay.connections.test_draft(quay.adam, quay.entered(), None)
    assert refused.value.code == "tests_limited"
    assert 1 <= int(refused.value.params["retry_after_s"]) <= 61
    await watch(await quay.connections.test_draft(quay.eve, quay.entered(), None))  # another team is not held up


async def test_members_cannot_test(quay: Quay) -> None:
    with pytest.raises(NotAllowed):
        await quay.connections.test_draft(quay.mia, quay.entered(), None)
    assert quay.server.counts.connections == 0


async def test_a_suspended_team_cannot_test_and_the_refusal_is_on_record(quay: Quay) -> None:
    """P14."""
    await quay.set_standing("suspended")
    with pytest.raises(AccessRefused) as refused:
        await quay.connections.test_draft(quay.olga, quay.entered(), None)
    assert refused.value.code == "access_suspended"
    assert quay.server.counts.connections == 0
    assert await quay.acts() == [("access.refused", "", "refused")]


async def test_a_test_of_a_draft_saves_no_connection_and_no_usage(quay: Quay) -> None:
    await quay.test()
    assert await quay.count(ConnectionRow) == 0
    assert await quay.count(ByomUsageRow) == 0
    assert await quay.acts() == [("connection.tested", "", "done")]


@pytest.mark.parametrize(
    ("ids", "picked"),
    [
        (["text-embedding-3-large", "whisper-1", "gpt-6-sol"], "gpt-6-sol"),
        (["dall-e-3", "qwen3-reranker", "llama-guard-4", "mistral-large-4"], "mistral-large-4"),
        (["bge-m3"], "bge-m3"),
        ([], None),
    ],
)
def test_the_model_to_try_is_one_that_probably_chats(ids: list[str], picked: str | None) -> None:
    assert pick_model([DiscoveredModel(name, name, None, ("text",)) for name in ids]) == picked
