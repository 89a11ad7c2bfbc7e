"""The second step of signing in, and signing in by passkey alone: what was shown is judged once, and counted.

A passkey whose user was verified is two factors in one, so it needs no password before it.
"""

import time
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import authenticator_app, factors, passkeys, pending, recovery_codes, roster, sign_ins
from moorage.accounts.authenticator_app import AppSecrets
from moorage.accounts.entry import Entrance, Means, Threshold
from moorage.accounts.factors import Ways
from moorage.accounts.limits import SignInLimit, SlidingWindow, network_of
from moorage.accounts.passkeys import Purpose, Question, Refused, Shown
from moorage.accounts.principal import Principal
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, record
from moorage.errors import Invalid, NotFound, TooMany
from moorage.storage.database import Database
from moorage.vault.passkeys import Answer, RelyingParty
from moorage.vault.tokens import NewToken

QUESTIONS_PER_CLIENT: Final = 300  # a page that offers passkeys asks once when it is opened

_STEP: Final = "second_factor"


class SecondStep:
    """Judges second factors of people who are not in yet, and of those who prove anew who they are."""

    def __init__(
        self,
        database: Database,
        secrets: AppSecrets,
        *,
        entrance: Entrance | None = None,
        limit: SignInLimit | None = None,
        questions: SlidingWindow | None = None,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._entrance = entrance or Entrance(database)
        self._limit = limit or SignInLimit(time.monotonic)
        self._questions = questions or SlidingWindow(time.monotonic, limit=QUESTIONS_PER_CLIENT)

    async def ways(self, token: str) -> Ways | None:
        """Give what the sign-in under way may be finished with; None when it is gone."""
        async with self._database.read() as tx:
            try:
                begun = await pending.peek(tx, _STEP, token)
            except NotFound:
                return None
            return None if begun.user_id is None else await factors.ways_of(tx, begun.user_id)

    async def forget(self, token: str) -> None:
        """End a sign-in that is under way."""
        async with self._database.write() as tx:
            await pending.forget(tx, token)

    async def by_code(self, token: str, code: str, visit: Visit) -> NewToken:
        """Finish with a code of the app. Raises NotFound("pending_gone"), Invalid("code_wrong"), TooMany."""
        user_id = await self._try(token, visit)
        keys = await self._secrets.keys()
        async with self._entrance.open() as threshold:
            await factors.lock_person(threshold.tx, user_id)
            fits = await authenticator_app.judge(threshold.tx, keys, user_id, code)
            entered = await _enter(threshold, user_id, visit, "code", token) if fits else None
            if entered is None:
                await _record_failure(threshold.tx, user_id, visit, "code")
        if entered is None:
            raise Invalid("code_wrong", field="code")
        self._limit.succeeded(_key(user_id), visit.client)
        return entered

    async def by_recovery_code(self, token: str, typed: str, visit: Visit) -> tuple[NewToken, int]:
        """Finish with a recovery code; gives how many are left.

        Raises NotFound("pending_gone"), Invalid("recovery_code_wrong"), TooMany.
        """
        user_id = await self._try(token, visit)
        async with self._entrance.open() as threshold:
            tx = threshold.tx
            await factors.lock_person(tx, user_id)
            left = await recovery_codes.use(tx, user_id, typed)
            entered = None if left is None else await _enter(threshold, user_id, visit, "recovery_code", token)
            if entered is None:
                await _record_failure(tx, user_id, visit, "recovery_code")
            else:
                name = await roster.name_of(tx, user_id)
                act = Act("recovery.used", "person", str(user_id), name, details={"left": left})
                await roster.record_in_all_teams(tx, user_id, visit.actor(user_id, name), act)
        if entered is None or left is None:
            raise Invalid("recovery_code_wrong", field="code")
        self._limit.succeeded(_key(user_id), visit.client)
        return entered, left

    async def ask_for_passkey(self, party: RelyingParty, token: str | None, visit: Visit) -> Question:
        """Ask for a passkey: of whoever opens the page, or, with the `token` of a sign-in under way, of that person.

        Raises TooMany("sign_in_limited"), NotFound("pending_gone").
        """
        self._admit_question(visit)
        if token is None:
            return await passkeys.ask(self._database, party, "sign_in", None)
        async with self._database.read() as tx:
            begun = await pending.peek(tx, _STEP, token)
        return await passkeys.ask(self._database, party, "second_step", begun.user_id)

    async def by_passkey(
        self, party: RelyingParty, token: str | None, asked: str, answer: Answer, visit: Visit
    ) -> NewToken:
        """Sign in by passkey alone, or finish the sign-in of `token`. `asked` is the token of the question.

        Raises Refused, NotFound("pending_gone"), TooMany, NotAllowed("no_team").
        """
        if token is None:
            user_id = None
            self._limit.admit("passkey " + asked, visit.client)
        else:
            user_id = await self._try(token, visit)
        purpose: Purpose = "sign_in" if token is None else "second_step"
        shown = await self._judge(party, purpose, user_id, asked, answer, visit)
        async with self._entrance.open() as threshold:
            await factors.lock_person(threshold.tx, shown.user_id)
            goes_up = await self._note_use(threshold.tx, shown, visit)
            entered = await _enter(threshold, shown.user_id, visit, "passkey", token) if goes_up else None
        if entered is None:
            raise Refused
        self._limit.succeeded(_key(shown.user_id) if token else "passkey " + asked, visit.client)
        return entered

    async def prove_by_code(self, principal: Principal, code: str, visit: Visit) -> NewToken:
        """Prove who one is by a code of the app; the sign-in goes on under a new token.

        Raises Invalid("code_wrong"), TooMany.
        """
        self._limit.admit(_key(principal.user_id), visit.client)
        keys = await self._secrets.keys()
        async with self._database.write() as tx:
            await factors.lock_person(tx, principal.user_id)
            fits = await authenticator_app.judge(tx, keys, principal.user_id, code)
            proved = await _prove(tx, principal) if fits else None
            if proved is None:
                await _record_failure(tx, principal.user_id, visit, "code")
        if proved is None:
            raise Invalid("code_wrong", field="code")
        self._limit.succeeded(_key(principal.user_id), visit.client)
        return proved

    async def ask_for_proof(self, party: RelyingParty, principal: Principal, visit: Visit) -> Question:
        """Ask for a passkey of the signed-in person. Raises TooMany."""
        self._admit_question(visit)
        return await passkeys.ask(self._database, party, "proof", principal.user_id)

    async def prove_by_passkey(
        self, party: RelyingParty, principal: Principal, asked: str, answer: Answer, visit: Visit
    ) -> NewToken:
        """Prove who one is by a passkey; the sign-in goes on under a new token. Raises Refused, TooMany."""
        self._limit.admit(_key(principal.user_id), visit.client)
        shown = await self._judge(party, "proof", principal.user_id, asked, answer, visit)
        async with self._database.write() as tx:
            await factors.lock_person(tx, principal.user_id)
            proved = await _prove(tx, principal) if await self._note_use(tx, shown, visit) else None
        if proved is None:
            raise Refused
        self._limit.succeeded(_key(principal.user_id), visit.client)
        return proved

    async def _try(self, token: str, visit: Visit) -> UUID:
        """Count a try before anything is judged, so that a hundred at once are a hundred."""
        async with self._database.write() as tx:
            begun = await pending.try_once(tx, _STEP, token)
        if begun.user_id is None:
            raise NotFound("pending_gone")
        self._limit.admit(_key(begun.user_id), visit.client)
        return begun.user_id

    async def _judge(
        self, party: RelyingParty, purpose: Purpose, user_id: UUID | None, asked: str, answer: Answer, visit: Visit
    ) -> Shown:
        try:
            return await passkeys.judge(self._database, party, purpose, user_id, asked, answer)
        except Refused as refused:
            failed_for = user_id or refused.user_id
            if failed_for is not None:
                async with self._database.write() as tx:
                    await _record_failure(tx, failed_for, visit, "passkey")
            raise

    async def _note_use(self, tx: AsyncConnection, shown: Shown, visit: Visit) -> bool:
        if await passkeys.note_use(tx, shown):
            return True
        act = Act("passkey.copy_suspected", "passkey", str(shown.passkey_id), shown.name, outcome="refused")
        await roster.record_in_all_teams(tx, shown.user_id, visit.nobody(), act)
        return False

    def _admit_question(self, visit: Visit) -> None:
        network = network_of(visit.client)
        wait_s = self._questions.wait_s(network)
        if wait_s > 0:
            raise TooMany("sign_in_limited", retry_after_s=int(wait_s) + 1)
        self._questions.count(network)


async def _enter(threshold: Threshold, user_id: UUID, visit: Visit, by: str, token: str | None) -> NewToken:
    """Let in who has shown a second factor, or a passkey alone (no `token`); into the team whose invitation waited."""
    begun = None if token is None else await pending.use_up(threshold.tx, _STEP, token)
    invitation_id = None if begun is None else begun.data.get("invitation_id")
    means = Means("passkey" if token is None else "password", by, has_second_factor=True)
    return await threshold.let_in(
        user_id, means, visit, invitation_id=None if invitation_id is None else UUID(invitation_id)
    )


async def _prove(tx: AsyncConnection, principal: Principal) -> NewToken:
    await sign_ins.note_proof(tx, principal.sign_in.id, has_second_factor=True)
    return await sign_ins.renew_token(tx, principal.sign_in.id)


async def _record_failure(tx: AsyncConnection, user_id: UUID, visit: Visit, by: str) -> None:
    team_id = await roster.last_team_of(tx, user_id)
    if team_id is not None:
        name = await roster.name_of(tx, user_id)
        act = Act("person.second_factor_failed", "person", str(user_id), name, "refused", {"second_factor": by})
        # Whoever tried is not known to be the person: the actor is nobody.
        await record(tx, team_id, visit.nobody(), act)


def _key(user_id: UUID) -> str:
    return f"second factor {user_id}"
