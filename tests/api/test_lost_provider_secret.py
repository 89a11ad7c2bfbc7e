"""A team's identity provider whose client secret went with a key of the deployment (`moorage keys accept-loss`)."""

from typing import Any

from moorage.commands.keys import RESEALERS
from moorage.vault.check import make_check_value
from moorage.vault.keyring import KeyRing
from moorage.vault.keys import Vault
from moorage.vault.loss import accept_loss, find_loss
from moorage.vault.rotate import Rotation
from moorage.vault.sources import LocalSource, Sources
from tests.api.provider_journeys import Traveller, ready, set_up, switched, went_there
from tests.support.identity_provider import IdentityProvider
from tests.support.running import Harbour


async def lose_the_keys(harbour: Harbour) -> None:
    """Do what `moorage keys accept-loss` does after the ring is gone, and go on with a new one."""
    parts = harbour.built.parts
    sources = Sources(LocalSource(KeyRing({"new": b"n" * 32}, "new")))
    loss = await find_loss(parts.database, sources)
    check_value = await make_check_value(sources)
    async with parts.database.write() as tx:
        await accept_loss(tx, loss, check_value)
    parts.vault.sources = sources


async def test_a_provider_whose_secret_went_with_its_key_says_so_and_takes_it_again(
    brandt: Harbour, mia: Traveller, identity_provider: IdentityProvider
) -> None:
    """P20: it is not taken for a client that never had one."""
    olga = await brandt.olga()
    team_id = await ready(brandt, olga, identity_provider)
    await lose_the_keys(brandt)

    rules = await olga.get("/api/team/identity-provider")
    facts = {name: rules["provider"][name] for name in ("has_secret", "needs_secret", "enabled", "tested_at")}
    assert facts == {"has_secret": False, "needs_secret": True, "enabled": False, "tested_at": None}
    refused = [
        await olga.call("POST", "/api/team/identity-provider/trial"),
        await switched(olga),
    ]
    assert [(one.status_code, one.json()["error"]["code"]) for one in refused] == [(409, "provider_secret_lost")] * 2
    gone = await brandt.somebody().call("POST", "/api/sign-in/provider", {"team_id": team_id})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "provider_gone")
    # Another issuer would not find the lost one either; a new name changes nothing about it.
    moved = await olga.call("PUT", "/api/team/identity-provider", _wish(identity_provider, issuer="https://a.example"))
    assert (moved.status_code, moved.json()["error"]["code"], moved.json()["error"]["field"]) == (
        422,
        "provider_secret_lost",
        "client_secret",
    )
    named = await set_up(olga, identity_provider, secret=None, name="Brandt login")
    assert named["provider"]["needs_secret"]
    # Sealing everything anew finds nothing to seal, and does not make it a public client.
    parts = brandt.built.parts
    vault = Vault(parts.database, parts.vault.sources)
    await Rotation(parts.database, vault, RESEALERS, lambda *_: None).run(renews_data_keys=True)
    assert (await olga.get("/api/team/identity-provider"))["provider"]["needs_secret"]

    entered = await set_up(olga, identity_provider)
    assert (entered["provider"]["has_secret"], entered["provider"]["needs_secret"]) == (True, False)
    await went_there(brandt, olga, identity_provider)
    assert (await switched(olga)).status_code == 200
    await mia.entered(team_id)


def _wish(provider: IdentityProvider, **changes: Any) -> dict[str, Any]:
    wish = {"name": "Brandt SSO", "issuer": provider.issuer, "client_id": "basic", "client_secret": None}
    return {**wish, "groups_claim": "groups", "default_role": "member", **changes}
