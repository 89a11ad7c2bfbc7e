"""The plan gate (P14): an allow-list of (plan, standing). What it does not list is refused, the unheard-of included."""

from collections.abc import Iterable
from typing import Final, final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.errors import AccessRefused
from moorage.plans.catalogue import PLAN_NAMES

FREE: Final = "free"
ACTIVE: Final = "active"
STANDINGS: Final = ("active", "trialing", "suspended", "expired", "cancelled")
# A standing that no list knows: the gate lets such a team do nothing, nobody enters it, and it never has another one.
ERASING: Final = "erasing"
PLANS: Final = PLAN_NAMES

ALLOWED: Final = frozenset(
    {
        (FREE, ACTIVE),
        ("business_starter", ACTIVE),
        ("business_starter", "trialing"),
        ("business_pro", ACTIVE),
        ("business_pro", "trialing"),
        ("business_max", ACTIVE),
        ("business_max", "trialing"),
        ("enterprise", ACTIVE),
        ("enterprise", "trialing"),
    }
)

# Only the words differ; none of them opens anything.
_WHY_STANDING: Final = {
    ACTIVE: "access_not_included",
    "trialing": "access_not_included",
    "suspended": "access_suspended",
    "expired": "access_expired",
    "cancelled": "access_expired",
}


def judge(plan: object, standing: object) -> str | None:
    """Give None when own models may be used, else the code of the refusal. Pure; takes anything, knows no default."""
    # Exact types: a subclass could claim to equal anything.
    if type(plan) is not str or plan not in PLANS:
        return "access_plan_unknown"
    if type(standing) is not str:
        return "access_standing_unknown"
    if (plan, standing) in ALLOWED:
        return None
    return _WHY_STANDING.get(standing, "access_standing_unknown")


_GATE: Final = object()


@final
class Admission:
    """Says that the gate let a team through. Only `require_access` gives one out, in the transaction that decides.

    Whatever leads to an endpoint asks for one, so that no way there can forget the gate (connections/admitted.py).
    """

    __slots__ = ("plan", "team_id")

    def __init__(self, team_id: UUID, plan: str = "", *, given_by: object) -> None:
        if given_by is not _GATE:
            raise TypeError("only the gate admits")
        self.team_id: Final = team_id
        self.plan: Final = plan

    def __repr__(self) -> str:
        return f"Admission({self.team_id})"


_STANDING: Final = select(TeamRow.plan, TeamRow.standing).where(TeamRow.id == bindparam("judged_id"))


async def refusals_of(tx: AsyncConnection, team_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Give the refusal codes of those teams that may not use models now; a team that is gone is one of them."""
    asked = set(team_ids)
    rows = await tx.execute(select(TeamRow.id, TeamRow.plan, TeamRow.standing).where(TeamRow.id.in_(asked)))
    judged = dict.fromkeys(asked, judge(None, None)) | {row.id: judge(row.plan, row.standing) for row in rows}
    return {team_id: code for team_id, code in judged.items() if code is not None}


async def require_access(tx: AsyncConnection, team_id: UUID) -> Admission:
    """Judge the team's row as it is in the transaction that decides. Raises AccessRefused with the code."""
    found = await tx.execute(_STANDING, {"judged_id": team_id})
    team = found.one_or_none()
    if team is None:
        raise AccessRefused("access_plan_unknown")
    refusal = judge(team.plan, team.standing)
    if refusal is not None:
        raise AccessRefused(refusal)
    return Admission(team_id, team.plan, given_by=_GATE)
