"""The operator's desk over HTTP: whom it opens to, what it shows of teams, and what a change leaves behind."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.accounts.tables import SignInRow, UserRow
from moorage.audit.checking import check
from moorage.audit.reading import read
from moorage.storage.types import DEPLOYMENT, UtcTime
from tests.support.authority import TestAuthority
from tests.support.model_server import ModelServer
from tests.support.operating import operator_of, with_second_factor
from tests.support.plans import write_plans
from tests.support.running import Harbour, Person, running, settings_for


async def _refused(person: Person, method: str = "GET", path: str = "/api/operator/teams", body: Any = None) -> str:
    answer = await person.call(method, path, body)
    assert answer.status_code == 403, answer.text
    return str(answer.json()["error"]["code"])


async def _team_of(operator: Person, name: str) -> Any:
    found = await operator.get(f"/api/operator/teams?text={name}")
    return next(team for team in found["teams"] if team["name"] == name)


async def test_the_desk_is_closed_to_owners_and_to_operators_without_a_second_factor(harbour: Harbour) -> None:
    olga, eve = await harbour.olga(), await harbour.eve()
    assert await _refused(await with_second_factor(eve)) == "operators_only"
    assert await _refused(olga) == "operator_factor_needed"
    await with_second_factor(olga)
    assert [team["name"] for team in (await olga.get("/api/operator/teams"))["teams"]] == [
        "Elsewhere",
        "Kanzlei Brandt",
    ]


async def test_being_an_operator_is_no_role_and_being_an_owner_is_not_either(harbour: Harbour) -> None:
    """The mark stays with the account in whichever team it works; the team's roles know nothing of it."""
    olga, eve = await operator_of(harbour), await harbour.eve()
    made = await eve.post("/api/team/invitations", {"role": "member", "note": "Olga"})
    joined = await olga.post("/api/invitations/accept", {"token": made["path"].split("#")[1]})
    olga.csrf = joined["csrf_token"]
    assert (joined["team"]["name"], joined["team"]["role"]) == ("Elsewhere", "member")
    assert (await olga.get("/api/operator/teams"))["total"] == 2
    assert await _refused(olga, "GET", "/api/connections") == "not_allowed"
    assert await _refused(olga, "GET", "/api/audit") == "not_allowed"


async def test_whoever_is_no_operator_any_more_is_refused_with_the_next_request(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    await olga.get("/api/operator/health")
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(UserRow).values(is_operator=False))
    assert await _refused(olga) == "operators_only"


async def test_a_team_is_shown_in_figures_alone(harbour: Harbour) -> None:
    olga, eve = await operator_of(harbour), await harbour.eve()
    connection = await eve.connect(harbour.models.base_url, ["steady"], name="Secret vessel")
    ref = next(model["ref"] for model in connection["models"] if model["enabled"])
    await eve.wait_for(await eve.ask("Words of a case", ref))
    team = await _team_of(olga, "Elsewhere")
    assert (team["plan"], team["standing"], team["refusal"], team["people"]) == ("free", "active", None, 1)
    assert (team["own"]["calls"], team["standard"]["calls"]) == (1, 0)
    assert team["own"]["tokens"]["reported_calls"] == 1
    assert team["own"]["tokens"]["tokens_in"] > 0
    assert (team["budget"]["used"], team["budget"]["is_spent"]) == (0, False)
    told = (await olga.call("GET", f"/api/operator/teams/{team['id']}")).text
    for hidden in ("Secret vessel", "Words of a case", "steady", "localhost", "eve@example.com", '"Eve"'):
        assert hidden not in told


