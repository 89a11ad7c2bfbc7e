"""Invitations by link: made once, shown once, used once, for seven days; only the hash of the link is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import roster
from moorage.accounts.seats import require_seat
from moorage.accounts.tables import InvitationRow, TeamRow, UserRow
from moorage.audit.trail import Act, Actor, record
from moorage.errors import Conflict, NotFound
from moorage.storage.types import db_after, db_now, new_id
from moorage.vault.tokens import NewToken, hash_token, new_token

LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An open invitation."""

    id: UUID
    team_id: UUID
    team_name: str
    role: str
    note: str
    invited_by: str
    created_at: datetime
    expires_at: datetime


async def make(tx: AsyncConnection, team_id: UUID, invited_by: UUID, role: str, note: str) -> tuple[UUID, NewToken]:
    """Make an invitation. Gives its id and the token of its link."""
    invitation_id, token = new_id(), new_token()
    await tx.execute(
        insert(InvitationRow).values(
            id=invitation_id,
            team_id=team_id,
            token_hash=token.digest,
            role=role,
            note=note,
            invited_by=invited_by,
            created_at=db_now(),
            expires_at=db_after(LIFETIME),
        )
    )
    return invitation_id, token


async def open_ones(tx: AsyncConnection, team_id: UUID) -> Sequence[Invitation]:
    """Give a team's open invitations, newest first."""
    return await _read(tx, and_(InvitationRow.team_id == team_id, _is_open()))


async def peek(tx: AsyncConnection, link: str) -> Invitation:
    """Give what the holder of a link may see. Raises NotFound("invitation_gone"): unknown, used, revoked, expired."""
    found = await _read(tx, and_(InvitationRow.token_hash == hash_token(link), _is_open()))
    if not found:
        raise NotFound("invitation_gone")
    return found[0]


async def use(tx: AsyncConnection, invitation_id: UUID, user_id: UUID, actor: Actor) -> UUID:
    """Use an invitation up whose link was shown: the person becomes a member. Gives the team.

    Raises NotFound("invitation_gone"), Conflict: already_member, team_full.
    """
    found = await _read(tx, and_(InvitationRow.id == invitation_id, _is_open()))
    if not found:
        raise NotFound("invitation_gone")
    invitation = found[0]
    team_id = invitation.team_id
    # One after the other: somebody who opens two links at once joins with the first.
    await tx.execute(select(TeamRow.id).where(TeamRow.id == team_id).with_for_update(key_share=True))
    # After the team's row, as everybody takes them: coming in may add to other trails of the person, too.
    await roster.hold_sign_ins_and_trails(tx, user_id, team_id)
    if await roster.role_in(tx, team_id, user_id) is not None:
        raise Conflict("already_member")
    await require_seat(tx, team_id)
    # Of two who hold the same link, one update finds it unused.
    used = await tx.execute(
        update(InvitationRow)
        .where(InvitationRow.id == invitation.id, _is_open())
        .values(used_at=db_now(), used_by=user_id)
    )
    if used.rowcount != 1:
        raise NotFound("invitation_gone")
    await roster.add_member(tx, team_id, user_id, invitation.role)
    act = Act("member.joined", "person", str(user_id), actor.name, details={"role": invitation.role})
    await record(tx, team_id, actor, act)
    return team_id


async def revoke(tx: AsyncConnection, team_id: UUID, invitation_id: UUID) -> None:
    """Take an open invitation back. Raises NotFound("invitation_gone")."""
    revoked = await tx.execute(
        delete(InvitationRow).where(
            InvitationRow.team_id == team_id, InvitationRow.id == invitation_id, InvitationRow.used_at.is_(None)
        )
    )
    if revoked.rowcount != 1:
        raise NotFound("invitation_gone")


async def revoke_all_by(tx: AsyncConnection, team_id: UUID, user_id: UUID) -> None:
    """Take back what a person offered: they left, or may not invite any more."""
    await tx.execute(
        delete(InvitationRow).where(
            InvitationRow.team_id == team_id, InvitationRow.invited_by == user_id, InvitationRow.used_at.is_(None)
        )
    )


def _is_open() -> ColumnElement[bool]:
    return and_(InvitationRow.used_at.is_(None), InvitationRow.expires_at > db_now())


async def _read(tx: AsyncConnection, condition: ColumnElement[bool]) -> Sequence[Invitation]:
    rows = await tx.execute(
        select(
            InvitationRow.id,
            InvitationRow.team_id,
            TeamRow.name.label("team_name"),
            InvitationRow.role,
            InvitationRow.note,
            UserRow.name.label("invited_by"),
            InvitationRow.created_at,
            InvitationRow.expires_at,
        )
        .join(TeamRow, TeamRow.id == InvitationRow.team_id)
        .join(UserRow, UserRow.id == InvitationRow.invited_by)
        .where(condition)
        .order_by(InvitationRow.created_at.desc(), InvitationRow.id.desc())
    )
    return [Invitation(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
