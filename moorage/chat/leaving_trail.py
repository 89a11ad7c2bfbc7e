"""What the trail says of a yes to words leaving own hardware: whose, in which conversation, where to, no word of it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.trail import Act, Actor, record
from moorage.chat.facts import Decision
from moorage.connections.zones import OWN_HARDWARE


async def record_leaving(tx: AsyncConnection, actor: Actor, begun: Sequence[Decision]) -> None:
    """Record it with what was decided in this transaction: an entry for each destination somebody said yes to."""
    # In one order: which answer of a blind comparison is whose is not told.
    destinations = sorted(
        {
            (one.chosen.connection_name, zone, one.team_id, one.conversation_id)
            for one in begun
            if one.chosen is not None
            for zone in one.may_leave_to
        }
    )
    for connection, zone, team_id, conversation_id in destinations:
        details = {"from_zone": OWN_HARDWARE, "to_zone": zone, "connection": connection}
        act = Act("conversation.left_own_hardware", "conversation", str(conversation_id), "", details=details)
        await record(tx, team_id, actor, act)
