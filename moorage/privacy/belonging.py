"""To which teams somebody belongs, or has something lying there: an account goes when there is none any more."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import MembershipRow, TeamRow, UserRow
from moorage.chat.tables import AttachmentRow, ConversationRow
from moorage.privacy.tables import JobRow

InTeam = Callable[[Any], ColumnElement[bool]]


def traces(person: Any, in_team: InTeam) -> ColumnElement[bool]:
    """Whether somebody belongs to such a team, or something of theirs lies there: an account goes with neither."""
    # Team by team: the indexes of both begin with it, and without it all that everybody wrote is looked through.
    teams = select(TeamRow.id).where(in_team(TeamRow.id))
    return or_(
        exists().where(MembershipRow.user_id == person, in_team(MembershipRow.team_id)),
        exists().where(ConversationRow.owner_id == person, ConversationRow.team_id.in_(teams)),
        exists().where(AttachmentRow.owner_id == person, AttachmentRow.team_id.in_(teams)),
    )


def only_here(team_id: UUID) -> Select[UUID]:
    """Select the accounts that a team takes with it: in no other team, and not the operator's own."""
    return _here(team_id).where(UserRow.id.not_in(_people(lambda column: column != team_id)))


async def everybody_here(tx: AsyncConnection, team_id: UUID) -> Sequence[UUID]:
    """Give whoever may have to go with a team; who of them does is seen when their turn comes (`goes_with`)."""
    return (await tx.scalars(_here(team_id).order_by(UserRow.id))).all()


async def goes_with(tx: AsyncConnection, person_id: UUID, team_id: UUID | None) -> bool:
    """Tell whether an account goes with a team now: there, in no other, and not being erased for itself."""
    elsewhere = traces(UserRow.id, lambda column: column != team_id)
    erased = exists().where(JobRow.kind == "person_erasure", JobRow.subject_id == UserRow.id, JobRow.whole_account)
    going = select(UserRow.id).where(UserRow.id == person_id, ~UserRow.is_operator, ~elsewhere, ~erased)
    return await tx.scalar(going) is not None


def _here(team_id: UUID) -> Select[UUID]:
    here = UserRow.id.in_(_people(lambda column: column == team_id))
    return select(UserRow.id).where(here, ~UserRow.is_operator)


def _people(in_team: InTeam) -> CompoundSelect[UUID]:
    # Asked once and not for each person: nothing in it names one.
    return union(
        select(MembershipRow.user_id).where(in_team(MembershipRow.team_id)),
        select(ConversationRow.owner_id).where(in_team(ConversationRow.team_id)),
        select(AttachmentRow.owner_id).where(in_team(AttachmentRow.team_id)),
    )
