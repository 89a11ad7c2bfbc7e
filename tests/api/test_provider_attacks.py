"""What a team's identity provider must not become: a key to anything but its team. What must not come twice."""

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import update

from moorage.accounts.tables import UserRow
from moorage.accounts.visit import Visit
from moorage.api.permits import PERMITS, Open
from moorage.api.routes import ROUTES
from moorage.api.signed_in import OF_TEAM
from moorage.errors import NotAllowed
from tests.api.provider_journeys import (
    Traveller,
    bring_back,
    linked,
    ready,
    set_up,
    settings_with,
    switched,
    team_of,
    trail,
)
from tests.support.authority import TestAuthority
from tests.support.hostile_provider import HostileProvider, Page, as_json
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, link_of, running

# What a sign-in by a team's provider may reach: the team's own things and its own end, nothing else.
OPEN = (
    "/api/team", "/api/models", "/api/standard-models", "/api/aliases", "/api/attention", "/api/connections",
    "/api/connection-tests", "/api/conversations", "/api/shared-conversations", "/api/replies", "/api/searches",
    "/api/message-previews", "/api/attachments", "/api/comparisons", "/api/usage", "/api/audit",
    "/api/announcements", "/api/favourites",
)  # fmt: skip
# What is the account's, or the deployment's. A new route belongs under one of these or one of those.
NOT_THE_TEAMS = (
    "/api/session", "/api/sign-up", "/api/sign-in", "/api/sign-out", "/api/profile", "/api/password-resets",
    "/api/second-factors", "/api/identities", "/api/invitations", "/api/health", "/api/metrics", "/api/openapi.json",
    "/api/operator", "/api/billing",
)  # fmt: skip
OWN = ("/api/profile", "/api/session", "/api/session/proof/provider", "/api/sign-out")


@pytest_asyncio.fixture
async def bound(brandt: Harbour, identity_provider: IdentityProvider) -> tuple[Person, Person, str]:
    """Give Olga by password, Olga by her team's provider, and her team; she has a second team and runs the place."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    eve = await brandt.eve()
    link = link_of(await eve.post("/api/team/invitations", {"role": "owner", "note": ""}))
    other = await brandt.somebody().enter("/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    await other.enter("/api/invitations/accept", {"token": link})
    person = await Traveller(brandt, identity_provider, "olga-at-brandt").entered(team_id)
    return other, person, team_id


async def test_a_sign_in_by_a_teams_provider_leads_to_no_other_team(bound: tuple[Person, Person, str]) -> None:
    other, person, team_id = bound
    assert person.session["team"]["id"] == team_id
    assert person.session["teams"] == []
    await _refused(person, "POST", "/api/session/team", {"team_id": team_of(other)})


async def test_nor_by_an_invitation(brandt: Harbour, bound: tuple[Person, Person, str]) -> None:
    _, person, _ = bound
    third = await brandt.somebody().enter(
        "/api/sign-up",
        {"name": "Jo", "email": "jo@example.com", "password": PASSWORD, "team_name": "Third"},
    )
    link = link_of(await third.post("/api/team/invitations", {"role": "member", "note": ""}))
    await _refused(person, "POST", "/api/invitations/accept", {"token": link})
    assert (
        await brandt.somebody().call("POST", "/api/invitations/peek", {"token": link})
    ).status_code == 200  # not used up


async def test_it_changes_neither_the_name_that_others_see_nor_how_the_person_signs_in(
    bound: tuple[Person, Person, str],
) -> None:
    other, person, team_id = bound
    await _refused(person, "PATCH", "/api/profile", {"name": "Eve"})
    assert (await person.call("PATCH", "/api/profile", {"locale": "de"})).status_code == 200
    await _refused(person, "GET", "/api/identities", None)
    await _refused(person, "POST", "/api/identities", {"team_id": team_id})
    link = (await other.get("/api/identities"))["identities"][0]["id"]
    await _refused(person, "DELETE", f"/api/identities/{link}", None)


async def test_it_has_no_powers_of_the_operator(bound: tuple[Person, Person, str]) -> None:
    other, person, _ = bound
    assert other.session["me"]["is_operator"]
    assert not person.session["me"]["is_operator"]


def test_of_every_route_it_is_said_whether_it_is_the_teams() -> None:
    """Forgotten in one place it is closed to whoever signs in by a provider, and nobody notices but they."""
    assert [one.path for one in ROUTES if _is_below(one.path, OPEN) == _is_below(one.path, NOT_THE_TEAMS)] == []
    assert set(OF_TEAM) == set(OPEN)


async def test_what_is_the_teams_is_open_to_it(bound: tuple[Person, Person, str]) -> None:
    _, person, _ = bound
    read = [one.path for one in ROUTES if one.method == "GET" and "{" not in one.path and _is_below(one.path, OPEN)]
    assert len(read) > 15
    told = {path: (await person.call("GET", path)).status_code for path in read}
    assert {path: status for path, status in told.items() if status not in {200, 422}} == {}
    found = await person.call("POST", "/api/searches", {"text": "objection"})
    assert found.status_code == 200, found.text


async def test_every_route_that_is_not_the_teams_is_closed_to_it(bound: tuple[Person, Person, str]) -> None:
    """A route that is added later is closed until somebody opens it."""
    _, person, team_id = bound
    closed = [
        one
        for one in ROUTES
        if not _is_below(one.path, OPEN)
        and one.path not in OWN
        and (one.method, one.path) != ("GET", "/api/session/proof")
        and PERMITS[f"{one.method} {one.path}"].needs not in {Open.ANYBODY, Open.BY_LINK, Open.MONITORING, Open.SIGNED}
    ]
    assert len(closed) > 10
    for route in closed:
        path = route.path.replace("{identity_id}", team_id)
        answer = await person.call(route.method, path, {"team_id": team_id} if route.method == "POST" else None)
        assert (route.path, answer.status_code, answer.json()["error"]["code"]) == (route.path, 403, "bound_to_team")


async def test_its_person_is_asked_again_at_the_other_end_of_a_change_of_the_provider(
    brandt: Harbour, bound: tuple[Person, Person, str]
) -> None:
    """A row that is edited so that a sign-in names another team's provider opens nothing."""
    _, person, _ = bound
    async with brandt.built.parts.database.write() as tx:
        from_other_provider = "00000000-0000-7000-8000-000000000000"
        await tx.exec_driver_sql(
            f"UPDATE sign_in SET provider_id = '{from_other_provider}' WHERE provider_id IS NOT NULL"
        )
    assert (await person.call("GET", "/api/team")).status_code == 401


