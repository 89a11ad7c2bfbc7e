"""The operator's own identity provider: signing in by it, who is new, passwords closed, and signing out over there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from moorage.accounts.tables import UserRow
from moorage.errors import AddressRefused
from tests.api.provider_journeys import Traveller, linked, role_of, settings_with, team_of
from tests.api.test_second_factors_over_http import add_app
from tests.support.authority import TestAuthority
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import PASSWORD, Harbour, Person, running
from tests.support.second_factors import next_code_of

Models = tuple[TestAuthority, ModelServer]


class Shore:
    """Starts deployments with the operator's provider, over one database."""

    def __init__(self, url: str, folder: Path, models: Models, provider: IdentityProvider) -> None:
        self._parts = (url, folder, models, provider)
        self.provider = provider

    @asynccontextmanager
    async def open(self, **changes: Any) -> AsyncIterator[Harbour]:
        url, folder, models, provider = self._parts
        values: dict[str, Any] = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": "basic",
            "oidc_client_secret": provider.secret("basic"),
            "oidc_scopes": "openid profile email groups",
            "oidc_groups_claim": "groups",
            "oidc_name": "Brandt",
            "public_url": "http://127.0.0.1:1",
            # No exception of the address rules: the operator's provider has a door of its own.
            "egress_allow": f"localhost:{models[1].port}=127.0.0.1/32",
        }
        async with running(settings_with(url, folder, models, provider, **{**values, **changes}), models[1]) as harbour:
            yield harbour

    def traveller(self, harbour: Harbour, login: str = "mia-at-brandt") -> Traveller:
        return Traveller(harbour, self.provider, login)


@pytest.fixture
def shore(database_url: str, tmp_path: Path, models: Models, identity_provider: IdentityProvider) -> Shore:
    """Give a place where deployments are started."""
    return Shore(database_url, tmp_path, models, identity_provider)


async def test_who_is_new_makes_a_team_of_their_own_where_sign_up_is_open(shore: Shore) -> None:
    async with shore.open() as harbour:
        assert (await harbour.somebody().get("/api/session"))["provider"] == {"name": "Brandt", "only": False}
        first = await shore.traveller(harbour, "olga-at-brandt").entered(None)
        assert first.session["me"]["is_operator"]
        mia = await shore.traveller(harbour).entered(None)
        assert (mia.session["team"]["role"], mia.session["me"]["is_bound"]) == ("owner", False)
        assert mia.session["team"]["id"] != first.session["team"]["id"]
        assert not mia.session["me"]["is_operator"]


async def test_and_finds_the_door_closed_where_it_is_not(shore: Shore) -> None:
    async with shore.open() as harbour:
        await harbour.olga()
    async with shore.open(sign_up="closed") as harbour:
        _, answer = await shore.traveller(harbour).sign_in(None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "provider_no_entry")


async def test_groups_give_the_role_in_the_operators_team(shore: Shore) -> None:
    async with shore.open() as harbour:
        team_id = team_of(await harbour.olga())
    rules = "staff=member, leads=admin,cn=bosses=owner"
    async with shore.open(sign_up="closed", oidc_team=UUID(team_id), oidc_roles=rules) as harbour:
        _, answer = await shore.traveller(harbour).sign_in(None)
        assert answer.json()["error"]["code"] == "provider_no_entry"
        for groups, role in ((["staff"], "member"), (["staff", "leads"], "admin"), (["cn=bosses"], "owner")):
            shore.provider.set_accounts(mia_at_brandt={"groups": groups})
            mia = await shore.traveller(harbour).entered(None)
            assert (mia.session["team"]["id"], mia.session["team"]["role"]) == (team_id, role)
        assert await role_of(harbour, team_id, "mia.sommer@example.org") == "owner"
        shore.provider.set_accounts(mia_at_brandt={"groups": []})
        _, gone = await shore.traveller(harbour).sign_in(None)
        assert gone.json()["error"]["code"] == "provider_no_entry"


async def test_a_linked_person_has_their_whole_account_and_their_teams(shore: Shore) -> None:
    async with shore.open() as harbour:
        olga = await harbour.olga()
        shore.provider.set_accounts(olga_at_brandt={"email": "olga@example.com"})
        _, taken = await shore.traveller(harbour, "olga-at-brandt").sign_in(None)
        assert taken.json()["error"]["code"] == "provider_mail_taken"
        await linked(harbour, olga, shore.provider, "olga-at-brandt", None)
        came = await shore.traveller(harbour, "olga-at-brandt").entered(None)
        assert (came.session["me"]["id"], came.session["me"]["is_operator"]) == (olga.session["me"]["id"], True)
        assert (await came.call("PATCH", "/api/profile", {"name": "Olga B."})).status_code == 200


async def test_only_the_provider_opens_the_deployment_and_break_glass_still_does(shore: Shore) -> None:
    async with shore.open() as harbour:
        await harbour.olga()
    async with shore.open(oidc_only=True) as harbour:
        by_password = {"email": "olga@example.com", "password": PASSWORD}
        new = {**by_password, "name": "Jo", "email": "jo@example.com", "team_name": "Jo's"}
        joining = {"token": "x"} | {name: value for name, value in new.items() if name != "team_name"}
        for path, body in (("/api/sign-in", by_password), ("/api/sign-up", new), ("/api/invitations/accept", joining)):
            answer = await harbour.somebody().call("POST", path, body)
            assert (path, answer.status_code, answer.json()["error"]["code"]) == (path, 403, "provider_only")
        wrong = await harbour.somebody().call("POST", "/api/sign-in", {**by_password, "password": "not this one"})
        assert wrong.json()["error"]["code"] == "provider_only"
        async with harbour.built.parts.database.write() as tx:
            await tx.execute(update(UserRow).values(break_glass=True))
        assert (await harbour.somebody().enter("/api/sign-in", by_password)).session["me"]["name"] == "Olga"
        assert (await shore.traveller(harbour).entered(None)).session["me"]["name"] == "Mia Sommer"


