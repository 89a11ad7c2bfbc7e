"""Where a billing system says that a team's plan or standing has changed: known by its signature, by nothing else."""

from fastapi import Request

from moorage.api.parts import PartsDep
from moorage.api.schemas.operating import BillingAnswer
from moorage.operating.billing import Sent

TIMESTAMP: str = "moorage-timestamp"
SIGNATURE: str = "moorage-signature"


async def take_billing_event(request: Request, parts: PartsDep) -> BillingAnswer:
    """Take a signed event. The body is read as it is signed: what nobody signed is not parsed (docs/billing.md)."""
    headers = request.headers
    sent = Sent(headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, ""), await request.body())
    taken = await parts.billing.take(sent, request.state.request_id)
    return BillingAnswer(
        event_id=taken.event_id,
        team_id=taken.team_id,
        outcome=taken.outcome,
        repeated=taken.is_repeat,
        plan=taken.plan,
        standing=taken.standing,
    )
