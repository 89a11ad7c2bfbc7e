"""What a model would not be sent, told before anything is: by the plan that decides it when it is. Sends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.announcing import Task, question_of, require_settled, task_of
from moorage.chat.attachments import AttachmentStore
from moorage.chat.blind import is_veiled
from moorage.chat.context import HistoryMessage, Target, branch_to, plan
from moorage.chat.facts import AttachmentFacts, Withheld
from moorage.chat.history import History, read_history
from moorage.connections.audience import Asker
from moorage.connections.picker import Picker
from moorage.errors import Conflict, Invalid, NotFound
from moorage.storage.types import new_id

# A letter that takes one byte, as our estimate counts: the words of a draft need not travel to be counted.
_LETTER = "x"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody is writing: where, to which model, how long (UTF-8), and with which attachments.

    Without `conversation_id` it begins one. With `again_id` nothing is written: that stored question is answered again,
    or the one that a stored answer answers; `goes_on`: its answer is continued.
    """

    conversation_id: UUID | None
    parent_id: UUID | None
    model_ref: str
    text_bytes: int
    attachments: Sequence[UUID]
    again_id: UUID | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be withheld; the estimate of what would be sent, and the window, in tokens (None: not known)."""

    withheld: Withheld
    tokens: int
    window: int | None


async def foresee(tx: AsyncConnection, picker: Picker, team_id: UUID, user_id: UUID, draft: Draft) -> Foreseen:
    """Plan a message, or another answer, without storing it.

    Raises NotFound; Invalid: model_unknown, nothing_to_continue; Conflict: comparison_undecided, and reply_running for
    an answer that is asked for again.
    """
    lines = await picker.lines(tx, Asker(team_id, user_id))
    line = next((line for line in lines if line.ref == draft.model_ref), None)
    if line is None:
        raise Invalid("model_unknown", field="model_ref")
    known = None
    if draft.conversation_id is not None:
        known = await read_history(tx, team_id, user_id, draft.conversation_id)
    target = Target(frozenset(line.inputs), line.context_length)
    if draft.again_id is not None:
        task = await _again(tx, known, draft.again_id, goes_on=draft.goes_on)
        sending = plan(task.branch, target, goes_on=task.continues_id is not None)
    else:
        files = await AttachmentStore(tx, team_id, user_id).find(draft.attachments, draft.conversation_id)
        sending = plan(await _written(tx, known, draft, files), target)
    return Foreseen(sending.withheld, sending.tokens, line.context_length)


async def _again(tx: AsyncConnection, known: History | None, message_id: UUID, *, goes_on: bool) -> Task:
    if known is None:
        raise NotFound("message_gone")
    question = question_of(known, message_id)
    if question.id == message_id:
        return task_of(known, question, None, goes_on=goes_on)
    await require_settled(tx, message_id)
    return task_of(known, question, known.messages[message_id], goes_on=goes_on)


async def _written(
    tx: AsyncConnection, known: History | None, draft: Draft, files: Sequence[AttachmentFacts]
) -> list[HistoryMessage]:
    messages = {} if known is None else known.messages
    if draft.parent_id is not None and draft.parent_id not in messages:
        raise NotFound("message_gone")
    if draft.parent_id is not None and await is_veiled(tx, draft.parent_id):
        # How long a hidden answer is by now would tell how fast its model writes.
        raise Conflict("comparison_undecided")
    question = HistoryMessage(new_id(), draft.parent_id, "user", _LETTER * max(1, draft.text_bytes), tuple(files))
    return [*branch_to(messages, draft.parent_id), question]
