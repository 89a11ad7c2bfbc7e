"""What a team asks of sign-ins, over HTTP. Who may change it is judged in `accounts`."""

from fastapi import Request

from moorage.accounts import rules
from moorage.accounts.rules import SessionLimits
from moorage.api.parts import PartsDep
from moorage.api.schemas.sign_in import SessionLimitsChange, SessionLimitsView
from moorage.api.signed_in import SignedIn


async def get_session_limits(parts: PartsDep, who: SignedIn) -> SessionLimitsView:
    """Read how long the team's sign-ins last."""
    async with parts.database.read() as tx:
        return _view(await rules.read_limits(tx, who))


async def change_session_limits(
    request: Request, parts: PartsDep, who: SignedIn, wish: SessionLimitsChange
) -> SessionLimitsView:
    """Set how long the team's sign-ins last."""
    async with parts.database.write() as tx:
        wanted = SessionLimits(wish.idle_limit_min, wish.lifetime_min)
        await rules.change_limits(tx, who, request.state.request_id, wanted)
        return _view(await rules.read_limits(tx, who))


def _view(limits: SessionLimits) -> SessionLimitsView:
    return SessionLimitsView(
        idle_limit_min=limits.idle_limit_min,
        lifetime_min=limits.lifetime_min,
        least_idle_min=rules.MIN_IDLE_MIN,
        most_idle_min=rules.MAX_IDLE_MIN,
        least_lifetime_min=rules.MIN_LIFETIME_MIN,
        most_lifetime_min=rules.MAX_LIFETIME_MIN,
    )
