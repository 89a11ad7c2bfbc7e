"""Signed-in browsers: opaque tokens, hashed at rest, ended by 12 idle hours or 7 days, by the database's clock."""

from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, delete, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.principal import Principal
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.storage.types import UtcTime, db_now
from moorage.vault.tokens import NewToken, derive_csrf, hash_token, new_token

IDLE_LIMIT: Final = timedelta(hours=12)
LIFETIME: Final = timedelta(days=7)
SEEN_EVERY: Final = timedelta(minutes=1)


class Found(NamedTuple):
    """A living sign-in. `is_due` says that its `seen_at` is old enough to be written again."""

    principal: Principal
    is_due: bool


async def begin_sign_in(tx: AsyncConnection, user_id: UUID, team_id: UUID, *, replaces: str | None = None) -> NewToken:
    """Sign a browser in under a new token; the one it had before (`replaces`) ends."""
    if replaces is not None:
        await end_sign_in(tx, replaces)
    await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, ~_is_alive()))
    token = new_token()
    now = db_now()
    await tx.execute(
        insert(SignInRow).values(
            token_hash=token.digest,
            user_id=user_id,
            team_id=team_id,
            created_at=now,
            seen_at=now,
            expires_at=_after(LIFETIME),
        )
    )
    return token


async def find_sign_in(tx: AsyncConnection, token_text: str) -> Found | None:
    """Look a token up: one statement, on the path of every request. None when it ended or its person left the team."""
    found = await tx.execute(_FIND, {"digest": hash_token(token_text)})
    row = found.one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    is_due = bool(values.pop("is_due"))
    return Found(Principal(**values, csrf_token=derive_csrf(token_text)), is_due)


async def note_seen(tx: AsyncConnection, token_text: str) -> None:
    """Write that the browser was here."""
    await tx.execute(update(SignInRow).where(SignInRow.token_hash == hash_token(token_text)).values(seen_at=db_now()))


async def end_sign_in(tx: AsyncConnection, token_text: str) -> None:
    """End one sign-in."""
    await tx.execute(delete(SignInRow).where(SignInRow.token_hash == hash_token(token_text)))


async def end_all_in_team(tx: AsyncConnection, user_id: UUID, team_id: UUID) -> None:
    """End all sign-ins of a person in one team: their role there changed or is gone."""
    await tx.execute(delete(SignInRow).where(SignInRow.user_id == user_id, SignInRow.team_id == team_id))


def _is_alive() -> ColumnElement[bool]:
    return and_(SignInRow.expires_at > db_now(), SignInRow.seen_at > _before(IDLE_LIMIT))


def _after(span: timedelta) -> ColumnElement[Any]:
    return _shift(span // timedelta(microseconds=1))


def _before(span: timedelta) -> ColumnElement[Any]:
    return _shift(-(span // timedelta(microseconds=1)))


def _shift(microseconds: int) -> ColumnElement[Any]:
    return type_coerce(type_coerce(db_now(), BigInteger) + microseconds, UtcTime)


# On the path of every request: building a statement costs more than executing it.
_FIND: Final = (
    select(
        UserRow.id.label("user_id"),
        UserRow.name,
        UserRow.email,
        UserRow.locale,
        UserRow.is_operator,
        TeamRow.id.label("team_id"),
        TeamRow.name.label("team_name"),
        TeamRow.plan,
        TeamRow.standing,
        MembershipRow.role,
        (SignInRow.seen_at < _before(SEEN_EVERY)).label("is_due"),
    )
    .select_from(SignInRow)
    .join(UserRow, UserRow.id == SignInRow.user_id)
    .join(
        MembershipRow,
        and_(MembershipRow.user_id == SignInRow.user_id, MembershipRow.team_id == SignInRow.team_id),
    )
    .join(TeamRow, TeamRow.id == SignInRow.team_id)
    .where(SignInRow.token_hash == bindparam("digest"), _is_alive())
)
