"""What was allowed when one went to a provider is asked again at the return: minutes lie between the two."""

from tests.api.provider_journeys import (
    Traveller,
    forget_proof,
    linked,
    ready,
    set_up,
    team_of,
    trail,
)
from tests.support.identity_provider import IdentityProvider
from tests.support.running import PASSWORD, Harbour, link_of


async def test_who_stopped_being_an_owner_meanwhile_tests_nothing_any_more(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    adam = await brandt.invited_by(olga, "Adam", "member")
    await set_up(olga, identity_provider)
    begun = await olga.post("/api/team/identity-provider/trial")
    await olga.post("/api/team/owner", {"user_id": adam.session["me"]["id"]})
    traveller = Traveller(brandt, identity_provider, "olga-at-brandt")
    answer = await traveller.come_back(olga, begun["url"], team_of(olga))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")
    assert (await olga.get("/api/team/identity-provider"))["provider"]["tested_at"] is None
    assert await trail(olga, "provider.tested") == []


async def test_a_link_is_made_with_a_proof_that_is_good_at_the_return(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    begun = await olga.post("/api/identities", {"team_id": team_id})
    await forget_proof(brandt)
    traveller = Traveller(brandt, identity_provider, "olga-at-brandt")
    answer = await traveller.come_back(olga, begun["url"], team_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed")
    assert (await olga.get("/api/identities"))["identities"] == []


async def test_only_members_link_a_teams_provider_at_the_beginning_and_at_the_return(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga, eve = await brandt.olga(), await brandt.eve()
    team_id = await ready(brandt, olga, identity_provider)
    stranger = await eve.call("POST", "/api/identities", {"team_id": team_id})
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (404, "provider_gone")
    made = await olga.post("/api/team/invitations", {"role": "member", "note": ""})
    inside = await brandt.somebody().enter("/api/sign-in", {"email": "eve@example.com", "password": PASSWORD})
    await inside.enter("/api/invitations/accept", {"token": link_of(made)})
    # At work in her own team, she begins to link the other one's provider, and is removed there.
    begun = await eve.post("/api/identities", {"team_id": team_id})
    assert (await olga.call("DELETE", f"/api/team/members/{eve.session['me']['id']}")).status_code == 200
    answer = await Traveller(brandt, identity_provider, "mia-at-brandt").come_back(eve, begun["url"], team_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "provider_gone")
    assert (await eve.get("/api/identities"))["identities"] == []


async def test_a_proof_is_of_whoever_the_provider_knows_as_this_person(
    brandt: Harbour, identity_provider: IdentityProvider
) -> None:
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await linked(brandt, olga, identity_provider, "olga-at-brandt", team_id)
    bound = await Traveller(brandt, identity_provider, "olga-at-brandt").entered(team_id)
    begun = await bound.post("/api/session/proof/provider", {})
    other = Traveller(brandt, identity_provider, "mia-at-brandt")
    answer = await other.come_back(bound, begun["url"], team_id)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "provider_other_person")
