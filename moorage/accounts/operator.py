"""What the operator sees of people and does with their accounts: no content, no password, every act in the trails."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import pending, roster, sign_ins
from moorage.accounts.holding import sign_ins_that_hold
from moorage.accounts.spelling import read_mail_address
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.audit.trail import Act, Actor
from moorage.errors import NotFound


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """One person. `teams` are pairs of name and role; `holds_address` False: only a team's provider says so."""

    id: UUID
    name: str
    email: str
    is_operator: bool
    break_glass: bool
    has_password: bool
    holds_address: bool
    teams: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """One sign-in as the operator sees it."""

    agent: str
    network: str
    method: str
    seen_at: datetime


async def list_people(tx: AsyncConnection) -> Sequence[PersonFacts]:
    """Give all people by mail address, each with their teams."""
    people = {
        row.id: PersonFacts(
            row.id,
            row.name,
            row.said_email or row.email,
            row.is_operator,
            row.break_glass,
            bool(row.password_hash),
            row.said_email is None,
        )
        for row in await tx.execute(select(UserRow.__table__).order_by(roster.shown_email(), UserRow.id))
    }
    rows = await tx.execute(
        select(MembershipRow.user_id, TeamRow.name, MembershipRow.role)
        .join(TeamRow, TeamRow.id == MembershipRow.team_id)
        .order_by(TeamRow.name)
    )
    for user_id, name, role in rows:
        people[user_id].teams.append((name, role))
    return list(people.values())


async def find(tx: AsyncConnection, mail: str) -> PersonFacts:
    """Give one person, by address or id; by an address that only teams' providers speak of, if they mean one account.

    Raises Invalid("email_invalid"), NotFound("person_unknown").
    """
    user_id = _read_id(mail)
    if user_id is None:
        email = read_mail_address(mail)
        known = await roster.find_by_mail(tx, email) or await roster.find_said(tx, email)
        user_id = None if known is None else known.user_id
    found = next((person for person in await list_people(tx) if person.id == user_id), None)
    if found is None:
        raise NotFound("person_unknown")
    return found


def _read_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def sign_ins_of(tx: AsyncConnection, user_id: UUID) -> Sequence[OpenSignIn]:
    """Give a person's sign-ins that hold, last seen first."""
    rows = await tx.execute(
        sign_ins_that_hold(SignInRow.agent, SignInRow.client, SignInRow.method, SignInRow.seen_at)
        .where(SignInRow.user_id == user_id)
        .order_by(SignInRow.seen_at.desc())
    )
    return [OpenSignIn(*row) for row in rows]


async def record_reset_made(tx: AsyncConnection, person: PersonFacts, actor: Actor) -> None:
    """Record that the operator made a link that sets a person's password."""
    act = Act("person.reset_made", "person", str(person.id), person.name)
    await roster.record_in_all_teams(tx, person.id, actor, act)


async def end_sign_ins(tx: AsyncConnection, person: PersonFacts, actor: Actor) -> int:
    """Sign a person out everywhere, what they have under way too. Gives how many sign-ins ended."""
    count = await sign_ins.end_all_of(tx, person.id)
    await pending.end_all_of(tx, person.id)
    act = Act("person.devices_ended", "person", str(person.id), person.name, details={"sign_ins": count})
    await roster.record_in_all_teams(tx, person.id, actor, act)
    return count
