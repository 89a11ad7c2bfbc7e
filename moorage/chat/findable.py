"""When an answer becomes findable: once it is over, and those of a blind comparison together, once the last of them is.

A search reads the newest entries and stops at a limit, so the order of entries decides what is cut. Were it the order
in which blind answers end, it would tell which model is fast; it is their place from the left, which chance decides.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from moorage.chat.comparison_tables import ComparisonAnswerRow, ComparisonRow
from moorage.chat.search_index import Place, index_message
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow

_OWN: Final = aliased(ComparisonAnswerRow)
_EACH: Final = aliased(ComparisonAnswerRow)
_BLIND: Final = (
    select(_EACH.message_id)
    .join(ComparisonRow, (ComparisonRow.id == _EACH.comparison_id) & ComparisonRow.is_blind)
    .join(_OWN, _OWN.comparison_id == ComparisonRow.id)
    .where(_OWN.message_id == bindparam("message_id"))
    .order_by(_EACH.place)
)
_HOLD: Final = (
    select(ConversationRow.id)
    .where(ConversationRow.id == bindparam("conversation_id"))
    .with_for_update(key_share=True, of=ConversationRow)
)
_WRITING: Final = select(ReplyRow.id).where(
    ReplyRow.message_id.in_(bindparam("message_ids", expanding=True)), ReplyRow.state == "running"
)
_TEXT: Final = select(MessageRow.text).where(MessageRow.id == bindparam("message_id"))


async def index_ended(tx: AsyncConnection, place: Place, message_id: UUID, written: str) -> None:
    """Make an answer findable that is over, if it may be; belongs in the transaction that stores its end."""
    together: Sequence[UUID] = (await tx.scalars(_BLIND, {"message_id": message_id})).all()
    if not together:
        await index_message(tx, place, message_id, written, is_new=False)
        return
    # Two that end in one moment would each take the other for unfinished, and nobody would index them.
    await tx.execute(_HOLD, {"conversation_id": place.conversation_id})
    others = [one for one in together if one != message_id]
    if (await tx.scalars(_WRITING, {"message_ids": others})).first() is not None:
        return
    for one in together:
        text = written if one == message_id else await tx.scalar(_TEXT, {"message_id": one})
        await index_message(tx, place, one, text or "", is_new=False)
