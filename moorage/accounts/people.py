"""Signing up, in and out, and changing oneself. No transaction is open while a password is hashed."""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import invitations, roster, sign_ins
from moorage.accounts.limits import SignInLimit
from moorage.accounts.principal import Principal
from moorage.accounts.spelling import read_mail_address, read_name, require_good_password
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Invalid, NotAllowed, NotFound
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import NewToken

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from. `token` is the browser's present sign-in, which a new one replaces."""

    client: str
    request_id: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody typed to get an account."""

    name: str
    email: str
    password: str = field(repr=False)
    locale: str


class People:
    """The people of one deployment. `failure_takes_s`: every failed sign-in takes that long, whatever the reason."""

    def __init__(
        self,
        database: Database,
        *,
        sign_up_open: bool,
        passwords: Passwords | None = None,
        limit: SignInLimit | None = None,
        failure_takes_s: float = 0.4,
    ) -> None:
        self._database = database
        self._sign_up_open = sign_up_open
        self._passwords = passwords or Passwords()
        self._limit = limit or SignInLimit(time.monotonic)
        self._failure_takes_s = failure_takes_s

    async def find(self, token: str) -> Principal | None:
        """Give the person a cookie stands for; None when the sign-in ended. Writes `seen_at` at most once a minute."""
        async with self._database.read() as tx:
            found = await sign_ins.find_sign_in(tx, token)
        if found is None:
            return None
        if found.is_due:
            async with self._database.write() as tx:
                await sign_ins.note_seen(tx, token)
        return found.principal

    async def teams_of(self, user_id: UUID) -> list[tuple[UUID, str]]:
        """Give id and name of all teams of a person, by name."""
        async with self._database.read() as tx:
            rows = await tx.execute(
                select(TeamRow.id, TeamRow.name)
                .join(MembershipRow, MembershipRow.team_id == TeamRow.id)
                .where(MembershipRow.user_id == user_id)
                .order_by(TeamRow.name, TeamRow.id)
            )
            return [(team_id, name) for team_id, name in rows]

    async def is_setup_needed(self) -> bool:
        """True until the first account exists."""
        async with self._database.read() as tx:
            return not await roster.anybody_exists(tx)

    async def sign_up(self, new: NewPerson, team_name: str, visit: Visit) -> NewToken:
        """Make a person and their team on the Free plan (P4); the first one becomes operator.

        Raises Invalid (email_invalid, email_taken, name_invalid, password_…), NotAllowed("sign_up_closed"), TooMany.
        """
        team = read_name(team_name, "team_name")
        person = await self._prepare(new, visit)
        async with self._database.write() as tx:
            await roster.take_turn(tx)
            is_first = not await roster.anybody_exists(tx)
            if not is_first and not self._sign_up_open:
                raise NotAllowed("sign_up_closed")
            user_id = await roster.add_person(tx, person, is_operator=is_first)
            actor = Actor(user_id, person.name, visit.request_id)
            team_id = await roster.add_team(tx, team, user_id, actor)
            await record(tx, team_id, actor, Act("person.signed_up", "person", str(user_id), person.name))
            token = await sign_ins.begin_sign_in(tx, user_id, team_id, replaces=visit.token)
        self._limit.succeeded(person.email, visit.client)
        return token

    async def sign_in(self, email: str, password: str, visit: Visit) -> NewToken:
        """Sign in with a new token. An unknown address and a wrong password are told apart by nothing, time included.

        Raises Invalid("sign_in_wrong"), TooMany("sign_in_limited"), NotAllowed("no_team").
        """
        known = await self._verify(email, password, visit)
        async with self._database.write() as tx:
            team_id = await roster.last_team_of(tx, known.user_id)
            if team_id is None:
                raise NotAllowed("no_team")
            return await self._begin(tx, known, team_id, visit)

    async def sign_out(self, principal: Principal, visit: Visit) -> None:
        """End this browser's sign-in."""
        async with self._database.write() as tx:
            if visit.token is not None:
                await sign_ins.end_sign_in(tx, visit.token)
            act = Act("person.signed_out", "person", str(principal.user_id), principal.name)
            await record(tx, principal.team_id, principal.actor(visit.request_id), act)

    async def change_profile(self, principal: Principal, *, name: str | None, locale: str | None) -> None:
        """Change one's name or language; None leaves it. Raises Invalid("name_invalid")."""
        values: dict[str, str] = {}
        if name is not None:
            values["name"] = read_name(name, "name")
        if locale is not None:
            values["locale"] = locale
        if values:
            async with self._database.write() as tx:
                await tx.execute(update(UserRow).where(UserRow.id == principal.user_id).values(**values))

    async def switch_team(self, principal: Principal, team_id: UUID, visit: Visit) -> NewToken:
        """Go on in another of one's teams, under a new token: the role may be another. Raises NotFound("team_gone")."""
        async with self._database.write() as tx:
            if await roster.role_in(tx, team_id, principal.user_id) is None:
                raise NotFound("team_gone")
            return await sign_ins.begin_sign_in(tx, principal.user_id, team_id, replaces=visit.token)

    async def join(self, link: str, principal: Principal, visit: Visit) -> NewToken:
        """Accept an invitation as the signed-in person and go on in that team.

        Raises NotFound("invitation_gone"), Conflict("already_member").
        """
        async with self._database.write() as tx:
            actor = principal.actor(visit.request_id)
            team_id = await invitations.use(tx, link, principal.user_id, actor)
            return await sign_ins.begin_sign_in(tx, principal.user_id, team_id, replaces=visit.token)

    async def join_as_new(self, link: str, new: NewPerson, visit: Visit) -> NewToken:
        """Accept an invitation with a new account, or with the password of an account that has this address.

        Raises NotFound("invitation_gone"), Conflict("already_member"), Invalid as `sign_up` and `sign_in`.
        """
        email = read_mail_address(new.email)
        async with self._database.read() as tx:
            await invitations.peek(tx, link)
            is_known = await roster.find_by_mail(tx, email) is not None
        if is_known:
            known = await self._verify(email, new.password, visit)
            async with self._database.write() as tx:
                actor = Actor(known.user_id, known.name, visit.request_id)
                team_id = await invitations.use(tx, link, known.user_id, actor)
                return await self._begin(tx, known, team_id, visit)
        person = await self._prepare(new, visit)
        async with self._database.write() as tx:
            await roster.take_turn(tx)
            user_id = await roster.add_person(tx, person, is_operator=False)
            team_id = await invitations.use(tx, link, user_id, Actor(user_id, person.name, visit.request_id))
            token = await sign_ins.begin_sign_in(tx, user_id, team_id, replaces=visit.token)
        self._limit.succeeded(email, visit.client)
        return token

    async def _prepare(self, new: NewPerson, visit: Visit) -> roster.Person:
        """Judge what was typed, then hash. Counted like a try to sign in: hashing is expensive."""
        email = read_mail_address(new.email)
        name = read_name(new.name, "name")
        require_good_password(new.password, email=email, name=name)
        self._limit.admit(email, visit.client)
        return roster.Person(name, email, await self._passwords.hash(new.password), new.locale)

    async def _verify(self, typed_email: str, password: str, visit: Visit) -> roster.Known:
        begun = time.monotonic()
        email = _read_leniently(typed_email)
        self._limit.admit(email, visit.client)
        async with self._database.read() as tx:
            known = await roster.find_by_mail(tx, email)
        if not await self._passwords.fits(None if known is None else known.password_hash, password) or known is None:
            if known is not None:
                await self._record_failure(known, visit)
            await asyncio.sleep(max(0.0, begun + self._failure_takes_s - time.monotonic()))
            raise Invalid("sign_in_wrong")
        if self._passwords.is_outdated(known.password_hash):
            await self._renew(known, password)
        self._limit.succeeded(email, visit.client)
        return known

    async def _begin(self, tx: AsyncConnection, known: roster.Known, team_id: UUID, visit: Visit) -> NewToken:
        actor = Actor(known.user_id, known.name, visit.request_id)
        await record(tx, team_id, actor, Act("person.signed_in", "person", str(known.user_id), known.name))
        return await sign_ins.begin_sign_in(tx, known.user_id, team_id, replaces=visit.token)

    async def _record_failure(self, known: roster.Known, visit: Visit) -> None:
        async with self._database.write() as tx:
            team_id = await roster.last_team_of(tx, known.user_id)
            if team_id is not None:
                # Whoever tried is not known to be the person: the actor is nobody.
                actor = Actor(None, "", visit.request_id)
                act = Act("person.sign_in_failed", "person", str(known.user_id), known.name, outcome="refused")
                await record(tx, team_id, actor, act)

    async def _renew(self, known: roster.Known, password: str) -> None:
        """Hash again with today's parameters, unless the password was changed meanwhile."""
        renewed = await self._passwords.hash(password)
        async with self._database.write() as tx:
            await tx.execute(
                update(UserRow)
                .where(UserRow.id == known.user_id, UserRow.password_hash == known.password_hash)
                .values(password_hash=renewed)
            )


def _read_leniently(text: str) -> str:
    """Give an address to look for. One that nobody can have is looked for all the same, and not found."""
    try:
        return read_mail_address(text)
    except Invalid:
        return ""
