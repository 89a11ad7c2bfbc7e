"""Rows of people and teams: how they are made, found, and protected against two hands at once."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import exists, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import ACTIVE, FREE
from moorage.accounts.permissions import OWNER
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.audit.trail import Act, Actor, begin_trail, record
from moorage.errors import Invalid
from moorage.storage.types import db_now, new_id


@dataclass(frozen=True, slots=True)
class Person:
    """A new person, tidied and with their password hashed."""

    name: str
    email: str
    password_hash: str = field(repr=False)
    locale: str


@dataclass(frozen=True, slots=True)
class Known:
    """What signing in needs of a person."""

    user_id: UUID
    name: str
    password_hash: str = field(repr=False)


async def take_turn(tx: AsyncConnection) -> None:
    """Let nobody else add people until this transaction ends: two first accounts can't both be the first."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE"))


async def anybody_exists(tx: AsyncConnection) -> bool:
    """True once the first account exists."""
    return bool(await tx.scalar(select(exists().where(UserRow.id.is_not(None)))))


async def find_by_mail(tx: AsyncConnection, email: str) -> Known | None:
    """Find a person by their tidied mail address."""
    found = await tx.execute(select(UserRow.id, UserRow.name, UserRow.password_hash).where(UserRow.email == email))
    row = found.one_or_none()
    return None if row is None else Known(row.id, row.name, row.password_hash)


async def add_person(tx: AsyncConnection, person: Person, *, is_operator: bool) -> UUID:
    """Add a person; `take_turn` comes first. Raises Invalid("email_taken", field="email")."""
    if await find_by_mail(tx, person.email) is not None:
        raise Invalid("email_taken", field="email")
    user_id = new_id()
    await tx.execute(
        insert(UserRow).values(
            id=user_id,
            email=person.email,
            name=person.name,
            password_hash=person.password_hash,
            locale=person.locale,
            is_operator=is_operator,
            created_at=db_now(),
        )
    )
    return user_id


async def add_team(tx: AsyncConnection, name: str, owner_id: UUID, actor: Actor) -> UUID:
    """Add a team on the Free plan with its first owner and the beginning of its trail (P4)."""
    team_id = new_id()
    await tx.execute(insert(TeamRow).values(id=team_id, name=name, plan=FREE, standing=ACTIVE, created_at=db_now()))
    await add_member(tx, team_id, owner_id, OWNER)
    await begin_trail(tx, team_id)
    await record(tx, team_id, actor, Act("team.created", "team", str(team_id), name))
    return team_id


async def add_member(tx: AsyncConnection, team_id: UUID, user_id: UUID, role: str) -> None:
    """Make a person a member."""
    await tx.execute(insert(MembershipRow).values(team_id=team_id, user_id=user_id, role=role, joined_at=db_now()))


async def role_in(tx: AsyncConnection, team_id: UUID, user_id: UUID) -> str | None:
    """Give a person's role in a team now; None for no member."""
    role: str | None = await tx.scalar(
        select(MembershipRow.role).where(MembershipRow.team_id == team_id, MembershipRow.user_id == user_id)
    )
    return role


async def last_team_of(tx: AsyncConnection, user_id: UUID) -> UUID | None:
    """Give the team the person worked in last, else the one they joined first, else None."""
    worked_in = (
        select(SignInRow.team_id)
        .join(
            MembershipRow,
            (MembershipRow.team_id == SignInRow.team_id) & (MembershipRow.user_id == SignInRow.user_id),
        )
        .where(SignInRow.user_id == user_id)
        .order_by(SignInRow.seen_at.desc())
        .limit(1)
    )
    joined = (
        select(MembershipRow.team_id)
        .where(MembershipRow.user_id == user_id)
        .order_by(MembershipRow.joined_at, MembershipRow.team_id)
        .limit(1)
    )
    team_id: UUID | None = await tx.scalar(worked_in) or await tx.scalar(joined)
    return team_id
