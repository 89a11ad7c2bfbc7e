"""What a team asks of sign-ins: how long they last. Only shorter than the deployment's own limits, never longer."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.acting import lock_and_require
from moorage.accounts.holding import IDLE_LIMIT
from moorage.accounts.permissions import Permission, require
from moorage.accounts.principal import Principal, require_proof
from moorage.accounts.sign_ins import LIFETIME
from moorage.accounts.tables import TeamRow
from moorage.audit.trail import Act, Detail, record
from moorage.errors import Invalid

_MINUTE: Final = timedelta(minutes=1)
# Being seen is written once a minute; below five the limit would depend on when.
MIN_IDLE_MIN: Final = 5
MAX_IDLE_MIN: Final = IDLE_LIMIT // _MINUTE
MIN_LIFETIME_MIN: Final = 15
MAX_LIFETIME_MIN: Final = LIFETIME // _MINUTE


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits of a team's sign-ins in minutes; None is the deployment's own."""

    idle_limit_min: int | None
    lifetime_min: int | None


async def read_limits(tx: AsyncConnection, principal: Principal) -> SessionLimits:
    """Give the team's limits. Raises NotAllowed("not_allowed")."""
    require(principal, Permission.SEE_SIGN_IN_RULES)
    found = await tx.execute(
        select(TeamRow.idle_limit_min, TeamRow.lifetime_min).where(TeamRow.id == principal.team_id)
    )
    return SessionLimits(*found.one())


async def change_limits(tx: AsyncConnection, principal: Principal, request_id: str, wish: SessionLimits) -> None:
    """Set the team's limits; in force for the next request of everybody in it.

    Raises NotAllowed ("not_allowed", "proof_needed"), Invalid("limit_out_of_range", field=…).
    """
    await lock_and_require(tx, principal, Permission.CHANGE_SIGN_IN_RULES)
    require_proof(principal)
    idle = _within(wish.idle_limit_min, MIN_IDLE_MIN, MAX_IDLE_MIN, "idle_limit_min")
    lifetime = _within(wish.lifetime_min, MIN_LIFETIME_MIN, MAX_LIFETIME_MIN, "lifetime_min")
    await tx.execute(
        update(TeamRow).where(TeamRow.id == principal.team_id).values(idle_limit_min=idle, lifetime_min=lifetime)
    )
    details: dict[str, Detail] = {"idle_limit_min": idle, "lifetime_min": lifetime}
    act = Act("team.session_limits_changed", "team", str(principal.team_id), principal.team_name, details=details)
    await record(tx, principal.team_id, principal.actor(request_id), act)


def _within(minutes: int | None, least: int, most: int, field: str) -> int | None:
    if minutes is None or minutes == most:
        return None
    if not least <= minutes <= most:
        raise Invalid("limit_out_of_range", field=field, least=least, most=most)
    return minutes
