"""Who operates this deployment: a mark on accounts, apart from every team's roles; it opens the operator's desk alone.

The first account of a deployment has it; the command gives and takes it. It counts in sign-ins that had a second factor
and that no team's identity provider vouched for (ADR 0031).
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts import operator
from moorage.accounts.factor_rule import has_factor
from moorage.accounts.operator import PersonFacts
from moorage.accounts.principal import Principal
from moorage.accounts.tables import UserRow
from moorage.audit.deployment import OPERATOR, begin_if_needed
from moorage.audit.trail import Act, record
from moorage.errors import Conflict, NotAllowed
from moorage.storage.types import DEPLOYMENT


def require_operator(principal: Principal) -> None:
    """Raise NotAllowed: "operators_only", or "operator_factor_needed" where this sign-in had no second factor."""
    if not principal.is_operator:
        raise NotAllowed("operators_only")
    if not principal.sign_in.has_second_factor:
        raise NotAllowed("operator_factor_needed")


async def require_operator_now(tx: AsyncConnection, principal: Principal) -> None:
    """Judge the mark as the transaction that acts sees it, too. Raises as `require_operator`."""
    require_operator(principal)
    if not await tx.scalar(select(UserRow.is_operator).where(UserRow.id == principal.user_id)):
        raise NotAllowed("operators_only")


async def list_operators(tx: AsyncConnection) -> Sequence[tuple[PersonFacts, bool]]:
    """Give all operators, each with whether they have a second factor: without one the mark opens nothing."""
    guarded = set((await tx.scalars(select(UserRow.id).where(UserRow.is_operator, has_factor(UserRow.id)))).all())
    return [(one, one.id in guarded) for one in await operator.list_people(tx) if one.is_operator]


async def set_mark(tx: AsyncConnection, mail: str, *, on: bool) -> PersonFacts:
    """Make somebody an operator, or take that away, with an entry in the deployment's own trail; gives who it is.

    Raises as `operator.find`; Conflict("operator_bound") for an account that only a team's identity provider vouches
    for: its sign-ins open that team and nothing beyond.
    """
    person = await operator.find(tx, mail)
    if on and not person.holds_address:
        raise Conflict("operator_bound", field="mail")
    changed = await tx.execute(
        update(UserRow).where(UserRow.id == person.id, UserRow.is_operator.is_not(on)).values(is_operator=on)
    )
    if changed.rowcount == 1:
        await begin_if_needed(tx)
        action = "operator.added" if on else "operator.removed"
        await record(tx, DEPLOYMENT, OPERATOR, Act(action, "person", str(person.id), person.name))
    return person
