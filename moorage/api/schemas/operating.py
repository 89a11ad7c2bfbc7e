"""The operator's desk: teams in figures, standard providers, plans, announcements, health; and billing's answer."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from moorage.api.schemas.base import FreeText, Input, Moment, Problem, Shape
from moorage.api.schemas.connections import SealZoneName
from moorage.api.schemas.plans import PlanTerms
from moorage.api.schemas.usage import BudgetView, Tokens
from moorage.operating.announcements import MOST_CHARS
from moorage.operating.teams import MAX_TEAMS

AnnouncementKind = Literal["info", "warning"]


class CallsView(Shape):
    """Calls of this month (UTC) and their tokens, of own models or of standard ones; the two are never added up."""

    calls: int
    failed_calls: int
    tokens: Tokens


class OperatorTeam(Shape):
    """A team in figures. `refusal` says why its models are closed, if they are. `standard`, `own`: of this month."""

    id: UUID
    name: str
    created_at: str
    plan: str
    standing: str
    refusal: Problem | None
    people: int
    budget: BudgetView
    standard: CallsView
    own: CallsView


class OperatorTeams(Shape):
    """A page of teams, newest first. `next` goes into `before`; null: that was the last page. `total`: of all pages."""

    teams: list[OperatorTeam]
    total: int
    next: UUID | None


class OperatorTeamsQuery(Input):
    """Which teams are asked for. `text`: a part of the name, or the beginning of an id."""

    text: FreeText = Field(default="", max_length=120)
    plan: FreeText | None = Field(default=None, max_length=40)
    standing: FreeText | None = Field(default=None, max_length=40)
    before: UUID | None = None
    limit: int = Field(default=50, ge=1, le=MAX_TEAMS)


class BudgetMonth(Shape):
    """The budget of one month, in tokens. `month`: its first day."""

    month: str
    limit: int
    used: int


class StandardModelUse(Shape):
    """What a team used of one standard model in this month."""

    provider: str
    model_id: str
    calls: int
    failed_calls: int
    tokens: Tokens


class PlanChangeView(Shape):
    """A change of plan or standing, as the team's own trail has it. `reason`: null in entries that have none."""

    at: str
    actor: str
    plan_before: str
    plan: str
    standing_before: str
    standing: str
    reason: str | None


class OperatorTeamDetails(Shape):
    """One team, with the budgets of its last months, its standard models of this month, and changes of its plan."""

    team: OperatorTeam
    months: list[BudgetMonth]
    models: list[StandardModelUse]
    changes: list[PlanChangeView]


class PlanChange(Input):
    """Set plan, standing or both; the reason goes into the team's audit trail, which its owners read."""

    plan: FreeText | None = Field(default=None, max_length=40)
    standing: FreeText | None = Field(default=None, max_length=40)
    reason: FreeText = Field(max_length=1000)


class CuratedModel(Shape):
    """A model of the curated list. Length in tokens, prices in US dollars per million tokens; null: not known."""

    model_id: str
    name: str
    context_length: int | None
    price_in: float | None
    price_out: float | None
    retires_on: str | None
    is_retired: bool


class ProviderTestView(Shape):
    """What the last test of a key found. `missing`: listed models that the provider did not offer."""

    tested_at: str
    problem: Problem | None
    offered: int
    missing: list[str]


class OperatorProvider(Shape):
    """A provider of standard models. `state`: a key is there, or the key or the address is missing.

    `uses`: of the key in the last 30 days, all teams together.
    """

    provider: str
    name: str
    state: Literal["ready", "no_key", "no_address"]
    zone: SealZoneName | None
    data_location: str
    model_count: int
    models: list[CuratedModel]
    uses: int
    last_at: str | None
    last_test: ProviderTestView | None


class OperatorProviders(Shape):
    """All providers of the list. `made_on`: the day of the shipped list."""

    providers: list[OperatorProvider]
    made_on: str


class ProviderToTest(Input):
    """The provider whose key is to be tested."""

    provider: FreeText = Field(min_length=1, max_length=80)


class PlanView(PlanTerms):
    """What a plan includes, and how many teams are on it."""

    plan: str
    teams: int


class PlanCatalogue(Shape):
    """The five plans, and the words that a standing may be."""

    plans: list[PlanView]
    standings: list[str]


class AnnouncementDraft(Input):
    """A text in both languages, shown from one moment until another."""

    kind: AnnouncementKind = "info"
    text_en: FreeText = Field(min_length=1, max_length=MOST_CHARS)
    text_de: FreeText = Field(min_length=1, max_length=MOST_CHARS)
    from_at: Moment
    until_at: Moment


class OperatorAnnouncement(Shape):
    """An announcement as the operator wrote it."""

    id: UUID
    edition: int
    kind: AnnouncementKind
    text_en: str
    text_de: str
    from_at: str
    until_at: str
    state: Literal["waiting", "shown", "over"]


class OperatorAnnouncements(Shape):
    """All that are kept: those that wait or are shown, and the latest that are over."""

    announcements: list[OperatorAnnouncement]


class AnnouncementView(Shape):
    """What everybody who is signed in is shown, in their language. A change of it is another `edition`."""

    id: UUID
    edition: int
    kind: AnnouncementKind
    text: str
    until_at: str


class AnnouncementList(Shape):
    """What is to be shown now."""

    announcements: list[AnnouncementView]


class HealthFinding(Shape):
    """One thing that was looked at."""

    code: str
    verdict: Literal["ok", "warning"]
    message: str


class HealthView(Shape):
    """How the deployment is. `replies` are of this process, everything else of all."""

    version: str
    engine: str
    schema_revision: str
    teams: int
    people: int
    sign_ins: int
    calls_under_way: int
    replies: int
    findings: list[HealthFinding]


class BillingAnswer(Shape):
    """What became of a billing event. `repeated`: it had been taken before, and this was its outcome then."""

    event_id: str
    team_id: UUID
    outcome: Literal["applied", "unchanged", "superseded"]
    repeated: bool
    plan: str
    standing: str
