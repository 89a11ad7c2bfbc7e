"""A team signs in by an identity provider of its own: a real one, over TLS, through its own pages."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from moorage.accounts.tables import UserRow
from moorage.plans.catalogue import Plans, carry_plans
from tests.api.provider_journeys import (
    Traveller,
    forget_proof,
    linked,
    ready,
    role_of,
    set_up,
    switched,
    team_of,
    trail,
    went_there,
)
from tests.support.identity_provider import IdentityProvider
from tests.support.plans import write_plans
from tests.support.running import PASSWORD, Harbour, Person, link_of

MIA = "mia.sommer@example.org"
GROUPS: dict[str, Any] = {"roles": [{"group": "staff", "role": "member"}, {"group": "leads", "role": "admin"}]}


@pytest.mark.parametrize("client_id", ["basic", "post", "public", "es256"])
async def test_mia_comes_in_by_the_companys_provider_and_is_made_a_member(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider, client_id: str
) -> None:
    olga = await brandt.olga()
    secret = None if client_id == "public" else ""
    team_id = await ready(brandt, olga, identity_provider, client_id=client_id, secret=secret)
    offer = await brandt.somebody().get(f"/api/sign-in/team/{team_id}")
    assert offer == {"name": "Brandt SSO", "team_name": "Kanzlei Brandt"}

    person = await mia.entered(team_id)
    assert person.session["me"]["name"] == "Mia Sommer"
    assert person.session["team"]["role"] == "member"
    assert person.session["me"]["is_bound"]
    # The second time she is the same person, and not a new one.
    again = await mia.entered(team_id)
    assert again.session["me"]["id"] == person.session["me"]["id"]
    entries = await trail(olga, "person.signed_in")
    assert [entry["details"]["provider"] for entry in entries if entry["actor"] == "Mia Sommer"] == ["Brandt SSO"] * 2


async def test_a_provider_is_switched_on_only_after_somebody_came_back_from_it(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    await set_up(olga, identity_provider)
    early = await switched(olga)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "provider_untested")
    assert (await brandt.somebody().call("GET", f"/api/sign-in/team/{team_of(olga)}")).status_code == 404
    stages = [one async for one in olga.events("POST", "/api/team/identity-provider/tests")]
    states = {one.data["stage"]: one.data["state"] for one in stages if one.name == "stage"}
    assert states == dict.fromkeys(("url", "dns", "address", "tcp", "tls", "discovery", "keys"), "passed")
    assert stages[-1].data == {"passed": True}
    found = await went_there(brandt, olga, identity_provider)
    assert found == {"role": "member", "groups": 0, "has_mail": True, "is_mail_verified": True, "is_linked": False}
    assert (await switched(olga)).status_code == 200
    # Another client is another question.
    await set_up(olga, identity_provider, client_id="post")
    rules = await olga.get("/api/team/identity-provider")
    assert (rules["provider"]["enabled"], rules["provider"]["tested_at"]) == (False, None)


async def test_the_secret_never_comes_back_and_stays_with_its_issuer(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    """P12."""
    olga = await brandt.olga()
    await set_up(olga, identity_provider)
    answer = await olga.call("GET", "/api/team/identity-provider")
    assert identity_provider.secret("basic") not in answer.text
    assert answer.json()["provider"]["has_secret"]
    kept = {"name": "X", "issuer": identity_provider.issuer, "client_id": "basic", "default_role": "member"}
    assert (await olga.call("PUT", "/api/team/identity-provider", kept)).status_code == 200
    moved = await olga.call("PUT", "/api/team/identity-provider", {**kept, "issuer": "https://evil.example.com"})
    assert (moved.status_code, moved.json()["error"]["code"]) == (422, "provider_secret_needed")


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "a\nb", "\u202e", " "])
async def test_what_no_database_can_keep_is_refused_by_its_field(
    brandt: Harbour, identity_provider: IdentityProvider, value: str
) -> None:
    olga = await brandt.olga()
    good = {"name": "X", "issuer": identity_provider.issuer, "client_id": "basic", "groups_claim": "groups"}
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": olga.csrf or ""}
    for field in ("name", "issuer", "client_id", "groups_claim", "scopes"):
        body = json.dumps({**good, field: f"x{value}y" if value != " " else value}).encode()
        answer = await olga.client.put("/api/team/identity-provider", content=body, headers=headers)
        assert answer.status_code in {200, 422}, (field, answer.text)
    rules = [{"group": f"g{value}", "role": "member"}]
    body = json.dumps({**good, "roles": rules}).encode()
    answer = await olga.client.put("/api/team/identity-provider", content=body, headers=headers)
    assert answer.status_code in {200, 422}, answer.text


async def test_an_address_that_has_an_account_is_linked_by_its_person_and_never_by_itself(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    identity_provider.set_accounts(mia_at_brandt={"email": "mia@example.com"})
    inside = await brandt.invited_by(olga, "Mia", "member")
    _, answer = await mia.sign_in(team_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "provider_mail_taken")
    assert (await trail(olga, "provider.refused"))[0]["details"]["code"] == "oidc_mail_taken"

    await linked(brandt, inside, identity_provider, "mia-at-brandt", team_id)
    came = await mia.entered(team_id)
    assert came.session["me"]["id"] == inside.session["me"]["id"]
    links = (await inside.get("/api/identities"))["identities"]
    assert [(link["provider_name"], link["team_name"]) for link in links] == [("Brandt SSO", "Kanzlei Brandt")]
    # Somebody else at the provider can't be the same person, nor she somebody else's.
    begun = await olga.post("/api/identities", {"team_id": team_id})
    taken = await mia.come_back(olga, begun["url"], team_id)
    assert taken.json()["error"]["code"] == "provider_linked_elsewhere"


async def test_a_teams_provider_claims_no_address_and_learns_nobodys(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    eve = await brandt.eve()
    identity_provider.set_accounts(mia_at_brandt={"email": eve.session["me"]["email"]})
    came = await mia.entered(team_id)
    assert came.session["me"]["email"] == eve.session["me"]["email"]
    assert came.session["me"]["id"] != eve.session["me"]["id"]
    assert await trail(olga, "provider.refused") == []
    shown = {member["email"] for member in (await olga.get("/api/team"))["members"]}
    assert eve.session["me"]["email"] in shown
    # Her own account is untouched, and hers alone.
    assert len((await eve.get("/api/team"))["members"]) == 1
    body = {"email": eve.session["me"]["email"], "password": PASSWORD}
    signed_in = await brandt.somebody().post("/api/sign-in", body)
    assert signed_in["me"]["id"] == eve.session["me"]["id"]


async def test_linking_and_unlinking_ask_for_proof(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    link = (await olga.get("/api/identities"))["identities"][0]
    await forget_proof(brandt)
    for method, path, body in (
        ("POST", "/api/identities", {"team_id": team_id}),
        ("DELETE", f"/api/identities/{link['id']}", None),
        ("PUT", "/api/team/identity-provider", {"name": "X", "issuer": "https://x.example.com", "client_id": "x"}),
        ("PATCH", "/api/team/identity-provider", {"enabled": False}),
        ("DELETE", "/api/team/identity-provider", None),
    ):
        answer = await olga.call(method, path, body)
        assert (method, path, answer.status_code, answer.json()["error"]["code"]) == (method, path, 403, "proof_needed")


async def test_an_address_that_nobody_vouches_for_makes_no_account(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    _, answer = await Traveller(brandt, identity_provider, "adam-at-brandt").sign_in(team_id)
    assert answer.json()["error"]["code"] == "provider_mail_unverified"
    assert len((await olga.get("/api/team"))["members"]) == 1


async def test_a_team_that_has_all_members_of_its_plan_lets_nobody_new_in_by_its_provider(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider, tmp_path: Path
) -> None:
    """P4: who is a member goes on coming in."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    database = brandt.built.parts.database
    carry_plans(database, Plans.load(write_plans(tmp_path, members=1)))
    _, refused = await mia.sign_in(team_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "team_is_full")
    assert len((await olga.get("/api/team"))["members"]) == 1
    carry_plans(database, Plans.load(write_plans(tmp_path, members=2)))
    await mia.entered(team_id)
    await mia.entered(team_id)


