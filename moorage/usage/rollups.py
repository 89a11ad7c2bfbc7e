"""Sums per day, written in the transaction that settles a call; figures are read from them and never added up anew.

Asking for a model list writes nothing and costs nothing: it is in the log, but it is no usage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.storage.soon import soon
from moorage.usage.tables import ByomDayRow, StandardDayRow

EventKind = Literal["byom", "standard"]
UNCOUNTED_PURPOSES: Final = frozenset({"discovery"})

FAILED: Final = frozenset({"upstream_error", "timeout"})
_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What some calls come to. Tokens by the source of their counts, orphans with the estimates; times in ms."""

    calls: int = 0
    failed_calls: int = 0
    reported_calls: int = 0
    estimated_calls: int = 0
    missing_calls: int = 0
    reported_in: int = 0
    reported_out: int = 0
    estimated_in: int = 0
    estimated_out: int = 0
    ttft_calls: int = 0
    ttft_ms_sum: float = 0.0

    def __add__(self, other: "Figures") -> Self:
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in FIGURES))

    def __sub__(self, other: "Figures") -> Self:
        return type(self)(*(getattr(self, name) - getattr(other, name) for name in FIGURES))


FIGURES: Final = tuple(one.name for one in fields(Figures))


def figures_of(
    count_source: str, tokens_in: int | None, tokens_out: int | None, ended: str, ttft_ms: float | None
) -> Figures:
    """Give the figures of one call."""
    is_reported, is_missing = count_source == "reported", count_source == "missing"
    used_in, used_out = tokens_in or 0, tokens_out or 0
    return Figures(
        calls=1,
        failed_calls=int(ended in FAILED),
        reported_calls=int(is_reported),
        estimated_calls=int(not is_reported and not is_missing),
        missing_calls=int(is_missing),
        reported_in=used_in if is_reported else 0,
        reported_out=used_out if is_reported else 0,
        estimated_in=0 if is_reported else used_in,
        estimated_out=0 if is_reported else used_out,
        ttft_calls=int(ttft_ms is not None),
        ttft_ms_sum=ttft_ms or 0.0,
    )


def day_of(at: datetime) -> int:
    """Give the number of a moment's day in UTC: days since 1970."""
    return (at.astimezone(UTC).date() - _FIRST_DAY) // timedelta(days=1)


def date_of(day: int) -> date:
    """Give the date of a day's number."""
    return _FIRST_DAY + timedelta(days=day)


async def add_to_day(
    tx: AsyncConnection, kind: EventKind, event: Mapping[str, Any], at: datetime, figures: Figures
) -> None:
    """Add to the day on which a call was settled. `event`: whose it was, of what model, and for what."""
    if event["purpose"] in UNCOUNTED_PURPOSES:
        return
    source = "connection_id" if kind == "byom" else "provider"
    key = {name: event[name] for name in ("team_id", "user_id", "model_id", source)}
    values = {**key, "day": day_of(at), **{name: getattr(figures, name) for name in FIGURES}}
    await soon(tx, _ADD[kind, tx.dialect.name], {f"add_{name}": value for name, value in values.items()})


async def hand_over_days(
    tx: AsyncConnection, kind: EventKind, whose: ColumnElement[bool], to: UUID, at_once: int
) -> int:
    """Give the sums that `whose` finds another id; gives how many that were, `at_once` at most.

    What meets on one day at one model is added up, so that nothing is counted twice and nothing gets lost.
    """
    row, source = _DAYS[kind]
    others = ("team_id", "day", "model_id", source)
    return await hand_over_sums(tx, row, others, _ADD[kind, tx.dialect.name], whose, to, at_once)


async def hand_over_sums(
    tx: AsyncConnection,
    table: Any,
    others: Sequence[str],
    add: Executable,
    whose: ColumnElement[bool],
    to: UUID,
    at_once: int,
) -> int:
    """As `hand_over_days`, of any sums by person. `others`: what their key holds besides; `add`: as `adding` gives."""
    key = [getattr(table, name) for name in (*others, "user_id")]
    some = select(*key).where(whose, table.user_id != to).limit(at_once)
    # Taken away by the statement that reads: a call that settles meanwhile is either in it, or begins a new row.
    taken = delete(table).where(tuple_(*key).in_(some)).returning(*table.__table__.c)
    gone = (await tx.execute(taken)).mappings().all()
    sums: dict[tuple[Any, ...], Figures] = {}
    for one in gone:
        of = tuple(one[name] for name in others)
        sums[of] = sums.get(of, Figures()) + Figures(**{name: one[name] for name in FIGURES})
    for of, figures in sorted(sums.items(), key=lambda item: str(item[0])):
        values = {**dict(zip(others, of, strict=True)), "user_id": to}
        values |= {name: getattr(figures, name) for name in FIGURES}
        await tx.execute(add, {f"add_{name}": value for name, value in values.items()})
    return len(gone)


def adding(dialect: str, table: Any, key: Sequence[str]) -> Executable:
    """Make a statement that adds figures to the row with a key, or begins it; its parameters are named `add_…`."""
    insert = _INSERTS[dialect]
    # Inline: nothing of it is read, and what gives something can't be put off.
    added = insert(table).values({name: bindparam(f"add_{name}") for name in (*key, *FIGURES)}).inline()
    more = {name: getattr(table, name) + bindparam(f"add_{name}") for name in FIGURES}
    statement: Executable = added.on_conflict_do_update(index_elements=list(key), set_=more)
    return statement


_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_DAYS: Final[Mapping[EventKind, tuple[Any, str]]] = {
    "byom": (ByomDayRow, "connection_id"),
    "standard": (StandardDayRow, "provider"),
}
# On the path of every message: building a statement costs more than executing it.
_ADD: Final = {
    (kind, dialect): adding(dialect, row, ("team_id", "day", "model_id", "user_id", source))
    for dialect in _INSERTS
    for kind, (row, source) in _DAYS.items()
}
