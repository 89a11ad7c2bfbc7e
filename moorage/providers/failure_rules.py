"""How an endpoint can fail, as one ordered table: the first rule that fits names the class (docs/failures.md)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one failed call. `words` is the endpoint's text, lower case: for matching only.

    `status` is None for an error inside a stream that names none.
    """

    status: int | None
    words: str
    is_empty: bool
    is_html: bool
    has_key: bool
    retry_after_s: int | None

    @property
    def says_when(self) -> bool:
        """Whether it was said when to try again."""
        return self.retry_after_s is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits if the status is among `statuses` (empty: any), a pattern matches, and every named trait is there."""

    code: str
    statuses: frozenset[int] = frozenset()
    pattern: re.Pattern[str] | None = None
    traits: Mapping[str, bool] | None = None
    params: tuple[Literal["status", "model", "retry_after_s"], ...] = ()
    matches_without_status: bool = True

    def fits(self, evidence: Evidence) -> bool:
        """Whether this rule names the failure."""
        if self.statuses:
            if evidence.status is None:
                if not self.matches_without_status or self.pattern is None:
                    return False
            elif evidence.status not in self.statuses:
                return False
        if self.traits and any(getattr(evidence, name) is not wanted for name, wanted in self.traits.items()):
            return False
        return self.pattern is None or self.pattern.search(evidence.words) is not None


def words_of(*patterns: str) -> re.Pattern[str]:
    """Make one pattern of several."""
    return re.compile("|".join(patterns))


_REFUSALS: Final = frozenset({400, 404, 409, 413, 422, 500})
BAD_REQUEST: Final = frozenset({400, 422})

RULES: Final[tuple[Rule, ...]] = (
    # nginx takes the handshake of a client without a certificate, and refuses the request with a page.
    Rule(
        "client_certificate_refused",
        statuses=frozenset({400, 403, 495, 496}),
        pattern=words_of("no required ssl certificate was sent", "the ssl certificate error"),
    ),
    # A proxy's error page says nothing about the model behind it; the others of its kind are named by status below.
    Rule("not_api", statuses=frozenset({200, 400, 404, 405, 406, 409, 410, 422}), traits={"is_html": True}),
    Rule(
        "gateway_key",
        statuses=frozenset({401, 403}),
        pattern=words_of(r"litellm\.(authentication|permissiondenied)error"),
        params=("model",),
    ),
    Rule(
        "key_missing",
        statuses=frozenset({400, 401, 403, 500}),
        traits={"has_key": False},
        pattern=words_of("no_db_connection", "no api key", "missing api key", "api[ _-]?key (is )?(required|missing)"),
    ),
    Rule("key_missing", statuses=frozenset({401}), traits={"has_key": False}),
    Rule(
        "bad_key",
        statuses=frozenset({400, 401, 403}),
        pattern=words_of(
            "api_key_invalid",
            "no_db_connection",
            "invalid_api_key",
            "authentication_error",
            "api key not valid",
            "reported as leaked",
            "(invalid|incorrect|wrong) api[ _-]?key",
        ),
    ),
    Rule("bad_key", statuses=frozenset({401})),
    # Google calls a limit per minute a quota too; the difference is that it says when to try again.
    Rule(
        "rate_limited",
        statuses=frozenset({429}),
        pattern=words_of("resource_exhausted"),
        traits={"says_when": True},
        params=("retry_after_s",),
    ),
    Rule("quota_exhausted", statuses=frozenset({402})),
    Rule(
        "quota_exhausted",
        statuses=frozenset({400, 403, 429, 500}),
        pattern=words_of(
            "insufficient_quota",
            "credit_balance",
            "credit balance",
            "billing_error",
            "payment_required",
            "exceeded your current quota",
            "insufficient (balance|credits|funds)",
            "out of credits",
        ),
    ),
    Rule(
        "context_too_long",
        statuses=_REFUSALS,
        pattern=words_of(
            "context_length_exceeded",
            "maximum context length",
            "maximum model length",
            "prompt is too long",
            "available context size",
            "model_context_window_exceeded",
            "contextwindowexceedederror",
            "exceeds? (the )?context window",
            "exceeds? (the )?context length",
            "exceeds model's maximum",
            "input is too long",
            "exceed context limit",
            "token count .{0,40}exceeds the maximum number of tokens",
            "exceed_context_size",
            "requested tokens .{0,40}exceed",
        ),
        params=("model",),
    ),
    Rule(
        "content_filtered",
        statuses=frozenset({400, 403, 422, 451, 500}),
        pattern=words_of(
            "content_filter",
            "content_policy",
            "content management policy",
            "responsibleaipolicy",
            "safety system",
            "flagged by moderation",
            "requires moderation",
        ),
    ),
    Rule(
        "data_policy_unmet",
        statuses=_REFUSALS,
        pattern=words_of("no endpoints (found|available) matching your", "data policy"),
        params=("model",),
    ),
    Rule(
        "not_chat_model",
        statuses=_REFUSALS,
        pattern=words_of(
            "not a chat model",
            "does not support chat",
            "chat template",
            "doesn't support chat",
            "not supported in the v1/chat/completions",
            "not support the chat",
            "is not a (text generation|chat)",
        ),
        params=("model",),
    ),
    Rule(
        "model_missing",
        statuses=_REFUSALS,
        pattern=words_of(
            "model_not_found",
            "modelnotfound",
            "deploymentnotfound",
            "invalid_model",
            "invalid model",
            "no such model",
            "unknown model",
            "not a valid model",
            "no endpoints found",
            "try pulling it",
            # Anthropic names nothing but the model; Google's names hold dots.
            "message model: ",
            "is not found for api version",
            "(model|deployment)[^.{}]{0,200}?(does not exist|doesn't exist|not found|not exist|is not available)",
        ),
        params=("model",),
    ),
    Rule(
        "unsupported_parameter",
        statuses=BAD_REQUEST,
        pattern=words_of(
            "unsupported_parameter",
            "unsupported_value",
            "unsupported parameter",
            "extra_forbidden",
            "extra inputs are not permitted",
            "unrecognized request argument",
            "unknown parameter",
            "additional properties",
        ),
        params=("model",),
    ),
    Rule("body_too_large", statuses=frozenset({413})),
    Rule("body_too_large", statuses=BAD_REQUEST, pattern=words_of("request_too_large", "request payload size exceeds")),
    Rule(
        "rate_limited",
        statuses=frozenset({400, 429, 500, 503}),
        pattern=words_of("rate_limit", "rate limit", "too many requests", "resource_exhausted", "slow_down"),
        params=("retry_after_s",),
    ),
    Rule("rate_limited", statuses=frozenset({429}), params=("retry_after_s",)),
    Rule(
        "model_loading",
        statuses=frozenset({500, 503}),
        pattern=words_of("loading model", "model is loading", "currently loading", "is starting", "warming up"),
        params=("model",),
    ),
    Rule("overloaded", statuses=frozenset({503, 529})),
    Rule(
        "overloaded",
        statuses=frozenset({400, 429, 500, 502, 504}),
        pattern=words_of("overloaded", "at capacity", "no available (worker|server)"),
    ),
    Rule("forbidden_unexplained", statuses=frozenset({403}), traits={"is_empty": True}),
    Rule("forbidden", statuses=frozenset({403}), params=("model",)),
    Rule("forbidden", statuses=frozenset({400}), pattern=words_of("location is not supported"), params=("model",)),
    Rule("tunnel_down", statuses=frozenset({521, 522, 523, 524, 530}), params=("status",)),
    Rule("upstream_failed", statuses=frozenset({408, *range(500, 600)}), params=("status",)),
    Rule("path_missing", statuses=frozenset({404, 405, 410, 501}), params=("status",)),
    Rule("request_refused", statuses=frozenset(range(300, 500)), params=("status",)),
)
