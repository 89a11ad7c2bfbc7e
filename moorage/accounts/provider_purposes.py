"""What one goes to an identity provider for. Each purpose has its rule, judged at the beginning and at the return anew.

Up to ten minutes lie between the two: who was made a member meanwhile, or left, does not finish as an owner.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import entering, identities, roster, sign_ins
from moorage.accounts.acting import require_now
from moorage.accounts.entering import Guest
from moorage.accounts.entry import Entrance, Means
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.refusals import refuse
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal, require_proof, require_whole_account
from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.providers import METHOD, Provider
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, record
from moorage.errors import NotAllowed, NotFound
from moorage.storage.database import Database
from moorage.storage.types import db_now
from moorage.vault.tokens import NewToken

PurposeName = Literal["sign_in", "link", "test", "prove"]

FRESH_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Believed:
    """Somebody who came back from a provider and was believed in every check."""

    provider: Provider
    claims: Claims
    visit: Visit
    locale: str
    who: Principal | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a test found: nothing of what the provider said, only what follows from it."""

    role: str | None
    groups: int
    has_mail: bool
    is_mail_verified: bool
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a token after signing in or proving, a finding after a test."""

    token: NewToken | None = None
    found: Found | None = None


class Purpose(Protocol):
    """One of them. `asks_anew`: the provider must ask the person now. `is_trial`: findings are told, not hidden."""

    asks_anew: bool
    is_trial: bool

    async def require(self, tx: AsyncConnection, who: Principal | None, team_id: UUID | None, /) -> None:
        """Judge who asks, as they are now; `team_id` is whose provider it is, None for the deployment's."""

    async def conclude(self, back: Believed) -> Outcome:
        """Judge again and do what it was for, in one transaction."""


class SignIn:
    """To come in. Anybody may try."""

    asks_anew = False
    is_trial = False

    def __init__(self, entrance: Entrance, *, sign_up_open: bool, wall_clock: Callable[[], float]) -> None:
        self._entrance = entrance
        self._sign_up_open = sign_up_open
        self._wall_clock = wall_clock

    async def require(self, tx: AsyncConnection, who: Principal | None, team_id: UUID | None) -> None:
        """Refuse nobody: whether the provider opens anything is said when they are back."""

    async def conclude(self, back: Believed) -> Outcome:
        """Let them in. Raises ProviderRefused, NotAllowed as `Threshold.let_in`."""
        provider, claims = back.provider, back.claims
        # A provider that remembers its own sign-in asks nobody anything: that proves nothing about who sits there.
        has_proved = claims.proved_at_s is not None and claims.proved_at_s >= self._wall_clock() - FRESH_S
        means = Means(METHOD, provider=provider, has_second_factor=claims.has_second_factor, has_proved=has_proved)
        async with self._entrance.open() as threshold:
            guest = Guest(provider, claims, back.locale, back.visit)
            user_id = await entering.admit(threshold.tx, guest, sign_up_open=self._sign_up_open)
            token = await threshold.let_in(user_id, means, back.visit)
            await identities.remember_session(threshold.tx, token.digest, provider, claims.subject, claims.session)
        return Outcome(token)


class Link:
    """To be known by the provider from now on: with proof, for the whole account, at one's own team's provider."""

    asks_anew = False
    is_trial = False

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, tx: AsyncConnection, who: Principal | None, team_id: UUID | None) -> None:
        """Raise NotAllowed: bound_to_team, proof_needed; NotFound("provider_gone") for another team's."""
        person = _signed_in(who)
        require_whole_account(person)
        require_proof(person)
        if team_id is not None and await roster.role_in(tx, team_id, person.user_id) is None:
            raise NotFound("provider_gone")

    async def conclude(self, back: Believed) -> Outcome:
        """Link. Raises as `require`, and ProviderRefused(oidc_linked_elsewhere)."""
        provider, claims, person = back.provider, back.claims, _signed_in(back.who)
        async with self._database.write() as tx:
            await self.require(tx, person, provider.team_id)
            await identities.link(tx, provider, claims.subject, person.user_id, provider.roles.role_of(claims.groups))
            act = Act("identity.linked", "provider", str(provider.id), provider.name)
            await record(tx, provider.team_id or person.team_id, person.actor(back.visit.request_id), act)
        return Outcome()


class Trial:
    """To show that the team's provider works: for those who may change how the team signs in."""

    asks_anew = False
    is_trial = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, tx: AsyncConnection, who: Principal | None, team_id: UUID | None) -> None:
        """Raise NotAllowed("not_allowed"), NotFound("provider_gone") for another team's."""
        person = _signed_in(who)
        if team_id != person.team_id:
            raise NotFound("provider_gone")
        await require_now(tx, person, Permission.CHANGE_SIGN_IN_RULES)

    async def conclude(self, back: Believed) -> Outcome:
        """Note that it passed. Raises as `require`, and ProviderRefused where it was changed meanwhile."""
        provider, claims, person = back.provider, back.claims, _signed_in(back.who)
        async with self._database.write() as tx:
            await self.require(tx, person, provider.team_id)
            tested = await tx.execute(
                update(IdentityProviderRow)
                .where(
                    IdentityProviderRow.id == provider.id,
                    IdentityProviderRow.issuer == provider.registration.issuer,
                    IdentityProviderRow.client_id == provider.registration.client_id,
                )
                .values(tested_at=db_now())
            )
            if tested.rowcount != 1:
                raise refuse("oidc_no_beginning")
            role = provider.roles.role_of(claims.groups)
            is_linked = await identities.find(tx, provider, claims.subject) == person.user_id
            if is_linked:
                await identities.note_use(tx, provider, claims.subject, role)
            act = Act("provider.tested", "provider", str(provider.id), provider.name)
            await record(tx, person.team_id, person.actor(back.visit.request_id), act)
        found = Found(role, len(claims.groups), bool(claims.email), claims.is_mail_verified, is_linked)
        return Outcome(found=found)


class Prove:
    """To show anew who one is: a team's provider for a sign-in that came by it, the deployment's for any."""

    asks_anew = True
    is_trial = False

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, _tx: AsyncConnection, who: Principal | None, team_id: UUID | None) -> None:
        """Raise NotAllowed("proof_by_other_means"): a team's provider never proves a whole account."""
        person = _signed_in(who)
        if team_id is not None and (person.sign_in.provider_id is None or team_id != person.team_id):
            raise NotAllowed("proof_by_other_means")

    async def conclude(self, back: Believed) -> Outcome:
        """Note the proof; the sign-in goes on under a new token. Raises ProviderRefused(oidc_other_person)."""
        person = _signed_in(back.who)
        async with self._database.write() as tx:
            await self.require(tx, person, back.provider.team_id)
            if await identities.find(tx, back.provider, back.claims.subject) != person.user_id:
                raise refuse("oidc_other_person")
            await sign_ins.note_proof(tx, person.sign_in.id)
            return Outcome(await sign_ins.renew_token(tx, person.sign_in.id))


def _signed_in(who: Principal | None) -> Principal:
    if who is None:
        raise NotAllowed("not_allowed")
    return who
