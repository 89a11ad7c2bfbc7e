"""Signing up, in and out, and changing oneself. No transaction is open while a password is hashed."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update

from moorage.accounts import invitations, roster, sign_ins
from moorage.accounts.entry import BY_PASSWORD, Entrance
from moorage.accounts.factors import NextStep, ask_for_second
from moorage.accounts.limits import SignInLimit
from moorage.accounts.password_check import PasswordCheck
from moorage.accounts.password_policy import PasswordPolicy
from moorage.accounts.principal import Principal, require_whole_account
from moorage.accounts.spelling import read_mail_address, read_name
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, record
from moorage.errors import NotAllowed, NotFound
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import NewToken


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody typed to get an account."""

    name: str
    email: str
    password: str = field(repr=False)
    locale: str


class People:
    """The people of one deployment."""

    def __init__(
        self,
        database: Database,
        *,
        sign_up_open: bool,
        entrance: Entrance,
        check: PasswordCheck,
        passwords: Passwords,
        policy: PasswordPolicy,
        limit: SignInLimit,
    ) -> None:
        self._database = database
        self._sign_up_open = sign_up_open
        self._entrance = entrance
        self._check = check
        self._passwords = passwords
        self._policy = policy
        self._limit = limit

    async def find(self, token: str) -> Principal | None:
        """Give the person a cookie stands for; None when the sign-in ended. Writes `seen_at` at most once a minute."""
        async with self._database.glance() as tx:
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
        self._entrance.require_passwords()
        team = read_name(team_name, "team_name")
        person = await self._prepare(new, visit, team)
        async with self._entrance.open() as threshold:
            tx = threshold.tx
            await roster.take_turn(tx)
            is_first = not await roster.anybody_exists(tx)
            if not is_first and not self._sign_up_open:
                raise NotAllowed("sign_up_closed")
            user_id = await roster.add_person(tx, person, is_operator=is_first)
            await roster.add_team(tx, team, user_id, visit.actor(user_id, person.name))
            token = await threshold.let_in(user_id, BY_PASSWORD, visit, action="person.signed_up")
        self._limit.succeeded(person.email, visit.client)
        return token

    async def sign_in(self, email: str, password: str, visit: Visit) -> NewToken | NextStep:
        """Sign in with a new token. An unknown address and a wrong password are told apart by nothing, time included.

        Gives what is still asked of a person with a second factor.
        Raises Invalid("sign_in_wrong"), TooMany("sign_in_limited"), NotAllowed: no_team, provider_only (the
        deployment's provider is the only way), provider_only_team (the person's teams demand theirs).
        """
        return await self._enter(await self._check.by_mail(email, password, visit), visit)

    async def sign_out(self, principal: Principal, visit: Visit) -> None:
        """End this browser's sign-in."""
        async with self._database.write() as tx:
            if visit.token is not None:
                await sign_ins.end_sign_in(tx, visit.token)
            act = Act("person.signed_out", "person", str(principal.user_id), principal.name)
            await record(tx, principal.team_id, principal.actor(visit.request_id), act)

    async def change_profile(self, principal: Principal, visit: Visit, *, name: str | None, locale: str | None) -> None:
        """Change one's name or language; None leaves it. Raises Invalid("name_invalid"), NotAllowed.

        A new name is told in the trail of each of one's teams, under the old one; entries of before are not touched.
        """
        values: dict[str, str] = {}
        if name is not None:
            # Other teams see it, too.
            require_whole_account(principal)
            values["name"] = read_name(name, "name")
        if locale is not None:
            values["locale"] = locale
        if values:
            async with self._database.write() as tx:
                await tx.execute(update(UserRow).where(UserRow.id == principal.user_id).values(**values))
                if values.get("name", principal.name) != principal.name:
                    act = Act("person.renamed", "person", str(principal.user_id), values["name"])
                    actor = principal.actor(visit.request_id)
                    await roster.record_in_all_teams(tx, principal.user_id, actor, act)

    async def renew(self, principal: Principal) -> NewToken:
        """Go on under a new token: whoever holds the old one gets nothing of what this person has just shown."""
        async with self._database.write() as tx:
            return await sign_ins.renew_token(tx, principal.sign_in.id)

    async def switch_team(self, principal: Principal, team_id: UUID, visit: Visit) -> NewToken:
        """Go on in another of one's teams, under a new token. Raises NotFound("team_gone"), NotAllowed."""
        async with self._entrance.open() as threshold:
            if await roster.role_in(threshold.tx, team_id, principal.user_id) is None:
                raise NotFound("team_gone")
            return await threshold.go_on_in(principal, team_id, visit)

    async def join(self, link: str, principal: Principal, visit: Visit) -> NewToken:
        """Accept an invitation as the signed-in person and go on in that team.

        Raises NotFound("invitation_gone"), Conflict("already_member"), NotAllowed: bound_to_team, provider_only_team.
        """
        require_whole_account(principal)
        async with self._entrance.open() as threshold:
            offer = await invitations.peek(threshold.tx, link)
            actor = principal.actor(visit.request_id)
            team_id = await invitations.use(threshold.tx, offer.id, principal.user_id, actor)
            return await threshold.go_on_in(principal, team_id, visit)

    async def join_as_new(self, link: str, new: NewPerson, visit: Visit) -> NewToken | NextStep:
        """Accept an invitation with a new account, or with the password of an account that has this address.

        An account with a second factor is asked for it, and joins after that.

        Raises NotFound("invitation_gone"), Conflict("already_member"), Invalid as `sign_up` and `sign_in`.
        """
        self._entrance.require_passwords()
        email = read_mail_address(new.email)
        async with self._database.read() as tx:
            offer = await invitations.peek(tx, link)
            is_known = await roster.find_by_mail(tx, email) is not None
        if is_known:
            return await self._enter(await self._check.by_mail(email, new.password, visit), visit, offer.id)
        person = await self._prepare(new, visit, offer.team_name)
        async with self._entrance.open() as threshold:
            await roster.take_turn(threshold.tx)
            user_id = await roster.add_person(threshold.tx, person, is_operator=False)
            token = await threshold.let_in(user_id, BY_PASSWORD, visit, invitation_id=offer.id)
        self._limit.succeeded(email, visit.client)
        return token

    async def _enter(self, known: roster.Known, visit: Visit, invitation_id: UUID | None = None) -> NewToken | NextStep:
        """Let in whose password was right, if nothing more is asked of them."""
        async with self._entrance.open() as threshold:
            await roster.require_unchanged(threshold.tx, known)
            next_step = await ask_for_second(threshold.tx, known.user_id, invitation_id=invitation_id)
            if next_step is not None:
                return next_step
            return await threshold.let_in(known.user_id, BY_PASSWORD, visit, invitation_id=invitation_id)

    async def _prepare(self, new: NewPerson, visit: Visit, team_name: str) -> roster.Person:
        """Judge what was typed, then hash. Counted like a try to sign in: judging and hashing are expensive."""
        email = read_mail_address(new.email)
        name = read_name(new.name, "name")
        self._limit.admit(email, visit.client)
        await self._policy.require(new.password, (name, email, team_name))
        return roster.Person(name, email, await self._passwords.hash(new.password), new.locale)
