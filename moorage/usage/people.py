"""What each person of a team used, from the sums of each day: for whoever may see the whole team's usage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.usage.day_rows import DAY_TABLES, Scope, days_within, hidden_parts
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
    table = DAY_TABLES[kind]
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
    rows = await tx.execute(
        select(table.user_id, *sums).where(*days_within(kind, scope, first, last)).group_by(table.user_id)
    )
    found: dict[UUID, Sequence[int]] = {row[0]: [int(one) for one in row[1:]] for row in rows}
    for part in await hidden_parts(tx, kind, scope, first, last):
        before = found.get(part.user_id, _NOTHING)
        found[part.user_id] = [a - b for a, b in zip(before, _columns(part.figures), strict=True)]
    people = [_person(user_id, sums) for user_id, sums in found.items() if sums[0]]
    people.sort(key=lambda one: (-one.tokens.tokens_in - one.tokens.tokens_out, -one.calls, str(one.user_id)))
    return PeopleReport(people[:most], max(0, len(people) - most))


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
