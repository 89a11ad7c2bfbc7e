"""Lets the end of what is shared pass, without waiting for it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import update

from moorage.chat.tables import ShareRow
from tests.support.running import Harbour


async def pass_the_end(harbour: Harbour, conversation_id: str, *people: str, at: datetime | None = None) -> None:
    """Let shares of a conversation that have an end be over, a moment ago or since `at`.

    `people`: by whose ids alone; otherwise all of them.
    """
    its = (ShareRow.conversation_id == UUID(conversation_id)) & ShareRow.ends_at.is_not(None)
    if people:
        its &= ShareRow.user_id.in_([UUID(one) for one in people])
    moment = at or datetime.now(UTC) - timedelta(seconds=1)
    async with harbour.built.parts.database.write() as tx:
        done = await tx.execute(update(ShareRow).where(its).values(ends_at=moment))
    assert done.rowcount > 0, "nothing was shared until a moment"
