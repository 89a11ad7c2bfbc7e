"""A person's second factors as a whole: which there are, who may change them, what comes and goes with them."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import pending, recovery_codes, roster, sign_ins
from moorage.accounts.factor_tables import AppRow, PasskeyRow, RecoveryCodeRow
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.audit.trail import Act
from moorage.errors import Conflict, NotAllowed
from moorage.vault.tokens import NewToken

APP: Final = "app"
PASSKEY: Final = "passkey"


@dataclass(frozen=True, slots=True)
class Ways:
    """What a person can show besides their password. Recovery codes stand in for a factor and are none."""

    has_app: bool
    passkeys: int
    recovery_codes: int

    @property
    def has_any(self) -> bool:
        """True when the password alone does not let this person in."""
        return self.has_app or self.passkeys > 0

    @property
    def count(self) -> int:
        """How many factors there are."""
        return int(self.has_app) + self.passkeys


@dataclass(frozen=True, slots=True)
class NextStep:
    """The password was right; one of these ways is still to be shown. `token` is the sign-in that is under way."""

    token: NewToken
    ways: Ways


async def ways_of(tx: AsyncConnection, user_id: UUID) -> Ways:
    """Give the ways a person has."""
    apps = select(func.count()).where(AppRow.user_id == user_id, AppRow.confirmed_at.is_not(None))
    passkeys = select(func.count()).where(PasskeyRow.user_id == user_id)
    codes = select(func.count()).where(RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.used_at.is_(None))
    found = await tx.execute(select(apps.scalar_subquery(), passkeys.scalar_subquery(), codes.scalar_subquery()))
    app_count, passkey_count, code_count = found.one()
    return Ways(app_count > 0, passkey_count, code_count)


async def ask_for_second(tx: AsyncConnection, user_id: UUID, *, invitation_id: UUID | None = None) -> NextStep | None:
    """Begin the second step of a sign-in whose password was right; None when the person has no second factor.

    `invitation_id` is the invitation that is accepted when the step is done.
    """
    # Whoever adds a first factor now ends sign-ins by password alone: this one must not slip by unseen.
    await lock_person(tx, user_id)
    ways = await ways_of(tx, user_id)
    if not ways.has_any:
        return None
    data = {} if invitation_id is None else {"invitation_id": str(invitation_id)}
    return NextStep(await pending.begin(tx, "second_factor", data, user_id=user_id), ways)


async def lock_person(tx: AsyncConnection, user_id: UUID) -> None:
    """Let nobody else judge or change this person's factors until the transaction ends. Comes first in it."""
    await tx.execute(select(UserRow.id).where(UserRow.id == user_id).with_for_update(key_share=True))


async def begin_change(tx: AsyncConnection, principal: Principal) -> Ways:
    """Lock the person and make sure that it is them. Gives the ways as they are before the change.

    Raises NotAllowed: "proof_needed"; "factor_proof_needed" when the person has a factor and this sign-in had none,
    because otherwise a password would be enough to add or remove one.
    """
    require_proof(principal)
    await lock_person(tx, principal.user_id)
    ways = await ways_of(tx, principal.user_id)
    if ways.has_any and not principal.sign_in.has_second_factor:
        raise NotAllowed("factor_proof_needed")
    return ways


async def note_added(
    tx: AsyncConnection, principal: Principal, before: Ways, act: Act, request_id: str
) -> list[str] | None:
    """Do what a new factor brings. Gives ten recovery codes when it is the first, else None.

    This sign-in has just shown the factor. Others of the person that came in by password alone end with the first.
    """
    await sign_ins.note_proof(tx, principal.sign_in.id, has_second_factor=True)
    await pending.end_all_of(tx, principal.user_id)
    await roster.record_in_all_teams(tx, principal.user_id, principal.actor(request_id), act)
    if before.has_any:
        return None
    await sign_ins.end_others_without_factor(tx, principal.user_id, principal.sign_in.id)
    return await recovery_codes.replace(tx, principal.user_id)


async def note_removed(tx: AsyncConnection, principal: Principal, before: Ways, act: Act, request_id: str) -> None:
    """Do what goes with a factor: sign-ins under way, and the recovery codes with the last one.

    Raises Conflict("factor_required") for the last one of a person of whom a team asks one.
    """
    if before.count <= 1:
        if await _a_team_asks(tx, principal.user_id):
            raise Conflict("factor_required")
        await recovery_codes.forget(tx, principal.user_id)
    await pending.end_all_of(tx, principal.user_id)
    await roster.record_in_all_teams(tx, principal.user_id, principal.actor(request_id), act)


async def _a_team_asks(tx: AsyncConnection, user_id: UUID) -> bool:
    asking = await tx.scalar(
        select(func.count())
        .select_from(MembershipRow)
        .join(TeamRow, TeamRow.id == MembershipRow.team_id)
        .where(MembershipRow.user_id == user_id, TeamRow.needs_second_factor)
    )
    return bool(asking)
