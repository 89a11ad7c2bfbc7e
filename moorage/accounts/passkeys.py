"""Passkeys: a challenge is asked once and answered once; a count that does not go up is taken for a copy and refused.

Whatever is wrong with an answer, and however late it comes, it is refused by one sentence: "passkey_refused".
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import pending
from moorage.accounts.factor_tables import PasskeyRow
from moorage.errors import Conflict, Invalid, NotFound
from moorage.storage.database import Database
from moorage.storage.types import db_now, new_id
from moorage.vault.passkeys import (
    Answer,
    Known,
    NewPasskey,
    RelyingParty,
    Use,
    credential_id_of,
    new_challenge,
    options_to_use,
    read_use,
)
from moorage.vault.tokens import NewToken

MAX_PER_PERSON: Final = 20

Purpose = Literal["sign_in", "second_step", "proof"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is asked: `options` for its authenticator, `token` for the cookie that the answer comes with."""

    options: dict[str, Any]
    token: NewToken


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey whose answer was good; whether its count went up is still to be noted."""

    passkey_id: UUID
    user_id: UUID
    name: str
    use: Use


class Refused(Invalid):
    """An answer that was not good. `user_id` is whose passkey it claimed to be, if anybody's."""

    def __init__(self, user_id: UUID | None = None, name: str = "") -> None:
        super().__init__("passkey_refused")
        self.user_id = user_id
        self.name = name


async def ask(database: Database, party: RelyingParty, purpose: Purpose, user_id: UUID | None) -> Question:
    """Ask for a passkey: of this person, or of whoever has one (`user_id` None)."""
    challenge = new_challenge()
    async with database.write() as tx:
        known = [] if user_id is None else await known_of(tx, user_id)
        token = await pending.begin(tx, "passkey", remember(challenge, purpose), user_id=user_id)
    return Question(options_to_use(party, challenge, known), token)


async def judge(
    database: Database, party: RelyingParty, purpose: Purpose, user_id: UUID | None, token: str, answer: Answer
) -> Shown:
    """Judge an answer to `ask`. The challenge is used up by it, good or not. Raises Refused.

    `user_id` None: whoever it is must be named by the passkey itself.
    """
    challenge = await take_challenge(database, "passkey", purpose, user_id, token)
    credential_id = _claimed(answer)
    async with database.read() as tx:
        found = await tx.execute(
            select(PasskeyRow.id, PasskeyRow.user_id, PasskeyRow.name, PasskeyRow.public_key).where(
                PasskeyRow.credential_id == credential_id
            )
        )
        row = found.one_or_none()
    if row is None or (user_id is not None and row.user_id != user_id):
        raise Refused
    try:
        use = read_use(party, challenge, answer, row.public_key)
    except Invalid:
        raise Refused(row.user_id, row.name) from None
    # With a list of passkeys an authenticator need not say whose it is; without one it must.
    names_nobody = use.user_handle is None and user_id is not None
    if not names_nobody and use.user_handle != row.user_id.bytes:
        raise Refused(row.user_id, row.name)
    return Shown(row.id, row.user_id, row.name, use)


async def take_challenge(
    database: Database, kind: pending.Kind, purpose: str, user_id: UUID | None, token: str
) -> bytes:
    """Use a challenge up and give it. Raises Refused: unknown, used, expired, or asked of somebody else."""
    try:
        async with database.write() as tx:
            asked = await pending.use_up(tx, kind, token)
    except NotFound:
        raise Refused from None
    if asked.user_id != user_id or asked.data.get("purpose") != purpose:
        raise Refused
    return base64.b64decode(asked.data["challenge"])


def remember(challenge: bytes, purpose: str) -> dict[str, str]:
    """Give what is kept of a challenge until it is answered."""
    return {"challenge": base64.b64encode(challenge).decode("ascii"), "purpose": purpose}


async def note_use(tx: AsyncConnection, shown: Shown) -> bool:
    """Write that a passkey was used; false when its count did not go up, or it is gone. Commit even then.

    Many authenticators do not count and always say 0; one that ever counted must go on.
    """
    count = shown.use.sign_count
    goes_up = PasskeyRow.sign_count < count
    if count == 0:
        goes_up = or_(goes_up, PasskeyRow.sign_count == 0)
    used = await tx.execute(
        update(PasskeyRow)
        .where(PasskeyRow.id == shown.passkey_id, goes_up)
        .values(sign_count=count, is_backed_up=shown.use.is_backed_up, used_at=db_now())
    )
    if used.rowcount == 1:
        return True
    await tx.execute(update(PasskeyRow).where(PasskeyRow.id == shown.passkey_id).values(suspected_at=db_now()))
    return False


async def known_of(tx: AsyncConnection, user_id: UUID) -> Sequence[Known]:
    """Give a person's passkeys as they are named to a browser."""
    rows = await tx.execute(
        select(PasskeyRow.credential_id, PasskeyRow.transports)
        .where(PasskeyRow.user_id == user_id)
        .order_by(PasskeyRow.created_at)
    )
    return [Known(credential_id, tuple(transports.split())) for credential_id, transports in rows]


async def add(tx: AsyncConnection, user_id: UUID, made: NewPasskey, name: str) -> UUID:
    """Keep a new passkey. Raises Refused for an id that is known, Conflict("too_many_passkeys")."""
    if await tx.scalar(select(PasskeyRow.id).where(PasskeyRow.credential_id == made.credential_id)) is not None:
        raise Refused
    if len(await known_of(tx, user_id)) >= MAX_PER_PERSON:
        raise Conflict("too_many_passkeys", count=MAX_PER_PERSON)
    passkey_id = new_id()
    await tx.execute(
        insert(PasskeyRow).values(
            id=passkey_id,
            user_id=user_id,
            name=name,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            can_sync=made.can_sync,
            is_backed_up=made.is_backed_up,
            transports=" ".join(made.transports),
            created_at=db_now(),
        )
    )
    return passkey_id


async def rename(tx: AsyncConnection, user_id: UUID, passkey_id: UUID, name: str) -> None:
    """Rename a passkey of one's own. Raises NotFound("passkey_gone")."""
    renamed = await tx.execute(update(PasskeyRow).where(_is_own(user_id, passkey_id)).values(name=name))
    if renamed.rowcount != 1:
        raise NotFound("passkey_gone")


async def remove(tx: AsyncConnection, user_id: UUID, passkey_id: UUID) -> str:
    """Remove a passkey of one's own. Gives its name. Raises NotFound("passkey_gone")."""
    name: str | None = await tx.scalar(select(PasskeyRow.name).where(_is_own(user_id, passkey_id)))
    if name is None:
        raise NotFound("passkey_gone")
    await tx.execute(delete(PasskeyRow).where(_is_own(user_id, passkey_id)))
    return name


def _is_own(user_id: UUID, passkey_id: UUID) -> ColumnElement[bool]:
    return and_(PasskeyRow.user_id == user_id, PasskeyRow.id == passkey_id)


def _claimed(answer: Answer) -> bytes:
    try:
        return credential_id_of(answer)
    except Invalid:
        raise Refused from None