async def test_a_return_belongs_to_the_browser_that_began(brandt: Harbour, identity_provider: IdentityProvider) -> None:
    """Login CSRF: the attacker's own code and state, brought by somebody else's browser."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    attacker, victim = brandt.somebody(), brandt.somebody()
    begun = await attacker.post("/api/sign-in/provider", {"team_id": team_id})
    brought = identity_provider.sign_in(begun["url"], "mia-at-brandt")
    body = {"provider": team_id, "state": brought["state"], "code": brought["code"], "iss": brought["iss"]}
    for browser in (victim, await _who_began_something_else(brandt, team_id)):
        answer = await bring_back(browser, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "provider_return_stale")
        assert "moorage_session" not in browser.client.cookies
    # The attacker's own browser could; and once.
    assert (await bring_back(attacker, body)).status_code == 200
    again = await bring_back(attacker, body)
    assert again.json()["error"]["code"] == "provider_return_stale"


async def test_a_return_from_another_site_is_refused(brandt: Harbour, identity_provider: IdentityProvider) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    person = brandt.somebody()
    begun = await person.post("/api/sign-in/provider", {"team_id": team_id})
    brought = identity_provider.sign_in(begun["url"], "mia-at-brandt")
    body = {"provider": team_id, "state": brought["state"], "code": brought["code"], "iss": brought["iss"]}
    answer = await person.call("POST", "/api/sign-in/provider/return", body, **{"Sec-Fetch-Site": "cross-site"})
    assert answer.json()["error"]["code"] == "origin_wrong"


async def test_the_cookie_of_a_sign_in_under_way_is_closed_to_scripts_and_other_sites(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    answer = await brandt.somebody().call("POST", "/api/sign-in/provider", {"team_id": team_id})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    token = cookie.split("=", 1)[1].split(";")[0]
    async with brandt.built.parts.database.read() as tx:
        row = (await tx.exec_driver_sql("SELECT data FROM pending_sign_in")).scalar_one()
    stored = json.loads(row)
    # Neither the token nor what is derived from it is stored.
    assert all(value not in row for value in (token, *_secrets_in(answer.json()["url"])))
    assert stored["purpose"] == "sign_in"


async def test_an_answer_of_one_provider_is_not_shown_to_another(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    """Mix-up: the return address names the provider, and so does the answer."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    eve = await brandt.eve()
    other_id = await ready(brandt, eve, identity_provider, client_id="post")
    person = brandt.somebody()
    begun = await person.post("/api/sign-in/provider", {"team_id": team_id})
    brought = identity_provider.sign_in(begun["url"], "mia-at-brandt")
    body = {"provider": other_id, "state": brought["state"], "code": brought["code"], "iss": brought["iss"]}
    answer = await bring_back(person, body)
    assert answer.json()["error"]["code"] == "provider_check_failed"
    assert (await trail(olga, "provider.refused"))[0]["details"]["code"] == "oidc_return_elsewhere"


