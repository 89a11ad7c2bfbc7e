"""What a failure says about a connection: unreachable, refused, slow, or nothing at all."""

from typing import Final, Literal

Health = Literal["healthy", "slow", "refused", "unreachable", "unproven"]

# A code that stands in neither set is about one question (too long, filtered, unknown model): the endpoint answered.
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
    }
)


def judge_health(code: str | None) -> Health:
    """Give the health that a call's failure code stands for; None means that the call went well."""
    if code in _REFUSED:
        return "refused"
    if code in _SLOW:
        return "slow"
    if code in _UNREACHABLE or (code or "").startswith("url_"):
        return "unreachable"
    return "healthy"
