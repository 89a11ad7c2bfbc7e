"""The whole API in one table: method, path, handler, what it answers with. Who may call what stands in permits.py."""

import functools
from typing import Any, Final, Literal

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute
from typing_extensions import override

from moorage.api import (
    accounts,
    attachments,
    audit_trail,
    conversation_files,
    conversations,
    factors,
    health,
    identity,
    limits,
    own_sign_in,
    searches,
    second_step,
    sharing,
    sign_in_rules,
    team_provider,
    teams,
)
from moorage.api.bodies import Body, route_for
from moorage.api.comparison_routes import COMPARISON_ROUTES
from moorage.api.held import held_to
from moorage.api.model_routes import MODEL_ROUTES, TEST_EVENTS
from moorage.api.operating_routes import OPERATING_ROUTES
from moorage.api.permits import guards_of
from moorage.api.privacy_routes import PRIVACY_ROUTES
from moorage.api.route import Route
from moorage.api.schemas.accounts import InvitationMade, InvitationPeek, SessionView, TeamView
from moorage.api.schemas.attachments import AttachmentView, ForeseenView
from moorage.api.schemas.base import Done, ProblemBody
from moorage.api.schemas.conversations import (
    ConversationList,
    ConversationView,
    DeltaEvent,
    EndEvent,
    Exchange,
    MessageView,
    SnapshotEvent,
)
from moorage.api.schemas.factors import (
    AppSetup,
    FactorAdded,
    FactorsView,
    PasskeyQuestion,
    RecoveryCodes,
    SecondFactorRule,
)
from moorage.api.schemas.identity import (
    IdentityList,
    ProviderBegun,
    ProviderOffer,
    ProviderReturned,
    ProviderStageView,
    ProviderTestFinished,
    SignInRulesView,
)
from moorage.api.schemas.oversight import AuditCheck, AuditRules, AuditView
from moorage.api.schemas.searches import SearchView
from moorage.api.schemas.sharing import SharedList, SharedView, SharingView
from moorage.api.schemas.sign_in import DeviceList, ProofWays, ResetPeek, SessionLimitsView
from moorage.api.seal_routes import SEAL_ROUTES
from moorage.api.usage_routes import USAGE_ROUTES
from moorage.audit.formats import MEDIA_TYPES
from moorage.chat.export import MEDIA_TYPES as CONVERSATION_FILES

PROVIDER_EVENTS: Final = (ProviderStageView, ProviderTestFinished)
REPLY_EVENTS: Final = (SnapshotEvent, DeltaEvent, EndEvent)
EXPORTS: Final = tuple(MEDIA_TYPES.values())
# A handler that reads a file as it comes has no parameter that would document it.
_FILE: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE_BODY: Final = {"requestBody": {"required": True, "content": _FILE}}

