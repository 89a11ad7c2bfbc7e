"""The rows of routes.py about the operator's desk, announcements and billing."""

from typing import Final

from moorage.api import announcements, billing, limits, operating
from moorage.api.route import Route
from moorage.api.schemas.operating import (
    AnnouncementList,
    BillingAnswer,
    HealthView,
    OperatorAnnouncements,
    OperatorProviders,
    OperatorTeamDetails,
    OperatorTeams,
    PlanCatalogue,
)

_DESK: Final = "/api/operator"
_ONE_TEAM: Final = f"{_DESK}/teams/{{team_id}}"
_TOLD: Final = f"{_DESK}/announcements"

OPERATING_ROUTES: Final = (
    Route("GET", f"{_DESK}/teams", operating.list_operator_teams, OperatorTeams),
    Route("GET", _ONE_TEAM, operating.get_operator_team, OperatorTeamDetails),
    Route("PATCH", _ONE_TEAM, operating.change_operator_team, OperatorTeamDetails),
    Route("GET", f"{_DESK}/providers", operating.list_standard_providers, OperatorProviders),
    Route(
        "POST",
        f"{_DESK}/provider-tests",
        operating.test_standard_provider,
        OperatorProviders,
        limit=limits.KEY_TEST,
    ),
    Route("GET", f"{_DESK}/plans", operating.get_plan_catalogue, PlanCatalogue),
    Route("GET", f"{_DESK}/health", operating.get_deployment_health, HealthView),
    Route("GET", _TOLD, announcements.list_operator_announcements, OperatorAnnouncements),
    Route("POST", _TOLD, announcements.make_announcement, OperatorAnnouncements, status=201),
    Route("PUT", f"{_TOLD}/{{announcement_id}}", announcements.change_announcement, OperatorAnnouncements),
    Route("DELETE", f"{_TOLD}/{{announcement_id}}", announcements.remove_announcement, OperatorAnnouncements),
    Route("GET", "/api/announcements", announcements.list_announcements, AnnouncementList),
    Route("POST", "/api/billing/events", billing.take_billing_event, BillingAnswer, limit=limits.BILLING_EVENT),
)
