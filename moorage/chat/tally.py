"""The team's tally: how often which model was found better than which, blind and open apart, and how sure that is.

Each verdict says something about pairs: the better one won against each other; a tie ties them all; of "none is good"
nobody gained. Between two that were both not chosen nothing is known. An answer that did not come to its end is left
out: what a dead server lost says nothing of its model. A model is its reference and its names as they were.
"""

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.chat.comparison_tables import VerdictModelRow, VerdictRow
from moorage.chat.facts import ComparisonOutcome

# Below so many verdicts that found one of two better, nothing is said. Even 8 to 0 comes by chance once in 128.
ENOUGH: Final = 10
# 95 %, two-sided.
_Z: Final = 1.959964

Finding = Literal["too_few", "no_difference", "first", "second"]


@dataclass(frozen=True, slots=True, order=True)
class JudgedModel:
    """A model as it was when it was judged. `origin` says who answers for it."""

    name: str
    connection_name: str
    model_id: str
    origin: str
    ref: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One model of one verdict."""

    model: JudgedModel
    is_better: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one person found of one comparison."""

    user_id: UUID
    is_blind: bool
    outcome: ComparisonOutcome
    models: Sequence[Judged]


@dataclass(slots=True)
class ModelCount:
    """In how many comparisons a model was better, another was, all were alike, none was good."""

    wins: int = 0
    losses: int = 0
    ties: int = 0
    nones: int = 0


@dataclass(slots=True)
class PairCount:
    """Two models that answered the same questions. `wins` are of the first, `losses` those of the second."""

    first: JudgedModel
    second: JudgedModel
    wins: int = 0
    losses: int = 0
    ties: int = 0
    nones: int = 0
    people: set[UUID] = field(default_factory=set)

    @property
    def interval(self) -> tuple[float, float]:
        """The share of wins among what was decided lies between these with 95 % (Wilson)."""
        return wilson(self.wins, self.wins + self.losses)

    @property
    def finding(self) -> Finding:
        """What may be said of it."""
        if self.wins + self.losses < ENOUGH:
            return "too_few"
        low, high = self.interval
        if low <= 0.5 <= high:  # noqa: PLR2004 - as good as each other
            return "no_difference"
        return "first" if low > 0.5 else "second"  # noqa: PLR2004 - as above


@dataclass(frozen=True, slots=True)
class Tally:
    """Verdicts of one kind, counted. `left_out` had fewer than two answers that came to their end."""

    verdicts: int
    left_out: int
    people: int
    models: Sequence[tuple[JudgedModel, ModelCount]]
    pairs: Sequence[PairCount]


def wilson(wins: int, decided: int) -> tuple[float, float]:
    """Give Wilson's interval of a share. Nothing decided: anything may be (E. B. Wilson, 1927)."""
    if decided == 0:
        return 0.0, 1.0
    share, z2 = wins / decided, _Z * _Z
    middle = (share + z2 / (2 * decided)) / (1 + z2 / decided)
    reach = _Z / (1 + z2 / decided) * math.sqrt(share * (1 - share) / decided + z2 / (4 * decided * decided))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def only(verdicts: Iterable[Verdict], refs: Container[str]) -> list[Verdict]:
    """Give verdicts as if no other models had taken part; without those of which fewer than two remain."""
    kept = [
        Verdict(one.user_id, one.is_blind, one.outcome, [judged for judged in one.models if judged.model.ref in refs])
        for one in verdicts
    ]
    return [one for one in kept if len(one.models) > 1]


def count(verdicts: Iterable[Verdict]) -> Tally:
    """Count verdicts, of whichever kind they are."""
    models: dict[JudgedModel, ModelCount] = {}
    pairs: dict[tuple[JudgedModel, JudgedModel], PairCount] = {}
    people: set[UUID] = set()
    counted = left_out = 0
    for verdict in verdicts:
        whole = sorted((one for one in verdict.models if one.is_whole), key=lambda one: one.model)
        is_said = verdict.outcome != "better" or any(one.is_better for one in whole)
        if len(whole) < 2 or not is_said:  # noqa: PLR2004 - one alone is not compared
            left_out += 1
            continue
        counted += 1
        people.add(verdict.user_id)
        for one in whole:
            _add_to_model(models.setdefault(one.model, ModelCount()), verdict.outcome, one)
        for first, second in combinations(whole, 2):
            if verdict.outcome == "better" and not (first.is_better or second.is_better):
                continue
            key = (first.model, second.model)
            pair = pairs.setdefault(key, PairCount(*key))
            pair.people.add(verdict.user_id)
            _add_to_pair(pair, verdict.outcome, first)
    by_size = sorted(pairs.values(), key=lambda pair: (-(pair.wins + pair.losses + pair.ties), pair.first, pair.second))
    return Tally(counted, left_out, len(people), sorted(models.items(), key=lambda item: item[0]), by_size)


def _add_to_model(counts: ModelCount, outcome: ComparisonOutcome, one: Judged) -> None:
    if outcome == "tie":
        counts.ties += 1
    elif outcome == "none":
        counts.nones += 1
    elif one.is_better:
        counts.wins += 1
    else:
        counts.losses += 1


def _add_to_pair(pair: PairCount, outcome: ComparisonOutcome, first: Judged) -> None:
    if outcome == "tie":
        pair.ties += 1
    elif outcome == "none":
        pair.nones += 1
    elif first.is_better:
        pair.wins += 1
    else:
        pair.losses += 1


async def read_verdicts(tx: AsyncConnection, team_id: UUID, first: date, last: date) -> list[Verdict]:
    """Read a team's verdicts of the days from `first` to `last` (UTC, inclusive)."""
    start = datetime.combine(first, time(), UTC)
    end = datetime.combine(last + timedelta(days=1), time(), UTC)
    rows = await tx.execute(
        select(VerdictRow.user_id, VerdictRow.is_blind, VerdictRow.outcome, *VerdictModelRow.__table__.c)
        .join(VerdictModelRow, VerdictModelRow.verdict_id == VerdictRow.id)
        .where(VerdictRow.team_id == team_id, VerdictRow.at >= start, VerdictRow.at < end)
    )
    heads: dict[UUID, tuple[UUID, bool, ComparisonOutcome]] = {}
    models: dict[UUID, list[Judged]] = {}
    for row in rows:
        heads[row.verdict_id] = (row.user_id, row.is_blind, row.outcome)
        model = JudgedModel(row.model_name, row.connection_name, row.model_id, row.origin, row.model_ref)
        models.setdefault(row.verdict_id, []).append(Judged(model, row.is_better, row.is_whole))
    return [Verdict(*head, models[verdict_id]) for verdict_id, head in heads.items()]
