"""What each person of a team used: for whoever may see the whole team's usage.

From their fortnights where these are closed, and from the sums of the days beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import add, sub
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.closed import FORTNIGHTS, Span, read_closed_until, split_fortnights
from moorage.usage.day_rows import DAY_TABLES, Scope, hidden_parts, numbers_of
from moorage.usage.rollups import EventKind, Figures
from moorage.usage.statistics import TokenSum

_NOTHING: Final = (0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PersonUsage:
    """Usage of one person, by the id that their rows bear: whoever was erased stands there under a pseudonym."""

    user_id: UUID
    calls: int
    failed_calls: int
    tokens: TokenSum


@dataclass(frozen=True, slots=True)
class PeopleReport:
    """Who used most comes first. `left_out`: how many more there are."""

    people: Sequence[PersonUsage]
    left_out: int


async def read_people(
    tx: AsyncConnection, kind: EventKind, scope: Scope, first: date, last: date, most: int
) -> PeopleReport:
    """Sum up the days from `first` to `last` (UTC, inclusive) for each person, and give the first `most` of them."""
    fortnights, days = split_fortnights(*numbers_of(first, last), await read_closed_until(tx))
    of_days, of_fortnights = DAY_TABLES[kind], FORTNIGHTS[kind]
    spans = [(of_days, of_days.day, span) for span in days]
    if fortnights is not None:
        spans.append((of_fortnights, of_fortnights.fortnight, fortnights))
    found: dict[UUID, Sequence[int]] = {}
    for table, number, span in spans:
        for user_id, *sums in await _sums(tx, table, number, span, scope):
            found[user_id] = list(map(add, found.get(user_id, _NOTHING), map(int, sums)))
    for part in await hidden_parts(tx, kind, scope, first, last):
        found[part.user_id] = list(map(sub, found.get(part.user_id, _NOTHING), _columns(part.figures)))
    people = [_person(user_id, sums) for user_id, sums in found.items() if sums[0]]
    people.sort(key=lambda one: (-one.tokens.tokens_in - one.tokens.tokens_out, -one.calls, str(one.user_id)))
    return PeopleReport(people[:most], max(0, len(people) - most))


async def _sums(tx: AsyncConnection, table: Any, number: Any, span: Span, scope: Scope) -> Sequence[Any]:
    # Few columns: the engine sorts whole rows to group them by person.
    sums = (
        func.sum(table.calls),
        func.sum(table.failed_calls),
        func.sum(table.reported_calls),
        func.sum(table.estimated_calls),
        func.sum(table.missing_calls),
        func.sum(table.reported_in + table.estimated_in),
        func.sum(table.reported_out + table.estimated_out),
    )
    within = [table.team_id == scope.team_id, number.between(*span)]
    if scope.user_id is not None:
        within.append(table.user_id == scope.user_id)
    return (await tx.execute(select(table.user_id, *sums).where(*within).group_by(table.user_id))).all()


def _columns(figures: Figures) -> Sequence[int]:
    return (
        figures.calls,
        figures.failed_calls,
        figures.reported_calls,
        figures.estimated_calls,
        figures.missing_calls,
        figures.reported_in + figures.estimated_in,
        figures.reported_out + figures.estimated_out,
    )


def _person(user_id: UUID, sums: Sequence[Any]) -> PersonUsage:
    calls, failed, reported, estimated, missing, tokens_in, tokens_out = sums
    return PersonUsage(user_id, calls, failed, TokenSum(tokens_in, tokens_out, reported, estimated, missing))
