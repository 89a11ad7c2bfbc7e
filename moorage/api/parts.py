"""What handlers work with: the composed parts of this process, handed in by `app` and reached through the request."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from fastapi import Depends, Request

from moorage import __version__
from moorage.accounts.notices import Notices
from moorage.accounts.own_factors import OwnFactors
from moorage.accounts.own_password import OwnPassword
from moorage.accounts.people import People
from moorage.accounts.post import Post
from moorage.accounts.provider_logout import ProviderLogout
from moorage.accounts.provider_sign_in import ProviderSignIn
from moorage.accounts.provider_trial import ProviderTrial
from moorage.accounts.providers import Providers
from moorage.accounts.resets import Resets
from moorage.accounts.second_step import SecondStep
from moorage.api.limits import RateLimits
from moorage.api.open_streams import OpenStreams
from moorage.audit.keeping import TrailKeeper
from moorage.chat.replies import Replies
from moorage.chat.uploads import Uploads
from moorage.connections.aliases import Aliases
from moorage.connections.facade import Connections
from moorage.connections.model_access import ModelAccess
from moorage.connections.old_uses import UseCleaner
from moorage.connections.opening import ProviderDesk
from moorage.connections.picker import Picker
from moorage.connections.prices import Prices
from moorage.connections.watch import Watch
from moorage.egress.door import Door
from moorage.egress.policy import Exceptions
from moorage.egress.resolver import SystemResolver
from moorage.operating.billing import Billing
from moorage.operating.providers import StandardKeys
from moorage.privacy.desk import PrivacyDesk
from moorage.reports.desk import Reports
from moorage.storage.database import Database, GroupWriter
from moorage.telemetry import Metrics
from moorage.usage.closing import DayCloser
from moorage.usage.ledger import Ledger
from moorage.usage.months import MonthMaker
from moorage.vault.keys import Vault
from moorage.vault.transit import TransitSource


@dataclass(frozen=True, slots=True)
class Parts:
    """One process's parts. Built once in `app.py`.

    `own_hosts`: the names people may come by, beside addresses; None where the operator has not said how they come.
    """

    database: Database
    writer: GroupWriter
    metrics: Metrics
    reports: Reports
    metrics_token_digest: bytes | None
    vault: Vault
    key_store: TransitSource | None
    door: Door
    operator_door: Door
    exceptions: Exceptions
    resolver: SystemResolver
    ledger: Ledger
    picker: Picker
    desk: ProviderDesk
    connections: Connections
    model_access: ModelAccess
    aliases: Aliases
    prices: Prices
    privacy: PrivacyDesk
    standard_keys: StandardKeys
    billing: Billing
    people: People
    own_password: OwnPassword
    resets: Resets
    notices: Notices
    post: Post | None
    streams: OpenStreams
    second_step: SecondStep
    own_factors: OwnFactors
    providers: Providers
    provider_sign_in: ProviderSignIn
    provider_trial: ProviderTrial
    provider_logout: ProviderLogout
    replies: Replies
    uploads: Uploads
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    trail_keeper: TrailKeeper
    use_cleaner: UseCleaner
    month_maker: MonthMaker
    day_closer: DayCloser
    watch: Watch
    sign_up_open: bool
    public_url: str
    own_hosts: frozenset[str] | None
    demo: bool
    titles_by_model: bool
    instance_lock: int | None
    limits: RateLimits = field(default_factory=RateLimits)
    version: str = __version__

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are sent over TLS alone."""
        return self.public_url.startswith("https://")


async def give_parts(request: Request) -> Parts:
    """Give the parts of this process. A coroutine, because FastAPI calls a plain function in a thread."""
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(give_parts)]
