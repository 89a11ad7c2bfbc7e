"""What a sign-in begins on one page and ends on another: random token, single use, ten minutes, five tries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import PendingRow
from moorage.errors import NotFound
from moorage.storage.types import db_after, db_now
from moorage.vault.tokens import NewToken, hash_token, new_token

Kind = Literal["second_factor", "passkey", "add_passkey", "identity_provider"]

LIFETIME: Final = timedelta(minutes=10)
MAX_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Pending:
    """What was begun. `data` is what the beginning wanted to be remembered."""

    user_id: UUID | None
    team_id: UUID | None
    data: Mapping[str, Any]


async def begin(
    tx: AsyncConnection,
    kind: Kind,
    data: Mapping[str, Any],
    *,
    user_id: UUID | None = None,
    team_id: UUID | None = None,
) -> NewToken:
    """Remember `data` under a new token. What expired, whoever began it, is swept away."""
    await tx.execute(delete(PendingRow).where(PendingRow.expires_at <= db_now()))
    token = new_token()
    await tx.execute(
        insert(PendingRow).values(
            token_hash=token.digest,
            kind=kind,
            user_id=user_id,
            team_id=team_id,
            data=json.dumps(data),
            tries=0,
            expires_at=db_after(LIFETIME),
        )
    )
    return token


async def try_once(tx: AsyncConnection, kind: Kind, token_text: str) -> Pending:
    """Count a try and give what was begun. Raises NotFound("pending_gone"): unknown, used, expired, five tries made.

    The try must be committed even if it fails: end the transaction before saying so.
    """
    tried = await tx.execute(update(PendingRow).where(_is_open(kind, token_text)).values(tries=PendingRow.tries + 1))
    if tried.rowcount != 1:
        raise NotFound("pending_gone")
    return await _read(tx, _is_of(kind, token_text))


async def peek(tx: AsyncConnection, kind: Kind, token_text: str) -> Pending:
    """Give what was begun without counting. Raises NotFound("pending_gone")."""
    return await _read(tx, _is_open(kind, token_text))


async def use_up(tx: AsyncConnection, kind: Kind, token_text: str) -> Pending:
    """Give what was begun, once: of two who hold the token, one finds it. Raises NotFound("pending_gone")."""
    pending = await _read(tx, _is_of(kind, token_text))
    used = await tx.execute(delete(PendingRow).where(_is_of(kind, token_text), PendingRow.expires_at > db_now()))
    if used.rowcount != 1:
        raise NotFound("pending_gone")
    return pending


async def forget(tx: AsyncConnection, token_text: str) -> None:
    """Forget what was begun under a token, of whatever kind."""
    await tx.execute(delete(PendingRow).where(PendingRow.token_hash == hash_token(token_text)))


async def end_all_of(tx: AsyncConnection, user_id: UUID) -> None:
    """Forget whatever a person has begun: their password or a factor of theirs changed."""
    await tx.execute(delete(PendingRow).where(PendingRow.user_id == user_id))


async def _read(tx: AsyncConnection, condition: ColumnElement[bool]) -> Pending:
    found = await tx.execute(select(PendingRow.user_id, PendingRow.team_id, PendingRow.data).where(condition))
    row = found.one_or_none()
    if row is None:
        raise NotFound("pending_gone")
    return Pending(row.user_id, row.team_id, json.loads(row.data))


def _is_of(kind: Kind, token_text: str) -> ColumnElement[bool]:
    return and_(PendingRow.token_hash == hash_token(token_text), PendingRow.kind == kind)


def _is_open(kind: Kind, token_text: str) -> ColumnElement[bool]:
    return and_(_is_of(kind, token_text), PendingRow.expires_at > db_now(), PendingRow.tries < MAX_TRIES)
