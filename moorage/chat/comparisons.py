"""What a person finds of a comparison: a verdict, once, when all answers are there; and the answer to go on from.

With the verdict the names are told, so it can't be changed afterwards. What the team counts of it is stored beside the
conversation, not in it: deleting the conversation takes no verdict back, and no verdict holds a word of it.
"""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.comparison_tables import ComparisonAnswerRow, ComparisonRow, VerdictModelRow, VerdictRow
from moorage.chat.facts import ComparisonFacts, ComparisonOutcome
from moorage.chat.tables import ConversationRow, ReplyRow
from moorage.errors import Conflict, Invalid, NotFound
from moorage.storage.types import db_now


async def comparisons_in(tx: AsyncConnection, conversation_id: UUID) -> list[ComparisonFacts]:
    """Give the comparisons of a conversation, oldest first. Whose it is, is asked elsewhere."""
    rows = await tx.execute(
        select(*ComparisonRow.__table__.c, ComparisonAnswerRow.message_id)
        .join(ComparisonAnswerRow, ComparisonAnswerRow.comparison_id == ComparisonRow.id)
        .where(ComparisonRow.conversation_id == conversation_id)
        .order_by(ComparisonRow.created_at, ComparisonRow.id, ComparisonAnswerRow.place)
    )
    by_id: dict[UUID, list[Row[*tuple[object, ...]]]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    return [
        ComparisonFacts(
            id=some[0].id,
            question_id=some[0].question_id,
            answer_ids=[row.message_id for row in some],
            is_blind=some[0].is_blind,
            outcome=cast("ComparisonOutcome | None", some[0].outcome),
            better_id=some[0].better_id,
            chosen_id=some[0].chosen_id,
        )
        for some in by_id.values()
    ]


class Comparisons:
    """The comparisons of one person in one team."""

    def __init__(self, tx: AsyncConnection, team_id: UUID, user_id: UUID) -> None:
        self._tx = tx
        self._team_id = team_id
        self._user_id = user_id

    async def judge(
        self, conversation_id: UUID, comparison_id: UUID, outcome: ComparisonOutcome, better_id: UUID | None
    ) -> None:
        """Store a verdict; the same again changes nothing. The answer that is better is where it goes on.

        Raises NotFound; Invalid("comparison_answer_needed") for a better one that is none of the answers; Conflict:
        comparison_running while one is being written, comparison_decided for another verdict.
        """
        comparison = await self._find(conversation_id, comparison_id)
        if better_id not in (comparison.answer_ids if outcome == "better" else (None,)):
            raise Invalid("comparison_answer_needed", field="message_id")
        if comparison.outcome is not None:
            self._require_same(comparison, outcome, better_id)
            return
        answers = await self._answers(comparison)
        if any(row.state == "running" for row in answers):
            raise Conflict("comparison_running")
        done = await self._tx.execute(
            update(ComparisonRow)
            .where(ComparisonRow.id == comparison_id, ComparisonRow.outcome.is_(None))
            .values(outcome=outcome, better_id=better_id, chosen_id=better_id, decided_at=db_now())
        )
        if done.rowcount == 0:
            self._require_same(await self._find(conversation_id, comparison_id), outcome, better_id)
            return
        if better_id is not None:
            # Who has gone on elsewhere meanwhile stays there.
            await self._show(conversation_id, better_id, only_from=comparison.answer_ids)
        await self._count(comparison, outcome, better_id, answers)

    async def go_on_from(self, conversation_id: UUID, comparison_id: UUID, message_id: UUID) -> None:
        """Let the conversation go on from one of the answers; the others stay beside it.

        Raises NotFound, Invalid("comparison_answer_needed"), Conflict("comparison_undecided") while models are hidden.
        """
        comparison = await self._find(conversation_id, comparison_id)
        if message_id not in comparison.answer_ids:
            raise Invalid("comparison_answer_needed", field="message_id")
        if comparison.is_blind and comparison.outcome is None:
            raise Conflict("comparison_undecided")
        await self._tx.execute(
            update(ComparisonRow).where(ComparisonRow.id == comparison_id).values(chosen_id=message_id)
        )
        await self._show(conversation_id, message_id)

    async def _find(self, conversation_id: UUID, comparison_id: UUID) -> ComparisonFacts:
        mine = select(ConversationRow.id).where(
            ConversationRow.id == conversation_id,
            ConversationRow.team_id == self._team_id,
            ConversationRow.owner_id == self._user_id,
        )
        if await self._tx.scalar(mine) is None:
            raise NotFound("conversation_gone")
        found = [one for one in await comparisons_in(self._tx, conversation_id) if one.id == comparison_id]
        if not found:
            raise NotFound("comparison_gone")
        return found[0]

    def _require_same(self, stored: ComparisonFacts, outcome: ComparisonOutcome, better_id: UUID | None) -> None:
        if (stored.outcome, stored.better_id) != (outcome, better_id):
            raise Conflict("comparison_decided")

    async def _answers(self, comparison: ComparisonFacts) -> Sequence[Row[*tuple[object, ...]]]:
        rows = await self._tx.execute(
            select(*ReplyRow.__table__.c)
            .join(ComparisonAnswerRow, ComparisonAnswerRow.message_id == ReplyRow.message_id)
            .where(ComparisonAnswerRow.comparison_id == comparison.id)
            .order_by(ComparisonAnswerRow.place)
        )
        return rows.all()

    async def _count(
        self,
        comparison: ComparisonFacts,
        outcome: ComparisonOutcome,
        better_id: UUID | None,
        answers: Sequence[Row[*tuple[object, ...]]],
    ) -> None:
        verdict = {
            "id": comparison.id,
            "team_id": self._team_id,
            "user_id": self._user_id,
            "is_blind": comparison.is_blind,
            "outcome": outcome,
            "at": db_now(),
        }
        await self._tx.execute(insert(VerdictRow).values(verdict))
        models = [
            {
                "verdict_id": comparison.id,
                "place": place,
                # A name of the team's own may stand for another model tomorrow.
                "model_ref": row.target_ref or row.model_ref,
                "model_id": row.model_id,
                "model_name": row.model_name,
                "connection_name": row.connection_name,
                "origin": row.origin,
                "is_better": row.message_id == better_id,
                "is_whole": row.state == "done",
            }
            for place, row in enumerate(answers)
        ]
        await self._tx.execute(insert(VerdictModelRow), models)

    async def _show(self, conversation_id: UUID, message_id: UUID, only_from: Sequence[UUID] | None = None) -> None:
        moved = update(ConversationRow).where(ConversationRow.id == conversation_id)
        if only_from is not None:
            moved = moved.where(ConversationRow.head_id.in_(only_from))
        await self._tx.execute(moved.values(head_id=message_id, updated_at=db_now()))
