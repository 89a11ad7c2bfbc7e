"""Who may call each route, in one table; the route table installs its guard, and a route without a row is not served.

The guard stands before the handler and before its input is read. What depends on the object, or has to be judged in the
transaction that acts, the rooms judge again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from fastapi import Depends
from fastapi.params import Depends as Dependency

from moorage.accounts.permissions import Permission, require
from moorage.api.signed_in import SignedIn, give_entered, give_operator, give_principal


class Open(StrEnum):
    """A route that asks for no role."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed_in"  # one's own account and sign-in, whatever the role
    ENTERED = "entered"  # the same, also before the second factor that the team asks for: to leave, and to add one
    BY_LINK = "by_link"  # whoever holds the secret that the body brings
    MONITORING = "monitoring"  # the operator's own programs, by a header that they are given
    SIGNED = "signed"  # the operator's billing system, by the signature of what it sends
    OPERATOR = "operator"  # who operates the deployment, whatever their role in a team, after a second factor


class Permit(NamedTuple):
    """What a route asks for; `of_others` is what it takes when the object is another person."""

    needs: Open | Permission
    of_others: Permission | None = None


PERMITS: Final[Mapping[str, Permit]] = {
    # who is here
    "GET /api/session": Permit(Open.ANYBODY),
    "POST /api/session/team": Permit(Open.ENTERED),
    "POST /api/sign-up": Permit(Open.ANYBODY),
    "POST /api/sign-in": Permit(Open.ANYBODY),
    "POST /api/sign-out": Permit(Open.ENTERED),
    "PATCH /api/profile": Permit(Open.SIGNED_IN),
    "GET /api/session/proof": Permit(Open.ENTERED),
    "POST /api/session/proof": Permit(Open.ENTERED),
    "POST /api/session/proof/code": Permit(Open.ENTERED),
    "POST /api/session/proof/passkey-question": Permit(Open.ENTERED),
    "POST /api/session/proof/passkey": Permit(Open.ENTERED),
    "POST /api/profile/password": Permit(Open.ENTERED),
    "GET /api/profile/sign-ins": Permit(Open.ENTERED),
    "DELETE /api/profile/sign-ins": Permit(Open.ENTERED),
    "DELETE /api/profile/sign-ins/{sign_in_id}": Permit(Open.ENTERED),
    "POST /api/password-resets": Permit(Open.ANYBODY),
    "POST /api/password-resets/peek": Permit(Open.ANYBODY),
    "POST /api/password-resets/finish": Permit(Open.ANYBODY),
    "POST /api/sign-in/code": Permit(Open.ANYBODY),
    "POST /api/sign-in/recovery-code": Permit(Open.ANYBODY),
    "POST /api/sign-in/passkey-question": Permit(Open.ANYBODY),
    "POST /api/sign-in/passkey": Permit(Open.ANYBODY),
    "POST /api/sign-in/second-passkey-question": Permit(Open.ANYBODY),
    "POST /api/sign-in/second-passkey": Permit(Open.ANYBODY),
    "DELETE /api/sign-in/second-step": Permit(Open.ANYBODY),
    "GET /api/second-factors": Permit(Open.ENTERED),
    "POST /api/second-factors/app": Permit(Open.ENTERED),
    "PATCH /api/second-factors/app": Permit(Open.ENTERED),
    "DELETE /api/second-factors/app": Permit(Open.ENTERED),
    "POST /api/second-factors/app/confirmation": Permit(Open.ENTERED),
    "POST /api/second-factors/passkey-question": Permit(Open.ENTERED),
    "POST /api/second-factors/passkeys": Permit(Open.ENTERED),
    "PATCH /api/second-factors/passkeys/{passkey_id}": Permit(Open.ENTERED),
    "DELETE /api/second-factors/passkeys/{passkey_id}": Permit(Open.ENTERED),
    "POST /api/second-factors/recovery-codes": Permit(Open.ENTERED),
    "GET /api/sign-in/team/{team_id}": Permit(Open.ANYBODY),
    "POST /api/sign-in/provider": Permit(Open.ANYBODY),
    "POST /api/sign-in/provider/return": Permit(Open.ANYBODY),
    "POST /api/sign-in/provider/{provider}/logout": Permit(Open.ANYBODY),
    "POST /api/session/proof/provider": Permit(Open.ENTERED),
    "GET /api/identities": Permit(Open.SIGNED_IN),
    "POST /api/identities": Permit(Open.SIGNED_IN),
    "DELETE /api/identities/{identity_id}": Permit(Open.SIGNED_IN),
    "POST /api/invitations/peek": Permit(Open.BY_LINK),
    "POST /api/invitations/accept": Permit(Open.BY_LINK),
    # the team
    "GET /api/team": Permit(Permission.SEE_TEAM),
    "PATCH /api/team": Permit(Permission.RENAME_TEAM),
    "PATCH /api/team/members/{user_id}": Permit(Permission.MANAGE_MEMBERS),
    "DELETE /api/team/members/{user_id}": Permit(Permission.SEE_TEAM, of_others=Permission.MANAGE_MEMBERS),
    "DELETE /api/team/members/{user_id}/sign-ins": Permit(Permission.SIGN_MEMBERS_OUT),
    "POST /api/team/owner": Permit(Permission.MANAGE_OWNERS),
    "GET /api/team/second-factor": Permit(Permission.SEE_SIGN_IN_RULES),
    "PUT /api/team/second-factor": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "GET /api/team/session-limits": Permit(Permission.SEE_SIGN_IN_RULES),
    "PUT /api/team/session-limits": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "GET /api/team/identity-provider": Permit(Permission.SEE_SIGN_IN_RULES),
    "PUT /api/team/identity-provider": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "PATCH /api/team/identity-provider": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "DELETE /api/team/identity-provider": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "POST /api/team/identity-provider/tests": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "POST /api/team/identity-provider/trial": Permit(Permission.CHANGE_SIGN_IN_RULES),
    "POST /api/team/invitations": Permit(Permission.MANAGE_MEMBERS),
    "DELETE /api/team/invitations/{invitation_id}": Permit(Permission.MANAGE_MEMBERS),
    # models and connections
    "GET /api/models": Permit(Permission.WRITE),
    "PUT /api/favourites": Permit(Permission.WRITE),
    "DELETE /api/favourites": Permit(Permission.WRITE),
    "GET /api/attention": Permit(Permission.WRITE),
    "POST /api/connection-tests": Permit(Permission.MANAGE_CONNECTIONS),
    "GET /api/connections": Permit(Permission.MANAGE_CONNECTIONS),
    "POST /api/connections": Permit(Permission.MANAGE_CONNECTIONS),
    "GET /api/connections/{connection_id}": Permit(Permission.MANAGE_CONNECTIONS),
    "PATCH /api/connections/{connection_id}": Permit(Permission.MANAGE_CONNECTIONS),
    "DELETE /api/connections/{connection_id}": Permit(Permission.MANAGE_CONNECTIONS),
    "POST /api/connections/{connection_id}/endpoint": Permit(Permission.MANAGE_CONNECTIONS),
    "POST /api/connections/{connection_id}/tests": Permit(Permission.MANAGE_CONNECTIONS),
    "POST /api/connections/{connection_id}/discovery": Permit(Permission.MANAGE_CONNECTIONS),
    "GET /api/connections/{connection_id}/key-uses": Permit(Permission.MANAGE_CONNECTIONS),
    "PATCH /api/connections/{connection_id}/models/{model_id}": Permit(Permission.MANAGE_CONNECTIONS),
    "PUT /api/connections/{connection_id}/models": Permit(Permission.MANAGE_CONNECTIONS),
    # who may use them, and a team's own names for them
    "GET /api/models/state": Permit(Permission.WRITE),
    "GET /api/connections/{connection_id}/audience": Permit(Permission.RULE_MODELS),
    "PUT /api/connections/{connection_id}/audience": Permit(Permission.RULE_MODELS),
    "PUT /api/connections/{connection_id}/models/{model_id}/audience": Permit(Permission.RULE_MODELS),
    "GET /api/standard-models": Permit(Permission.RULE_MODELS),
    "PUT /api/standard-models/audience": Permit(Permission.RULE_MODELS),
    "GET /api/aliases": Permit(Permission.RULE_MODELS),
    "POST /api/aliases": Permit(Permission.RULE_MODELS),
    "GET /api/aliases/{alias_id}": Permit(Permission.RULE_MODELS),
    "PATCH /api/aliases/{alias_id}": Permit(Permission.RULE_MODELS),
    "PUT /api/aliases/{alias_id}/target": Permit(Permission.RULE_MODELS),
    "DELETE /api/aliases/{alias_id}": Permit(Permission.RULE_MODELS),
    # conversations and replies
    "GET /api/conversations": Permit(Permission.WRITE),
    "POST /api/conversations": Permit(Permission.WRITE),
    "GET /api/conversations/{conversation_id}": Permit(Permission.WRITE),
    "PATCH /api/conversations/{conversation_id}": Permit(Permission.WRITE),
    "DELETE /api/conversations/{conversation_id}": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/head": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/messages": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/messages/{message_id}/versions": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/messages/{message_id}/regenerate": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/messages/{message_id}/continue": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/comparisons": Permit(Permission.WRITE),
    "POST /api/conversations/{conversation_id}/messages/{message_id}/compare": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/comparisons/{comparison_id}/verdict": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/comparisons/{comparison_id}/choice": Permit(Permission.WRITE),
    "GET /api/conversations/{conversation_id}/export": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/seal": Permit(Permission.WRITE),
    "GET /api/conversations/{conversation_id}/receipts": Permit(Permission.WRITE),
    "GET /api/team/seals/{conversation_id}": Permit(Permission.LIFT_SEALS),
    "POST /api/team/seals/{conversation_id}/lift": Permit(Permission.LIFT_SEALS),
    "GET /api/team/conversation-rules": Permit(Permission.RULE_CONVERSATIONS),
    "PUT /api/team/conversation-rules": Permit(Permission.RULE_CONVERSATIONS),
    "POST /api/team/receipts/{conversation_id}": Permit(Permission.EXPORT_RECEIPTS),
    "POST /api/message-previews": Permit(Permission.WRITE),
    "POST /api/attachments": Permit(Permission.WRITE),
    "GET /api/attachments/{attachment_id}": Permit(Permission.WRITE),
    "DELETE /api/attachments/{attachment_id}": Permit(Permission.WRITE),
    "GET /api/attachments/{attachment_id}/content": Permit(Permission.WRITE),
    "GET /api/shared-conversations/{conversation_id}/attachments/{attachment_id}/content": Permit(Permission.WRITE),
    "POST /api/searches": Permit(Permission.WRITE),
    "GET /api/conversations/{conversation_id}/sharing": Permit(Permission.WRITE),
    "DELETE /api/conversations/{conversation_id}/sharing": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/sharing/head": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/sharing/team": Permit(Permission.WRITE),
    "DELETE /api/conversations/{conversation_id}/sharing/team": Permit(Permission.WRITE),
    "PUT /api/conversations/{conversation_id}/sharing/people/{user_id}": Permit(Permission.WRITE),
    "DELETE /api/conversations/{conversation_id}/sharing/people/{user_id}": Permit(Permission.WRITE),
    "GET /api/shared-conversations": Permit(Permission.WRITE),
    "GET /api/shared-conversations/{conversation_id}": Permit(Permission.WRITE),
    "GET /api/replies/{reply_id}/events": Permit(Permission.WRITE),
    "POST /api/replies/{reply_id}/stop": Permit(Permission.WRITE),
    # privacy
    "GET /api/team/privacy": Permit(Permission.WRITE),
    "POST /api/team/privacy/exports": Permit(Permission.WRITE),
    "POST /api/team/privacy/team-exports": Permit(Permission.EXPORT_TEAM),
    "GET /api/team/privacy/exports/{export_id}": Permit(Permission.WRITE),
    "DELETE /api/team/privacy/exports/{export_id}": Permit(Permission.WRITE),
    "POST /api/team/privacy/exports/{export_id}/file": Permit(Permission.WRITE),
    "PUT /api/team/privacy/retention": Permit(Permission.RULE_PRIVACY),
    "POST /api/team/privacy/retention/preview": Permit(Permission.RULE_PRIVACY),
    "POST /api/team/privacy/records": Permit(Permission.SEE_PRIVACY),
    "GET /api/team/privacy/recipients": Permit(Permission.SEE_PRIVACY),
    "PUT /api/team/privacy/undertakings/{connection_id}": Permit(Permission.RULE_PRIVACY),
    "DELETE /api/team/privacy/undertakings/{connection_id}": Permit(Permission.RULE_PRIVACY),
    "PUT /api/team/privacy/standard-undertakings": Permit(Permission.RULE_PRIVACY),
    "POST /api/team/privacy/own-hardware/{connection_id}": Permit(Permission.RULE_PRIVACY),
    "PUT /api/team/privacy/clearing": Permit(Permission.RULE_PRIVACY),
    "GET /api/team/privacy/people": Permit(Permission.ERASE),
    "GET /api/team/privacy/people/{user_id}/erasure": Permit(Permission.ERASE),
    "POST /api/team/privacy/people/{user_id}/erasure": Permit(Permission.ERASE),
    "GET /api/team/privacy/erasure": Permit(Permission.ERASE),
    "POST /api/team/privacy/erasure": Permit(Permission.ERASE),
    "GET /api/team/privacy/receipts": Permit(Permission.ERASE),
    # oversight: without SEE_TEAM_USAGE one sees one's own usage
    "GET /api/usage": Permit(Permission.WRITE),
    "POST /api/usage/exports": Permit(Permission.WRITE),
    "GET /api/usage/people": Permit(Permission.SEE_TEAM_USAGE),
    "PUT /api/usage/prices/{connection_id}": Permit(Permission.RULE_PRICES),
    "PUT /api/usage/standard-prices": Permit(Permission.RULE_PRICES),
    "GET /api/comparisons/tally": Permit(Permission.SEE_TALLY),
    "GET /api/audit": Permit(Permission.SEE_AUDIT),
    "GET /api/audit/check": Permit(Permission.SEE_AUDIT),
    "GET /api/audit/rules": Permit(Permission.SEE_AUDIT),
    "PATCH /api/audit/rules": Permit(Permission.RULE_AUDIT),
    "POST /api/audit/exports": Permit(Permission.EXPORT_AUDIT),
    # the operator's desk: figures and plans of all teams, nothing of what they write or reach
    "GET /api/operator/teams": Permit(Open.OPERATOR),
    "GET /api/operator/teams/{team_id}": Permit(Open.OPERATOR),
    "PATCH /api/operator/teams/{team_id}": Permit(Open.OPERATOR),
    "GET /api/operator/providers": Permit(Open.OPERATOR),
    "POST /api/operator/provider-tests": Permit(Open.OPERATOR),
    "GET /api/operator/plans": Permit(Open.OPERATOR),
    "GET /api/operator/health": Permit(Open.OPERATOR),
    "GET /api/operator/announcements": Permit(Open.OPERATOR),
    "POST /api/operator/announcements": Permit(Open.OPERATOR),
    "PUT /api/operator/announcements/{announcement_id}": Permit(Open.OPERATOR),
    "DELETE /api/operator/announcements/{announcement_id}": Permit(Open.OPERATOR),
    "GET /api/announcements": Permit(Open.SIGNED_IN),
    "POST /api/billing/events": Permit(Open.SIGNED),
    # the process
    "GET /api/health/live": Permit(Open.ANYBODY),
    "GET /api/health/ready": Permit(Open.ANYBODY),
    "GET /api/metrics": Permit(Open.MONITORING),
    "GET /api/openapi.json": Permit(Open.SIGNED_IN),
}


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets through whose role includes the permission. Equal guards are one dependency to FastAPI."""

    permission: Permission

    async def __call__(self, who: SignedIn) -> None:
        """Raise SignInNeeded, NotAllowed("not_allowed", "csrf_wrong" or "origin_wrong")."""
        require(who, self.permission)


def permit_of(method: str, path: str) -> Permit:
    """Give the row of a route. Raises LookupError, which says what to add."""
    permit = PERMITS.get(f"{method} {path}")
    if permit is None:
        raise LookupError(
            f'{method} {path} has no permit: add "{method} {path}": Permit(…) to PERMITS in moorage/api/permits.py, '
            "with the Permission it takes, or one of Open if no role does"
        )
    return permit


def guards_of(method: str, path: str) -> list[Dependency]:
    """Give the dependencies that stand before a route's handler. Raises LookupError for a route without a row."""
    needs = permit_of(method, path).needs
    if isinstance(needs, Permission):
        return [Depends(Guard(needs))]
    behind: dict[object, Callable[..., Any]] = {
        Open.SIGNED_IN: give_principal,
        Open.ENTERED: give_entered,
        Open.OPERATOR: give_operator,
    }
    return [Depends(behind[needs])] if needs in behind else []
