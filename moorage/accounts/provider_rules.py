"""A team's identity provider as its owner sets it up: saved, tested, switched on, demanded. Every change is audited.

Switched on only after somebody came back from it, believed in every check. Demanded only if whoever demands it can come
in that way, or a break-glass owner can come in without: so that nobody locks the team out.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row as ResultRow
from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, identities
from moorage.accounts.acting import lock_and_require, require_now
from moorage.accounts.oidc.metadata import MAX_URL_CHARS
from moorage.accounts.permissions import Permission
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow, is_lost
from moorage.accounts.providers import SCOPES, Providers, seal_secret
from moorage.accounts.role_map import RoleMap, stored_rules
from moorage.accounts.spelling import read_name
from moorage.accounts.tables import MembershipRow, SignInRow
from moorage.audit.trail import Act, Detail, record
from moorage.errors import Conflict, Invalid, NotFound, Unavailable
from moorage.storage.types import db_now, new_id
from moorage.vault.keys import OwnerKeys
from moorage.vault.secret import Secret

MAX_ISSUER_CHARS: Final = 500
MAX_NAME_CHARS: Final = 80
MAX_SCOPES_CHARS: Final = 255
_SEPARATELY: Final = frozenset({"openid"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What an owner typed. `keeps_secret`: the stored one stays; else `secret` is the new one, None for none."""

    name: str
    issuer: str
    client_id: str
    secret: Secret | None
    keeps_secret: bool
    scopes: str
    groups_claim: str
    roles: RoleMap = field(default_factory=RoleMap)


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """A team's provider as owners and admins see it; never the secret.

    `needs_secret`: the client has one, and it went with its key. `unlinked`: members it does not know yet.
    """

    id: UUID
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    needs_secret: bool
    scopes: str
    groups_claim: str
    roles: RoleMap
    enabled: bool
    only: bool
    tested_at: datetime | None
    am_linked: bool
    has_break_glass: bool
    unlinked: int


