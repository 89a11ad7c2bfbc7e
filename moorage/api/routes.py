"""The whole API in one table: method, path, handler, what it answers with."""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from moorage.api import accounts, audit_trail, connections, conversations, health, models, teams, usage
from moorage.api.schemas.accounts import InvitationMade, InvitationPeek, SessionView, TeamView
from moorage.api.schemas.base import Done, ProblemBody
from moorage.api.schemas.connections import (
    ConnectionList,
    ConnectionView,
    DiscoveryView,
    PickerView,
    StageView,
    TestFinished,
)
from moorage.api.schemas.conversations import (
    ConversationList,
    ConversationView,
    DeltaEvent,
    EndEvent,
    Exchange,
    SnapshotEvent,
)
from moorage.api.schemas.oversight import AuditCheck, AuditView, UsageView

Handler = Callable[..., Any]


class Route(NamedTuple):
    """One row. `shape` is the answer's body; `events` are the bodies of an event stream."""

    method: str
    path: str
    handler: Handler
    shape: Any
    events: tuple[Any, ...] = ()
    status: int = 200


TEST_EVENTS: Final = (StageView, TestFinished)
REPLY_EVENTS: Final = (SnapshotEvent, DeltaEvent, EndEvent)

ROUTES: Final = (
    # who is here
    Route("GET", "/api/session", accounts.get_session, SessionView),
    Route("POST", "/api/session/team", accounts.switch_team, SessionView),
    Route("POST", "/api/sign-up", accounts.sign_up, SessionView),
    Route("POST", "/api/sign-in", accounts.sign_in, SessionView),
    Route("POST", "/api/sign-out", accounts.sign_out, Done),
    Route("PATCH", "/api/profile", accounts.change_profile, SessionView),
    Route("GET", "/api/invitations/{token}", accounts.peek_invitation, InvitationPeek),
    Route("POST", "/api/invitations/{token}", accounts.accept_invitation, SessionView),
    # the team
    Route("GET", "/api/team", teams.get_team, TeamView),
    Route("PATCH", "/api/team", teams.change_team, TeamView),
    Route("PATCH", "/api/team/members/{user_id}", teams.change_role, TeamView),
    Route("DELETE", "/api/team/members/{user_id}", teams.remove_member, TeamView),
    Route("POST", "/api/team/invitations", teams.invite, InvitationMade),
    Route("DELETE", "/api/team/invitations/{invitation_id}", teams.revoke_invitation, TeamView),
    # models and connections
    Route("GET", "/api/models", models.list_models, PickerView),
    Route("POST", "/api/connection-tests", connections.test_draft, None, TEST_EVENTS),
    Route("GET", "/api/connections", connections.list_connections, ConnectionList),
    Route("POST", "/api/connections", connections.make_connection, ConnectionView, status=201),
    Route("GET", "/api/connections/{connection_id}", connections.get_connection, ConnectionView),
    Route("PATCH", "/api/connections/{connection_id}", connections.change_connection, ConnectionView),
    Route("DELETE", "/api/connections/{connection_id}", connections.delete_connection, Done),
    Route("POST", "/api/connections/{connection_id}/endpoint", connections.replace_endpoint, None, TEST_EVENTS),
    Route("POST", "/api/connections/{connection_id}/tests", connections.test_stored, None, TEST_EVENTS),
    Route("POST", "/api/connections/{connection_id}/discovery", connections.discover, DiscoveryView),
    Route("PUT", "/api/connections/{connection_id}/models", connections.change_models, ConnectionView),
    # conversations and replies
    Route("GET", "/api/conversations", conversations.list_conversations, ConversationList),
    Route("POST", "/api/conversations", conversations.make_conversation, ConversationView, status=201),
    Route("GET", "/api/conversations/{conversation_id}", conversations.get_conversation, ConversationView),
    Route("PATCH", "/api/conversations/{conversation_id}", conversations.change_conversation, ConversationView),
    Route("DELETE", "/api/conversations/{conversation_id}", conversations.delete_conversation, Done),
    Route("PUT", "/api/conversations/{conversation_id}/head", conversations.show_branch, ConversationView),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages",
        conversations.send_message,
        Exchange,
        REPLY_EVENTS,
        201,
    ),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages/{message_id}/regenerate",
        conversations.regenerate,
        Exchange,
        REPLY_EVENTS,
        201,
    ),
    Route("GET", "/api/replies/{reply_id}/events", conversations.follow_reply, None, REPLY_EVENTS),
    Route("POST", "/api/replies/{reply_id}/stop", conversations.stop_reply, Done),
    # oversight
    Route("GET", "/api/usage", usage.get_usage, UsageView),
    Route("GET", "/api/audit", audit_trail.get_trail, AuditView),
    Route("GET", "/api/audit/check", audit_trail.check_trail, AuditCheck),
    # the process
    Route("GET", "/api/health/live", health.live, Done),
    Route("GET", "/api/health/ready", health.ready, Done),
    Route("GET", "/api/metrics", health.metrics, None),
)


def install(app: FastAPI) -> None:
    """Register every row, and let the document tell the shapes of event streams too."""
    for route in ROUTES:
        app.add_api_route(
            route.path,
            route.handler,
            methods=[route.method],
            response_model=route.shape,
            status_code=route.status,
            operation_id=route.handler.__name__,
            responses={**_events(route), "default": {"model": ProblemBody, "description": "An error"}},
        )
    document = app.openapi()
    document["components"]["schemas"].update(_event_schemas())


def _events(route: Route) -> dict[int | str, dict[str, Any]]:
    if not route.events:
        return {}
    shapes = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in route.events]
    content = {"text/event-stream": {"schema": {"oneOf": shapes}}}
    return {route.status: {"content": content, "description": "Or the data of the events of a stream"}}


def _event_schemas() -> dict[str, Any]:
    # FastAPI only knows shapes of JSON answers; those of events are added under the same names.
    shapes: list[tuple[type[BaseModel], Literal["serialization"]]]
    shapes = [(shape, "serialization") for shape in (*TEST_EVENTS, *REPLY_EVENTS)]
    _, document = models_json_schema(shapes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = document["$defs"]
    return schemas