async def test_teams_are_found_by_name_id_plan_and_standing_a_page_at_a_time(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    for number in range(3):
        account = {"name": "Nina", "email": f"n{number}@example.com", "password": "a long enough pass phrase"}
        await harbour.somebody().enter("/api/sign-up", {**account, "team_name": f"Team {number} 100%"})
    first = await olga.get("/api/operator/teams?limit=3")
    assert ([team["name"] for team in first["teams"]], first["total"]) == (
        ["Team 2 100%", "Team 1 100%", "Team 0 100%"],
        4,
    )
    rest = await olga.get(f"/api/operator/teams?limit=3&before={first['next']}")
    assert ([team["name"] for team in rest["teams"]], rest["next"]) == (["Kanzlei Brandt"], None)
    assert (await olga.get("/api/operator/teams?text=TEAM%201"))["total"] == 1
    assert (await olga.get("/api/operator/teams?text=100%25"))["total"] == 3
    assert (await olga.get("/api/operator/teams?text=_"))["total"] == 0
    by_id = await olga.get(f"/api/operator/teams?text={first['teams'][1]['id']}")
    assert [team["name"] for team in by_id["teams"]] == ["Team 1 100%"]
    await olga.call("PATCH", f"/api/operator/teams/{first['next']}", {"standing": "expired", "reason": "not paid"})
    assert (await olga.get("/api/operator/teams?standing=expired&plan=free"))["total"] == 1
    assert (await olga.get("/api/operator/teams?plan=enterprise"))["total"] == 0


async def test_a_change_needs_a_reason_and_is_in_the_teams_own_trail_with_who_and_why(harbour: Harbour) -> None:
    olga, eve = await operator_of(harbour), await harbour.eve()
    team = await _team_of(olga, "Elsewhere")
    path = f"/api/operator/teams/{team['id']}"
    for reason in ("", "  x ", "x" * 201):
        refused = await olga.call("PATCH", path, {"plan": "enterprise", "reason": reason})
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "reason_needed")
        assert refused.json()["error"]["field"] == "reason"
    unheard = await olga.call("PATCH", path, {"plan": "platinum", "reason": "contract 17"})
    assert (unheard.status_code, unheard.json()["error"]["code"]) == (422, "plan_unheard_of")
    nothing = await olga.call("PATCH", path, {"reason": "contract 17"})
    assert nothing.json()["error"]["code"] == "standing_needed"
    done = await olga.call("PATCH", path, {"plan": "enterprise", "standing": "trialing", "reason": " contract  17 "})
    [change] = done.json()["changes"]
    assert (change["actor"], change["reason"]) == ("Olga", "contract 17")
    assert (change["plan_before"], change["plan"], change["standing_before"], change["standing"]) == (
        ("free", "enterprise", "active", "trialing")
    )
    entry = (await eve.get("/api/audit"))["entries"][0]
    assert (entry["action"], entry["actor"], entry["details"]["reason"], entry["client"]) == (
        ("team.plan_changed", "Olga", "contract 17", "")
    )
    again = await olga.call("PATCH", path, {"plan": "enterprise", "reason": "twice pressed"})
    assert len(again.json()["changes"]) == 1
    gone = await olga.call("PATCH", f"/api/operator/teams/{DEPLOYMENT}", {"plan": "free", "reason": "nobody"})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "team_unknown")


async def test_a_standing_closes_a_teams_models_with_its_next_request(harbour: Harbour) -> None:
    olga, eve = await operator_of(harbour), await harbour.eve()
    connection = await eve.connect(harbour.models.base_url, ["steady"])
    ref = next(model["ref"] for model in connection["models"] if model["enabled"])
    team = await _team_of(olga, "Elsewhere")
    path = f"/api/operator/teams/{team['id']}"
    await olga.call("PATCH", path, {"standing": "suspended", "reason": "invoice 17 is open"})
    conversation = await eve.post("/api/conversations", {})
    question = {"client_id": str(DEPLOYMENT), "parent_id": None, "text": "Hello?", "model_ref": ref}
    refused = await eve.call("POST", f"/api/conversations/{conversation['id']}/messages", question)
    assert refused.json()["error"]["code"] == "access_suspended"
    assert (await _team_of(olga, "Elsewhere"))["refusal"]["code"] == "access_suspended"


