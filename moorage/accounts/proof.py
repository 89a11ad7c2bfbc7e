"""How somebody who is signed in can prove anew who they are; a way that would be refused is never named."""

from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import factors, identities
from moorage.accounts.principal import Principal
from moorage.accounts.providers import Provider
from moorage.accounts.tables import UserRow

Way = Literal["passkey", "code", "password", "provider"]

# What proves a second factor as well stands first: one answer is then enough for every act.
ORDER: Final[tuple[Way, ...]] = ("passkey", "code", "password", "provider")


async def ways_to_prove(
    tx: AsyncConnection, principal: Principal, provider: Provider | None, *, passkeys_work: bool
) -> list[Way]:
    """Give the ways this person has here, the best first.

    `provider` is the one that would vouch: the team's own for a sign-in by it, else the deployment's.
    `passkeys_work`: browsers allow them at this address.
    """
    by_provider = provider is not None and provider.enabled
    if provider is not None and by_provider:
        by_provider = await identities.is_linked(tx, provider, principal.user_id)
    if principal.sign_in.provider_id is not None:
        # A team's provider is a key to that team: it does not reach what the person owns beyond it.
        return ["provider"] if by_provider else []
    second = await factors.ways_of(tx, principal.user_id)
    has_password = await tx.scalar(select(UserRow.password_hash != "").where(UserRow.id == principal.user_id))
    found: dict[Way, bool] = {
        "passkey": second.passkeys > 0 and passkeys_work,
        "code": second.has_app,
        "password": bool(has_password),
        "provider": by_provider,
    }
    return [way for way in ORDER if found[way]]