async def test_the_operators_provider_does_not_stand_for_the_second_factor_that_a_team_asks_for(shore: Shore) -> None:
    """An owner of the team neither chose it nor knows what it asks."""
    async with shore.open() as harbour:
        olga = await harbour.olga()
        await linked(harbour, await harbour.invited_by(olga, "Mia", "member"), shore.provider, "mia-at-brandt", None)
        await add_app(olga)
        assert (await olga.call("PUT", "/api/team/second-factor", {"is_needed": True})).status_code == 200
        mia = await shore.traveller(harbour).entered(None)
        closed = await mia.call("GET", "/api/team")
        assert (closed.status_code, closed.json()["error"]["code"]) == (403, "factor_needed")
        begun = await mia.post("/api/session/proof/provider", {"next": "/settings/security"})
        await _back(mia, shore.provider.sign_in(begun["url"], "mia-at-brandt"))
        secret, _ = await add_app(mia)
        assert (await mia.call("GET", "/api/team")).status_code == 200
        # The next time she shows what she has.
        again = await shore.traveller(harbour).entered(None)
        assert again.session["me"]["must_add_factor"]
        await again.enter("/api/session/proof/code", {"code": next_code_of(secret)})
        assert (await again.call("GET", "/api/team")).status_code == 200


async def test_a_provider_that_remembers_somebody_proves_nothing_until_it_asks_again(shore: Shore) -> None:
    """A stranger at an open browser could press the button, too."""
    async with shore.open() as harbour:
        with shore.provider.browser() as browser:
            mia = harbour.somebody()
            begun = await mia.post("/api/sign-in/provider", {})
            await _back(mia, shore.provider.sign_in(begun["url"], "mia-at-brandt", browser))
            early = await mia.call("POST", "/api/identities", {})
            assert (early.status_code, early.json()["error"]["code"]) == (403, "proof_needed")
            ways = await mia.get("/api/session/proof")
            assert ways == {"ways": ["provider"], "provider_name": "Brandt", "is_fresh": False}
            begun = await mia.post("/api/session/proof/provider", {"next": "/settings/security"})
            answer = await _back(mia, shore.provider.sign_in(begun["url"], "mia-at-brandt", browser))
            assert answer["next"] == "/settings/security"
            assert (await mia.call("POST", "/api/identities", {})).status_code == 200


async def test_the_only_way_to_sign_in_is_not_unlinked(shore: Shore) -> None:
    async with shore.open() as harbour:
        mia = await shore.traveller(harbour).entered(None)
        link = (await mia.get("/api/identities"))["identities"][0]["id"]
        begun = await mia.post("/api/session/proof/provider", {})
        await _back(mia, shore.provider.sign_in(begun["url"], "mia-at-brandt"))
        answer = await mia.call("DELETE", f"/api/identities/{link}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "identity_last")
        olga = await harbour.eve()
        assert (await olga.call("DELETE", f"/api/identities/{link}")).status_code == 404


async def test_signing_out_at_the_provider_ends_the_sign_in_here(shore: Shore) -> None:
    """Back-Channel Logout: the token comes from the provider itself, by a request of its own."""
    async with shore.open() as harbour:
        with shore.provider.browser() as browser:
            mia = harbour.somebody()
            begun = await mia.post("/api/sign-in/provider", {})
            await _back(mia, shore.provider.sign_in(begun["url"], "mia-at-brandt", browser))
            other = await shore.traveller(harbour).entered(None)
            token = shore.provider.log_out(browser)
        forged = token[:-6] + "AAAAAA"
        for text in (forged, "", "a.b.c"):
            answer = await harbour.somebody().client.post(
                "/api/sign-in/provider/deployment/logout", data={"logout_token": text}
            )
            assert answer.status_code == 403
        assert (await mia.call("GET", "/api/team")).status_code == 200
        answer = await harbour.somebody().client.post(
            "/api/sign-in/provider/deployment/logout", data={"logout_token": token}
        )
        assert answer.status_code == 200
        assert (await mia.call("GET", "/api/team")).status_code == 401
        # Her other browser has a session of its own there.
        assert (await other.call("GET", "/api/team")).status_code == 200
        again = await harbour.somebody().client.post(
            "/api/sign-in/provider/deployment/logout", data={"logout_token": token}
        )
        assert (again.status_code, again.json()["error"]["code"]) == (403, "provider_check_failed")


async def test_an_issuer_that_is_no_address_stops_the_start(shore: Shore) -> None:
    with pytest.raises(AddressRefused):
        async with shore.open(oidc_issuer="http://sso.example.com"):
            raise AssertionError("it started")


async def _back(person: Person, brought: dict[str, str]) -> Any:
    body = {"provider": "deployment", **{name: brought[name] for name in ("state", "code", "iss")}}
    answer = await person.post("/api/sign-in/provider/return", body)
    person.csrf = answer["session"]["csrf_token"]
    return answer