async def test_another_plan_is_another_limit_for_the_running_month(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer]
) -> None:
    authority, server = models
    plans = write_plans(tmp_path, plans=("enterprise",), tokens_per_month=777_000)
    async with running(settings_for(database_url, tmp_path, authority, server, plans=plans), server) as harbour:
        olga = await operator_of(harbour)
        await harbour.eve()
        team = await _team_of(olga, "Elsewhere")
        done = await olga.call(
            "PATCH", f"/api/operator/teams/{team['id']}", {"plan": "enterprise", "reason": "contract 17"}
        )
        assert done.json()["team"]["budget"]["limit"] == 777_000
        catalogue = await olga.get("/api/operator/plans")
        limits = {plan["plan"]: (plan["tokens_per_month"], plan["teams"]) for plan in catalogue["plans"]}
        assert limits["enterprise"] == (777_000, 1)
        assert limits["free"][1] == 1
        assert catalogue["standings"][:2] == ["active", "trialing"]


async def test_two_who_change_a_team_at_once_each_say_truly_what_was_before(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    await harbour.eve()
    team = await _team_of(olga, "Elsewhere")
    path = f"/api/operator/teams/{team['id']}"
    plans = ["business_starter", "business_pro", "business_max", "enterprise"]
    await asyncio.gather(*(olga.call("PATCH", path, {"plan": plan, "reason": "at once"}) for plan in plans))
    changes = (await olga.get(path))["changes"]
    assert sorted(change["plan"] for change in changes) == sorted(plans)
    assert [change["plan_before"] for change in changes[:-1]] == [change["plan"] for change in changes[1:]]
    assert changes[-1]["plan_before"] == "free"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/operator/teams/{team}", {"plan": "enterprise", "reason": "contract 17"}),
        ("POST", "/api/operator/announcements", {"text_en": "x", "text_de": "x", "from_at": "2026-01-01T00:00Z"}),
        ("DELETE", "/api/operator/announcements/{team}", None),
    ],
)
async def test_what_changes_something_asks_who_it_is_once_more(
    harbour: Harbour, method: str, path: str, body: Any
) -> None:
    """An open browser is not enough: a proof lasts for ten minutes."""
    olga = await operator_of(harbour)
    team = await _team_of(olga, "Kanzlei Brandt")
    async with harbour.built.parts.database.write() as tx:
        long_ago = UtcTime().process_result_value(0, tx.dialect)
        await tx.execute(update(SignInRow).values(proved_at=long_ago))
    if body is not None and "text_en" in body:
        body = {**body, "until_at": "2126-01-01T00:00Z"}
    assert await _refused(olga, method, path.format(team=team["id"]), body) == "proof_needed"
    assert (await olga.get(f"/api/operator/teams/{team['id']}"))["changes"] == []


async def test_health_is_told_in_figures_and_findings(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    await harbour.eve()
    told = await olga.get("/api/operator/health", **{"Accept-Language": "de"})
    assert (told["teams"], told["people"], told["calls_under_way"], told["replies"]) == (2, 2, 0, 0)
    assert told["engine"] in {"sqlite", "postgresql"}
    assert told["schema_revision"].startswith("00")
    findings = {one["code"]: one for one in told["findings"]}
    assert findings["health.calls"]["verdict"] == "ok"
    assert findings["health.keys.warning"]["verdict"] == "warning"
    assert findings["health.https.warning"]["message"].startswith("MOORAGE_PUBLIC_URL nennt keine https-Adresse")
    assert findings["health.exceptions"]["message"] == "Ausnahmen von den Adressregeln: 1."


async def test_the_desks_own_acts_are_in_the_deployments_trail_which_holds(harbour: Harbour) -> None:
    olga = await operator_of(harbour)
    draft = {"kind": "info", "text_en": "Maintenance at noon", "text_de": "Wartung am Mittag"}
    await olga.post(
        "/api/operator/announcements", {**draft, "from_at": "2026-01-01T00:00Z", "until_at": "2026-12-31T00:00Z"}
    )
    async with harbour.built.parts.database.read() as tx:
        newest = (await read(tx, DEPLOYMENT, None, 1))[0]
        assert (await check(tx, DEPLOYMENT)).intact
    assert (newest.action, newest.actor_id, newest.object_name) == (
        ("announcement.made", UUID(olga.session["me"]["id"]), "Maintenance at noon")
    )
