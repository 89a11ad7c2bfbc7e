"""In how many conversations a model was written with of late: what its going away would touch."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.tables import ReplyRow
from moorage.usage.lately import read_clock, settled_within
from moorage.usage.tables import ByomUsageRow

OF_LATE: Final = timedelta(days=30)


async def count_conversations(tx: AsyncConnection, team_id: UUID, connection_id: UUID) -> Mapping[str, int]:
    """Give, by ref, in how many conversations each model of a connection answered in the last 30 days; 0 is left out.

    Counted from the usage log, whose calls bear the ids of their replies. A deleted conversation does not count. What
    was asked for by a name of the team's own counts for the model that answered.
    """
    lately = settled_within(ByomUsageRow, await read_clock(tx), OF_LATE)
    event, answered = ByomUsageRow, func.coalesce(ReplyRow.target_ref, ReplyRow.model_ref)
    rows = await tx.execute(
        select(answered, func.count(ReplyRow.conversation_id.distinct()))
        .join(event, event.call_id == ReplyRow.id)
        .where(event.connection_id == connection_id, lately, event.team_id == team_id)
        .group_by(answered)
    )
    return {row[0]: int(row[1]) for row in rows}
