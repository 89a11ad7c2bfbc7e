"""One's own password: proving with it who one is, and changing it, which ends every other sign-in."""

from moorage.accounts import pending, resets, roster, sign_ins
from moorage.accounts.notices import Notices
from moorage.accounts.password_check import PasswordCheck
from moorage.accounts.password_policy import PasswordPolicy
from moorage.accounts.principal import Principal
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act
from moorage.errors import Invalid
from moorage.storage.database import Database
from moorage.vault.passwords import Passwords
from moorage.vault.tokens import NewToken


class OwnPassword:
    """What a signed-in person does with their password."""

    def __init__(
        self,
        database: Database,
        *,
        check: PasswordCheck,
        passwords: Passwords,
        policy: PasswordPolicy,
        notices: Notices,
    ) -> None:
        self._database = database
        self._check = check
        self._passwords = passwords
        self._policy = policy
        self._notices = notices

    async def prove(self, principal: Principal, password: str, visit: Visit) -> NewToken:
        """Prove with the password who one is: good for ten minutes, under a new token.

        Raises Invalid("password_wrong", field="present_password"), TooMany("sign_in_limited").
        """
        known = await self._check.of_person(principal.user_id, principal.email, password, visit)
        async with self._database.write() as tx:
            await roster.require_unchanged(tx, known)
            await sign_ins.note_proof(tx, principal.sign_in.id)
            return await sign_ins.renew_token(tx, principal.sign_in.id)

    async def change(self, principal: Principal, present: str, new: str, visit: Visit) -> NewToken:
        """Change the password. Ends all other sign-ins, those under way too; this one goes on under a new token.

        Raises Invalid (password_wrong; password_same and the policy's for field `new_password`), TooMany.
        """
        known = await self._check.of_person(principal.user_id, principal.email, present, visit)
        if new == present:
            raise Invalid("password_same", field="new_password")
        words = (principal.name, principal.email, principal.team_name)
        await self._policy.require(new, words, field="new_password")
        password_hash = await self._passwords.hash(new)
        async with self._database.write() as tx:
            await roster.require_unchanged(tx, known)
            await roster.set_password(tx, principal.user_id, password_hash)
            await sign_ins.end_all_of(tx, principal.user_id, but=principal.sign_in.id)
            await pending.end_all_of(tx, principal.user_id)
            await resets.end_all_of(tx, principal.user_id)
            await sign_ins.note_proof(tx, principal.sign_in.id)
            token = await sign_ins.renew_token(tx, principal.sign_in.id)
            act = Act("person.password_changed", "person", str(principal.user_id), principal.name)
            await roster.record_in_all_teams(tx, principal.user_id, principal.actor(visit.request_id), act)
        await self._notices.password_changed(principal.user_id)
        return token
