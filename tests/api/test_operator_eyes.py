"""What the operator sees of the door: counters behind a token, the deployment's own chain, refusals on record (P11)."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from moorage import __version__
from moorage.audit.checking import check
from moorage.audit.reading import read
from moorage.storage.types import DEPLOYMENT
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, TRUSTS_NOBODY, Harbour, running, settings_for

TOKEN = "metrics-token-4711"


async def _metrics(harbour: Harbour, token: str | None) -> httpx2.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=harbour.url, trust_env=False, verify=TRUSTS_NOBODY) as client:
        return await client.get("/api/metrics", headers=headers)


async def _test(person: Any, base_url: str) -> list[dict[str, Any]]:
    wish = {"base_url": base_url, "api_key": "sk-1", "model_id": "steady"}
    return [event.data async for event in person.events("POST", "/api/connection-tests", wish)]


async def test_refusals_are_counted_by_reason_for_who_has_the_token(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server, metrics_token=TOKEN)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        await olga.connect(harbour.models.base_url, ["steady"])
        await _test(olga, "https://10.0.0.1/v1")
        await _test(olga, "http://llm.example.com/v1")
        told = await _metrics(harbour, TOKEN)
        assert (told.status_code, told.headers["content-type"].split(";")[0]) == (200, "text/plain")
        assert 'moorage_egress_refused_total{reason="url_local"} 1.0' in told.text
        assert 'moorage_egress_refused_total{reason="url_not_https"} 1.0' in told.text
        opened = next(line for line in told.text.splitlines() if line.startswith("moorage_egress_connections_total"))
        assert float(opened.split()[1]) >= 2
        for secret in ("10.0.0.1", "llm.example.com", "localhost", "sk-1"):
            assert secret not in told.text
        for wrong in (None, "wrong", TOKEN + "x"):
            assert (await _metrics(harbour, wrong)).status_code == 404


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_without_a_configured_token_there_are_no_metrics(harbour: Harbour, token: str | None) -> None:
    assert (await _metrics(harbour, token)).status_code == 404


async def test_each_start_records_what_the_operator_lets_through(harbour: Harbour) -> None:
    """P17: in a chain of the deployment's own, which no team reads."""
    async with harbour.built.parts.database.read() as tx:
        entries = await read(tx, DEPLOYMENT, None, 50)
        found = await check(tx, DEPLOYMENT)
    assert [(entry.action, entry.details.get("network")) for entry in reversed(entries)] == [
        ("audit.key_made", None),
        ("deployment.started", None),
        ("egress.exception_active", "127.0.0.1/32"),
    ]
    assert (found.intact, found.checked) == (True, 3)
    olga = await harbour.olga()
    assert "deployment.started" not in [entry["action"] for entry in (await olga.get("/api/audit"))["entries"]]


async def test_a_reply_that_the_policy_refuses_is_on_record(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    """P11, P17: a rule that got tighter holds for what was stored before."""
    authority, server = models
    settings = settings_for(database_url, tmp_path, authority, server)
    async with running(settings, server) as harbour:
        olga = await harbour.olga()
        await olga.connect(server.base_url, ["steady"])
        [line] = (await olga.get("/api/models"))["models"]
    tighter = settings.model_copy(update={"egress_allow": f"localhost:{server.port}=127.0.0.2/32"})
    async with running(tighter, server) as harbour:
        olga = await harbour.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
        requests = server.counts.requests
        receipt = await olga.wait_for(await olga.ask("Hello?", line["ref"]))
        assert (receipt["state"], receipt["problem"]["code"]) == ("failed", "address_not_public")
        assert server.counts.requests == requests
        entry = (await olga.get("/api/audit"))["entries"][0]
        assert (entry["action"], entry["outcome"]) == ("egress.refused", "refused")
        assert entry["details"] == {"code": "address_not_public", "purpose": "reply"}
        assert entry["sentence"].startswith("Olga wanted to reach Kanzlei GPU")


async def test_strangers_are_told_neither_the_document_nor_the_version(harbour: Harbour) -> None:
    olga, stranger = await harbour.olga(), harbour.somebody()
    refused = await stranger.call("GET", "/api/openapi.json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "sign_in_needed")
    assert (await stranger.get("/api/session"))["version"] is None
    assert __version__ not in (await stranger.call("GET", "/api/health/ready")).text
    assert (await olga.get("/api/openapi.json"))["info"] == {"title": "Moorage", "version": __version__}
    assert (await olga.get("/api/session"))["version"] == __version__
