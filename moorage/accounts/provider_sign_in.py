"""Signing in, linking, testing and proving oneself by an identity provider: begun here, finished when they come back.

No transaction is open while a provider is asked. What fails is told in one sentence and logged with its finding; a
refusal by a team's provider stands in the team's trail, one by the deployment's in the deployment's own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from uuid import UUID

import structlog
from sqlalchemy import select

from moorage.accounts import identities, pending
from moorage.accounts.entry import Entrance
from moorage.accounts.limits import SlidingWindow, network_of
from moorage.accounts.oidc.claims import Claims
from moorage.accounts.oidc.client import OidcClient
from moorage.accounts.oidc.flow import Attempt, Returned, complete
from moorage.accounts.oidc.refusals import ProviderRefused, refuse
from moorage.accounts.pending import Pending
from moorage.accounts.principal import Principal
from moorage.accounts.provider_purposes import Believed, Found, Link, Prove, Purpose, PurposeName, SignIn, Trial
from moorage.accounts.provider_tables import IdentityProviderRow
from moorage.accounts.providers import METHOD, Provider, Providers
from moorage.accounts.tables import TeamRow
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, record
from moorage.errors import Conflict, NotFound, TooMany
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT
from moorage.vault.tokens import NewToken

BEGINNINGS: Final = 60  # per client in five minutes; a whole office may share one address
WINDOW_S: Final = 300.0
_NO_LONGER_VOUCHED: Final = frozenset({"oidc_no_group", "oidc_not_admitted"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a stranger may know of a provider: what its button says, and whose it is."""

    name: str
    team_name: str


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the token that its cookie keeps meanwhile."""

    url: str = field(repr=False)
    token: NewToken


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. `token` is there after a sign-in or a proof, `found` after a test."""

    purpose: PurposeName
    next: str
    token: NewToken | None = None
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """What the browser brings: its cookie, the address it came back to, what stood in it, the language it reads."""

    token: str = field(repr=False)
    came_to: UUID
    returned: Returned
    locale: str = "en"


