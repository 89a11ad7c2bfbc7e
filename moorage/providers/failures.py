"""Names the class of an endpoint's failure, and never repeats a word of it.

One ordered table: the first rule that fits decides. Status numbers, retry seconds and our own model id are the only
things that reach the params of an error; the endpoint's text is read for its class and dropped. docs/failures.md lists
every class with its sentence and its test.
"""

import contextlib
import datetime as dt
import email.utils
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from moorage.errors import EndpointFailure, Param

MAX_ERROR_BODY_BYTES: Final = 64 * 1024
_MAX_WORDS_CHARS: Final = 8000
_MAX_DEPTH: Final = 8
_GUESSED_RETRY_S: Final = 30
_MAX_RETRY_S: Final = 24 * 3600

Refused = Literal["stream_options", "limit_field"]


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


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_REFUSALS: Final = frozenset({400, 404, 409, 413, 422, 500})
_BAD_REQUEST: Final = frozenset({400, 422})

RULES: Final[tuple[Rule, ...]] = (
    # nginx takes the handshake of a client without a certificate, and refuses the request with a page.
    Rule(
        "client_certificate_refused",
        statuses=frozenset({400, 403, 495, 496}),
        pattern=_words("no required ssl certificate was sent", "the ssl certificate error"),
    ),
    # A proxy's error page says nothing about the model behind it; the others of its kind are named by status below.
    Rule("not_api", statuses=frozenset({200, 400, 404, 405, 406, 409, 410, 422}), traits={"is_html": True}),
    Rule(
        "gateway_key",
        statuses=frozenset({401, 403}),
        pattern=_words(r"litellm\.(authentication|permissiondenied)error"),
        params=("model",),
    ),
    Rule(
        "key_missing",
        statuses=frozenset({400, 401, 403, 500}),
        traits={"has_key": False},
        pattern=_words("no_db_connection", "no api key", "missing api key", "api[ _-]?key (is )?(required|missing)"),
    ),
    Rule("key_missing", statuses=frozenset({401}), traits={"has_key": False}),
    Rule(
        "bad_key",
        statuses=frozenset({400, 401, 403}),
        pattern=_words(
            "api_key_invalid",
            "no_db_connection",
            "invalid_api_key",
            "api key not valid",
            "(invalid|incorrect|wrong) api[ _-]?key",
        ),
    ),
    Rule("bad_key", statuses=frozenset({401})),
    Rule("quota_exhausted", statuses=frozenset({402})),
    Rule(
        "quota_exhausted",
        statuses=frozenset({400, 403, 429, 500}),
        pattern=_words(
            "insufficient_quota",
            "credit_balance",
            "credit balance",
            "payment_required",
            "exceeded your current quota",
            "insufficient (balance|credits|funds)",
            "out of credits",
        ),
    ),
    Rule(
        "context_too_long",
        statuses=_REFUSALS,
        pattern=_words(
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
            "exceed_context_size",
            "requested tokens .{0,40}exceed",
        ),
        params=("model",),
    ),
    Rule(
        "content_filtered",
        statuses=frozenset({400, 403, 422, 451, 500}),
        pattern=_words(
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
        "not_chat_model",
        statuses=_REFUSALS,
        pattern=_words(
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
        pattern=_words(
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
            "(model|deployment)[^.{}]{0,200}?(does not exist|doesn't exist|not found|not exist|is not available)",
        ),
        params=("model",),
    ),
    Rule(
        "unsupported_parameter",
        statuses=_BAD_REQUEST,
        pattern=_words(
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
    Rule(
        "rate_limited",
        statuses=frozenset({400, 429, 500, 503}),
        pattern=_words("rate_limit", "rate limit", "too many requests", "resource_exhausted", "slow_down"),
        params=("retry_after_s",),
    ),
    Rule("rate_limited", statuses=frozenset({429}), params=("retry_after_s",)),
    Rule(
        "model_loading",
        statuses=frozenset({500, 503}),
        pattern=_words("loading model", "model is loading", "currently loading", "is starting", "warming up"),
        params=("model",),
    ),
    Rule("overloaded", statuses=frozenset({503, 529})),
    Rule(
        "overloaded",
        statuses=frozenset({400, 429, 500, 502, 504}),
        pattern=_words("overloaded", "at capacity", "no available (worker|server)"),
    ),
    Rule("forbidden_unexplained", statuses=frozenset({403}), traits={"is_empty": True}),
    Rule("forbidden", statuses=frozenset({403}), params=("model",)),
    Rule("tunnel_down", statuses=frozenset({521, 522, 523, 524, 530}), params=("status",)),
    Rule("upstream_failed", statuses=frozenset({408, *range(500, 600)}), params=("status",)),
    Rule("path_missing", statuses=frozenset({404, 405, 410, 501}), params=("status",)),
    Rule("request_refused", statuses=frozenset(range(300, 500)), params=("status",)),
)

_GENERIC: Final = frozenset({"upstream_failed", "path_missing", "request_refused", "forbidden_unexplained"})
_HTML: Final = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)


def classify_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, model: str = "", has_key: bool, now: dt.datetime
) -> EndpointFailure:
    """Name the failure that a whole answer stands for. Headers have lower-case names."""
    body = body[:MAX_ERROR_BODY_BYTES]
    document = read_json(body)
    evidence = Evidence(
        status=status,
        words=_collect_words(document if document is not None else body.decode("utf-8", "replace")),
        is_empty=not body.strip(),
        is_html="html" in headers.get("content-type", "") or looks_like_html(body),
        has_key=has_key,
        retry_after_s=read_retry_after(headers, now=now),
    )
    return _apply(evidence, model) or EndpointFailure("not_api")


def classify_event(error: object, *, model: str = "", has_key: bool = True) -> EndpointFailure:
    """Name an error that came inside a stream or an answer with status 200."""
    evidence = Evidence(
        status=_find_status(error),
        words=_collect_words(error),
        is_empty=False,
        is_html=False,
        has_key=has_key,
        retry_after_s=None,
    )
    failure = _apply(evidence, model)
    return failure if failure is not None and failure.code not in _GENERIC else EndpointFailure("midstream_error")


def find_refused_parameter(status: int, body: bytes) -> Refused | None:
    """Tell which of the fields that we can do without was refused, if one was."""
    if status not in _BAD_REQUEST:
        return None
    document = read_json(body[:MAX_ERROR_BODY_BYTES])
    words = _collect_words(document if document is not None else body.decode("utf-8", "replace"))
    if "stream_options" in words or "include_usage" in words:
        return "stream_options"
    if re.search("max_(completion_)?tokens", words) and _NOT_ACCEPTED.search(words):
        return "limit_field"
    return None


_NOT_ACCEPTED: Final = _words(
    "unsupported_parameter", "unsupported parameter", "not supported", "extra_forbidden", "not permitted",
    "unrecognized", "unknown parameter", "additional properties",
)  # fmt: skip


def looks_like_html(body: bytes) -> bool:
    """Whether a body begins like a web page, whatever its content type says."""
    return _HTML.match(body[:256]) is not None


def read_json(body: bytes) -> object | None:
    """Parse leniently: broken UTF-8 and lone surrogates pass; None if it is no JSON."""
    with contextlib.suppress(ValueError):
        return orjson.loads(body)  # type: ignore[no-any-return]
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def read_retry_after(headers: Mapping[str, str], *, now: dt.datetime) -> int | None:
    """Seconds to wait, 1 to 86400, from `retry-after-ms` or `retry-after` (seconds or a date); None if not said."""
    milliseconds, seconds = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    for text, divisor in ((milliseconds, 1000), (seconds, 1)):
        if re.fullmatch(r"\s*\d{1,9}(\.\d{1,9})?\s*", text):
            return _clamp_retry(float(text) / divisor)
    try:
        until = email.utils.parsedate_to_datetime(seconds)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return _clamp_retry((until - now).total_seconds())


def _clamp_retry(seconds: float) -> int:
    return max(1, min(_MAX_RETRY_S, -int(-seconds // 1)))


def _apply(evidence: Evidence, model: str) -> EndpointFailure | None:
    for rule in RULES:
        if rule.fits(evidence):
            values: Mapping[str, Param] = {
                "status": evidence.status or 0,
                "model": model,
                "retry_after_s": evidence.retry_after_s or _GUESSED_RETRY_S,
            }
            params: dict[str, Any] = {name: values[name] for name in rule.params}
            return EndpointFailure(rule.code, **params)
    return None


def _collect_words(document: object) -> str:
    """All strings and numbers of a document, keys included, lower case, breadth first, bounded."""
    words: list[str] = []
    length, level, depth = 0, [document], 0
    while level and depth < _MAX_DEPTH and length < _MAX_WORDS_CHARS:
        below: list[object] = []
        for item in level[:500]:
            if isinstance(item, dict):
                for key, value in item.items():
                    below.extend((str(key), value))
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, (str, int, float)):
                words.append(str(item)[:_MAX_WORDS_CHARS])
                length += len(words[-1])
        level, depth = below, depth + 1
    return " ".join(words)[:_MAX_WORDS_CHARS].lower()


def _find_status(error: object) -> int | None:
    """The HTTP status that an error object inside a stream claims, if it claims one."""
    if not isinstance(error, dict):
        return None
    for name in ("status", "code", "status_code"):
        value = error.get(name)
        if isinstance(value, (int, str)) and re.fullmatch(r"[45]\d\d", str(value)):
            return int(value)
    return _find_status(error.get("error"))
