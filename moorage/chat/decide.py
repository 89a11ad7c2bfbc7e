"""Decide: one transaction in which a message is stored, the gate asked, the model chosen and the call announced.

When it commits, nothing that the person typed can be lost any more, and nothing has been sent yet.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.context import HistoryMessage, branch_to, title_of, turns_of
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import Asked, AskedAgain, Decision, MessageFacts, ReplyFacts
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow
from moorage.connections.chosen import ChosenModel
from moorage.connections.picker import Picker
from moorage.errors import Conflict, Invalid, NotFound
from moorage.storage.types import db_now, new_id
from moorage.usage.estimates import estimate_prompt_tokens
from moorage.usage.ledger import Call, Ledger

# Building a statement costs more than executing it: those of the hot path are built once.
_CONVERSATION: Final = select(ConversationRow.title).where(
    ConversationRow.id == bindparam("conversation_id"),
    ConversationRow.team_id == bindparam("team_id"),
    ConversationRow.owner_id == bindparam("owner_id"),
)
_MESSAGES: Final = select(
    MessageRow.id, MessageRow.parent_id, MessageRow.role, MessageRow.text, MessageRow.created_at
).where(MessageRow.conversation_id == bindparam("conversation_id"))
_INSERT_MESSAGE: Final = insert(MessageRow).values(created_at=db_now())
_INSERT_REPLY: Final = insert(ReplyRow).values(created_at=db_now())
_TOUCH: Final = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation_id"))
    .values(title=bindparam("new_title"), head_id=bindparam("new_head_id"), updated_at=db_now())
)


@dataclass(frozen=True, slots=True)
class _Known:
    """The conversation as this transaction sees it."""

    title: str
    messages: dict[UUID, HistoryMessage]
    created: dict[UUID, datetime]


class Decider:
    """Stores questions and announces replies."""

    def __init__(self, picker: Picker, ledger: Ledger) -> None:
        self._picker = picker
        self._ledger = ledger

    async def ask(self, tx: AsyncConnection, asked: Asked) -> Decision:
        """Store a question and announce its reply; the same `client_id` again gives the same exchange.

        Raises NotFound (conversation, parent), Conflict("reply_running"), and what `Picker.choose` raises.
        """
        known = await self._read(tx, asked.team_id, asked.user_id, asked.conversation_id)
        if asked.client_id in known.messages:
            return await self._repeat(tx, asked, known)
        self._require_parent(known, asked.parent_id)
        await self._require_settled(tx, asked.parent_id)
        chosen = await self._picker.choose(tx, asked.team_id, asked.model_ref)
        branch = branch_to(known.messages, asked.parent_id)
        question = HistoryMessage(asked.client_id, asked.parent_id, "user", asked.text)
        await self._insert_message(tx, asked.conversation_id, question, asked.user_id)
        title = known.title or title_of(asked.text)
        decision = await self._announce(tx, asked, chosen, [*branch, question], datetime.now(UTC))
        await self._touch(tx, asked.conversation_id, title, decision.answer.id)
        return decision

    async def ask_again(self, tx: AsyncConnection, asked: AskedAgain) -> Decision:
        """Announce another answer to a question that is there; `message_id` may be the question or an answer to it."""
        known = await self._read(tx, asked.team_id, asked.user_id, asked.conversation_id)
        message = known.messages.get(asked.message_id)
        if message is None:
            raise NotFound("message_gone")
        model_ref = asked.model_ref
        if message.role == "assistant":
            await self._require_settled(tx, message.id)
            model_ref = model_ref or await self._model_of(tx, message.id)
            message = known.messages.get(message.parent_id) if message.parent_id else None
        if message is None or message.role != "user":
            raise NotFound("message_gone")
        if not model_ref:
            raise Invalid("model_needed", field="model_ref")
        chosen = await self._picker.choose(tx, asked.team_id, model_ref)
        branch = branch_to(known.messages, message.id)
        decision = await self._announce(tx, asked, chosen, branch, known.created[message.id])
        await self._touch(tx, asked.conversation_id, known.title, decision.answer.id)
        return decision

    async def _read(self, tx: AsyncConnection, team_id: UUID, user_id: UUID, conversation_id: UUID) -> _Known:
        mine = {"conversation_id": conversation_id, "team_id": team_id, "owner_id": user_id}
        row = (await tx.execute(_CONVERSATION, mine)).one_or_none()
        if row is None:
            raise NotFound("conversation_gone")
        rows = (await tx.execute(_MESSAGES, {"conversation_id": conversation_id})).all()
        messages = {row[0]: HistoryMessage(row[0], row[1], _role(row[2]), row[3]) for row in rows}
        return _Known(row.title, messages, {row[0]: row[4] for row in rows})

    def _require_parent(self, known: _Known, parent_id: UUID | None) -> None:
        if parent_id is None:
            return
        parent = known.messages.get(parent_id)
        if parent is None:
            raise NotFound("message_gone")

    async def _require_settled(self, tx: AsyncConnection, message_id: UUID | None) -> None:
        if message_id is None:
            return
        state = await tx.scalar(select(ReplyRow.state).where(ReplyRow.message_id == message_id))
        if state == "running":
            raise Conflict("reply_running")

    async def _model_of(self, tx: AsyncConnection, message_id: UUID) -> str | None:
        return await tx.scalar(select(ReplyRow.model_ref).where(ReplyRow.message_id == message_id))

    async def _repeat(self, tx: AsyncConnection, asked: Asked, known: _Known) -> Decision:
        store = ConversationStore(tx, asked.team_id, asked.user_id)
        messages = (await store.get(asked.conversation_id)).messages
        question = next(message for message in messages if message.id == asked.client_id)
        answer = next((message for message in messages if message.parent_id == question.id), None)
        if answer is None or known.messages[asked.client_id].text != asked.text:
            raise Conflict("message_id_used")
        return Decision(asked.team_id, asked.conversation_id, question, answer, None, [], 0)

    async def _announce(
        self,
        tx: AsyncConnection,
        asked: Asked | AskedAgain,
        chosen: ChosenModel,
        branch: list[HistoryMessage],
        question_at: datetime,
    ) -> Decision:
        turns = turns_of(branch)
        estimate = estimate_prompt_tokens([turn.text for turn in turns])
        question = branch[-1]
        answer = HistoryMessage(new_id(), question.id, "assistant", "")
        reply_id = new_id()
        await self._insert_message(tx, asked.conversation_id, answer, None)
        reply = _running(reply_id, answer.id, chosen)
        await tx.execute(
            _INSERT_REPLY,
            {
                "id": reply_id,
                "team_id": asked.team_id,
                "conversation_id": asked.conversation_id,
                "message_id": answer.id,
                "state": "running",
                "model_ref": chosen.ref,
                "model_id": chosen.model_id,
                "model_name": chosen.model_name,
                "connection_id": chosen.connection_id,
                "connection_name": chosen.connection_name,
                "origin": chosen.origin,
                "count_source": "missing",
                "owner": self._ledger.owner,
            },
        )
        await self._ledger.announce(
            tx,
            Call(
                call_id=reply_id,
                team_id=asked.team_id,
                user_id=asked.user_id,
                kind=chosen.kind,
                purpose="reply",
                connection_id=chosen.connection_id,
                provider=chosen.provider,
                model_id=chosen.model_id,
                tokens_in_estimate=estimate,
            ),
        )
        return Decision(
            team_id=asked.team_id,
            conversation_id=asked.conversation_id,
            question=MessageFacts(question.id, question.parent_id, "user", question.text, "", question_at, None),
            answer=MessageFacts(answer.id, question.id, "assistant", "", "", datetime.now(UTC), reply),
            chosen=chosen,
            turns=turns,
            prompt_estimate=estimate,
        )

    async def _insert_message(
        self, tx: AsyncConnection, conversation_id: UUID, message: HistoryMessage, author_id: UUID | None
    ) -> None:
        await tx.execute(
            _INSERT_MESSAGE,
            {
                "id": message.id,
                "conversation_id": conversation_id,
                "parent_id": message.parent_id,
                "role": message.role,
                "text": message.text,
                "reasoning": "",
                "author_id": author_id,
            },
        )

    async def _touch(self, tx: AsyncConnection, conversation_id: UUID, title: str, head_id: UUID) -> None:
        await tx.execute(_TOUCH, {"conversation_id": conversation_id, "new_title": title, "new_head_id": head_id})


def _role(stored: str) -> Literal["user", "assistant"]:
    return "user" if stored == "user" else "assistant"


def _running(reply_id: UUID, message_id: UUID, chosen: ChosenModel) -> ReplyFacts:
    return ReplyFacts(
        id=reply_id,
        message_id=message_id,
        state="running",
        model_ref=chosen.ref,
        model_id=chosen.model_id,
        model_name=chosen.model_name,
        model_reported=None,
        connection_name=chosen.connection_name,
        origin=chosen.origin,
        tokens_in=None,
        tokens_out=None,
        count_source="missing",
        ttft_ms=None,
        duration_ms=None,
        finish_reason=None,
        problem_code=None,
        problem_params={},
    )