class ProviderRules:
    """The provider of the signed-in person's team, in one transaction. `keys` of the team: for saving a secret."""

    def __init__(
        self,
        tx: AsyncConnection,
        providers: Providers,
        principal: Principal,
        request_id: str,
        keys: OwnerKeys | None = None,
    ) -> None:
        self._tx = tx
        self._providers = providers
        self._keys = keys
        self._me = principal
        self._team_id = principal.team_id
        self._actor = principal.actor(request_id)

    async def facts(self) -> ProviderFacts | None:
        """Read it; None without. Raises NotAllowed for members."""
        await require_now(self._tx, self._me, Permission.SEE_SIGN_IN_RULES)
        row = await self._row()
        if row is None:
            return None
        linked = select(IdentityRow.user_id).where(IdentityRow.provider_id == row.id, IdentityRow.issuer == row.issuer)
        unlinked = await self._tx.scalar(
            select(func.count())
            .select_from(MembershipRow)
            .where(MembershipRow.team_id == self._team_id, MembershipRow.user_id.not_in(linked))
        )
        return ProviderFacts(
            row.id,
            row.name,
            row.issuer,
            row.client_id,
            bool(row.sealed_secret),
            is_lost(row.sealed_secret),
            row.scopes,
            row.groups_claim,
            stored_rules(row.roles, default=row.default_role, may_make_owners=row.may_make_owners),
            row.enabled,
            row.only,
            row.tested_at,
            await self._am_linked(row),
            await break_glass.is_left_in(self._tx, self._team_id),
            unlinked or 0,
        )

    async def save(self, draft: Draft) -> None:
        """Store what was typed. Another issuer, client or secret is untested: switched off until it passed a test.

        Raises NotAllowed(not_allowed, proof_needed), Invalid with its field, AddressRefused for the issuer.
        """
        await self._lock_and_require()
        values = self._read(draft)
        row = await self._row()
        if row is None:
            row_id = new_id()
            values |= {"sealed_secret": self._seal(row_id, draft)}
            await self._tx.execute(
                insert(IdentityProviderRow).values(
                    id=row_id, team_id=self._team_id, created_at=db_now(), enabled=False, only=False, **values
                )
            )
            await self._record("provider.changed", row_id, draft.name, {"untested": True})
            return
        moves = (row.issuer, row.client_id) != (values["issuer"], values["client_id"])
        if draft.keeps_secret and row.sealed_secret is not None and moves:
            # It was entered for another place, and stays with it.
            raise Invalid(
                "provider_secret_lost" if is_lost(row.sealed_secret) else "provider_secret_needed",
                field="client_secret",
            )
        is_untested = moves or not draft.keeps_secret
        if is_untested:
            values |= {"tested_at": None, "enabled": False, "only": False, "sealed_secret": self._seal(row.id, draft)}
        await self._tx.execute(update(IdentityProviderRow).where(IdentityProviderRow.id == row.id).values(**values))
        if row.issuer != values["issuer"]:
            await identities.forget_provider(self._tx, row.id)
        await self._record("provider.changed", row.id, draft.name, {"untested": is_untested})

    async def switch(self, *, enabled: bool, only: bool) -> None:
        """Switch it on or off, and demand it or not.

        Raises NotFound("provider_gone"), NotAllowed, Conflict: provider_secret_lost, provider_untested,
        provider_only_unproved.
        """
        await self._lock_and_require()
        row = await self._required_row()
        if enabled and is_lost(row.sealed_secret):
            raise Conflict("provider_secret_lost")
        if enabled and row.tested_at is None:
            raise Conflict("provider_untested")
        only = only and enabled
        if only and not row.only and not await self._can_still_enter(row):
            raise Conflict("provider_only_unproved")
        await self._tx.execute(
            update(IdentityProviderRow).where(IdentityProviderRow.id == row.id).values(enabled=enabled, only=only)
        )
        if row.enabled != enabled:
            await self._record("provider.enabled" if enabled else "provider.disabled", row.id, row.name)
        if row.only != only:
            await self._record("provider.only_on" if only else "provider.only_off", row.id, row.name)
        if not enabled:
            await self._end_sign_ins(row.id)

    async def remove(self) -> None:
        """Remove it with every link to it; whoever came by it is signed out. Raises NotFound, NotAllowed."""
        await self._lock_and_require()
        row = await self._required_row()
        await self._end_sign_ins(row.id)
        await identities.forget_provider(self._tx, row.id)
        await self._tx.execute(delete(IdentityProviderRow).where(IdentityProviderRow.id == row.id))
        await self._record("provider.removed", row.id, row.name)

    def _read(self, draft: Draft) -> dict[str, Any]:
        name = read_name(draft.name, "name")
        issuer, client_id = draft.issuer.strip(), draft.client_id.strip()
        if len(issuer) > min(MAX_ISSUER_CHARS, MAX_URL_CHARS):
            raise Invalid("field_too_long", field="issuer", length=MAX_ISSUER_CHARS)
        self._providers.require_url(issuer)
        if not client_id or not client_id.isprintable() or not client_id.isascii():
            raise Invalid("provider_client_id", field="client_id")
        scopes = draft.scopes.split() or SCOPES.split()
        # openid comes first and once, whatever was typed.
        scopes = ["openid", *(scope for scope in dict.fromkeys(scopes) if scope not in _SEPARATELY)]
        text = " ".join(scopes)
        if len(text) > MAX_SCOPES_CHARS or not text.isascii() or not text.isprintable() or '"' in text or "\\" in text:
            raise Invalid("provider_scopes", field="scopes")
        groups_claim = draft.groups_claim.strip()
        if not groups_claim.isprintable():
            raise Invalid("provider_groups_claim", field="groups_claim")
        return {
            "name": name[:MAX_NAME_CHARS],
            "issuer": issuer,
            "client_id": client_id,
            "scopes": text,
            "groups_claim": groups_claim,
            "roles": draft.roles.to_json(),
            "default_role": draft.roles.default,
            "may_make_owners": draft.roles.may_make_owners,
        }

    def _seal(self, row_id: UUID, draft: Draft) -> bytes | None:
        if draft.secret is None:
            return None
        if self._keys is None:
            raise Unavailable("key_unreadable")
        issuer, client_id = draft.issuer.strip(), draft.client_id.strip()
        return seal_secret(self._keys, draft.secret, provider_id=row_id, issuer=issuer, client_id=client_id)

    async def _can_still_enter(self, row: ResultRow[Any]) -> bool:
        return await self._am_linked(row) or await break_glass.is_left_in(self._tx, self._team_id)

    async def _am_linked(self, row: ResultRow[Any]) -> bool:
        """True if I came back from this provider as myself, and its groups let me in where they decide over owners."""
        mine = exists().where(
            IdentityRow.provider_id == row.id,
            IdentityRow.issuer == row.issuer,
            IdentityRow.user_id == self._me.user_id,
        )
        if row.may_make_owners:
            mine = mine.where(IdentityRow.role_seen.is_not(None))
        return bool(await self._tx.scalar(select(mine)))

    async def _lock_and_require(self) -> None:
        """Judge the role as it is now, and ask for proof: this decides who comes in."""
        await lock_and_require(self._tx, self._me, Permission.CHANGE_SIGN_IN_RULES)
        require_proof(self._me)

    async def _row(self) -> ResultRow[Any] | None:
        found = await self._tx.execute(select(IdentityProviderRow).where(IdentityProviderRow.team_id == self._team_id))
        return found.one_or_none()

    async def _required_row(self) -> ResultRow[Any]:
        row = await self._row()
        if row is None:
            raise NotFound("provider_gone")
        return row

    async def _end_sign_ins(self, provider_id: UUID) -> None:
        await self._tx.execute(delete(SignInRow).where(SignInRow.provider_id == provider_id))

    async def _record(self, action: str, row_id: UUID, name: str, details: dict[str, Detail] | None = None) -> None:
        act = Act(action, "provider", str(row_id), name, details=details or {})
        await record(self._tx, self._team_id, self._actor, act)
