"""The audit trail, and the uses of keys."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import FreeText, Input, Shape
from moorage.audit.client_address import ClientRule
from moorage.audit.formats import FormatName
from moorage.audit.reading import MAX_PAGE
from moorage.audit.tables import MAX_SEQ

OutcomeName = Literal["done", "refused", "failed"]


class AuditEntryView(Shape):
    """One entry of the trail. `sentence` tells it in the reader's language; `client`: as the team's rule has it."""

    seq: int
    at: str
    actor: str
    actor_id: UUID | None
    action: str
    sentence: str
    object_type: str
    object_id: str
    object_name: str
    outcome: OutcomeName
    request_id: str
    client: str
    details: dict[str, str | int | bool | None]


class AuditView(Shape):
    """A page of the trail, newest first. `groups` are the parts of `actions` before their dot."""

    entries: list[AuditEntryView]
    next: str | None
    actions: list[str]
    groups: list[str]


class AuditFilter(Input):
    """Which entries are wanted; what is absent is not asked for. Days are UTC and both included."""

    actor: UUID | Literal["nobody"] | None = Field(default=None, description="a person, or who has no account")
    action: str | None = Field(default=None, max_length=60, description="an action, or the part before its dot")
    object_id: FreeText | None = Field(default=None, min_length=1, max_length=64)
    outcome: OutcomeName | None = None
    from_day: date | None = Field(default=None, ge=date(2000, 1, 1), le=date(2200, 1, 1))
    to_day: date | None = Field(default=None, ge=date(2000, 1, 1), le=date(2200, 1, 1))
    text: FreeText | None = Field(default=None, min_length=1, max_length=200, description="a part of an object's name")


class AuditQuery(AuditFilter):
    """A page of wanted entries, below the number `before`."""

    before: int | None = Field(default=None, ge=1, le=MAX_SEQ)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)


class AuditExport(AuditFilter):
    """An export. NDJSON can be verified without us, and holds the uses of keys; CSV has them as a table."""

    format: FormatName = "ndjson"
    what: Literal["trail", "key_uses"] = "trail"


class AuditCheck(Shape):
    """Whether the chain holds. `kind` and `broken_at`: what was done to it, and the first entry it was done to."""

    intact: bool
    checked: int
    pruned: int
    kind: str | None
    broken_at: int | None
    message: str


class AuditRules(Shape):
    """What the team decided about its trail. `keep_days` null: everything is kept. `pruned_through` 0: nothing went."""

    keep_days: int | None
    clients: ClientRule
    pruned_through: int
    least_days: int
    most_days: int
    may_export: bool
    may_change: bool


class AuditRulesChange(Input):
    """Change a rule; absent ones stay. `keep_days` null keeps everything."""

    keep_days: int | None = None
    clients: ClientRule | None = None


class KeyUseDay(Shape):
    """Uses of a key on one day, UTC, `YYYY-MM-DD`, by purpose."""

    day: str
    uses: dict[str, int]


class KeyUsesView(Shape):
    """How often a connection's key was used in the last 30 days; days without any are left out."""

    last_at: str | None
    days: list[KeyUseDay]
