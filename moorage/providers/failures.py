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
from typing import Any, Final, Literal

import orjson

from moorage.errors import EndpointFailure, Param
from moorage.providers.failure_rules import BAD_REQUEST, RULES, Evidence, words_of

MAX_ERROR_BODY_BYTES: Final = 64 * 1024
_MAX_WORDS_CHARS: Final = 8000
_MAX_DEPTH: Final = 8
_GUESSED_RETRY_S: Final = 30
_MAX_RETRY_S: Final = 24 * 3600

Refused = Literal["stream_options", "limit_field", "system", "stream", "no_stream"]

_RETRY_INFO: Final = re.compile(r"google\.rpc\.retryinfo retrydelay (\d{1,6}(?:\.\d{1,9})?)s")
_GENERIC: Final = frozenset({"upstream_failed", "path_missing", "request_refused", "forbidden_unexplained"})
_HTML: Final = re.compile(rb"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)


def classify_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, model: str = "", has_key: bool, now: dt.datetime
) -> EndpointFailure:
    """Name the failure that a whole answer stands for. Headers have lower-case names."""
    body = body[:MAX_ERROR_BODY_BYTES]
    document = read_json(body)
    words = _collect_words(document if document is not None else body.decode("utf-8", "replace"))
    evidence = Evidence(
        status=status,
        words=words,
        is_empty=not body.strip(),
        is_html="html" in headers.get("content-type", "") or looks_like_html(body),
        has_key=has_key,
        retry_after_s=read_retry_after(headers, now=now) or _read_retry_info(words),
    )
    return _apply(evidence, model) or EndpointFailure("not_api")


def classify_event(error: object, *, model: str = "", has_key: bool = True) -> EndpointFailure:
    """Name an error that came inside a stream or an answer with status 200."""
    words = _collect_words(error)
    evidence = Evidence(
        status=_find_status(error),
        words=words,
        is_empty=False,
        is_html=False,
        has_key=has_key,
        retry_after_s=_read_retry_info(words),
    )
    failure = _apply(evidence, model)
    return failure if failure is not None and failure.code not in _GENERIC else EndpointFailure("midstream_error")


def find_refused_parameter(status: int, body: bytes) -> Refused | None:
    """Tell what was refused of that which we can do without, if anything was.

    "stream": a stream is not given; "no_stream": nothing but a stream is.
    """
    if status not in _NAMES_A_FIELD:
        return None
    document = read_json(body[:MAX_ERROR_BODY_BYTES])
    words = _collect_words(document if document is not None else body.decode("utf-8", "replace"))
    for name, statuses, patterns in _REFUSED:
        if status in statuses and all(pattern.search(words) for pattern in patterns):
            return name
    return None


def find_refused_wish(status: int, body: bytes) -> bool:
    """Tell whether a wish about thinking is what was refused."""
    document = read_json(body[:MAX_ERROR_BODY_BYTES])
    return status in BAD_REQUEST and document is not None and "thinking" in _collect_words(document)


# A chat template that knows no instructions fails in the template: 400 of vLLM, 500 of llama.cpp.
_NAMES_A_FIELD: Final = BAD_REQUEST | {500}
_NO_SYSTEM: Final = words_of(
    r"system (role|message|prompt|instruction)s? (is |are )?not (supported|allowed|enabled|permitted)",
    r"(does not|doesn't) support (the )?(system|developer) (role|message|prompt|instruction)",
    r"developer instruction is not enabled",
    r"roles must alternate user/assistant",
    r"'(system|developer)' (does not|is not) support",
)  # fmt: skip
_STREAM_ONLY: Final = words_of(
    r"only supports? stream", r"stream(ing)? (is |mode is )?required", r"'?stream'? must be (set to )?true",
)  # fmt: skip
_NO_STREAM: Final = words_of(
    r"(does not|doesn't) support stream", r"stream(ing)? (is |mode is )?(not|un) ?(supported|available|enabled)",
    r"'stream' does not support true", r"verified to stream",
)  # fmt: skip
_NOT_ACCEPTED: Final = words_of(
    "unsupported_parameter", "unsupported parameter", "not supported", "extra_forbidden", "not permitted",
    "unrecognized", "unknown parameter", "additional properties",
)  # fmt: skip


_REFUSED: Final[tuple[tuple[Refused, frozenset[int], tuple[re.Pattern[str], ...]], ...]] = (
    ("system", _NAMES_A_FIELD, (_NO_SYSTEM,)),
    ("stream_options", BAD_REQUEST, (words_of("stream_options", "include_usage"),)),
    ("limit_field", BAD_REQUEST, (words_of("max_(completion_)?tokens"), _NOT_ACCEPTED)),
    ("no_stream", BAD_REQUEST, (_STREAM_ONLY,)),
    ("stream", BAD_REQUEST, (_NO_STREAM,)),
)


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


def _read_retry_info(words: str) -> int | None:
    """Seconds to wait from Google's RetryInfo, which is part of the body."""
    stated = _RETRY_INFO.search(words)
    return _clamp_retry(float(stated[1])) if stated else None


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
