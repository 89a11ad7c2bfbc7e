"""Why a sign-in by an identity provider fails: a finding for the log, one plain sentence for the person.

A finding names the exact check. Owners read its sentence when they test; whoever signs in reads a plainer one, because
only the team or the operator can put it right. What the provider said is repeated in neither.
"""

from collections.abc import Mapping
from typing import Final

from moorage.errors import EndpointFailure, NotAllowed

UNREACHABLE: Final = "provider_unreachable"
UNUSABLE: Final = "provider_answer_unusable"
UNBELIEVED: Final = "provider_check_failed"
STALE: Final = "provider_return_stale"
NO_ENTRY: Final = "provider_no_entry"

PERSON_CODES: Final[Mapping[str, str]] = {
    # what the provider publishes
    "oidc_discovery_missing": UNUSABLE,
    "oidc_discovery_failed": UNUSABLE,
    "oidc_discovery_not_json": UNUSABLE,
    "oidc_issuer_differs": UNUSABLE,
    "oidc_metadata_incomplete": UNUSABLE,
    "oidc_endpoint_address": UNUSABLE,
    "oidc_no_code_flow": UNUSABLE,
    "oidc_no_query_mode": UNUSABLE,
    "oidc_no_pkce": UNUSABLE,
    "oidc_no_algorithm": UNUSABLE,
    "oidc_no_client_auth": UNUSABLE,
    "oidc_keys_unreadable": UNUSABLE,
    "oidc_keys_none": UNUSABLE,
    # how the browser came back
    "oidc_no_beginning": STALE,
    "oidc_state": STALE,
    "oidc_other_sign_in": STALE,
    "oidc_return_elsewhere": UNBELIEVED,
    "oidc_response_issuer_missing": UNBELIEVED,
    "oidc_response_issuer": UNBELIEVED,
    "oidc_denied": "provider_denied",
    "oidc_error": UNUSABLE,
    "oidc_code_missing": UNUSABLE,
    # the token endpoint
    "oidc_client_refused": "provider_client_refused",
    "oidc_code_refused": STALE,
    "oidc_token_refused": UNUSABLE,
    "oidc_token_failed": UNREACHABLE,
    "oidc_token_not_json": UNUSABLE,
    "oidc_token_shape": UNUSABLE,
    # the ID token
    "oidc_token_unreadable": UNBELIEVED,
    "oidc_algorithm": UNBELIEVED,
    "oidc_key_unknown": UNBELIEVED,
    "oidc_signature": UNBELIEVED,
    "oidc_claim_iss": UNBELIEVED,
    "oidc_claim_sub": UNBELIEVED,
    "oidc_claim_aud": UNBELIEVED,
    "oidc_claim_azp": UNBELIEVED,
    "oidc_claim_exp": UNBELIEVED,
    "oidc_claim_iat": UNBELIEVED,
    "oidc_claim_nbf": UNBELIEVED,
    "oidc_claim_nonce": UNBELIEVED,
    "oidc_at_hash": UNBELIEVED,
    "oidc_auth_time": UNBELIEVED,
    "oidc_userinfo_failed": UNUSABLE,
    "oidc_userinfo_sub": UNBELIEVED,
    "oidc_logout_token": UNBELIEVED,
    "oidc_logout_again": UNBELIEVED,
    # who it is
    "oidc_mail_missing": "provider_mail_missing",
    "oidc_mail_unverified": "provider_mail_unverified",
    "oidc_mail_taken": "provider_mail_taken",
    "oidc_no_group": NO_ENTRY,
    "oidc_groups_elsewhere": NO_ENTRY,
    "oidc_not_admitted": NO_ENTRY,
    "oidc_sign_up_closed": NO_ENTRY,
    "oidc_team_gone": NO_ENTRY,
    "oidc_team_full": "team_is_full",
    "oidc_linked_elsewhere": "provider_linked_elsewhere",
    "oidc_other_person": "provider_other_person",
}


class ProviderRefused(NotAllowed):
    """Nobody is signed in. `finding` is for the log, and for the owner who tests."""

    def __init__(self, code: str, *, finding: str) -> None:
        super().__init__(code)
        self.finding = finding

    def for_tester(self) -> "ProviderRefused":
        """Give the same as whoever set the provider up is told it."""
        return ProviderRefused(self.finding, finding=self.finding)


def refuse(finding: str) -> ProviderRefused:
    """Make the refusal of a finding."""
    return ProviderRefused(PERSON_CODES[finding], finding=finding)


def unreachable(failure: EndpointFailure) -> ProviderRefused:
    """Make the refusal of a failure on the way to the provider; its own code is the finding."""
    return ProviderRefused(UNREACHABLE, finding=failure.code)
