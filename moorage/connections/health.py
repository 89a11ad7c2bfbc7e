"""What a failure says about a connection: unreachable, refused, slow, that it answers, or nothing at all.

A code that nobody placed counts as a failure: a connection is healthy only by what is listed here.
"""

from typing import Final, Literal

Health = Literal["healthy", "slow", "refused", "unreachable", "unproven"]

# About one question, or one model: the endpoint answered.
_ANSWERED: Final = frozenset(
    {
        "context_too_long",
        "content_filtered",
        "declined",
        "unsupported_parameter",
        "body_too_large",
        "empty_answer",
        "not_chat_model",
        "model_missing",
        "models_not_offered",
        "models_empty",
        "data_policy_unmet",
    }
)
# Of this deployment, the team's plan or the moment, whatever the endpoint is like.
_NOT_OF_THE_ENDPOINT: Final = frozenset(
    {
        "unexpected",
        "keys_unavailable",
        "database_gone",
        "database_busy",
        "database_crowded",
        "database_full",
        "database_disk_failed",
        "draining",
        "reply_interrupted",
        "too_many_requests",
        "model_gone",
        "model_off",
        "connection_gone",
        "connection_deleted",
        "connection_paused",
        "connection_changed",
        "connection_needs_key",
        "connection_resting",
    }
)
_REFUSED: Final = frozenset(
    {
        "bad_key",
        "key_missing",
        "forbidden",
        "forbidden_unexplained",
        "gateway_key",
        "quota_exhausted",
        "key_unreadable",
        "client_certificate_refused",
        "ca_unusable",
        "client_certificate_unusable",
        "key_not_sendable",
        "request_refused",
    }
)
_SLOW: Final = frozenset(
    {
        "first_byte_timeout",
        "stalled",
        "took_too_long",
        "rate_limited",
        "overloaded",
        "model_loading",
        "test_took_too_long",
    }
)
_UNREACHABLE: Final = frozenset(
    {
        "address_not_public",
        "url_own_host",
        "ollama_local",
        "connect_refused",
        "connect_timeout",
        "connect_failed",
        "connection_lost",
        "tls_name",
        "tls_expired",
        "tls_untrusted",
        "tls_failed",
        "tls_pin",
        "tls_client_certificate",
        "redirected",
        "bad_http",
        "compressed_answer",
        "answer_too_large",
        "not_api",
        "path_missing",
        "tunnel_down",
        "upstream_failed",
        "bad_stream",
        "cut_off",
        "midstream_error",
    }
)


def judge_health(code: str | None) -> Health | None:
    """Give the health that a call's failure code stands for; a code of None means that the call went well.

    None: it says nothing about the endpoint, and what was known of it stays.
    """
    if code is None or code in _ANSWERED:
        return "healthy"
    if code in _NOT_OF_THE_ENDPOINT or code.startswith("access_"):
        return None
    if code in _REFUSED:
        return "refused"
    if code in _SLOW:
        return "slow"
    return "unreachable"
