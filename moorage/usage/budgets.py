"""Budgets are held exactly (P15): what a call may cost is held where it is decided, by one conditional update.

One row per team and month says how much is settled and how much is held for calls under way; the two together never
pass the limit, however many ask at once and on however many processes. What is held is the prompt and the most that the
answer may have, so the call is sent with that limit. Only a provider that doesn't keep to it, or that counts words
otherwise, can take more, and then the event says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.accounts.tables import TeamRow
from moorage.errors import BudgetSpent, TooMany
from moorage.plans.catalogue import LEAST_ANSWER_TOKENS, Terms, plans_of
from moorage.storage.types import UtcTime, db_month, db_now
from moorage.usage.tables import BudgetPeriodRow

# What answers under way hold comes back when they end; few take longer.
RETRY_HELD_S: Final = 15


@dataclass(frozen=True, slots=True)
class Wish:
    """What one call may take, in tokens: its prompt, and the most that it may be answered with."""

    tokens_in: int
    tokens_out: int

    @property
    def least_out(self) -> int:
        """What it makes sense to ask for, at the least."""
        return min(self.tokens_out, LEAST_ANSWER_TOKENS)


@dataclass(frozen=True, slots=True)
class Grant:
    """What is held for one call. `max_tokens` goes to the provider; `is_shortened`: it is less than was wished for."""

    period_start: datetime
    held_tokens: int
    max_tokens: int
    is_shortened: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """How a team's budget of one month stands, in tokens. Days are in UTC."""

    terms: Terms
    limit: int
    reserved: int
    settled: int
    period_start: datetime

    @property
    def resets_on(self) -> date:
        """The day on which the next one begins."""
        return resets_on(self.period_start)

    @property
    def left(self) -> int:
        """What may still be begun."""
        return max(0, self.limit - self.reserved - self.settled)

    @property
    def is_spent(self) -> bool:
        """Whether nothing can be asked any more in this period, whatever is under way comes to."""
        return self.limit - self.settled < LEAST_ANSWER_TOKENS


class Budgets:
    """Holds and settles. `month` is the beginning of the period that it is now; the database says so."""

    def __init__(self, month: ColumnElement[datetime] | None = None) -> None:
        self._month: ColumnElement[datetime] = db_month() if month is None else month
        row = BudgetPeriodRow
        self._hold = (
            update(row)
            .where(
                row.team_id == bindparam("of_team"),
                row.period_start == self._month,
                row.settled + row.reserved + bindparam("wanted") <= row.limit_tokens,
            )
            .values(reserved=row.reserved + bindparam("wanted"))
            .returning(row.period_start)
        )
        now = select(type_coerce(self._month, UtcTime).label("month")).subquery()
        self._read = (
            select(now.c.month, TeamRow.plan, row.limit_tokens, row.reserved, row.settled)
            .select_from(now)
            .outerjoin(TeamRow, TeamRow.id == bindparam("of_team"))
            .outerjoin(row, (row.team_id == TeamRow.id) & (row.period_start == now.c.month))
        )

    async def hold(self, tx: AsyncConnection, team_id: UUID, wishes: Sequence[Wish]) -> Sequence[Grant]:
        """Hold what these calls may take: for all of them, or for none.

        Where little is left, answers are shortened alike, down to LEAST_ANSWER_TOKENS each. Raises
        BudgetSpent("budget_spent"); TooMany("budget_held") if what answers under way hold would be enough.
        """
        wanted = sum(wish.tokens_in + wish.tokens_out for wish in wishes)
        period_start = await tx.scalar(self._hold, {"of_team": team_id, "wanted": wanted})
        if period_start is not None:
            return [_grant(period_start, wish, wish.tokens_out) for wish in wishes]
        return await self._hold_what_is_left(tx, team_id, wishes)

    async def _hold_what_is_left(self, tx: AsyncConnection, team_id: UUID, wishes: Sequence[Wish]) -> Sequence[Grant]:
        period_start = await self._now(tx)
        row = await self._lock(tx, team_id, period_start)
        answers = _share(row.limit_tokens - row.settled - row.reserved, wishes)
        if answers is None:
            raise _refusal(period_start, row.limit_tokens - row.settled, row.reserved, wishes)
        grants = [_grant(period_start, wish, tokens) for wish, tokens in zip(wishes, answers, strict=True)]
        held = sum(grant.held_tokens for grant in grants)
        await tx.execute(_ADD_HELD, {"of_team": team_id, "of_period": period_start, "held": held})
        return grants

    async def _lock(self, tx: AsyncConnection, team_id: UUID, period_start: datetime) -> Any:
        row = (await tx.execute(_LOCK, {"of_team": team_id, "of_period": period_start})).one_or_none()
        if row is not None:
            return row
        # Shared with whoever announces, not with whoever changes the plan: one of the two comes first.
        plan = await tx.scalar(select(TeamRow.plan).where(TeamRow.id == team_id).with_for_update(read=True))
        begin = _BEGIN_POSTGRESQL if tx.dialect.name == "postgresql" else _BEGIN_SQLITE
        limit = plans_of(tx).of(plan or "").tokens_per_month
        await tx.execute(begin, {"of_team": team_id, "of_period": period_start, "limit": limit})
        return (await tx.execute(_LOCK, {"of_team": team_id, "of_period": period_start})).one()

    async def _now(self, tx: AsyncConnection) -> datetime:
        found: datetime = (await tx.execute(select(type_coerce(self._month, UtcTime)))).scalar_one()
        return found

    async def settle(self, tx: AsyncConnection, team_id: UUID, period_start: datetime, held: int, charged: int) -> None:
        """Move what was held for a call to what it took."""
        values = {"of_team": team_id, "of_period": period_start, "held": held, "charged": charged}
        await tx.execute(_SETTLE, values)

    async def read(self, tx: AsyncConnection, team_id: UUID) -> Budget:
        """Give the budget of this month; one that nothing was taken of yet is as the plan says."""
        row = (await tx.execute(self._read, {"of_team": team_id})).one()
        terms = plans_of(tx).of(row.plan or "")
        limit = terms.tokens_per_month if row.limit_tokens is None else row.limit_tokens
        return Budget(terms, limit, row.reserved or 0, row.settled or 0, row.month)

    async def follow_plan(self, tx: AsyncConnection, team_id: UUID, plan: str) -> None:
        """Let the limit of this month, if the month has begun for the team, be that of another plan at once."""
        await self._set_limit(tx, BudgetPeriodRow.team_id == team_id, plans_of(tx).of(plan).tokens_per_month)

    async def follow_plans(self, tx: AsyncConnection) -> None:
        """Let the limits of this month be those of the plans as they are now: the file may have been changed."""
        row, limits = BudgetPeriodRow, [(_on_plan(one.plan), one.tokens_per_month) for one in plans_of(tx).all()]
        others = or_(*(self._others(whose, limit) for whose, limit in limits))
        # Whatever their plans, in the order in which the works of a group hold them.
        await tx.execute(select(row.team_id).where(others).order_by(row.team_id).with_for_update(key_share=True))
        for whose, limit in limits:
            await self._set_limit(tx, whose, limit)

    async def _set_limit(self, tx: AsyncConnection, whose: ColumnElement[bool], limit: int) -> None:
        others = self._others(whose, limit)
        await tx.execute(update(BudgetPeriodRow).where(others).values(limit_tokens=limit, spent_told_at=None))

    def _others(self, whose: ColumnElement[bool], limit: int) -> ColumnElement[bool]:
        now = BudgetPeriodRow.period_start == self._month
        return whose & now & (BudgetPeriodRow.limit_tokens != limit)

    async def is_news(self, tx: AsyncConnection, team_id: UUID) -> bool:
        """Whether the trail has not been told yet that this month's budget is spent; from now on it has."""
        period_start = await self._now(tx)
        row = await self._lock(tx, team_id, period_start)
        if row.spent_told_at is not None:
            return False
        await tx.execute(_TELL, {"of_team": team_id, "of_period": period_start})
        return True


