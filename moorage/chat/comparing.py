"""Comparing: one question to several models, decided in one transaction: all of them are asked, or nothing is stored.

Each answer is announced as if it had been asked for alone, so what holds for one reply (gate, ledger, key uses) holds
for each. In a blind comparison chance decides their order, and nothing that is shown of them tells of another.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import SystemRandom
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.announcing import Announcer, require_parent, require_settled, task_of
from moorage.chat.blind import LETTERS, Veil, veiled_message
from moorage.chat.comparison_tables import ComparisonAnswerRow, ComparisonRow, VerdictRow
from moorage.chat.conversations import ConversationStore
from moorage.chat.facts import Asked, AskedSeveral, Compared, ComparisonFacts
from moorage.chat.history import History, hold_history
from moorage.chat.tables import ReplyRow
from moorage.connections.audience import Asker
from moorage.connections.chosen import ChosenModel
from moorage.connections.lookup import as_stored
from moorage.connections.picker import Picker
from moorage.connections.zones import Seal
from moorage.errors import AccessRefused, Conflict, Invalid, ModelRefused, MoorageError, NotFound, SealRefused
from moorage.storage.types import db_now

FEWEST: Final = 2
MOST: Final = len(LETTERS)

Shuffle = Callable[[list[ChosenModel]], None]


class Comparer:
    """Decides about several models. `shuffle` orders blind ones."""

    def __init__(self, picker: Picker, announcer: Announcer, shuffle: Shuffle | None = None) -> None:
        self._picker = picker
        self._announcer = announcer
        self._shuffle = shuffle or SystemRandom().shuffle

    async def compare(self, tx: AsyncConnection, wish: AskedSeveral) -> Compared:
        """Ask several models; the same `id` again gives the same comparison.

        Raises what `ask` raises, of a model with the field `model_refs.<place>`; Invalid: comparison_count,
        comparison_same_model; NotFound("message_gone") for a stored message that is no question.
        """
        asked = wish.asked
        known = await hold_history(tx, asked)
        if wish.is_blind:
            # Its title would be one model's, with a receipt that names it.
            known = replace(known, wants_title=False)
        if await tx.scalar(select(ComparisonRow.id).where(_is(wish.id, asked.conversation_id))) is not None:
            return await self._repeat_comparison(tx, wish)
        await self._require_askable(tx, wish, known)
        _require_several(wish.model_refs)
        asker = Asker(asked.team_id, asked.user_id)
        chosen = [await self._choose_at(tx, asker, place, ref, known.seal) for place, ref in enumerate(wish.model_refs)]
        if len({one.target_ref for one in chosen}) < len(chosen):
            # A name of the team's own beside the model it stands for.
            raise Invalid("comparison_same_model", field="model_refs")
        if wish.is_blind:
            self._shuffle(chosen)
        if isinstance(asked, Asked):
            task, title = await self._announcer.store_question(tx, asked, known)
        else:
            task, title = task_of(known, known.messages[asked.message_id], None, goes_on=False), known.title
        # In the order in which they are shown: ids and times tell the order of making.
        begun = await self._announcer.announce(tx, asked, chosen, task, known)
        answers = [decision.answer for decision in begun]
        comparison = ComparisonFacts(wish.id, task.question.id, [one.id for one in answers], wish.is_blind)
        await self._store(tx, wish, comparison)
        await self._announcer.touch(tx, known, chosen, title, answers[0].id)
        if wish.is_blind:
            veils = [Veil(letter, is_drawn=True) for letter in LETTERS]
            answers = [veiled_message(one, veil) for one, veil in zip(answers, veils, strict=False)]
        return Compared(comparison, begun[0].question, answers, begun)

    async def _require_askable(self, tx: AsyncConnection, wish: AskedSeveral, known: History) -> None:
        asked = wish.asked
        if await tx.scalar(select(VerdictRow.id).where(VerdictRow.id == wish.id)) is not None:
            # Its verdict outlived its conversation: a second one of that id could never be judged.
            raise Conflict("message_id_used")
        if isinstance(asked, Asked):
            if asked.client_id in known.messages:
                raise Conflict("message_id_used")
            require_parent(known, asked.parent_id)
            await require_settled(tx, asked.parent_id)
        elif asked.message_id not in known.messages or known.messages[asked.message_id].role != "user":
            raise NotFound("message_gone")

    async def _choose_at(self, tx: AsyncConnection, asker: Asker, place: int, ref: str, seal: Seal) -> ChosenModel:
        try:
            return await self._picker.choose(tx, asker, ref, seal)
        except AccessRefused:
            raise
        except (ModelRefused, SealRefused) as error:
            raise error.at(f"model_refs.{place}") from error
        except MoorageError as error:
            raise type(error)(error.code, field=f"model_refs.{place}", **error.params) from error

    async def _store(self, tx: AsyncConnection, wish: AskedSeveral, comparison: ComparisonFacts) -> None:
        values = {
            "id": comparison.id,
            "team_id": wish.asked.team_id,
            "conversation_id": wish.asked.conversation_id,
            "question_id": comparison.question_id,
            "user_id": wish.asked.user_id,
            "is_blind": comparison.is_blind,
            "created_at": db_now(),
        }
        await tx.execute(insert(ComparisonRow).values(values))
        rows = [
            {"comparison_id": comparison.id, "place": place, "message_id": message_id}
            for place, message_id in enumerate(comparison.answer_ids)
        ]
        await tx.execute(insert(ComparisonAnswerRow), rows)

    async def _repeat_comparison(self, tx: AsyncConnection, wish: AskedSeveral) -> Compared:
        asked = wish.asked
        facts = await ConversationStore(tx, asked.team_id, asked.user_id).get(asked.conversation_id)
        comparison = next(one for one in facts.comparisons if one.id == wish.id)
        messages = {message.id: message for message in facts.messages}
        question = messages[comparison.question_id]
        if isinstance(asked, Asked):
            files = tuple(one.id for one in question.attachments)
            is_same = (question.text, files) == (asked.text, asked.attachments)
        else:
            is_same = question.id == asked.message_id
        refs = await tx.scalars(select(ReplyRow.model_ref).where(ReplyRow.message_id.in_(comparison.answer_ids)))
        if (
            not is_same
            or sorted(refs) != sorted(map(as_stored, wish.model_refs))
            or comparison.is_blind != wish.is_blind
        ):
            raise Conflict("message_id_used")
        return Compared(comparison, question, [messages[one] for one in comparison.answer_ids], [])


def _require_several(refs: Sequence[str]) -> None:
    if not FEWEST <= len(refs) <= MOST:
        raise Invalid("comparison_count", field="model_refs", least=FEWEST, most=MOST)
    if len(set(refs)) < len(refs):
        raise Invalid("comparison_same_model", field="model_refs")


def _is(comparison_id: UUID, conversation_id: UUID) -> ColumnElement[bool]:
    return (ComparisonRow.id == comparison_id) & (ComparisonRow.conversation_id == conversation_id)
