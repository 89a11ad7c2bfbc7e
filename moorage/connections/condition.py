"""The state of a connection as people see it: word, cause, since when, last good; from one row, for list and picker."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row as ResultRow

from moorage.connections.tables import ConnectionRow
from moorage.connections.telling import cause_of, facts_of
from moorage.errors import Param


@dataclass(frozen=True, slots=True)
class Condition:
    """`cause` names a sentence that `facts` fill; None: there is nothing to explain."""

    health: str
    cause: str | None = None
    facts: Mapping[str, Param] = field(default_factory=dict)
    since: datetime | None = None
    last_good: datetime | None = None


# What `condition_of` reads of a connection's row.
CONDITION_COLUMNS = (
    ConnectionRow.health,
    ConnectionRow.health_code,
    ConnectionRow.health_facts,
    ConnectionRow.health_since,
    ConnectionRow.failing_since,
    ConnectionRow.good_at,
    ConnectionRow.slow_since,
    ConnectionRow.key_lost_at,
    ConnectionRow.key_expires_on,
)


def condition_of(row: ResultRow[Any], today: date | None = None) -> Condition:
    """Read a row that holds CONDITION_COLUMNS."""
    if row.key_lost_at is not None:
        return Condition("needs_key", None, {}, row.key_lost_at, row.good_at)
    if row.health == "healthy" and row.slow_since is not None:
        return Condition("slow", "slower_than_usual", {}, row.slow_since, row.good_at)
    today = today or datetime.now(UTC).date()
    cause = cause_of(row.health, row.health_code, row.key_expires_on, today)
    since = row.failing_since if row.health in {"refused", "unreachable"} else row.health_since
    return Condition(
        row.health,
        cause,
        facts_of(row.health_facts, row.key_expires_on) if cause else {},
        since or row.health_since,
        row.good_at,
    )
