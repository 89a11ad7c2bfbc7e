"""A new password for who forgot theirs: a link, made by the operator or mailed, used once, for one hour.

Second factors stay: who resets a password still needs them to sign in. An account that a team's provider made becomes
its address's by a link: whoever reads there, or got it of the operator, proved it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import pending, roster, sign_ins
from moorage.accounts.limits import ResetLimit
from moorage.accounts.notices import Notices
from moorage.accounts.password_policy import PasswordPolicy
from moorage.accounts.spelling import read_mail_address
from moorage.accounts.tables import MembershipRow, ResetRow, TeamRow, UserRow
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act
from moorage.errors import Conflict, NotFound
from moorage.storage.database import Database
from moorage.storage.types import db_after, db_now
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import NewToken, hash_token, new_token

LIFETIME: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reset:
    """What a link is good for."""

    user_id: UUID
    name: str
    email: str
    by_operator: bool


async def make(tx: AsyncConnection, user_id: UUID, *, by_operator: bool) -> NewToken:
    """Make a link's token. What expired, whoever asked for it, is swept away."""
    await tx.execute(delete(ResetRow).where(ResetRow.expires_at <= db_now()))
    token = new_token()
    values = {"token_hash": token.digest, "user_id": user_id, "by_operator": by_operator}
    await tx.execute(insert(ResetRow).values(**values, expires_at=db_after(LIFETIME)))
    return token


async def peek(tx: AsyncConnection, link: str) -> Reset:
    """Give whose password a link sets. Raises NotFound("reset_gone"): unknown, used, expired."""
    found = await tx.execute(
        select(UserRow.id, UserRow.name, roster.shown_email(), ResetRow.by_operator)
        .join(UserRow, UserRow.id == ResetRow.user_id)
        .where(ResetRow.token_hash == hash_token(link), ResetRow.expires_at > db_now())
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("reset_gone")
    return Reset(*row)


async def end_all_of(tx: AsyncConnection, user_id: UUID) -> None:
    """Take back every link of a person."""
    await tx.execute(delete(ResetRow).where(ResetRow.user_id == user_id))


class Resets:
    """Forgotten passwords of one deployment."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        policy: PasswordPolicy,
        notices: Notices,
        limit: ResetLimit,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._policy = policy
        self._notices = notices
        self._limit = limit

    async def ask(self, typed_email: str, visit: Visit) -> None:
        """Have a link mailed, if somebody has this address. Whether, is told by nothing: the looking up comes later.

        Raises Conflict("mail_not_set_up"), Invalid("email_invalid"), TooMany("reset_limited").
        """
        if not self._notices.can_mail:
            raise Conflict("mail_not_set_up")
        email = read_mail_address(typed_email)
        self._limit.admit(email, visit.client)

        async def make_link() -> tuple[UUID, str] | None:
            async with self._database.write() as tx:
                known = await roster.find_by_mail(tx, email) or await roster.find_said(tx, email)
                if known is None:
                    return None
                token = await make(tx, known.user_id, by_operator=False)
                act = Act("person.reset_asked", "person", str(known.user_id), known.name)
                await roster.record_in_all_teams(tx, known.user_id, visit.nobody(), act)
                return known.user_id, token.text

        await self._notices.reset_asked(make_link)

    async def peek(self, link: str) -> Reset:
        """Give whose password a link sets. Raises NotFound("reset_gone")."""
        async with self._database.read() as tx:
            return await peek(tx, link)

    async def finish(self, link: str, password: str, visit: Visit) -> None:
        """Use a link up: the password is another, every sign-in and everything under way ends. Nobody is signed in.

        Raises NotFound("reset_gone"), Invalid as the policy.
        """
        async with self._database.read() as tx:
            reset = await peek(tx, link)
            teams = await tx.scalars(
                select(TeamRow.name)
                .join(MembershipRow, MembershipRow.team_id == TeamRow.id)
                .where(MembershipRow.user_id == reset.user_id)
            )
            words = (reset.name, reset.email, *teams)
        await self._policy.require(password, words)
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as tx:
            await roster.take_turn(tx)
            used = await tx.execute(
                delete(ResetRow).where(ResetRow.token_hash == hash_token(link), ResetRow.expires_at > db_now())
            )
            if used.rowcount != 1 or not await roster.claim_address(tx, reset.user_id):
                raise NotFound("reset_gone")
            await roster.set_password(tx, reset.user_id, password_hash)
            await sign_ins.end_all_of(tx, reset.user_id)
            await pending.end_all_of(tx, reset.user_id)
            await end_all_of(tx, reset.user_id)
            details = {"by_operator": reset.by_operator}
            act = Act("person.password_reset", "person", str(reset.user_id), reset.name, details=details)
            # Whoever holds the link is not known to be the person.
            await roster.record_in_all_teams(tx, reset.user_id, visit.nobody(), act)
        await self._notices.password_changed(reset.user_id)
