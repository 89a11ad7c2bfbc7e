"""Links between people and providers: made by (provider, issuer, subject), never by a mail address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import factors
from moorage.accounts.oidc.claims import LEEWAY_S, MAX_AGE_S
from moorage.accounts.oidc.refusals import refuse
from moorage.accounts.provider_tables import IdentityProviderRow, IdentityRow, LogoutTokenRow, ProviderSessionRow
from moorage.accounts.providers import Provider
from moorage.accounts.tables import SignInRow, TeamRow, UserRow
from moorage.errors import Conflict, NotFound
from moorage.storage.types import DEPLOYMENT, db_after, db_now, new_id
from moorage.vault.tokens import hash_token

_HEARD_FOR: Final = timedelta(seconds=MAX_AGE_S + 2 * LEEWAY_S)


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """One link as its person sees it. `team_name` is "" for the deployment's own provider."""

    id: UUID
    provider_id: UUID
    provider_name: str
    team_name: str
    linked_at: datetime
    used_at: datetime


async def find(tx: AsyncConnection, provider: Provider, subject: str) -> UUID | None:
    """Give whom this provider's subject is; None for a stranger."""
    user_id: UUID | None = await tx.scalar(select(IdentityRow.user_id).where(_is(provider, subject)))
    return user_id


async def is_linked(tx: AsyncConnection, provider: Provider, user_id: UUID) -> bool:
    """Tell whether a person has a link to this provider as it is registered now."""
    return bool(
        await tx.scalar(
            select(func.count())
            .select_from(IdentityRow)
            .where(
                IdentityRow.provider_id == provider.id,
                IdentityRow.issuer == provider.registration.issuer,
                IdentityRow.user_id == user_id,
            )
        )
    )


async def link(tx: AsyncConnection, provider: Provider, subject: str, user_id: UUID, role_seen: str | None) -> None:
    """Link, or note that the link was used. Raises ProviderRefused(oidc_linked_elsewhere) if it is somebody else's."""
    known = await find(tx, provider, subject)
    if known is None:
        values = {"issuer": provider.registration.issuer, "subject": subject, "user_id": user_id}
        now = db_now()
        await tx.execute(
            insert(IdentityRow).values(
                id=new_id(), provider_id=provider.id, role_seen=role_seen, linked_at=now, used_at=now, **values
            )
        )
    elif known != user_id:
        raise refuse("oidc_linked_elsewhere")
    else:
        await note_use(tx, provider, subject, role_seen)


async def note_use(tx: AsyncConnection, provider: Provider, subject: str, role_seen: str | None) -> None:
    """Write that somebody came by a link, and what their groups gave."""
    await tx.execute(update(IdentityRow).where(_is(provider, subject)).values(used_at=db_now(), role_seen=role_seen))


async def links_of(tx: AsyncConnection, user_id: UUID, deployment: Provider | None) -> Sequence[LinkedIdentity]:
    """Give a person's links, oldest first; those to a provider that is gone are left out."""
    rows = await tx.execute(
        select(
            IdentityRow.id,
            IdentityRow.provider_id,
            IdentityProviderRow.name.label("provider_name"),
            TeamRow.name.label("team_name"),
            IdentityRow.linked_at,
            IdentityRow.used_at,
        )
        .outerjoin(IdentityProviderRow, IdentityProviderRow.id == IdentityRow.provider_id)
        .outerjoin(TeamRow, TeamRow.id == IdentityProviderRow.team_id)
        .where(IdentityRow.user_id == user_id)
        .order_by(IdentityRow.linked_at, IdentityRow.id)
    )
    own = "" if deployment is None else deployment.name
    return [
        LinkedIdentity(
            row.id, row.provider_id, row.provider_name or own, row.team_name or "", row.linked_at, row.used_at
        )
        for row in rows
        if row.provider_name is not None or (row.provider_id == DEPLOYMENT and deployment is not None)
    ]


async def unlink(tx: AsyncConnection, user_id: UUID, identity_id: UUID) -> UUID:
    """Remove a person's link and the sign-ins that came by it. Gives the provider.

    Raises NotFound("identity_gone"), Conflict("identity_last") for somebody who has no password.
    """
    # Of two at once, the second counts what the first has left.
    await factors.lock_person(tx, user_id)
    found = await tx.execute(
        select(IdentityRow.provider_id, IdentityRow.subject, IdentityRow.issuer).where(
            IdentityRow.id == identity_id, IdentityRow.user_id == user_id
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("identity_gone")
    others = await tx.scalar(
        select(func.count())
        .select_from(IdentityRow)
        .where(IdentityRow.user_id == user_id, IdentityRow.id != identity_id)
    )
    has_password = await tx.scalar(select(UserRow.password_hash != "").where(UserRow.id == user_id))
    if not others and not has_password:
        raise Conflict("identity_last")
    await tx.execute(delete(IdentityRow).where(IdentityRow.id == identity_id))
    await end_sessions(tx, row.provider_id, row.issuer, subject=row.subject, session=None)
    provider_id: UUID = row.provider_id
    return provider_id


async def forget_provider(tx: AsyncConnection, provider_id: UUID) -> None:
    """Remove every link to a provider that is removed."""
    await tx.execute(delete(IdentityRow).where(IdentityRow.provider_id == provider_id))


async def remember_session(
    tx: AsyncConnection, token_digest: bytes, provider: Provider, subject: str, session: str | None
) -> None:
    """Note which session at the provider a sign-in came from."""
    sign_in_id = await tx.scalar(select(SignInRow.id).where(SignInRow.token_hash == token_digest))
    await tx.execute(
        insert(ProviderSessionRow).values(
            sign_in_id=sign_in_id,
            provider_id=provider.id,
            issuer=provider.registration.issuer,
            subject=subject,
            session=session,
        )
    )


async def hear_once(tx: AsyncConnection, provider_id: UUID, token_id: str) -> None:
    """Note that a logout token was heard. Raises ProviderRefused(oidc_logout_again) for one that was, by any process.

    A token is remembered for as long as it would be believed; what is older is swept away.
    """
    await tx.execute(delete(LogoutTokenRow).where(LogoutTokenRow.expires_at <= db_now()))
    values = {"provider_id": provider_id, "token_hash": hash_token(token_id), "expires_at": db_after(_HEARD_FOR)}
    try:
        await tx.execute(insert(LogoutTokenRow).values(**values))
    except IntegrityError:
        raise refuse("oidc_logout_again") from None


async def end_sessions(
    tx: AsyncConnection, provider_id: UUID, issuer: str, *, subject: str | None, session: str | None
) -> int:
    """End the sign-ins that came from a session at the provider, or from all of a subject's. Gives how many."""
    conditions = [ProviderSessionRow.provider_id == provider_id, ProviderSessionRow.issuer == issuer]
    if subject is not None:
        conditions.append(ProviderSessionRow.subject == subject)
    if session is not None:
        conditions.append(ProviderSessionRow.session == session)
    ended = await tx.execute(
        delete(SignInRow).where(SignInRow.id.in_(select(ProviderSessionRow.sign_in_id).where(*conditions)))
    )
    return ended.rowcount


def _is(provider: Provider, subject: str) -> ColumnElement[bool]:
    return and_(
        IdentityRow.provider_id == provider.id,
        IdentityRow.issuer == provider.registration.issuer,
        IdentityRow.subject == subject,
    )
