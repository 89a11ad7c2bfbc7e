"""P17 over HTTP: who may read, rule and export the trail; filters; the file; the limit; where a request came from."""

import io
import json
from typing import Any

import pytest

from moorage.api.limits import EXPORT
from moorage.audit.offline import verify_file
from moorage.audit.pen import pen_of
from tests.audit.attacking import attack
from tests.support.running import Harbour, Person


async def export(person: Person, **wish: Any) -> Any:
    return await person.call("POST", "/api/audit/exports", wish)


async def test_an_owner_reads_filters_rules_and_exports_an_admin_only_reads_and_others_nothing(
    harbour: Harbour,
) -> None:
    olga = await harbour.olga()
    adam, mia = await harbour.invited_by(olga, "Adam", "admin"), await harbour.invited_by(olga, "Mia", "member")
    calls: list[tuple[str, str, Any]] = [
        ("GET", "/api/audit", None),
        ("GET", "/api/audit/check", None),
        ("GET", "/api/audit/rules", None),
        ("PATCH", "/api/audit/rules", {"clients": "coarse"}),
        ("POST", "/api/audit/exports", {"format": "csv"}),
    ]
    for person, expected in ((olga, [200] * 5), (adam, [200, 200, 200, 403, 403]), (mia, [403] * 5)):
        assert [(await person.call(*call)).status_code for call in calls] == expected
    assert [(await harbour.somebody().call(*call)).status_code for call in calls] == [401] * 5
    rules = await adam.get("/api/audit/rules")
    assert (rules["may_export"], rules["may_change"]) == (False, False)


async def test_the_exported_file_holds_and_names_our_key(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    await olga.connect(harbour.models.base_url, ["steady"])
    [line] = (await olga.get("/api/models"))["models"]
    await olga.wait_for(await olga.ask("Hello", line["ref"]))
    answer = await export(olga)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"].startswith('attachment; filename="moorage-audit-20')
    async with harbour.built.parts.database.read() as tx:
        keys = pen_of(tx).keys
    report = verify_file(io.StringIO(answer.text), keys.by_number[keys.newest])
    assert (report.finding, report.complete, report.team_name) == (None, True, "Kanzlei Brandt")
    lines = [json.loads(text) for text in answer.text.splitlines()]
    assert [(one["purpose"], one["uses"]) for one in lines if one["type"] == "key_use"] == [("reply", 1)]
    for secret in (harbour.models.base_url, "sk-moorage", "Hello", "example.com", "Elsewhere"):
        assert secret not in answer.text
    uses = await export(olga, format="csv", what="key_uses")
    assert [text.split(",")[2:] for text in uses.text.splitlines()] == [["purpose", "uses"], ["reply", "1"]]
    assert len((await export(eve, format="csv")).text.splitlines()) == 4


async def test_filters_pages_and_what_is_refused(harbour: Harbour) -> None:
    olga = await harbour.olga()
    made = await olga.connect(harbour.models.base_url, ["steady"], name="Werft Kiel")
    me = olga.session["me"]["id"]

    async def found(query: str) -> list[str]:
        return [entry["action"] for entry in (await olga.get(f"/api/audit?{query}"))["entries"]]

    assert await found(f"object_id={made['id']}") == ["connection.created"]
    assert await found("action=connection&text=werft") == ["connection.created"]
    assert await found("action=connection") == ["connection.created", "connection.tested"]
    assert await found(f"actor={me}&action=team") == ["team.created"]
    assert await found("actor=nobody") == []
    assert await found("to_day=2001-01-01") == []
    assert len(await found("from_day=2001-01-01")) == 4
    page = await olga.get("/api/audit?limit=3")
    assert [entry["seq"] for entry in page["entries"]] == [4, 3, 2]
    rest = await olga.get(f"/api/audit?limit=3&before={page['next']}")
    assert ([entry["seq"] for entry in rest["entries"]], rest["next"]) == ([1], None)
    assert page["entries"][0]["client"] == "127.0.0.0/24"
    for query in (
        "action=nonsense",
        "actor=x",
        "outcome=x",
        "from_day=x",
        "to_day=9999-12-31",
        "before=0",
        "limit=999",
        "text=",
        "nonsense=1",
    ):
        answer = await olga.call("GET", f"/api/audit?{query}")
        assert (query, answer.status_code) == (query, 422)


async def test_a_rule_is_changed_and_bounded(harbour: Harbour) -> None:
    olga = await harbour.olga()
    assert (await olga.get("/api/audit/rules"))["keep_days"] is None
    changed = await olga.call("PATCH", "/api/audit/rules", {"keep_days": 365, "clients": "none"})
    assert (changed.json()["keep_days"], changed.json()["clients"]) == (365, "none")
    refused = await olga.call("PATCH", "/api/audit/rules", {"keep_days": 7})
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "keep_days")
    assert "90" in refused.json()["error"]["message"]
    assert (await olga.call("PATCH", "/api/audit/rules", {"keep_days": None})).json()["keep_days"] is None
    told = [(entry["action"], entry["sentence"]) for entry in (await olga.get("/api/audit?action=audit"))["entries"]]
    assert told == [
        ("audit.retention_lifted", "Olga set that all entries are kept, without a limit."),
        ("audit.clients_changed", "Olga changed what is recorded of where requests come from."),
        ("audit.retention_changed", "Olga set that entries are kept for 365 days."),
    ]


async def test_exports_have_a_limit(harbour: Harbour) -> None:
    olga = await harbour.olga()
    allowed = EXPORT.per_person or 0
    states = [(await export(olga, format="cef")).status_code for _ in range(allowed + 1)]
    assert states == [200] * allowed + [429]
    assert len((await olga.get("/api/audit?action=audit.exported"))["entries"]) == allowed


@pytest.mark.parametrize(("language", "told"), [("en", "Entry 2 was edited."), ("de", "Eintrag 2 wurde verändert.")])
async def test_a_broken_chain_is_told_in_the_readers_language(harbour: Harbour, language: str, told: str) -> None:
    olga = await harbour.olga()
    assert (await olga.get("/api/audit/check"))["message"] == "All 2 entries are as they were recorded."
    await attack(harbour.built.parts.database, "UPDATE audit_entry SET details = '[1' WHERE seq = 2")
    seen = await olga.get("/api/audit/check", **{"Accept-Language": language})
    assert (seen["intact"], seen["kind"], seen["broken_at"], seen["message"]) == (False, "edited", 2, told)
    assert len((await olga.get("/api/audit"))["entries"]) == 2
