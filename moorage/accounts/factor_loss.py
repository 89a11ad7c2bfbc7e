"""What the operator does for somebody who lost every second factor: all of them go, and every sign-in ends.

Only the operator, who can ask the person face to face: a person may be in several teams, and an owner of one must
not be able to weaken the account for another.
"""

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import factors, pending, recovery_codes, roster
from moorage.accounts.factor_tables import AppRow, PasskeyRow
from moorage.accounts.operator import PersonFacts
from moorage.accounts.tables import SignInRow
from moorage.audit.trail import Act, Actor


async def remove_second_factors(tx: AsyncConnection, person: PersonFacts, actor: Actor) -> int:
    """Remove all factors and codes of a person; gives how many factors there were. In the trail of all their teams."""
    await factors.lock_person(tx, person.id)
    before = await factors.ways_of(tx, person.id)
    await tx.execute(delete(AppRow).where(AppRow.user_id == person.id))
    await tx.execute(delete(PasskeyRow).where(PasskeyRow.user_id == person.id))
    await recovery_codes.forget(tx, person.id)
    await pending.end_all_of(tx, person.id)
    await tx.execute(delete(SignInRow).where(SignInRow.user_id == person.id))
    act = Act("factor.all_removed", "person", str(person.id), person.name, details={"count": before.count})
    await roster.record_in_all_teams(tx, person.id, actor, act)
    return before.count
