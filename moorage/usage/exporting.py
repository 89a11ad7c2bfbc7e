"""Exports one log of usage: a line for each day, model and person, read in short transactions, one batch in memory.

What people named things never becomes a formula in a table. A figure that nobody counted is left empty: no zero is made
up (P16).
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from moorage.audit.formats import csv_line
from moorage.storage.database import Database
from moorage.usage.costs import Cost
from moorage.usage.day_rows import DayPart, Scope, read_batch
from moorage.usage.rollups import EventKind, date_of
from moorage.usage.statistics import TokenSum, mean_ttft_ms, token_sum

FormatName = Literal["csv", "ndjson"]
FORMAT: Final = "moorage-usage/1"
BATCH: Final = 1000
COLUMNS: Final = (
    "day", "source_id", "source", "model_id", "person_id", "person", "calls", "failed_calls", "reported_calls",
    "estimated_calls", "missing_calls", "reported_tokens_in", "reported_tokens_out", "estimated_tokens_in",
    "estimated_tokens_out", "mean_ttft_ms", "would_have_cost", "currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """One log, whose calls, and its days (UTC, both included)."""

    kind: EventKind
    scope: Scope
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Words:
    """What the ids stand for: a source's name, a person's ("" for no member now), and what use would have cost."""

    source: Callable[[str], str]
    person: Callable[[UUID], str]
    cost: Callable[[str, str, TokenSum], Cost | None]


async def stream(
    database: Database, wanted: Wanted, words: Words, name: FormatName, batch: int = BATCH
) -> AsyncGenerator[bytes, None]:
    """Give the file piece by piece. NDJSON begins with what it is about, and ends with how many lines there were."""
    if name == "csv":
        yield csv_line(COLUMNS).encode("ascii")
    else:
        yield _json({"type": "export", "format": FORMAT, "log": wanted.kind, **_days(wanted)})
    lines = 0
    async for parts in _batches(database, wanted, batch):
        rows = [_row(part, words) for part in parts]
        lines += len(rows)
        if name == "csv":
            yield "".join(csv_line(row[column] for column in COLUMNS) for row in rows).encode("utf-8", "replace")
        else:
            yield b"".join(_json({"type": "usage", **row}) for row in rows)
    if name == "ndjson":
        yield _json({"type": "end", "lines": lines})


async def _batches(database: Database, wanted: Wanted, batch: int) -> AsyncIterator[list[DayPart]]:
    after: DayPart | None = None
    while True:
        async with database.read() as tx:
            parts, after = await read_batch(tx, wanted.kind, wanted.scope, wanted.first, wanted.last, after, batch)
        if parts:
            yield list(parts)
        if after is None:
            return


def _row(part: DayPart, words: Words) -> dict[str, Any]:
    figures = part.figures
    is_counted = figures.reported_calls + figures.estimated_calls > 0
    cost = words.cost(part.source_id, part.model_id, token_sum(figures)) if is_counted else None
    ttft_ms = mean_ttft_ms(figures)
    return {
        "day": date_of(part.day).isoformat(),
        "source_id": part.source_id,
        "source": words.source(part.source_id),
        "model_id": part.model_id,
        "person_id": str(part.user_id),
        "person": words.person(part.user_id),
        "calls": figures.calls,
        "failed_calls": figures.failed_calls,
        "reported_calls": figures.reported_calls,
        "estimated_calls": figures.estimated_calls,
        "missing_calls": figures.missing_calls,
        "reported_tokens_in": figures.reported_in if figures.reported_calls else None,
        "reported_tokens_out": figures.reported_out if figures.reported_calls else None,
        "estimated_tokens_in": figures.estimated_in if figures.estimated_calls else None,
        "estimated_tokens_out": figures.estimated_out if figures.estimated_calls else None,
        "mean_ttft_ms": None if ttft_ms is None else round(ttft_ms, 1),
        "would_have_cost": None if cost is None else cost.amount,
        "currency": None if cost is None else cost.currency,
    }


def _days(wanted: Wanted) -> dict[str, str]:
    return {"from": wanted.first.isoformat(), "to": wanted.last.isoformat()}


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=True) + "\n").encode("ascii")
