"""Stores what a person asked and announces the replies to it, inside the transaction that decides.

Whoever decides has read the conversation and chosen the model first: a reply is announced for a `ChosenModel` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.attachments import AttachmentLimits, AttachmentStore
from moorage.chat.blind import is_veiled
from moorage.chat.context import HistoryMessage, Sending, branch_to, plan, title_of
from moorage.chat.facts import Asked, AskedAgain, Decision, Kept, MessageFacts, ReplyFacts
from moorage.chat.history import History, target_of
from moorage.chat.leaving import leaving_after, let_leave_to
from moorage.chat.named import alias_of
from moorage.chat.plan_paces import PlanPaces
from moorage.chat.search_index import Place, index_message, index_title
from moorage.chat.tables import ConversationRow, MessageRow, ReplyRow
from moorage.connections.chosen import ChosenModel
from moorage.connections.zones import Seal, write_zones
from moorage.errors import Conflict, Invalid, NotFound
from moorage.plans.catalogue import plans_of
from moorage.storage.soon import soon
from moorage.storage.types import db_now, new_id
from moorage.usage.budgets import Grant
from moorage.usage.ledger import Call, Ledger

# Building a statement costs more than executing it: those of the hot path are built once.
_INSERT_MESSAGE: Final = insert(MessageRow).values(created_at=db_now())
_INSERT_REPLY: Final = insert(ReplyRow).values(created_at=db_now())
# What a question may have. Each answer that goes on holds those before it, so a server that never ends would fill the
# database faster than it talks.
MAX_CONTINUED_CHARS: Final = 400_000
_TOUCH: Final = (
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("conversation_id"))
    # What somebody writes in again is out of the archive.
    .values(
        title=bindparam("new_title"),
        head_id=bindparam("new_head_id"),
        leaving=bindparam("new_leaving"),
        updated_at=db_now(),
        archived_at=None,
    )
)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be answered: the stored question, the branch that is sent, and what the answer goes on from."""

    question: HistoryMessage
    asked_at: datetime
    branch: list[HistoryMessage]
    begun: str = ""
    continues_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """What goes to one model, and what is held for it."""

    reply_id: UUID
    sending: Sending
    grant: Grant | None


class Announcer:
    """Writes for one process: questions, the beginnings of answers, and what a conversation shows after them."""

    def __init__(self, ledger: Ledger, limits: AttachmentLimits, paces: PlanPaces | None = None) -> None:
        self._ledger = ledger
        self._limits = limits
        self._paces = paces or PlanPaces()

    async def store_question(self, tx: AsyncConnection, asked: Asked, known: History) -> tuple[Task, str]:
        """Store and index a new question with its files. Gives what is to be answered, and the conversation's title.

        Raises NotFound (attachment), Invalid("too_many_attachments").
        """
        branch = branch_to(known.messages, asked.parent_id)
        question = await store_words(tx, asked, self._limits)
        given = question.attachments
        place = Place(asked.team_id, asked.user_id, asked.conversation_id)
        title = known.title or title_of(asked.text) or title_of(given[0].name if given else "")
        if not known.title:
            await index_title(tx, place, title)
        return Task(question, datetime.now(UTC), [*branch, question]), title

    async def announce(
        self, tx: AsyncConnection, asked: Asked | AskedAgain, chosen: Sequence[ChosenModel], task: Task, known: History
    ) -> Sequence[Decision]:
        """Store an empty answer, its running reply and the reservation in the ledger for each model, or for none.

        Gives what generating needs. Raises TooMany("plan_pace_person"|"plan_pace_team"), and what the ledger raises.
        """
        sendings = [plan(task.branch, target_of(one), goes_on=task.continues_id is not None) for one in chosen]
        calls = [_call(new_id(), asked, one, sending.tokens) for one, sending in zip(chosen, sendings, strict=True)]
        self._paces.require(plans_of(tx), asked.user_id, chosen)
        grants = await self._ledger.announce_all(tx, calls)
        begun = [
            await self._announce(tx, asked, one, _Sent(call.call_id, sending, grant), task, known)
            for one, call, sending, grant in zip(chosen, calls, sendings, grants, strict=True)
        ]
        self._paces.count(plans_of(tx), asked.user_id, chosen)
        return begun

    async def _announce(
        self,
        tx: AsyncConnection,
        asked: Asked | AskedAgain,
        chosen: ChosenModel,
        sent: "_Sent",
        task: Task,
        known: History,
    ) -> Decision:
        question, sending, grant = task.question, sent.sending, sent.grant
        answer = HistoryMessage(new_id(), question.id, "assistant", task.begun)
        await _insert_message(tx, asked.conversation_id, answer, None)
        reply = _running(sent.reply_id, answer.id, chosen, task, known.seal, asked.user_id)
        reply = replace(reply, withheld=sending.withheld)
        await soon(tx, _INSERT_REPLY, _columns_of(reply, asked, chosen, self._ledger.owner))
        return Decision(
            team_id=asked.team_id,
            conversation_id=asked.conversation_id,
            question=MessageFacts(
                question.id,
                question.parent_id,
                "user",
                question.text,
                "",
                task.asked_at,
                None,
                attachments=question.attachments,
            ),
            answer=MessageFacts(answer.id, question.id, "assistant", task.begun, "", datetime.now(UTC), reply),
            chosen=chosen,
            turns=sending.turns,
            prompt_estimate=sending.tokens,
            owner_id=asked.user_id,
            begun=task.begun,
            wants_title=known.wants_title,
            pieces=sending.pieces,
            may_leave_to=let_leave_to(known.leaving, [chosen.zone], is_sealed=known.seal.zones is not None),
            max_tokens=None if grant is None else grant.max_tokens,
            is_shortened=grant is not None and grant.is_shortened,
        )

    async def touch(
        self, tx: AsyncConnection, known: History, chosen: Sequence[ChosenModel], title: str, head_id: UUID
    ) -> None:
        """Let a conversation show the branch that ends with `head_id`, and remember where its words have gone."""
        await soon(
            tx,
            _TOUCH,
            {
                "conversation_id": known.seal.conversation_id,
                "new_title": title,
                "new_head_id": head_id,
                "new_leaving": leaving_after(known.leaving, [one.zone for one in chosen]),
            },
        )


