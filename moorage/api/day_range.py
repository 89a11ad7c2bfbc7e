"""The days that a statistic is asked for: in UTC, both ends included, and never more than are read at once."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import Query

from moorage.api.schemas.base import Day
from moorage.errors import Invalid

MAX_DAYS: Final = 400

From = Annotated[Day | None, Query(alias="from")]
To = Annotated[Day | None, Query(alias="to")]


@dataclass(frozen=True, slots=True)
class Range:
    """Days in UTC, both included."""

    first: date
    last: date


def read_range(first: date | None, last: date | None, usual_days: int = 30) -> Range:
    """Give the range that is asked for, by default the last `usual_days`. Raises Invalid("range_invalid")."""
    last = last or datetime.now(UTC).date()
    first = first or last - timedelta(days=usual_days - 1)
    if first > last or (last - first).days >= MAX_DAYS:
        raise Invalid("range_invalid", field="from", days=MAX_DAYS)
    return Range(first, last)
