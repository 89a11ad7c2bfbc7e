"""Statistics and the audit trail."""

from typing import Literal

from moorage.api.schemas.base import Shape

Kind = Literal["byom", "standard"]


class Tokens(Shape):
    """A sum of tokens and how much of it rests on what (P16): calls by the source of their count."""

    tokens_in: int
    tokens_out: int
    reported_calls: int
    estimated_calls: int
    missing_calls: int


class UsageRow(Shape):
    """Usage of one model of one connection (or standard provider) in the range. Times are medians in milliseconds."""

    connection_id: str | None
    connection_name: str
    model_id: str
    calls: int
    failed_calls: int
    tokens: Tokens
    ttft_ms: float | None


class UsageDay(Shape):
    """Usage of one day, UTC, `YYYY-MM-DD`."""

    day: str
    tokens: Tokens


class UsageLog(Shape):
    """One of the two logs. They are never added up (P15)."""

    kind: Kind
    total: Tokens
    calls: int
    rows: list[UsageRow]
    days: list[UsageDay]


class UsageView(Shape):
    """Statistics of the team for the days `from_day` to `to_day`, inclusive."""

    from_day: str
    to_day: str
    byom: UsageLog
    standard: UsageLog


class AuditEntryView(Shape):
    """One entry of the trail. `sentence` tells it in the reader's language."""

    seq: int
    at: str
    actor: str
    action: str
    sentence: str
    object_name: str
    outcome: Literal["done", "refused", "failed"]
    request_id: str
    details: dict[str, str | int | bool | None]


class AuditView(Shape):
    """A page of the trail, newest first."""

    entries: list[AuditEntryView]
    next: str | None
    actions: list[str]


class AuditCheck(Shape):
    """Whether the chain holds; `broken_at` is the first entry that doesn't fit."""

    intact: bool
    checked: int
    broken_at: int | None