async def store_words(tx: AsyncConnection, asked: Asked | Kept, limits: AttachmentLimits) -> HistoryMessage:
    """Store and index a question's words with its files, and nothing else.

    Raises NotFound (attachment), Invalid("too_many_attachments").
    """
    question = HistoryMessage(asked.client_id, asked.parent_id, "user", asked.text)
    await _insert_message(tx, asked.conversation_id, question, asked.user_id)
    files = AttachmentStore(tx, asked.team_id, asked.user_id)
    given = await files.give(asked.attachments, asked.conversation_id, question.id, limits.per_message)
    place = Place(asked.team_id, asked.user_id, asked.conversation_id)
    await index_message(tx, place, question.id, question.text, is_new=True)
    return replace(question, attachments=given)


def question_of(known: History, message_id: UUID) -> HistoryMessage:
    """Give the question that a stored message is, or that it answers. Raises NotFound("message_gone")."""
    found = known.messages.get(message_id)
    if found is not None and found.role == "assistant":
        found = known.messages.get(found.parent_id) if found.parent_id else None
    if found is None or found.role != "user":
        raise NotFound("message_gone")
    return found


def task_of(known: History, question: HistoryMessage, before: HistoryMessage | None, *, goes_on: bool) -> Task:
    """Give the task of answering a stored question, or of going on with the answer `before`.

    Raises Invalid("nothing_to_continue").
    """
    branch, asked_at = branch_to(known.messages, question.id), known.created[question.id]
    if not goes_on:
        return Task(question, asked_at, branch)
    if before is None or not before.text.strip() or len(before.text) > MAX_CONTINUED_CHARS:
        raise Invalid("nothing_to_continue")
    return Task(question, asked_at, [*branch, before], before.text, before.id)


def require_parent(known: History, parent_id: UUID | None) -> None:
    """Raise NotFound("message_gone") for a parent that is not there, Conflict("question_unasked") for such a one."""
    if parent_id is None:
        return
    parent = known.messages.get(parent_id)
    if parent is None:
        raise NotFound("message_gone")
    if parent.role == "user" and all(one.parent_id != parent_id for one in known.messages.values()):
        # A model gets the whole branch: what somebody saved without asking would go along, and nobody said it may.
        raise Conflict("question_unasked")


async def require_settled(tx: AsyncConnection, message_id: UUID | None) -> None:
    """Raise Conflict("reply_running"|"comparison_undecided") for what nothing can follow yet."""
    if message_id is None:
        return
    # Asked first: which of the hidden answers is still being written would tell how fast its model is.
    if await is_veiled(tx, message_id):
        # Whatever follows an answer would have to say, or would show, which model wrote it.
        raise Conflict("comparison_undecided")
    state = await tx.scalar(select(ReplyRow.state).where(ReplyRow.message_id == message_id))
    if state == "running":
        raise Conflict("reply_running")


async def _insert_message(
    tx: AsyncConnection, conversation_id: UUID, message: HistoryMessage, author_id: UUID | None
) -> None:
    await soon(
        tx,
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


def _call(reply_id: UUID, asked: Asked | AskedAgain, chosen: ChosenModel, estimate: int) -> Call:
    return Call(
        call_id=reply_id,
        team_id=asked.team_id,
        user_id=asked.user_id,
        kind=chosen.kind,
        purpose="reply",
        connection_id=chosen.connection_id,
        provider=chosen.provider,
        model_id=chosen.model_id,
        tokens_in_estimate=estimate,
        tokens_out_most=chosen.answer_tokens,
    )


def _columns_of(reply: ReplyFacts, asked: Asked | AskedAgain, chosen: ChosenModel, owner: str) -> Mapping[str, object]:
    return {
        "id": reply.id,
        "team_id": asked.team_id,
        "conversation_id": asked.conversation_id,
        "message_id": reply.message_id,
        "state": reply.state,
        "model_ref": chosen.ref,
        "model_id": chosen.model_id,
        "model_name": chosen.model_name,
        "connection_id": chosen.connection_id,
        "connection_name": chosen.connection_name,
        "origin": chosen.origin,
        "zone": chosen.zone,
        "data_location": chosen.data_location,
        "sealed_to": reply.sealed_to,
        "asked_by": asked.user_id,
        "count_source": reply.count_source,
        "owner": owner,
        "continues_id": reply.continues_id,
        "withheld": reply.withheld.to_json(),
        **alias_of(chosen),
    }


def _running(
    reply_id: UUID, message_id: UUID, chosen: ChosenModel, task: Task, seal: Seal, asked_by: UUID
) -> ReplyFacts:
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
        continues_id=task.continues_id,
        zone=chosen.zone,
        data_location=chosen.data_location,
        sealed_to=write_zones(seal.zones),
        asked_by=asked_by,
        **alias_of(chosen),
    )