async def test_the_same_subject_at_another_teams_provider_is_another_person(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    """Eve's team trusts the same issuer, or one that claims the same subjects: Olga's account stays Olga's."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    mia = await Traveller(brandt, identity_provider, "mia-at-brandt").entered(team_id)
    eve = await brandt.eve()
    other_id = await ready(brandt, eve, identity_provider)
    identity_provider.set_accounts(mia_at_brandt={"email": "mia.other@example.org"})
    there = await Traveller(brandt, identity_provider, "mia-at-brandt").entered(other_id)
    assert there.session["me"]["id"] != mia.session["me"]["id"]


async def test_a_team_reaches_no_private_address_by_its_provider(
    database_url: str, tmp_path: Path, models: tuple[TestAuthority, ModelServer], identity_provider: IdentityProvider
) -> None:
    """P11. The operator has no exception for the provider's address here."""
    _, server = models
    settings = settings_with(
        database_url, tmp_path, models, identity_provider, egress_allow=f"localhost:{server.port}=127.0.0.1/32"
    )
    async with running(settings, server, look_up=lambda _host, _port: [ip_address("10.1.2.3")]) as harbour:
        olga = await harbour.olga()
        body = {"name": "X", "issuer": identity_provider.issuer, "client_id": "basic"}
        answer = await olga.call("PUT", "/api/team/identity-provider", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "url_local")
        await set_up(olga, identity_provider, issuer="https://inside.example.com")
        stages = [one async for one in olga.events("POST", "/api/team/identity-provider/tests")]
        failed = [one.data for one in stages if one.data.get("state") == "failed"]
        assert [(one["stage"], one["problem"]["code"]) for one in failed] == [("dns", "address_not_public")]


@pytest.mark.parametrize(
    ("page", "stage", "code"),
    [
        (as_json({}, 404), "discovery", "oidc_discovery_missing"),
        (Page(b"<html>secret</html>", kind="text/html"), "discovery", "oidc_discovery_not_json"),
        (Page(b" " * 300_000), "discovery", "answer_too_large"),
        (Page(b"", 302, headers={"location": "https://10.0.0.1/"}), "discovery", "redirected"),
    ],
)
async def test_the_staged_test_names_what_is_wrong_and_repeats_nothing(
    database_url: str,
    tmp_path: Path,
    models: tuple[TestAuthority, ModelServer],
    page: Page,
    stage: str,
    code: str,
) -> None:
    authority, server = models
    async with HostileProvider(authority.server_context("localhost")) as provider:
        provider.pages["/.well-known/openid-configuration"] = page
        known = IdentityProvider(provider.port, authority.ca_pem, tmp_path / "none")
        async with running(settings_with(database_url, tmp_path, models, known), server) as harbour:
            olga = await harbour.olga()
            await set_up(olga, known)
            stages = [one async for one in olga.events("POST", "/api/team/identity-provider/tests")]
            failed = [one.data for one in stages if one.data.get("state") == "failed"]
            assert [(one["stage"], one["problem"]["code"]) for one in failed] == [(stage, code)]
            assert stages[-1].data == {"passed": False}
            assert "secret" not in json.dumps([one.data for one in stages])
            # A sign-in can't be begun either, and the owner is told the same name.
            trial = await olga.call("POST", "/api/team/identity-provider/trial")
            assert (trial.status_code, trial.json()["error"]["code"]) == (403, code)
            assert (await switched(olga)).json()["error"]["code"] == "provider_untested"


async def test_somebody_who_became_operator_later_does_not_get_it_by_a_teams_provider(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    mia = await Traveller(brandt, identity_provider, "mia-at-brandt").entered(team_id)
    async with brandt.built.parts.database.write() as tx:
        await tx.execute(update(UserRow).values(is_operator=True))
    assert not (await mia.get("/api/session"))["me"]["is_operator"]


async def test_a_password_brings_nobody_into_a_closed_team_by_an_invitation(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    link = link_of(await olga.post("/api/team/invitations", {"role": "admin", "note": ""}))
    await brandt.eve()
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    assert (await switched(olga, only=True)).status_code == 200
    known = {"email": "eve@example.com", "password": PASSWORD}
    new = {"name": "Jo", "email": "jo@example.com", "password": PASSWORD}
    for account in (known, new):
        answer = await brandt.somebody().call("POST", "/api/invitations/accept", {"token": link, **account})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "provider_only_team")
    bound = await Traveller(brandt, identity_provider, "olga-at-brandt").entered(team_id)
    assert len((await bound.get("/api/team"))["members"]) == 1


async def test_a_teams_provider_proves_nothing_for_a_whole_account(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    parts = brandt.built.parts
    who = await parts.people.find(olga.client.cookies["moorage_session"])
    with pytest.raises(NotAllowed) as refused:
        await parts.provider_sign_in.begin("prove", UUID(team_id), brandt.url, Visit("127.0.0.1", "r"), who=who)
    assert refused.value.code == "proof_by_other_means"


async def _who_began_something_else(harbour: Harbour, team_id: str) -> Person:
    person = harbour.somebody()
    await person.post("/api/sign-in/provider", {"team_id": team_id})
    return person


def _is_below(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


async def _refused(person: Person, method: str, path: str, body: Any) -> None:
    answer = await person.call(method, path, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bound_to_team")


def _secrets_in(url: str) -> list[str]:
    query = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))
    return [query[name] for name in ("state", "nonce", "code_challenge")]