class ProviderSignIn:
    """One per process. `wall_clock` gives the seconds since 1970 that tokens speak of."""

    def __init__(
        self,
        *,
        database: Database,
        providers: Providers,
        client: OidcClient,
        entrance: Entrance,
        sign_up_open: bool,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._providers = providers
        self._client = client
        self._wall_clock = wall_clock
        self._purposes: Mapping[PurposeName, Purpose] = {
            "sign_in": SignIn(entrance, sign_up_open=sign_up_open, wall_clock=wall_clock),
            "link": Link(database),
            "test": Trial(database),
            "prove": Prove(database),
        }
        self._pace = SlidingWindow(clock, limit=BEGINNINGS, window_s=WINDOW_S)

    async def offer(self, team_id: UUID) -> Offer:
        """Tell what a team's sign-in page offers. Raises NotFound("provider_gone"): no such team, or nothing on."""
        found = IdentityProviderRow.name, TeamRow.name.label("team_name")
        async with self._database.read() as tx:
            row = (
                await tx.execute(
                    select(*found)
                    .join(TeamRow, TeamRow.id == IdentityProviderRow.team_id)
                    .where(IdentityProviderRow.team_id == team_id, IdentityProviderRow.enabled)
                )
            ).one_or_none()
        if row is None:
            raise NotFound("provider_gone")
        return Offer(row.name, row.team_name)

    async def begin(
        self,
        purpose_name: PurposeName,
        team_id: UUID | None,
        redirect_base: str,
        visit: Visit,
        *,
        who: Principal | None = None,
        next_path: str = "/",
    ) -> Begun:
        """Begin. `team_id` None: with the deployment's provider. `redirect_base`: where this deployment is reached.

        Raises NotFound("provider_gone"), Conflict("provider_secret_lost"), NotAllowed, TooMany;
        ProviderRefused if the provider can't be used now.
        """
        network = network_of(visit.client)
        if (wait_s := self._pace.wait_s(network)) > 0:
            raise TooMany("sign_in_limited", retry_after_s=int(wait_s) + 1)
        self._pace.count(network)
        purpose = self._purposes[purpose_name]
        async with self._database.read() as tx:
            await purpose.require(tx, who, team_id)
        provider = await self._provider(purpose, team_id)
        try:
            metadata = await self._client.metadata(self._providers.way(provider), provider.registration.issuer)
        except ProviderRefused as refused:
            self._note(provider, refused, visit)
            raise refused.for_tester() if purpose.is_trial else refused from None
        redirect_uri = f"{redirect_base}/sign-in/return/{'deployment' if team_id is None else team_id}"
        data = {
            "purpose": purpose_name,
            "provider": str(provider.id),
            "issuer": provider.registration.issuer,
            "redirect_uri": redirect_uri,
            "sign_in": None if who is None else str(who.sign_in.id),
            "next": next_path,
            "begun_at": self._wall_clock(),
        }
        async with self._database.write() as tx:
            user_id = None if who is None else who.user_id
            token = await pending.begin(tx, METHOD, data, user_id=user_id, team_id=team_id)
        attempt = Attempt(token.text, redirect_uri)
        return Begun(attempt.url(metadata, provider.registration, must_prove=purpose.asks_anew), token)

    async def finish(self, coming: Coming, visit: Visit, *, who: Principal | None) -> Finished:
        """Finish what this browser began. Raises ProviderRefused with one sentence; the finding is logged."""
        try:
            async with self._database.write() as tx:
                begun = await pending.use_up(tx, METHOD, coming.token)
        except NotFound:
            log.warning("oidc_refused", finding="oidc_no_beginning", team="", purpose="")
            raise refuse("oidc_no_beginning") from None
        data, name = begun.data, begun.data["purpose"]
        purpose = self._purposes[name]
        provider = await self._provider(purpose, begun.team_id)
        claims = None
        try:
            self._require_same(begun, provider, coming, who)
            claims = await complete(
                self._client,
                self._providers.way(provider),
                provider.registration,
                Attempt(coming.token, data["redirect_uri"]),
                coming.returned,
                now_s=self._wall_clock(),
                authenticated_after_s=data["begun_at"] if purpose.asks_anew else None,
            )
            outcome = await purpose.conclude(Believed(provider, claims, visit, coming.locale, who))
        except ProviderRefused as refused:
            await self._refused(provider, name, refused, visit, claims)
        return Finished(name, data["next"], outcome.token, outcome.found)

    def _require_same(self, begun: Pending, provider: Provider, coming: Coming, who: Principal | None) -> None:
        """Refuse a return to another provider, address or sign-in than was begun with. Raises ProviderRefused."""
        if (str(provider.id), provider.registration.issuer) != (begun.data["provider"], begun.data["issuer"]):
            raise refuse("oidc_no_beginning")
        if coming.came_to != (begun.team_id or DEPLOYMENT):
            raise refuse("oidc_return_elsewhere")
        sign_in = begun.data["sign_in"]
        if sign_in is not None and (who is None or sign_in != str(who.sign_in.id)):
            raise refuse("oidc_other_sign_in")

    async def _provider(self, purpose: Purpose, team_id: UUID | None) -> Provider:
        """Give the provider to go to; one that is not switched on is only tested.

        Raises NotFound("provider_gone"), Conflict("provider_secret_lost").
        """
        if team_id is None:
            provider = self._providers.deployment
        else:
            provider = await self._providers.of_team(team_id)
        if provider is None or not (provider.enabled or purpose.is_trial):
            raise NotFound("provider_gone")
        if provider.lost_secret:
            raise Conflict("provider_secret_lost")
        return provider

    async def _refused(
        self, provider: Provider, name: PurposeName, refused: ProviderRefused, visit: Visit, claims: Claims | None
    ) -> NoReturn:
        self._note(provider, refused, visit, name)
        is_trial = self._purposes[name].is_trial
        act = Act(
            "provider.tested" if is_trial else "provider.refused",
            "provider",
            str(provider.id),
            provider.name,
            "failed" if is_trial else "refused",
            {"code": refused.finding},
        )
        async with self._database.write() as tx:
            if claims is not None and refused.finding in _NO_LONGER_VOUCHED:
                # Whom the provider no longer vouches for does not go on elsewhere by what it said before.
                issuer = provider.registration.issuer
                await identities.end_sessions(tx, provider.id, issuer, subject=claims.subject, session=None)
            await record(tx, provider.team_id or DEPLOYMENT, visit.nobody(), act)
        raise refused.for_tester() if is_trial else refused

    def _note(self, provider: Provider, refused: ProviderRefused, visit: Visit, purpose: str = "begin") -> None:
        team = "" if provider.team_id is None else str(provider.team_id)
        log.warning("oidc_refused", finding=refused.finding, team=team, purpose=purpose, request_id=visit.request_id)