ROUTES: Final = (
    # who is here
    Route("GET", "/api/session", accounts.get_session, SessionView),
    Route("POST", "/api/session/team", accounts.switch_team, SessionView),
    Route("POST", "/api/sign-up", accounts.sign_up, SessionView, limit=limits.SIGN_UP),
    Route("POST", "/api/sign-in", accounts.sign_in, SessionView),
    Route("POST", "/api/sign-out", accounts.sign_out, Done),
    Route("PATCH", "/api/profile", accounts.change_profile, SessionView),
    Route("POST", "/api/invitations/peek", accounts.peek_invitation, InvitationPeek, limit=limits.INVITATION_LOOK),
    Route("POST", "/api/invitations/accept", accounts.accept_invitation, SessionView, limit=limits.INVITATION_LOOK),
    Route("GET", "/api/session/proof", own_sign_in.get_proof_ways, ProofWays),
    Route("POST", "/api/session/proof", own_sign_in.give_proof, SessionView, limit=limits.PASSWORD_PROOF),
    Route("POST", "/api/profile/password", own_sign_in.change_password, SessionView, limit=limits.PASSWORD_PROOF),
    Route("GET", "/api/profile/sign-ins", own_sign_in.list_devices, DeviceList),
    Route("DELETE", "/api/profile/sign-ins", own_sign_in.end_other_devices, DeviceList),
    Route("DELETE", "/api/profile/sign-ins/{sign_in_id}", own_sign_in.end_device, DeviceList),
    Route("POST", "/api/password-resets", own_sign_in.ask_for_reset, Done, limit=limits.RESET),
    Route("POST", "/api/password-resets/peek", own_sign_in.peek_reset, ResetPeek, limit=limits.RESET),
    Route("POST", "/api/password-resets/finish", own_sign_in.finish_reset, Done, limit=limits.RESET),
    # second factors: at sign-in, as a proof, and one's own
    Route("POST", "/api/sign-in/code", second_step.sign_in_by_code, SessionView, limit=limits.SECOND_FACTOR),
    Route(
        "POST",
        "/api/sign-in/recovery-code",
        second_step.sign_in_by_recovery_code,
        SessionView,
        limit=limits.SECOND_FACTOR,
    ),
    Route(
        "POST",
        "/api/sign-in/passkey-question",
        second_step.ask_for_passkey,
        PasskeyQuestion,
        limit=limits.PASSKEY_QUESTION,
    ),
    Route("POST", "/api/sign-in/passkey", second_step.sign_in_by_passkey, SessionView, limit=limits.SECOND_FACTOR),
    Route(
        "POST",
        "/api/sign-in/second-passkey-question",
        second_step.ask_for_second_passkey,
        PasskeyQuestion,
        limit=limits.SECOND_FACTOR,
    ),
    Route(
        "POST", "/api/sign-in/second-passkey", second_step.finish_by_passkey, SessionView, limit=limits.SECOND_FACTOR
    ),
    Route("DELETE", "/api/sign-in/second-step", second_step.leave_second_step, Done),
    Route("POST", "/api/session/proof/code", second_step.prove_by_code, SessionView, limit=limits.SECOND_FACTOR),
    Route(
        "POST",
        "/api/session/proof/passkey-question",
        second_step.ask_for_proof,
        PasskeyQuestion,
        limit=limits.SECOND_FACTOR,
    ),
    Route("POST", "/api/session/proof/passkey", second_step.prove_by_passkey, SessionView, limit=limits.SECOND_FACTOR),
    Route("GET", "/api/second-factors", factors.get_factors, FactorsView),
    Route("POST", "/api/second-factors/app", factors.begin_app, AppSetup),
    Route("PATCH", "/api/second-factors/app", factors.rename_app, FactorsView),
    Route("DELETE", "/api/second-factors/app", factors.remove_app, FactorsView),
    Route("POST", "/api/second-factors/app/confirmation", factors.confirm_app, FactorAdded, limit=limits.SECOND_FACTOR),
    Route("POST", "/api/second-factors/passkey-question", factors.begin_passkey, PasskeyQuestion),
    Route("POST", "/api/second-factors/passkeys", factors.add_passkey, FactorAdded),
    Route("PATCH", "/api/second-factors/passkeys/{passkey_id}", factors.rename_passkey, FactorsView),
    Route("DELETE", "/api/second-factors/passkeys/{passkey_id}", factors.remove_passkey, FactorsView),
    Route("POST", "/api/second-factors/recovery-codes", factors.make_recovery_codes, RecoveryCodes),
    # identity providers
    Route(
        "GET", "/api/sign-in/team/{team_id}", identity.get_provider_offer, ProviderOffer, limit=limits.SIGN_IN_ELSEWHERE
    ),
    Route(
        "POST", "/api/sign-in/provider", identity.begin_provider_sign_in, ProviderBegun, limit=limits.SIGN_IN_ELSEWHERE
    ),
    Route(
        "POST",
        "/api/sign-in/provider/return",
        identity.finish_provider_sign_in,
        ProviderReturned,
        limit=limits.SIGN_IN_ELSEWHERE,
    ),
    Route(
        "POST",
        "/api/sign-in/provider/{provider}/logout",
        identity.hear_provider_logout,
        Done,
        limit=limits.PROVIDER_LOGOUT,
    ),
    Route(
        "POST", "/api/session/proof/provider", identity.prove_by_provider, ProviderBegun, limit=limits.SIGN_IN_ELSEWHERE
    ),
    Route("GET", "/api/identities", identity.list_identities, IdentityList),
    Route("POST", "/api/identities", identity.link_identity, ProviderBegun, limit=limits.SIGN_IN_ELSEWHERE),
    Route("DELETE", "/api/identities/{identity_id}", identity.unlink_identity, IdentityList),
    Route("GET", "/api/team/identity-provider", team_provider.get_identity_provider, SignInRulesView),
    Route("PUT", "/api/team/identity-provider", team_provider.save_identity_provider, SignInRulesView),
    Route("PATCH", "/api/team/identity-provider", team_provider.switch_identity_provider, SignInRulesView),
    Route("DELETE", "/api/team/identity-provider", team_provider.remove_identity_provider, SignInRulesView),
    Route("POST", "/api/team/identity-provider/tests", team_provider.test_identity_provider, None, PROVIDER_EVENTS),
    Route(
        "POST",
        "/api/team/identity-provider/trial",
        identity.test_provider_sign_in,
        ProviderBegun,
        limit=limits.SIGN_IN_ELSEWHERE,
    ),
    # the team
    Route("GET", "/api/team/second-factor", factors.get_second_factor_rule, SecondFactorRule),
    Route("PUT", "/api/team/second-factor", factors.set_second_factor_rule, SecondFactorRule),
    Route("GET", "/api/team", teams.get_team, TeamView),
    Route("PATCH", "/api/team", teams.change_team, TeamView),
    Route("PATCH", "/api/team/members/{user_id}", teams.change_role, TeamView),
    Route("DELETE", "/api/team/members/{user_id}", teams.remove_member, TeamView),
    Route("POST", "/api/team/invitations", teams.invite, InvitationMade, limit=limits.INVITE),
    Route("DELETE", "/api/team/members/{user_id}/sign-ins", teams.sign_member_out, TeamView),
    Route("POST", "/api/team/owner", teams.hand_over, TeamView),
    Route("GET", "/api/team/session-limits", sign_in_rules.get_session_limits, SessionLimitsView),
    Route("PUT", "/api/team/session-limits", sign_in_rules.change_session_limits, SessionLimitsView),
    Route("DELETE", "/api/team/invitations/{invitation_id}", teams.revoke_invitation, TeamView),
    *MODEL_ROUTES,
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
        Body.LARGE,
        limits.MESSAGE,
    ),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages/{message_id}/versions",
        conversations.keep_version,
        MessageView,
        status=201,
        body=Body.LARGE,
        limit=limits.MESSAGE,
    ),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages/{message_id}/regenerate",
        conversations.regenerate,
        Exchange,
        REPLY_EVENTS,
        201,
        limit=limits.MESSAGE,
    ),
    Route(
        "POST",
        "/api/conversations/{conversation_id}/messages/{message_id}/continue",
        conversations.continue_reply,
        Exchange,
        REPLY_EVENTS,
        201,
        limit=limits.MESSAGE,
    ),
    Route(
        "GET",
        "/api/conversations/{conversation_id}/export",
        conversation_files.export_conversation,
        None,
        limit=limits.CONVERSATION_EXPORT,
        files=tuple(CONVERSATION_FILES.values()),
    ),
    *SEAL_ROUTES,
    *PRIVACY_ROUTES,
    Route("POST", "/api/message-previews", attachments.preview_message, ForeseenView, limit=limits.PREVIEW),
    Route(
        "POST",
        "/api/attachments",
        attachments.upload,
        AttachmentView,
        status=201,
        body=Body.FILE,
        limit=limits.UPLOAD,
    ),
    Route("GET", "/api/attachments/{attachment_id}", attachments.get_attachment, AttachmentView),
    Route("DELETE", "/api/attachments/{attachment_id}", attachments.remove_attachment, Done),
    Route(
        "GET",
        "/api/attachments/{attachment_id}/content",
        attachments.get_content,
        None,
        limit=limits.ATTACHMENT_LOOK,
        files=attachments.CONTENT_TYPES,
    ),
    Route("POST", "/api/searches", searches.search_conversations, SearchView, limit=limits.SEARCH),
    Route("GET", "/api/conversations/{conversation_id}/sharing", sharing.get_sharing, SharingView),
    Route("DELETE", "/api/conversations/{conversation_id}/sharing", sharing.end_sharing, SharingView),
    Route("PUT", "/api/conversations/{conversation_id}/sharing/head", sharing.move_shared_head, SharingView),
    Route("PUT", "/api/conversations/{conversation_id}/sharing/team", sharing.share_with_team, SharingView),
    Route("DELETE", "/api/conversations/{conversation_id}/sharing/team", sharing.unshare_with_team, SharingView),
    Route(
        "PUT", "/api/conversations/{conversation_id}/sharing/people/{user_id}", sharing.share_with_person, SharingView
    ),
    Route(
        "DELETE",
        "/api/conversations/{conversation_id}/sharing/people/{user_id}",
        sharing.unshare_with_person,
        SharingView,
    ),
    Route("GET", "/api/shared-conversations", sharing.list_shared, SharedList),
    Route("GET", "/api/shared-conversations/{conversation_id}", sharing.get_shared, SharedView),
    Route(
        "GET",
        "/api/shared-conversations/{conversation_id}/attachments/{attachment_id}/content",
        attachments.get_shared_content,
        None,
        limit=limits.ATTACHMENT_LOOK,
        files=attachments.CONTENT_TYPES,
    ),
    Route("GET", "/api/replies/{reply_id}/events", conversations.follow_reply, None, REPLY_EVENTS),
    Route("POST", "/api/replies/{reply_id}/stop", conversations.stop_reply, Done),
    # oversight
    *USAGE_ROUTES,
    *COMPARISON_ROUTES,
    Route("GET", "/api/audit", audit_trail.get_trail, AuditView),
    Route("GET", "/api/audit/check", audit_trail.check_trail, AuditCheck, limit=limits.TRAIL_CHECK),
    Route("GET", "/api/audit/rules", audit_trail.get_rules, AuditRules),
    Route("PATCH", "/api/audit/rules", audit_trail.change_rules, AuditRules),
    Route("POST", "/api/audit/exports", audit_trail.export_trail, None, limit=limits.EXPORT, files=EXPORTS),
    *OPERATING_ROUTES,
    # the process
    Route("GET", "/api/health/live", health.live, Done),
    Route("GET", "/api/health/ready", health.ready, Done),
    Route("GET", "/api/metrics", health.metrics, None),
    Route("GET", "/api/openapi.json", health.api_document, None),
)


