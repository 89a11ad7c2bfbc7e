"""People on their way through an identity provider: what a browser does between Moorage's pages and the provider's."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from sqlalchemy import select, update

from moorage.accounts.roster import shown_email
from moorage.accounts.tables import MembershipRow, SignInRow, UserRow
from moorage.storage.types import db_after
from tests.support.authority import TestAuthority
from tests.support.identity_provider import IdentityProvider
from tests.support.model_server import ModelServer
from tests.support.running import Harbour, Person, settings_for


def settings_with(
    database_url: str,
    folder: Path,
    models: tuple[TestAuthority, ModelServer],
    provider: IdentityProvider,
    **changes: Any,
) -> Any:
    """Give settings that reach the model server and, as a team, the provider; both authorities are believed."""
    authority, server = models
    bundle = folder / "authorities.pem"
    bundle.write_bytes(authority.ca_pem.read_bytes() + provider.ca_pem.read_bytes())
    allowed = f"localhost:{server.port}=127.0.0.1/32,{provider.allowed}"
    return settings_for(
        database_url, folder, authority, server, **{"egress_allow": allowed, "extra_ca_file": bundle, **changes}
    )


@dataclass
class Traveller:
    """Somebody in front of a browser, with a browser's memory of the provider too."""

    harbour: Harbour
    provider: IdentityProvider
    login: str

    async def sign_in(self, team_id: str | None, *, person: Person | None = None) -> tuple[Person, httpx2.Response]:
        """Sign in by the provider; gives the browser, and how the way back ended."""
        person = person or self.harbour.somebody()
        begun = await person.post("/api/sign-in/provider", {"team_id": team_id})
        return person, await self.come_back(person, begun["url"], team_id)

    async def come_back(self, person: Person, url: str, team_id: str | None, **changes: Any) -> httpx2.Response:
        """Walk through the provider's pages from `url` and bring back what it gave; `changes` replace parts of it."""
        brought = self.provider.sign_in(url, self.login)
        return await bring_back(person, {"provider": team_id or "deployment", **_known(brought), **changes})

    async def entered(self, team_id: str | None) -> Person:
        """Sign in by the provider, which must work."""
        person, answer = await self.sign_in(team_id)
        assert answer.status_code == 200, answer.text
        return person


async def bring_back(person: Person, body: dict[str, Any]) -> httpx2.Response:
    """Do what the return page does; a session that comes of it is the browser's from then on."""
    answer = await person.call("POST", "/api/sign-in/provider/return", body)
    if answer.status_code == 200:
        person.session = answer.json()["session"]
        person.csrf = person.session["csrf_token"]
    return answer


def _known(brought: dict[str, str]) -> dict[str, str]:
    return {name: brought[name] for name in ("state", "code", "iss", "error") if name in brought}


async def set_up(
    olga: Person, provider: IdentityProvider, *, client_id: str = "basic", secret: str | None = "", **changes: Any
) -> dict[str, Any]:
    """Save the team's provider, as its owner does."""
    body = {
        "name": "Brandt SSO",
        "issuer": provider.issuer,
        "client_id": client_id,
        "client_secret": provider.secret(client_id) if secret == "" else secret,
        "scopes": "openid profile email groups",
        "groups_claim": "groups",
        "default_role": "member",
        **changes,
    }
    rules: dict[str, Any] = (await _worked(olga.call("PUT", "/api/team/identity-provider", body))).json()
    return rules


async def went_there(harbour: Harbour, olga: Person, provider: IdentityProvider) -> dict[str, Any]:
    """Bring the test to its end: sign in at the provider and come back."""
    begun = await olga.post("/api/team/identity-provider/trial")
    traveller = Traveller(harbour, provider, "olga-at-brandt")
    answer = await traveller.come_back(olga, begun["url"], team_of(olga))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["found"]
    return found


async def switched(olga: Person, *, enabled: bool = True, only: bool = False) -> httpx2.Response:
    """Switch the team's provider."""
    return await olga.call("PATCH", "/api/team/identity-provider", {"enabled": enabled, "only": only})


async def ready(harbour: Harbour, olga: Person, provider: IdentityProvider, **changes: Any) -> str:
    """Set the team's provider up, test it and switch it on; gives the team's id."""
    await set_up(olga, provider, **changes)
    await went_there(harbour, olga, provider)
    await _worked(switched(olga))
    return team_of(olga)


async def linked(harbour: Harbour, person: Person, provider: IdentityProvider, login: str, team_id: str | None) -> None:
    """Link somebody's account to who they are at the provider."""
    begun = await person.post("/api/identities", {"team_id": team_id})
    answer = await Traveller(harbour, provider, login).come_back(person, begun["url"], team_id)
    assert answer.status_code == 200, answer.text


def team_of(person: Person) -> str:
    team_id: str = person.session["team"]["id"]
    return team_id


async def trail(person: Person, action: str) -> list[dict[str, Any]]:
    """Give the trail's entries of one action, newest first."""
    entries: list[dict[str, Any]] = (await person.get(f"/api/audit?action={action}"))["entries"]
    return entries


async def forget_proof(harbour: Harbour) -> None:
    """Let so much time pass that nobody's proof counts any more."""
    async with harbour.built.parts.database.write() as tx:
        await tx.execute(update(SignInRow).values(proved_at=db_after(timedelta(hours=-1))))


async def role_of(harbour: Harbour, team_id: str, email: str) -> str | None:
    """Read a membership as it is stored."""
    async with harbour.built.parts.database.read() as tx:
        role: str | None = await tx.scalar(
            select(MembershipRow.role)
            .join(UserRow, UserRow.id == MembershipRow.user_id)
            .where(shown_email() == email, MembershipRow.team_id == UUID(team_id))
        )
    return role


async def _worked(call: Any) -> httpx2.Response:
    answer: httpx2.Response = await call
    assert answer.status_code < 400, answer.text
    return answer
