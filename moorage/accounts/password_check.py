"""Whether a password is a person's own: limited in how often, the same time for every failure, failures recorded."""

import asyncio
import dataclasses
import time
from uuid import UUID

from sqlalchemy import update

from moorage.accounts import break_glass, roster
from moorage.accounts.limits import SignInLimit
from moorage.accounts.spelling import read_mail_address
from moorage.accounts.tables import UserRow
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, record
from moorage.errors import Invalid, NotAllowed
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords


class PasswordCheck:
    """Checks passwords. `failure_takes_s`: every failure takes that long, whatever the reason.

    `only_provider`: a password opens the deployment for break-glass accounts alone; of every other one it is told by
    nothing whether it was right.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        limit: SignInLimit,
        *,
        failure_takes_s: float = 0.4,
        only_provider: bool = False,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._limit = limit
        self._failure_takes_s = failure_takes_s
        self._only_provider = only_provider

    async def by_mail(self, typed_email: str, password: str, visit: Visit) -> roster.Known:
        """Give who comes in with this address and password.

        Raises Invalid("sign_in_wrong"), or NotAllowed("provider_only") in its place where only the provider opens the
        deployment; TooMany("sign_in_limited").
        """
        known = await self._find(typed_email, password, visit, only_bearers=self._only_provider)
        if known is None:
            raise NotAllowed("provider_only") if self._only_provider else Invalid("sign_in_wrong")
        return known

    async def of_person(self, user_id: UUID, email: str, password: str, visit: Visit) -> roster.Known:
        """Check the password of somebody who is signed in; counted with the tries to sign in.

        Raises Invalid("password_wrong", field="present_password"), TooMany("sign_in_limited").
        """
        known = await self._find(email, password, visit, only_bearers=False)
        if known is None or known.user_id != user_id:
            raise Invalid("password_wrong", field="present_password")
        return known

    async def _find(self, typed_email: str, password: str, visit: Visit, *, only_bearers: bool) -> roster.Known | None:
        """Give whose these are; None for nobody. `only_bearers`: for nobody else than a break-glass account, too."""
        begun = time.monotonic()
        email = _read_leniently(typed_email)
        self._limit.admit(email, visit.client)
        async with self._database.read() as tx:
            known = await roster.find_by_mail(tx, email)
            is_open = not only_bearers or (known is not None and await break_glass.is_borne_by(tx, known.user_id))
        # Checked in any case: how long it takes tells nothing.
        fits = await self._passwords.fits(None if known is None else known.password_hash, password)
        if known is None or not fits or not is_open:
            if known is not None:
                await self._record_failure(known, visit)
            await asyncio.sleep(max(0.0, begun + self._failure_takes_s - time.monotonic()))
            return None
        self._limit.succeeded(email, visit.client)
        return await self._renew(known, password) if self._passwords.is_outdated(known.password_hash) else known

    async def _record_failure(self, known: roster.Known, visit: Visit) -> None:
        async with self._database.write() as tx:
            team_id = await roster.last_team_of(tx, known.user_id)
            if team_id is not None:
                # Whoever tried is not known to be the person: the actor is nobody.
                actor = visit.nobody()
                act = Act("person.sign_in_failed", "person", str(known.user_id), known.name, outcome="refused")
                await record(tx, team_id, actor, act)

    async def _renew(self, known: roster.Known, password: str) -> roster.Known:
        """Hash again with today's parameters, unless the password was changed meanwhile."""
        renewed = await self._passwords.hash(password)
        async with self._database.write() as tx:
            changed = await tx.execute(
                update(UserRow)
                .where(UserRow.id == known.user_id, UserRow.password_hash == known.password_hash)
                .values(password_hash=renewed)
            )
        return dataclasses.replace(known, password_hash=renewed) if changed.rowcount == 1 else known


def _read_leniently(text: str) -> str:
    """Give an address to look for. One that nobody can have is looked for all the same, and not found."""
    try:
        return read_mail_address(text)
    except Invalid:
        return ""
