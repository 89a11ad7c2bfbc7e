"""The one way in: whoever signs in, by whatever means, is let in here, under every rule there is and into the trail.

What the operator demands, what the team demands, whose account breaks the glass, the invitation that waited: each is
judged in the transaction that signs the browser in. Owners hear of a broken glass once it is committed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, invitations, provider_only, roster, sign_ins
from moorage.accounts.notices import Notices
from moorage.accounts.principal import Principal, require_whole_account
from moorage.accounts.providers import METHOD, Provider
from moorage.accounts.visit import Visit
from moorage.audit.trail import Act, Detail, record
from moorage.errors import NotAllowed
from moorage.storage.database import Database
from moorage.vault.tokens import NewToken


@dataclass(frozen=True, slots=True)
class Means:
    """By what somebody comes in. `by`: the second factor they showed. `provider`: who vouched for them, if one did.

    `has_proved`: they have just shown who they are; a provider that remembered them has asked them nothing.
    """

    method: str
    by: str | None = None
    provider: Provider | None = None
    has_second_factor: bool = False
    has_proved: bool = True

    @property
    def team_id(self) -> UUID | None:
        """The one team that this is a key to; None for a key to the whole account."""
        return None if self.provider is None else self.provider.team_id

    @property
    def details(self) -> dict[str, Detail]:
        """What the trail says of it."""
        provider = {} if self.provider is None else {"provider": self.provider.name}
        return {**provider, **({} if self.by is None else {"second_factor": self.by})}


BY_PASSWORD: Final = Means("password")


class Threshold:
    """Where somebody stands who is about to come in: `tx` decides and signs in, all or nothing."""

    def __init__(self, tx: AsyncConnection, *, only_provider: bool) -> None:
        self.tx: Final = tx
        self.broke_glass: list[UUID] = []
        self.asking: tuple[UUID, Visit] | None = None
        self._only_provider = only_provider

    async def let_in(
        self,
        user_id: UUID,
        means: Means,
        visit: Visit,
        *,
        invitation_id: UUID | None = None,
        action: str = "person.signed_in",
    ) -> NewToken:
        """Sign a person in under a new token, whatever the browser had, and into the team of `invitation_id` if given.

        `action` is how the trail calls it. Raises NotAllowed: provider_only, provider_only_team, no_team; and as
        `invitations.use`.
        """
        self.asking = (user_id, visit)
        if self._only_provider and means.provider is None and not await break_glass.is_borne_by(self.tx, user_id):
            raise NotAllowed("provider_only")
        actor = visit.actor(user_id, await roster.name_of(self.tx, user_id))
        if invitation_id is not None:
            team_id = await invitations.use(self.tx, invitation_id, user_id, actor)
        else:
            team_id = means.team_id or await provider_only.team_to_enter(self.tx, user_id)
        if means.team_id is None:
            await provider_only.require_open(self.tx, user_id, team_id)
        # All of them, in one order, before the first entry: more may follow in each.
        await roster.hold_sign_ins_and_trails(self.tx, user_id, team_id)
        act = Act(action, "person", str(user_id), actor.name, details=means.details)
        await record(self.tx, team_id, actor, act)
        # The operator's provider is an ordinary way in; past a team's own it breaks the glass like a password.
        if means.provider is None or (means.team_id is None and await provider_only.demands(self.tx, team_id)):
            await self._note_glass(user_id, visit)
        entry = visit.entry(
            means.method,
            has_second_factor=means.has_second_factor,
            has_proved=means.has_proved,
            provider_id=means.provider.id if means.provider is not None and means.team_id is not None else None,
        )
        token = await sign_ins.begin_sign_in(self.tx, user_id, team_id, entry, replaces=visit.token)
        self.asking = None
        return token

    async def go_on_in(self, principal: Principal, team_id: UUID, visit: Visit) -> NewToken:
        """Take a sign-in to another team of its person's, under a new token: the role there may be another.

        That team's trail tells it: nothing else there would say that they came.

        Raises SignInNeeded, NotAllowed: bound_to_team, provider_only_team.
        """
        require_whole_account(principal)
        await provider_only.require_open(self.tx, principal.user_id, team_id)
        await roster.hold_sign_ins_and_trails(self.tx, principal.user_id, team_id)
        token = await sign_ins.move_sign_in(self.tx, principal, team_id)
        name = await roster.name_of(self.tx, principal.user_id)
        act = Act("person.came_over", "person", str(principal.user_id), name)
        await record(self.tx, team_id, visit.actor(principal.user_id, name), act)
        # Who came in by other means than a provider has been told of in every team already.
        if principal.sign_in.method == METHOD and await provider_only.demands(self.tx, team_id):
            await self._note_glass(principal.user_id, visit)
        return token

    async def _note_glass(self, user_id: UUID, visit: Visit) -> None:
        if await break_glass.is_borne_by(self.tx, user_id):
            actor = visit.actor(user_id, await roster.name_of(self.tx, user_id))
            await break_glass.note_use(self.tx, user_id, actor)
            self.broke_glass.append(user_id)


class Entrance:
    """One per process. `only_provider`: the deployment's identity provider alone opens it."""

    def __init__(self, database: Database, notices: Notices | None = None, *, only_provider: bool = False) -> None:
        self._database = database
        self._notices = notices or Notices()
        self._only_provider = only_provider

    def require_passwords(self) -> None:
        """Refuse to make an account with a password where none would open it. Raises NotAllowed("provider_only")."""
        if self._only_provider:
            raise NotAllowed("provider_only")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Threshold]:
        """Open the transaction in which somebody comes in. Who is refused stands in the trail all the same."""
        asked: list[Threshold] = []
        try:
            async with self._database.write() as tx:
                asked.append(Threshold(tx, only_provider=self._only_provider))
                yield asked[0]
        except NotAllowed as refused:
            if asked[0].asking is not None:
                await self._record_refusal(*asked[0].asking, refused.code)
            raise
        for user_id in asked[0].broke_glass:
            await self._notices.break_glass_used(user_id)

    async def _record_refusal(self, user_id: UUID, visit: Visit, code: str) -> None:
        async with self._database.write() as tx:
            team_id = await roster.last_team_of(tx, user_id)
            if team_id is not None:
                name = await roster.name_of(tx, user_id)
                act = Act("person.sign_in_failed", "person", str(user_id), name, "refused", {"code": code})
                await record(tx, team_id, visit.actor(user_id, name), act)
