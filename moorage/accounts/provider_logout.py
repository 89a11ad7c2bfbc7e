"""Ends sign-ins when the provider says that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)."""

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from moorage.accounts import identities
from moorage.accounts.limits import SlidingWindow, network_of
from moorage.accounts.oidc.claims import Expected, Logout, check_logout_token
from moorage.accounts.oidc.client import OidcClient
from moorage.accounts.oidc.refusals import ProviderRefused
from moorage.accounts.providers import Provider, Providers
from moorage.accounts.visit import by_provider
from moorage.audit.trail import Act, record
from moorage.errors import NotFound, TooMany
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT

CALLS_PER_MINUTE: Final = 120

log = structlog.get_logger(__name__)


class ProviderLogout:
    """Hears logout tokens. They are the only proof that it is the provider who speaks."""

    def __init__(
        self,
        *,
        database: Database,
        providers: Providers,
        client: OidcClient,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._providers = providers
        self._client = client
        self._wall_clock = wall_clock
        self._pace = SlidingWindow(clock, limit=CALLS_PER_MINUTE, window_s=60.0)

    async def hear(self, team_id: UUID | None, logout_token: str, *, client: str, request_id: str) -> int:
        """End what the token names; give how many sign-ins. Raises NotFound, TooMany, ProviderRefused."""
        network = network_of(client)
        if (wait_s := self._pace.wait_s(network)) > 0:
            raise TooMany("sign_in_limited", retry_after_s=int(wait_s) + 1)
        self._pace.count(network)
        if team_id is None:
            provider = self._providers.deployment
        else:
            provider = await self._providers.of_team(team_id)
        if provider is None or not provider.enabled:
            raise NotFound("provider_gone")
        way, registration = self._providers.way(provider), provider.registration
        try:
            metadata = await self._client.metadata(way, registration.issuer)
            token = await self._client.verify(way, metadata, logout_token)
            expected = Expected(registration.issuer, registration.client_id, "", self._wall_clock())
            logout = check_logout_token(token, expected)
            return await self._end(provider, logout, client=client, request_id=request_id)
        except ProviderRefused as refused:
            log.warning("oidc_refused", finding=refused.finding, team=str(team_id or ""), purpose="logout")
            raise

    async def _end(self, provider: Provider, logout: Logout, *, client: str, request_id: str) -> int:
        async with self._database.write() as tx:
            await identities.hear_once(tx, provider.id, logout.token_id)
            ended = await identities.end_sessions(
                tx, provider.id, provider.registration.issuer, subject=logout.subject, session=logout.session
            )
            if ended:
                actor = by_provider(provider.name, request_id=request_id, client=client)
                act = Act("provider.signed_out", "provider", str(provider.id), provider.name, details={"ended": ended})
                await record(tx, provider.team_id or DEPLOYMENT, actor, act)
        return ended