async def test_groups_give_the_role_anew_each_time_and_never_more(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider, default_role=None, **GROUPS)
    _, nobody = await mia.sign_in(team_id)
    assert nobody.json()["error"]["code"] == "provider_no_entry"
    identity_provider.set_accounts(mia_at_brandt={"groups": ["staff", "leads", "owner"]})
    person = await mia.entered(team_id)
    assert person.session["team"]["role"] == "admin"
    identity_provider.set_accounts(mia_at_brandt={"groups": ["staff"]})
    await mia.entered(team_id)
    assert await role_of(brandt, team_id, MIA) == "member"
    # What she had as admin ended with it.
    assert (await person.call("GET", "/api/team")).status_code == 401
    entry = (await trail(olga, "member.role_changed"))[0]
    assert (entry["actor"], entry["details"]["before"], entry["details"]["role"]) == ("Brandt SSO", "admin", "member")
    # Made admin by hand, she is what the map says when she comes again.
    member = (await olga.get("/api/team"))["members"][1]["user_id"]
    assert (await olga.call("PATCH", f"/api/team/members/{member}", {"role": "admin"})).status_code == 200
    last = await mia.entered(team_id)
    assert last.session["team"]["role"] == "member"
    # Without any group she does not come in, and is not inside any more.
    identity_provider.set_accounts(mia_at_brandt={"groups": []})
    _, gone = await mia.sign_in(team_id)
    assert gone.json()["error"]["code"] == "provider_no_entry"
    assert (await last.call("GET", "/api/team")).status_code == 401


