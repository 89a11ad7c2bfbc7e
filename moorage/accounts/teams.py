"""A team: its name, its members and their roles. Somebody always owns it; admins never touch owners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import break_glass, invitations, owners, roster, sign_ins
from moorage.accounts.acting import lock_and_require
from moorage.accounts.factor_rule import has_factor
from moorage.accounts.invitations import Invitation
from moorage.accounts.permissions import ADMIN, OWNER, Permission, allows
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.seats import require_seat_to_offer
from moorage.accounts.spelling import read_name
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.trail import Act, record
from moorage.errors import Conflict, NotAllowed, NotFound
from moorage.vault.tokens import NewToken


@dataclass(frozen=True, slots=True)
class Member:
    """One member."""

    user_id: UUID
    name: str
    email: str
    role: str
    joined_at: datetime
    has_second_factor: bool


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team as its members see it. `invitations` is empty for those who may not invite."""

    id: UUID
    name: str
    plan: str
    standing: str
    members: Sequence[Member]
    invitations: Sequence[Invitation]


class Team:
    """The team of the signed-in person, in one transaction. Every change judges their role as it is in there.

    `only_provider`: the deployment opens by its own identity provider only.
    """

    def __init__(
        self, tx: AsyncConnection, principal: Principal, request_id: str, *, only_provider: bool = False
    ) -> None:
        self._tx = tx
        self._only_provider = only_provider
        self._id = principal.team_id
        self._me = principal
        self._actor = principal.actor(request_id)

    async def facts(self) -> TeamFacts:
        """Read the team."""
        team = (await self._tx.execute(select(TeamRow.name, TeamRow.plan, TeamRow.standing).where(self._is_this))).one()
        rows = await self._tx.execute(
            select(
                UserRow.id.label("user_id"),
                UserRow.name,
                roster.shown_email().label("email"),
                MembershipRow.role,
                MembershipRow.joined_at,
                has_factor(UserRow.id).label("has_second_factor"),
            )
            .join(MembershipRow, MembershipRow.user_id == UserRow.id)
            .where(MembershipRow.team_id == self._id)
            .order_by(MembershipRow.joined_at, UserRow.id)
        )
        members = [Member(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
        may_invite = allows(await self._role_of(self._me.user_id), Permission.MANAGE_MEMBERS)
        offers = await invitations.open_ones(self._tx, self._id) if may_invite else []
        return TeamFacts(self._id, team.name, team.plan, team.standing, members, offers)

    async def rename(self, name: str) -> None:
        """Rename the team. Raises NotAllowed, Invalid("name_invalid")."""
        await lock_and_require(self._tx, self._me, Permission.RENAME_TEAM)
        new_name = read_name(name, "name")
        before = await self._tx.scalar(select(TeamRow.name).where(self._is_this))
        await self._tx.execute(update(TeamRow).where(self._is_this).values(name=new_name))
        act = Act("team.renamed", "team", str(self._id), new_name, details={"before": before})
        await record(self._tx, self._id, self._actor, act)

    async def change_role(self, user_id: UUID, role: str) -> None:
        """Give a member another role. Ends their other sign-ins here: what they may do changed.

        Raises NotAllowed("not_allowed"; for owners "owners_only", "proof_needed"), NotFound("member_gone"),
        Conflict: last_owner, last_break_glass_owner.
        """
        my_role = await self._lock_people_and_require(Permission.MANAGE_MEMBERS)
        name, old_role = await self._member(user_id)
        if OWNER in {old_role, role}:
            self._require_owner(my_role)
        if old_role == role:
            return
        if old_role == OWNER:
            await self._require_another_owner()
        await self._set_role(user_id, role)
        if old_role == OWNER:
            await self._require_way_back(user_id)
        if user_id != self._me.user_id:
            await sign_ins.end_all_in_team(self._tx, user_id, self._id)
        # An owner's links may make owners; whoever is none any more must not come back through one of their own.
        if old_role == OWNER or not allows(role, Permission.MANAGE_MEMBERS):
            await invitations.revoke_all_by(self._tx, self._id, user_id)
        act = Act("member.role_changed", "person", str(user_id), name, details={"role": role, "before": old_role})
        await record(self._tx, self._id, self._actor, act)

    async def hand_over(self, user_id: UUID) -> None:
        """Make another member owner and step down to admin, both at once.

        Raises NotAllowed("owners_only" or "proof_needed"), NotFound("member_gone"), Conflict: already_owner,
        last_break_glass_owner.
        """
        self._require_owner(await self._lock_people_and_require(Permission.SEE_TEAM))
        name, before = await self._member(user_id)
        if before == OWNER:
            # An owner steps down beside another one by changing their own role.
            raise Conflict("already_owner")
        for member_id, role in ((user_id, OWNER), (self._me.user_id, ADMIN)):
            await self._set_role(member_id, role)
        await self._require_way_back(self._me.user_id)
        await sign_ins.end_all_in_team(self._tx, user_id, self._id)
        await invitations.revoke_all_by(self._tx, self._id, self._me.user_id)
        act = Act("team.handed_over", "person", str(user_id), name, details={"before": before})
        await record(self._tx, self._id, self._actor, act)

    async def sign_member_out(self, user_id: UUID) -> None:
        """End every sign-in with which a member could work in this team; in their other teams they stay signed in.

        Raises NotAllowed("not_allowed"), NotFound("member_gone"), Conflict("own_sign_ins").
        """
        await lock_and_require(self._tx, self._me, Permission.SIGN_MEMBERS_OUT)
        if user_id == self._me.user_id:
            raise Conflict("own_sign_ins")
        name, _ = await self._member(user_id)
        await sign_ins.turn_away(self._tx, user_id, self._id)
        act = Act("member.signed_out", "person", str(user_id), name)
        await record(self._tx, self._id, self._actor, act)

    async def remove_member(self, user_id: UUID) -> None:
        """Remove a member, or leave. Ends their sign-ins in this team and takes back their invitations.

        Raises NotAllowed("not_allowed"; for owners "owners_only", "proof_needed"), NotFound("member_gone"),
        Conflict: last_owner, last_break_glass_owner.
        """
        leaves = user_id == self._me.user_id
        my_role = await self._lock_people_and_require(Permission.SEE_TEAM if leaves else Permission.MANAGE_MEMBERS)
        name, role = await self._member(user_id)
        if role == OWNER:
            self._require_owner(my_role)
            await self._require_another_owner()
        await self._tx.execute(
            delete(MembershipRow).where(MembershipRow.team_id == self._id, MembershipRow.user_id == user_id)
        )
        if role == OWNER:
            await self._require_way_back(user_id)
        await sign_ins.end_all_in_team(self._tx, user_id, self._id)
        await invitations.revoke_all_by(self._tx, self._id, user_id)
        act = Act("member.removed", "person", str(user_id), name, details={"before": role, "left": leaves})
        await record(self._tx, self._id, self._actor, act)

    async def invite(self, role: str, note: str) -> tuple[Invitation, NewToken]:
        """Make an invitation link.

        Raises NotAllowed ("owners_only", "proof_needed" for an owner's link), Conflict("seats_offered").
        """
        my_role = await lock_and_require(self._tx, self._me, Permission.MANAGE_MEMBERS)
        if role == OWNER:
            self._require_owner(my_role)
        tidy_note = read_name(note, "note") if note else ""
        await require_seat_to_offer(self._tx, self._id)
        invitation_id, token = await invitations.make(self._tx, self._id, self._me.user_id, role, tidy_note)
        act = Act("member.invited", "invitation", str(invitation_id), tidy_note, details={"role": role})
        await record(self._tx, self._id, self._actor, act)
        return await invitations.peek(self._tx, token.text), token

    async def revoke_invitation(self, invitation_id: UUID) -> None:
        """Take an open invitation back. Raises NotAllowed, NotFound("invitation_gone")."""
        await lock_and_require(self._tx, self._me, Permission.MANAGE_MEMBERS)
        await invitations.revoke(self._tx, self._id, invitation_id)
        act = Act("invitation.revoked", "invitation", str(invitation_id), "")
        await record(self._tx, self._id, self._actor, act)

    @property
    def _is_this(self) -> ColumnElement[bool]:
        return TeamRow.id == self._id

    async def _lock_people_and_require(self, permission: Permission) -> str:
        """Judge who changes what somebody is. Two teams must not unmake the last two who break the glass at once."""
        if self._only_provider:
            await break_glass.hold_marks(self._tx)
        return await lock_and_require(self._tx, self._me, permission)

    def _require_owner(self, role: str) -> None:
        if not allows(role, Permission.MANAGE_OWNERS):
            raise NotAllowed("owners_only")
        # Who owns the team is no act for a stranger at an open browser.
        require_proof(self._me)

    async def _set_role(self, user_id: UUID, role: str) -> None:
        await self._tx.execute(
            update(MembershipRow)
            .where(MembershipRow.team_id == self._id, MembershipRow.user_id == user_id)
            .values(role=role)
        )

    async def _role_of(self, user_id: UUID) -> str | None:
        return await roster.role_in(self._tx, self._id, user_id)

    async def _member(self, user_id: UUID) -> tuple[str, str]:
        """Give name and role. Somebody of another team is as unknown as nobody."""
        role = await self._role_of(user_id)
        name = await self._tx.scalar(select(UserRow.name).where(UserRow.id == user_id))
        if role is None or name is None:
            raise NotFound("member_gone")
        return name, role

    async def _require_another_owner(self) -> None:
        if await owners.is_last(self._tx, self._id):
            raise Conflict("last_owner")

    async def _require_way_back(self, user_id: UUID) -> None:
        await owners.require_way_back(self._tx, self._id, user_id, only_provider=self._only_provider)