class Api(FastAPI):
    """An application with every row; its document tells the shapes of event streams too.

    Starting makes no document: that takes longer than all the rest, and hardly anybody asks for it.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.router.routes.extend(_shared_rows())

    @override
    def openapi(self) -> dict[str, Any]:
        """Give the document. It lives with the application."""
        document = super().openapi()
        document["components"]["schemas"].update(_event_schemas())
        return document


@functools.cache
def _shared_rows() -> tuple[BaseRoute, ...]:
    return make_rows()


def make_rows(app: FastAPI | None = None) -> tuple[BaseRoute, ...]:
    """Make what answers each row, for any application. With `app`, its `dependency_overrides` hold for them."""
    router = APIRouter(dependency_overrides_provider=app)
    for route in ROUTES:
        router.add_api_route(
            route.path,
            route.handler,
            methods=[route.method],
            response_model=route.shape,
            status_code=route.status,
            operation_id=route.handler.__name__,
            openapi_extra=_FILE_BODY if route.body is Body.FILE else None,
            route_class_override=route_for(route.body),
            dependencies=[
                *([] if route.limit is None else [held_to(route.limit)]),
                *guards_of(route.method, route.path),
            ],
            responses={**_events(route), **_files(route), "default": {"model": ProblemBody, "description": "An error"}},
        )
    return tuple(router.routes)


def _events(route: Route) -> dict[int | str, dict[str, Any]]:
    if not route.events:
        return {}
    # As OpenAPI 3.2 describes one event of a stream; what stands in it is text that holds JSON.
    shapes = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in route.events]
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"oneOf": shapes}}
    event = {"type": "object", "properties": {"data": data}, "required": ["data"]}
    content = {"text/event-stream": {"schema": event}}
    return {route.status: {"content": content, "description": "Or the events of a stream"}}


def _files(route: Route) -> dict[int | str, dict[str, Any]]:
    if not route.files:
        return {}
    kinds = [kind.partition(";")[0] for kind in route.files]
    content = {kind: {"schema": {"type": "object" if kind == "application/json" else "string"}} for kind in kinds}
    return {route.status: {"content": content, "description": "A file, as long as it takes"}}


@functools.cache
def _event_schemas() -> dict[str, Any]:
    # FastAPI only knows shapes of JSON answers; those of events are added under the same names.
    shapes: list[tuple[type[BaseModel], Literal["serialization"]]]
    shapes = [(shape, "serialization") for shape in (*TEST_EVENTS, *PROVIDER_EVENTS, *REPLY_EVENTS)]
    _, document = models_json_schema(shapes, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = document["$defs"]
    return schemas
