"""Exports of data, retention, erasure, whom words reach, and undertakings of secrecy."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.accounts import RoleName
from moorage.api.schemas.base import Day, FreeText, Input, Moment, Problem, Shape
from moorage.api.schemas.connections import PlaceZoneName

WayName = Literal["goes", "pseudonym", "stays"]
StateName = Literal["waiting", "running", "done", "failed"]


class ExportView(Shape):
    """An export that this person asked for: on its way (`done` of about `total` steps), ready, or failed and why.

    `size` in bytes; `expires_at`: when its file is deleted.
    """

    id: UUID
    of: Literal["mine", "team"]
    state: StateName
    done: int
    total: int
    problem: Problem | None
    created_at: str
    expires_at: str | None
    size: int | None
    sha256: str | None


class RetentionView(Shape):
    """After how many days without a change conversations go, and after how many files do; null: never."""

    conversation_days: int | None
    attachment_days: int | None
    least_days: int
    most_days: int


class RetentionSet(Input):
    """Set both; null keeps."""

    conversation_days: int | None = Field(ge=0, le=100_000)
    attachment_days: int | None = Field(ge=0, le=100_000)


class RetentionDue(Shape):
    """What a rule would delete now."""

    conversations: int
    attachments: int


class PrivacyView(Shape):
    """Who answers for what, what the team has decided, one's own exports, and what one may do here.

    `operator` is what the deployment's operator calls themselves; "": they have not said. `erasing`: how many erasures
    are under way, for whoever may see them.
    """

    operator: str
    team: str
    owners: list[str]
    retention: RetentionView
    only_cleared: bool
    exports: list[ExportView]
    erasing: int
    may_see: bool
    may_rule: bool
    may_export_team: bool
    may_erase: bool


class UndertakingView(Shape):
    """A secrecy undertaking. Days as `YYYY-MM-DD`; without `expires_on` it does not end. `days_left`: of those."""

    signer: str
    signed_on: date
    expires_on: date | None
    document: str
    days_left: int | None


class RecipientView(Shape):
    """Whom words of the team may reach: a connection, or (no `connection_id`) a provider of standard models.

    `needs_owner`: it is said to be own hardware, by somebody who is no owner, and counts when an owner confirms it.
    `zone_since`: when its zone was stated anew or another server put behind it. What an owner then says of it names
    this, and is refused (`recipient_changed`) where it is another by now.
    """

    connection_id: UUID | None
    provider: str
    name: str
    zone: PlaceZoneName
    data_location: str
    enabled: bool
    models: int
    is_cleared: bool
    needs_owner: bool
    zone_since: str | None
    undertaking: UndertakingView | None


class RecipientList(Shape):
    """All of them. `only_cleared`: the team's rule."""

    only_cleared: bool
    may_rule: bool
    recipients: list[RecipientView]


class UndertakingSet(Input):
    """Record an undertaking: who signed, on which day, until which day (null: without an end), where the paper lies."""

    signer: FreeText = Field(min_length=1, max_length=120)
    signed_on: Day
    expires_on: Day | None = None
    document: FreeText = Field(default="", max_length=200)


class ConnectionUndertakingSet(UndertakingSet):
    """The same for a connection, as it was seen: `zone_since` of the list."""

    zone_since: Moment | None = None


class SeenRecipient(Input):
    """A connection as it was seen: `zone_since` of the list."""

    zone_since: Moment | None = None


class StandardUndertakingSet(Input):
    """The same for a provider of standard models; null takes it away."""

    provider: str = Field(min_length=1, max_length=50)
    undertaking: UndertakingSet | None


class ClearingSet(Input):
    """Whether only cleared models may have the team's words.

    `seen`: the connections of the list with their `zone_since`. Those that are as they were seen need no further word
    of an owner where they are own hardware.
    """

    only_cleared: bool
    seen: dict[UUID, Moment | None] = Field(default_factory=dict, max_length=1000)


class RecordExport(Input):
    """As what the record of processing is wanted."""

    format: Literal["html", "json"] = "html"


class PersonHere(Shape):
    """Somebody whose data lies in the team. `role` null: no member any more."""

    user_id: UUID
    name: str
    email: str
    role: RoleName | None
    is_me: bool


class PeopleHere(Shape):
    """Everybody whose data lies in the team."""

    people: list[PersonHere]


class FateView(Shape):
    """What becomes of so many rows of one table, in words: `matter` is what they are, `why` why they stay."""

    table: str
    matter: str
    way: WayName
    rows: int
    why: str


class ErasurePlan(Shape):
    """The dry run of an erasure. `whole_account`: the account goes, too, for it is in no other team."""

    name: str
    whole_account: bool
    lines: list[FateView]


class ErasureBegun(Shape):
    """An erasure that began; nothing stops it any more. `receipt_id` names its receipt."""

    receipt_id: UUID


class TeamErasure(Input):
    """The team's name, typed: so that nobody erases one by a slip."""

    typed_name: str = Field(max_length=120)


class ReceiptView(Shape):
    """The receipt of an erasure. It names nobody."""

    id: UUID
    of: Literal["person", "team"]
    asked_at: str
    done_at: str
    lines: list[FateView]


class ReceiptList(Shape):
    """The receipts of the team's erasures, newest first."""

    receipts: list[ReceiptView]
