"""Identity providers, the deployment's and the teams': what is known of each, and by which door it is asked.

The deployment's comes from the settings, by the operator's door. A team's comes from its row, by the door of every
endpoint and under the team's own scope, so that no team reaches what it may not (P11).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import select

from moorage.accounts.oidc.client import Registration, Way
from moorage.accounts.provider_tables import IdentityProviderRow, is_lost
from moorage.accounts.role_map import RoleMap, stored_rules
from moorage.egress.door import Door, Scope
from moorage.egress.urls import Endpoint
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT
from moorage.vault.keys import OwnerKeys, Vault
from moorage.vault.seal import Place
from moorage.vault.secret import Secret

SCOPES: Final = "openid profile email"
METHOD: Final = "identity_provider"
_SCOPE_OF_DOOR: Final = "identity_provider"


@dataclass(frozen=True, slots=True)
class DeploymentProvider:
    """The operator's own provider. `home_team`: where whoever is new belongs. `only`: closes other means."""

    name: str
    registration: Registration
    roles: RoleMap = field(default_factory=RoleMap)
    home_team: UUID | None = None
    only: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `team_id` is None for the deployment's; a sign-in by a team's is good for that team alone.

    `lost_secret`: its client secret went with its key, and it is of no use until an owner enters it again.
    """

    id: UUID
    team_id: UUID | None
    name: str
    registration: Registration
    roles: RoleMap
    home_team: UUID | None = None
    enabled: bool = True
    only: bool = False
    lost_secret: bool = False


class Providers:
    """Finds providers and the ways to them. `read_url` judges what a team typed, `read_operator_url` the settings."""

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        door: Door,
        operator_door: Door,
        read_url: Callable[[str], Endpoint],
        read_operator_url: Callable[[str], Endpoint],
        deployment: DeploymentProvider | None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._door = door
        self._operator_door = operator_door
        self._read_url = read_url
        self._read_operator_url = read_operator_url
        own = deployment
        self.deployment = (
            None
            if own is None
            else Provider(DEPLOYMENT, None, own.name, own.registration, own.roles, own.home_team, only=own.only)
        )

    @property
    def only_the_deployments(self) -> bool:
        """True where the deployment opens by its own provider only, break-glass accounts apart."""
        return self.deployment is not None and self.deployment.only

    def way(self, provider: Provider, *, purpose: str = _SCOPE_OF_DOOR) -> Way:
        """Give the way to a provider."""
        if provider.team_id is None:
            return Way(self._operator_door, Scope("operator", purpose), self._read_operator_url)
        return Way(self._door, Scope(str(provider.team_id), purpose), self._read_url)

    async def of_team(self, team_id: UUID) -> Provider | None:
        """Give a team's provider, switched on or not, its secret opened for the moment of use; outside transactions.

        Raises Unavailable("key_unreadable").
        """
        async with self._database.read() as tx:
            row = (
                await tx.execute(select(IdentityProviderRow).where(IdentityProviderRow.team_id == team_id))
            ).one_or_none()
        if row is None:
            return None
        secret = None
        if row.sealed_secret:
            secret = _open(await self._vault.of(team_id, row.sealed_secret), row)
        registration = Registration(row.issuer, row.client_id, secret, row.scopes, row.groups_claim)
        roles = stored_rules(row.roles, default=row.default_role, may_make_owners=row.may_make_owners)
        return Provider(
            row.id,
            row.team_id,
            row.name,
            registration,
            roles,
            enabled=row.enabled,
            only=row.only,
            lost_secret=is_lost(row.sealed_secret),
        )

    def require_url(self, issuer: str) -> None:
        """Judge an issuer that a team typed by the rules for base URLs. Raises AddressRefused."""
        self._read_url(issuer)


def seal_secret(keys: OwnerKeys, secret: Secret, *, provider_id: UUID, issuer: str, client_id: str) -> bytes:
    """Seal a client secret under its team's keys; it opens beside no other issuer, client, team or row."""
    return keys.seal(secret, _place(provider_id, issuer, client_id))


def reseal_provider(keys: OwnerKeys, row: ResultRow[Any]) -> Mapping[str, bytes | None]:
    """Seal what a provider's row holds anew. Raises Unavailable("key_unreadable")."""
    if not row.sealed_secret:
        return {}
    sealed = seal_secret(keys, _open(keys, row), provider_id=row.id, issuer=row.issuer, client_id=row.client_id)
    return {"sealed_secret": sealed}


def _open(keys: OwnerKeys, row: ResultRow[Any]) -> Secret:
    return keys.open(row.sealed_secret, _place(row.id, row.issuer, row.client_id))


def _place(provider_id: UUID, issuer: str, client_id: str) -> Place:
    return Place("identity_provider", str(provider_id), "client_secret", f"{issuer} {client_id}")