def _on_plan(plan: str) -> ColumnElement[bool]:
    return BudgetPeriodRow.team_id.in_(select(TeamRow.id).where(TeamRow.plan == plan))


def resets_on(period_start: datetime) -> date:
    """Give the day on which the next month begins."""
    month = period_start.year * 12 + period_start.month
    return date(month // 12, month % 12 + 1, 1)


def _share(left: int, wishes: Sequence[Wish]) -> list[int] | None:
    """Give how long each answer may be, all alike as far as they want it; None where it is not enough for all."""
    left -= sum(wish.tokens_in for wish in wishes)
    if left < sum(wish.least_out for wish in wishes):
        return None
    answers = [wish.least_out for wish in wishes]
    left -= sum(answers)
    # From the least wish up: what one doesn't need is for the others.
    order = sorted(range(len(wishes)), key=lambda place: wishes[place].tokens_out)
    for number, place in enumerate(order):
        more = min(wishes[place].tokens_out - answers[place], left // (len(order) - number))
        answers[place] += more
        left -= more
    return answers


def _grant(period_start: datetime, wish: Wish, tokens_out: int) -> Grant:
    return Grant(period_start, wish.tokens_in + tokens_out, tokens_out, tokens_out < wish.tokens_out)


def _refusal(period_start: datetime, unsettled: int, reserved: int, wishes: Sequence[Wish]) -> BudgetSpent | TooMany:
    if _share(unsettled, wishes) is not None:
        return TooMany("budget_held", retry_after_s=RETRY_HELD_S)
    left = max(0, unsettled - reserved)
    return BudgetSpent("budget_spent", left=left, resets_on=resets_on(period_start).isoformat())


_THIS = (BudgetPeriodRow.team_id == bindparam("of_team")) & (BudgetPeriodRow.period_start == bindparam("of_period"))
_LOCK: Final = (
    select(
        BudgetPeriodRow.limit_tokens, BudgetPeriodRow.reserved, BudgetPeriodRow.settled, BudgetPeriodRow.spent_told_at
    )
    .where(_THIS)
    .with_for_update(key_share=True)
)
_ADD_HELD: Final = update(BudgetPeriodRow).where(_THIS).values(reserved=BudgetPeriodRow.reserved + bindparam("held"))
_SETTLE: Final = (
    update(BudgetPeriodRow)
    .where(_THIS)
    .values(
        reserved=BudgetPeriodRow.reserved - bindparam("held"), settled=BudgetPeriodRow.settled + bindparam("charged")
    )
)
_TELL: Final = update(BudgetPeriodRow).where(_THIS).values(spent_told_at=db_now())
_FIRST: Final = {
    "team_id": bindparam("of_team"),
    "period_start": bindparam("of_period"),
    "limit_tokens": bindparam("limit"),
    "reserved": 0,
    "settled": 0,
}
_BEGIN_SQLITE: Final = sqlite.insert(BudgetPeriodRow).values(_FIRST).on_conflict_do_nothing()
_BEGIN_POSTGRESQL: Final = postgresql.insert(BudgetPeriodRow).values(_FIRST).on_conflict_do_nothing()
