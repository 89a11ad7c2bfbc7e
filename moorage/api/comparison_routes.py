"""The rows about comparisons of models, and the team's tally of them; routes.py has all rows."""

from typing import Final

from moorage.api import comparisons, limits
from moorage.api.bodies import Body
from moorage.api.route import Route
from moorage.api.schemas.comparisons import ComparisonMade, TallyView
from moorage.api.schemas.conversations import ConversationView

COMPARISON_ROUTES: Final = (
    Route(
        "POST",
        "/api/conversations/{conversation_id}/comparisons",
        comparisons.compare,
        ComparisonMade,
        status=201,
        body=Body.LARGE,
        limit=limits.MESSAGE,
    ),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages/{message_id}/compare",
        comparisons.compare_again,
        ComparisonMade,
        status=201,
        limit=limits.MESSAGE,
    ),
    Route(
        "PUT",
        "/api/conversations/{conversation_id}/comparisons/{comparison_id}/verdict",
        comparisons.judge,
        ConversationView,
    ),
    Route(
        "PUT",
        "/api/conversations/{conversation_id}/comparisons/{comparison_id}/choice",
        comparisons.go_on_from,
        ConversationView,
    ),
    Route("GET", "/api/comparisons/tally", comparisons.get_tally, TallyView),
)
