"""Decide: one transaction in which a message is stored, the gate asked, the model chosen and the call announced.

When it commits, nothing that the person typed can be lost any more, and nothing has been sent yet.
"""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.announcing import Announcer, question_of, require_parent, require_settled, task_of
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import Asked, AskedAgain, Decision
from moorage.chat.history import History, hold_history
from moorage.chat.tables import ReplyRow
from moorage.connections.audience import Asker
from moorage.connections.picker import Picker
from moorage.errors import Conflict, Invalid


class Decider:
    """Decides about one model."""

    def __init__(self, picker: Picker, announcer: Announcer) -> None:
        self._picker = picker
        self._announcer = announcer

    async def ask(self, tx: AsyncConnection, asked: Asked) -> Decision:
        """Store a question and announce its reply; the same `client_id` again gives the same exchange.

        The seal is judged where the model is chosen: no way around it leads to a `ChosenModel` (P19).
        Raises NotFound (conversation, parent, attachment), Conflict: reply_running, comparison_undecided,
        Invalid("too_many_attachments"), and what `Picker.choose` raises.
        """
        known = await hold_history(tx, asked)
        if asked.client_id in known.messages:
            return await _repeat(tx, asked, known)
        require_parent(known, asked.parent_id)
        await require_settled(tx, asked.parent_id)
        chosen = await self._picker.choose(tx, Asker(asked.team_id, asked.user_id), asked.model_ref, known.seal)
        task, title = await self._announcer.store_question(tx, asked, known)
        [decision] = await self._announcer.announce(tx, asked, [chosen], task, known)
        await self._announcer.touch(tx, known, [chosen], title, decision.answer.id)
        return decision

    async def ask_again(self, tx: AsyncConnection, asked: AskedAgain) -> Decision:
        """Announce another answer to a question that is there, or one that goes on where an answer stopped.

        Raises NotFound (conversation, message); Conflict: reply_running, comparison_undecided; Invalid: model_needed,
        and nothing_to_continue for a message that no answer with words is, and for one too long to be sent back.
        """
        known = await hold_history(tx, asked)
        question, before, model_ref = question_of(known, asked.message_id), None, asked.model_ref
        if question.id != asked.message_id:
            before = known.messages[asked.message_id]
            await require_settled(tx, before.id)
            model_ref = model_ref or await _model_of(tx, before.id)
        if not model_ref:
            raise Invalid("model_needed", field="model_ref")
        task = task_of(known, question, before, goes_on=asked.goes_on)
        chosen = await self._picker.choose(tx, Asker(asked.team_id, asked.user_id), model_ref, known.seal)
        [decision] = await self._announcer.announce(tx, asked, [chosen], task, known)
        await self._announcer.touch(tx, known, [chosen], known.title, decision.answer.id)
        return decision


async def _model_of(tx: AsyncConnection, message_id: UUID) -> str | None:
    return await tx.scalar(select(ReplyRow.model_ref).where(ReplyRow.message_id == message_id))


async def _repeat(tx: AsyncConnection, asked: Asked, known: History) -> Decision:
    store = ConversationStore(tx, asked.team_id, asked.user_id)
    messages = (await store.get(asked.conversation_id)).messages
    question = next(message for message in messages if message.id == asked.client_id)
    answer = next((message for message in messages if message.parent_id == question.id), None)
    before = known.messages[asked.client_id]
    same = before.text == asked.text and tuple(one.id for one in before.attachments) == asked.attachments
    if answer is None or not same:
        raise Conflict("message_id_used")
    return Decision(asked.team_id, asked.conversation_id, question, answer, None, [], 0, asked.user_id)
