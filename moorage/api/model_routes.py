"""The rows about models, connections, who may use them, and a team's own names for them; routes.py has all rows."""

from typing import Final

from moorage.api import aliases, connections, model_access, models
from moorage.api.bodies import Body
from moorage.api.route import Route
from moorage.api.schemas.base import Done
from moorage.api.schemas.connections import (
    AttentionView,
    ConnectionList,
    ConnectionView,
    DiscoveryView,
    FavouriteList,
    PickerView,
    StageView,
    TestFinished,
)
from moorage.api.schemas.model_access import (
    AliasHistoryView,
    AliasList,
    ConnectionAudienceView,
    ModelState,
    StandardModelsView,
)
from moorage.api.schemas.oversight import KeyUsesView

TEST_EVENTS: Final = (StageView, TestFinished)

MODEL_ROUTES: Final = (
    # models and connections
    Route("GET", "/api/models", models.list_models, PickerView),
    Route("PUT", "/api/favourites", models.star_model, FavouriteList),
    Route("DELETE", "/api/favourites", models.unstar_model, FavouriteList),
    Route("GET", "/api/attention", models.list_matters, AttentionView),
    Route("POST", "/api/connection-tests", connections.test_draft, None, TEST_EVENTS, body=Body.LARGE),
    Route("GET", "/api/connections", connections.list_connections, ConnectionList),
    Route("POST", "/api/connections", connections.make_connection, ConnectionView, status=201, body=Body.LARGE),
    Route("GET", "/api/connections/{connection_id}", connections.get_connection, ConnectionView),
    Route("PATCH", "/api/connections/{connection_id}", connections.change_connection, ConnectionView),
    Route("DELETE", "/api/connections/{connection_id}", connections.delete_connection, Done),
    Route(
        "POST",
        "/api/connections/{connection_id}/endpoint",
        connections.replace_endpoint,
        None,
        TEST_EVENTS,
        body=Body.LARGE,
    ),
    Route("POST", "/api/connections/{connection_id}/tests", connections.test_stored, None, TEST_EVENTS),
    Route("POST", "/api/connections/{connection_id}/discovery", connections.discover, DiscoveryView),
    Route("GET", "/api/connections/{connection_id}/key-uses", connections.get_key_uses, KeyUsesView),
    Route(
        "PATCH", "/api/connections/{connection_id}/models/{model_id}", connections.change_model_profile, ConnectionView
    ),
    Route("PUT", "/api/connections/{connection_id}/models", connections.change_models, ConnectionView, body=Body.LARGE),
    # who may use them, and a team's own names for them
    Route("GET", "/api/models/state", model_access.get_model_state, ModelState),
    Route(
        "GET",
        "/api/connections/{connection_id}/audience",
        model_access.get_connection_audience,
        ConnectionAudienceView,
    ),
    Route(
        "PUT",
        "/api/connections/{connection_id}/audience",
        model_access.set_connection_audience,
        ConnectionAudienceView,
        body=Body.LARGE,
    ),
    Route(
        "PUT",
        "/api/connections/{connection_id}/models/{model_id}/audience",
        model_access.set_model_audience,
        ConnectionAudienceView,
        body=Body.LARGE,
    ),
    Route("GET", "/api/standard-models", model_access.list_standard_models, StandardModelsView),
    Route(
        "PUT", "/api/standard-models/audience", model_access.set_standard_audience, StandardModelsView, body=Body.LARGE
    ),
    Route("GET", "/api/aliases", aliases.list_aliases, AliasList),
    Route("POST", "/api/aliases", aliases.make_alias, AliasHistoryView, status=201),
    Route("GET", "/api/aliases/{alias_id}", aliases.get_alias, AliasHistoryView),
    Route("PATCH", "/api/aliases/{alias_id}", aliases.rename_alias, AliasHistoryView),
    Route("PUT", "/api/aliases/{alias_id}/target", aliases.point_alias, AliasHistoryView),
    Route("DELETE", "/api/aliases/{alias_id}", aliases.delete_alias, Done),
)
