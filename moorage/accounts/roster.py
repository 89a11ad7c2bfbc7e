"""Rows of people and teams: how they are made, found, and protected against two hands at once."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, insert, select, text, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.access import ACTIVE, FREE
from moorage.accounts.permissions import OWNER
from moorage.accounts.tables import MembershipRow, SignInRow, TeamRow, UserRow
from moorage.audit.heads import hold_trails
from moorage.audit.trail import Act, Actor, begin_trail, record
from moorage.errors import Invalid
from moorage.storage.types import db_now, new_id
from moorage.vault.tokens import same


@dataclass(frozen=True, slots=True)
class Person:
    """A new person, tidied and with their password hashed. `holds_address` False: only a team's provider says so."""

    name: str
    email: str
    password_hash: str = field(repr=False)
    locale: str
    holds_address: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What signing in needs of a person."""

    user_id: UUID
    name: str
    password_hash: str = field(repr=False)
    email: str = ""


async def take_turn(tx: AsyncConnection) -> None:
    """Let nobody else add people until this transaction ends: two first accounts can't both be the first."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("LOCK TABLE user_account IN SHARE ROW EXCLUSIVE MODE"))


async def anybody_exists(tx: AsyncConnection) -> bool:
    """True once the first account exists."""
    return bool(await tx.scalar(select(exists().where(UserRow.id.is_not(None)))))


async def find_by_mail(tx: AsyncConnection, email: str) -> Known | None:
    """Find a person by their tidied mail address."""
    found = await tx.execute(
        select(UserRow.id, UserRow.name, UserRow.password_hash, UserRow.email).where(UserRow.email == email)
    )
    row = found.one_or_none()
    return None if row is None else Known(*row)


async def name_of(tx: AsyncConnection, user_id: UUID) -> str:
    """Give a person's name; "" for nobody."""
    name: str | None = await tx.scalar(select(UserRow.name).where(UserRow.id == user_id))
    return name or ""


def shown_email() -> ColumnElement[str]:
    """Give the address to show and to write to: the person's own, or what their team's provider says."""
    return func.coalesce(UserRow.said_email, UserRow.email)


async def find_said(tx: AsyncConnection, email: str) -> Known | None:
    """Find the one account of which a team's provider says that it has this address; None if several do."""
    found = await tx.execute(
        select(UserRow.id, UserRow.name, UserRow.password_hash).where(UserRow.said_email == email).limit(2)
    )
    rows = found.all()
    return Known(*rows[0]) if len(rows) == 1 else None


async def is_address_of_member(tx: AsyncConnection, team_id: UUID, email: str) -> bool:
    """True when a member of the team shows this address."""
    theirs = select(MembershipRow.user_id).where(MembershipRow.team_id == team_id)
    return bool(await tx.scalar(select(exists().where(UserRow.id.in_(theirs), shown_email() == email))))


async def claim_address(tx: AsyncConnection, user_id: UUID) -> bool:
    """Make what a team's provider says a person's own address; `take_turn` comes first. False: somebody else has it."""
    said = await tx.scalar(select(UserRow.said_email).where(UserRow.id == user_id))
    if said is None:
        return True
    if await find_by_mail(tx, said) is not None:
        return False
    await tx.execute(update(UserRow).where(UserRow.id == user_id).values(email=said, said_email=None))
    return True


async def require_unchanged(tx: AsyncConnection, known: Known) -> None:
    """Hold the person's row and refuse a password that was changed after it had been checked.

    Raises Invalid("sign_in_wrong"). Whoever changes it ends all sign-ins, those that begin at this moment too.
    """
    now = await tx.scalar(
        select(UserRow.password_hash).where(UserRow.id == known.user_id).with_for_update(key_share=True)
    )
    if now is None or not same(now, known.password_hash):
        raise Invalid("sign_in_wrong")


async def set_password(tx: AsyncConnection, user_id: UUID, password_hash: str) -> None:
    """Give a person another password. What they are signed in with is for the caller to end."""
    await tx.execute(update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash))


async def teams_of(tx: AsyncConnection, user_id: UUID) -> list[UUID]:
    """Give the ids of all teams of a person, in a fixed order: whoever locks them in turn never waits in a circle."""
    rows = await tx.scalars(
        select(MembershipRow.team_id).where(MembershipRow.user_id == user_id).order_by(MembershipRow.team_id)
    )
    return list(rows)


async def hold_sign_ins_and_trails(tx: AsyncConnection, user_id: UUID, *also: UUID) -> None:
    """Take a person's sign-ins, then the trails of all their teams and others, before the first entry of many is added.

    In the order of whoever ends a sign-in and records it then: else one who comes in meanwhile waits in a circle.
    """
    theirs = select(SignInRow.id).where(SignInRow.user_id == user_id).order_by(SignInRow.id)
    await tx.execute(theirs.with_for_update(key_share=True))
    await hold_trails(tx, [*await teams_of(tx, user_id), *also])


async def record_in_all_teams(tx: AsyncConnection, user_id: UUID, actor: Actor, act: Act) -> None:
    """Add the same entry to the trail of each team of a person: what befalls an account concerns all of them."""
    for team_id in await teams_of(tx, user_id):
        await record(tx, team_id, actor, act)


async def add_person(tx: AsyncConnection, person: Person, *, is_operator: bool) -> UUID:
    """Add a person; `take_turn` comes first. Raises Invalid("email_taken", field="email")."""
    if person.holds_address and await find_by_mail(tx, person.email) is not None:
        raise Invalid("email_taken", field="email")
    user_id = new_id()
    await tx.execute(
        insert(UserRow).values(
            id=user_id,
            email=person.email if person.holds_address else str(user_id),
            said_email=None if person.holds_address else person.email,
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


async def members_of(tx: AsyncConnection, team_id: UUID) -> dict[UUID, tuple[str, str]]:
    """Give name and shown address of everybody who is a member now."""
    rows = await tx.execute(
        select(UserRow.id, UserRow.name, shown_email())
        .join(MembershipRow, MembershipRow.user_id == UserRow.id)
        .where(MembershipRow.team_id == team_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def last_team_of(
    tx: AsyncConnection,
    user_id: UUID,
    admitted: ColumnElement[bool] = true(),  # noqa: B008 - immutable
) -> UUID | None:
    """Give the team the person worked in last, else the one they joined first, else None.

    `admitted`: a condition on the membership.
    """
    worked_in = (
        select(SignInRow.team_id)
        .join(
            MembershipRow,
            (MembershipRow.team_id == SignInRow.team_id) & (MembershipRow.user_id == SignInRow.user_id),
        )
        .where(SignInRow.user_id == user_id, admitted)
        .order_by(SignInRow.seen_at.desc())
        .limit(1)
    )
    joined = (
        select(MembershipRow.team_id)
        .where(MembershipRow.user_id == user_id, admitted)
        .order_by(MembershipRow.joined_at, MembershipRow.team_id)
        .limit(1)
    )
    team_id: UUID | None = await tx.scalar(worked_in) or await tx.scalar(joined)
    return team_id