async def test_a_removed_member_comes_back_only_where_a_rule_names_them(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider, **GROUPS)
    person = await mia.entered(team_id)
    member = person.session["me"]["id"]
    assert (await olga.call("DELETE", f"/api/team/members/{member}")).status_code == 200
    _, answer = await mia.sign_in(team_id)
    assert answer.json()["error"]["code"] == "provider_no_entry"
    assert (await trail(olga, "provider.refused"))[0]["details"]["code"] == "oidc_not_admitted"
    identity_provider.set_accounts(mia_at_brandt={"groups": ["staff"]})
    back = await mia.entered(team_id)
    assert back.session["me"]["id"] == member


async def test_groups_make_owners_only_where_an_owner_said_so_and_the_last_owner_stays(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    rules = {"roles": [{"group": "bosses", "role": "owner"}, {"group": "staff", "role": "member"}]}
    body = {"name": "X", "issuer": identity_provider.issuer, "client_id": "basic", "groups_claim": "groups", **rules}
    silent = await olga.call("PUT", "/api/team/identity-provider", body)
    assert (silent.status_code, silent.json()["error"]["code"]) == (422, "role_map_owner")
    identity_provider.set_accounts(olga_at_brandt={"groups": ["staff"]}, mia_at_brandt={"groups": ["bosses"]})
    team_id = await ready(brandt, olga, identity_provider, may_make_owners=True, default_role=None, **rules)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    boss = Traveller(brandt, identity_provider, "olga-at-brandt")
    assert (await boss.entered(team_id)).session["team"]["role"] == "owner"  # the last one
    assert (await mia.entered(team_id)).session["team"]["role"] == "owner"
    assert (await boss.entered(team_id)).session["team"]["role"] == "member"


async def test_only_the_provider_opens_the_team_and_break_glass_still_does(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    adam = await brandt.invited_by(olga, "Adam", "admin")
    alone = await switched(olga, only=True)
    assert (alone.status_code, alone.json()["error"]["code"]) == (409, "provider_only_unproved")
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    # Olga's own sign-in is by password, so she is out with everybody else's: the rule holds at once.
    assert (await switched(olga, only=True)).status_code == 200
    assert (await adam.call("GET", "/api/team")).status_code == 401
    assert (await olga.call("GET", "/api/team")).status_code == 401
    refused = await brandt.somebody().call("POST", "/api/sign-in", {"email": "olga@example.com", "password": PASSWORD})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "provider_only_team")
    bound = await Traveller(brandt, identity_provider, "olga-at-brandt").entered(team_id)
    assert bound.session["team"]["role"] == "owner"
    assert [entry["actor"] for entry in await trail(bound, "provider.only_on")] == ["Olga"]

    await _break_glass(brandt, "olga@example.com")
    by_password = await _sign_in(brandt, "olga@example.com")
    assert by_password.session["team"]["id"] == team_id
    # An admin with the mark is no owner, so the glass is not theirs to break.
    await _break_glass(brandt, "adam@example.com")
    still = await brandt.somebody().call("POST", "/api/sign-in", {"email": "adam@example.com", "password": PASSWORD})
    assert still.json()["error"]["code"] == "provider_only_team"


async def test_members_of_a_closed_team_still_reach_their_other_teams(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    eve = await brandt.eve()
    invitation = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    inside = await brandt.somebody().enter("/api/sign-in", {"email": "eve@example.com", "password": PASSWORD})
    await inside.enter("/api/invitations/accept", {"token": link_of(invitation)})
    assert inside.session["team"]["id"] == team_id
    assert (await switched(olga, only=True)).status_code == 200
    again = await _sign_in(brandt, "eve@example.com")
    assert again.session["team"]["name"] == "Elsewhere"
    closed = await again.call("POST", "/api/session/team", {"team_id": team_id})
    assert (closed.status_code, closed.json()["error"]["code"]) == (403, "provider_only_team")
    assert (await eve.call("GET", "/api/team")).status_code == 200


async def test_who_is_switched_off_is_out_at_once(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    person = await mia.entered(team_id)
    assert (await switched(olga, enabled=False)).status_code == 200
    assert (await person.call("GET", "/api/team")).status_code == 401
    begun = await brandt.somebody().call("POST", "/api/sign-in/provider", {"team_id": team_id})
    assert (begun.status_code, begun.json()["error"]["code"]) == (404, "provider_gone")


async def test_admins_see_the_rules_and_only_owners_change_them(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    await set_up(olga, identity_provider)
    adam = await brandt.invited_by(olga, "Adam", "admin")
    member = await brandt.invited_by(olga, "Mia", "member")
    eve = await brandt.eve()
    assert not (await adam.get("/api/team/identity-provider"))["may_change"]
    assert (await member.call("GET", "/api/team/identity-provider")).status_code == 403
    assert (await eve.get("/api/team/identity-provider"))["provider"] is None
    for person in (adam, member):
        for method, path in (
            ("PATCH", "/api/team/identity-provider"),
            ("DELETE", "/api/team/identity-provider"),
            ("POST", "/api/team/identity-provider/tests"),
            ("POST", "/api/team/identity-provider/trial"),
        ):
            answer = await person.call(method, path, {"enabled": False} if method == "PATCH" else None)
            assert (method, path, answer.status_code) == (method, path, 403)


async def test_signing_in_anew_at_the_provider_proves_who_sits_there(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    bound = await Traveller(brandt, identity_provider, "olga-at-brandt").entered(team_id)
    await forget_proof(brandt)
    assert (await switched(bound)).json()["error"]["code"] == "proof_needed"
    # Her password would prove it, too, but not to a sign-in that a team's provider vouched for.
    assert (await bound.get("/api/session/proof"))["ways"] == ["provider"]
    assert (await olga.get("/api/session/proof"))["ways"] == ["password"]
    begun = await bound.post("/api/session/proof/provider", {})
    assert "prompt=login" in begun["url"]
    other = await mia.come_back(bound, begun["url"], team_id)
    assert other.json()["error"]["code"] == "provider_other_person"
    begun = await bound.post("/api/session/proof/provider", {})
    proved = await Traveller(brandt, identity_provider, "olga-at-brandt").come_back(bound, begun["url"], team_id)
    assert proved.status_code == 200
    assert (await switched(bound)).status_code == 200
    # For a whole account, a team's provider proves nothing.
    assert (await olga.call("POST", "/api/session/proof/provider", {})).status_code == 404


async def _sign_in(harbour: Harbour, email: str) -> Person:
    return await harbour.somebody().enter("/api/sign-in", {"email": email, "password": PASSWORD})


async def _break_glass(harbour: Harbour, email: str) -> None:
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(UserRow).where(UserRow.email == email).values(break_glass=True))
