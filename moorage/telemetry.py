"""Log lines of known events with checked values, and counters; never a text, a name, an address or a key in either.

Libraries log through the same processors: of what they say remain logger, level, class and place (ASVS 16.2.5, 16.4.1).
"""

import logging
import re
import warnings
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest

# Every event there is, and the fields it may carry. docs/operate.md says when; a house test holds code, table and page
# together. `request_id` may stand in every line.
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "request": ("method", "route", "status", "ms"),
    "refused": ("code", "status", "person", "method", "route"),
    "unexpected_error": ("kind", "where"),
    "settle_failed": ("kind", "where", "reply_id", "attempt"),
    "opening_broke": ("kind", "where"),
    "checkpoint_failed": ("kind", "where"),
    "reply_broke": ("kind", "where"),
    "title_broke": ("kind", "where"),
    "uploads_swept": ("count",),
    "uploads_not_swept": ("kind", "where"),
    "zones_not_told": ("count",),
    "judging_failed": ("kind", "where"),
    "streams_unwatched": ("kind", "where"),
    "test_broke": ("kind", "where"),
    "discovery_broke": ("kind", "where"),
    "check_broke": ("kind", "where"),
    "watch_broke": ("kind", "where"),
    "keys_not_renewed": ("code",),
    "keys_unavailable": ("code",),
    "key_store_token_not_renewed": ("code",),
    "key_store_keeping_broke": ("kind", "where"),
    "mail_broke": ("kind", "where"),
    "mail_failed": ("reason", "attempt"),
    "mail_dropped": ("reason",),
    "oidc_refused": ("finding", "team", "purpose"),
    "privacy_job_broke": ("kind", "where"),
    "privacy_job_lost": (),
    "exports_not_deleted": ("count",),
    "retention_deleted": ("count",),
    "retention_failed": ("kind", "where"),
    "erasures_unreadable": ("count",),
    "erasures_unwritable": ("kind",),
    "erasures_replayed": ("count",),
    "erasure_not_withdrawn": ("receipt",),
    "audit_pruned": ("count",),
    "audit_pruning_failed": ("kind", "where"),
    "audit_anchors_failed": ("kind", "where"),
    "audit_keys_not_read": ("kind", "where"),
    "key_uses_deleted": ("count",),
    "key_uses_not_deleted": ("kind", "where"),
    "usage_months_made": ("count",),
    "usage_months_full": ("count",),
    "usage_months_not_made": ("kind", "where"),
    "usage_days_closed": ("count",),
    "usage_days_opened": (),
    "usage_days_not_closed": ("kind", "where"),
    "group_writer_broke": ("kind", "where"),
    "orphans_closed": ("count",),
    "database_crowded": (),
    "database_gone": ("kind",),
    "database_full": (),
    "database_disk_failed": (),
    "schema_upgraded": ("schema",),
    "schema_copied": ("schema",),
    "egress_refused": ("reason", "team", "connection"),
    "draining": ("count",),
    "data_folder_shared": (),
    "proxy_not_trusted": (),
    "report_failed": ("reason", "count"),
    "library_said": ("logger", "where", "kind"),
    "library_warned": ("where", "kind"),
    "task_broke": ("kind", "where"),
    "thread_broke": ("kind", "where"),
    "process_broke": ("kind", "where"),
    "event_not_listed": (),
}

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,80}"

# What a value must look like, whole. None of these admits a space, a quote, an escape or a line's end.
_SHAPES: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(shape)
    for name, shape in {
        "level": r"debug|info|warning|error|critical",
        "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)",
        "request_id": rf"{_ID}|",
        "reply_id": _ID,
        "receipt": _ID,
        "person": rf"{_ID}|",
        "method": r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS",
        "route": r"(?:/[A-Za-z0-9_.{}:-]*){0,12}",
        "kind": _NAME,
        "where": rf"unknown|<?{_NAME}>?(?:\.{_NAME}){{0,12}}:\d{{1,6}}",
        "logger": rf"{_NAME}(?:\.[A-Za-z0-9_-]{{1,80}}){{0,8}}",
        "schema": r"[0-9a-z_]{1,60}",
        "reason": r"[a-z0-9_]{1,60}",
        "code": r"[a-z0-9_]{1,60}",
        "finding": r"[a-z0-9_]{1,60}",
        "purpose": r"(?:sign_in|link|test|prove|logout)?",
        "team": rf"{_ID}|[a-z]{{1,20}}|",
        "connection": rf"(?:test:)?{_ID}|standard:[a-z0-9_-]{{1,60}}|[a-z]{{1,20}}|",
    }.items()
}
_NUMBERS: Final = frozenset({"status", "ms", "count", "attempt"})
_EVERYWHERE: Final = ("event", "level", "timestamp", "request_id")
UNFIT: Final = "•••"


def configure_logging(*, style: str, level: str, stream: TextIO | None = None) -> None:
    """Set up the logging of this process: one line per event, `console` for people or `json` for machines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed_fields,
            structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) in {LibraryHandler, logging.StreamHandler}]:
        root.removeHandler(handler)
    root.addHandler(LibraryHandler())
    root.setLevel(logging.WARNING)


def keep_allowed_fields(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that the event may not carry, and hide every value that does not look as its field must."""
    event = line.get("event")
    allowed = EVENTS.get(event) if isinstance(event, str) else None
    if allowed is None:
        # Forgetting to list an event costs its fields, never a secret.
        line, allowed = {**line, "event": "event_not_listed"}, ()
    return {name: _fit(name, value) for name, value in line.items() if name in allowed or name in _EVERYWHERE}


def _fit(name: str, value: Any) -> Any:
    if name == "event":
        return value
    if name in _NUMBERS:
        return value if isinstance(value, int | float) and not isinstance(value, bool) else UNFIT
    return value if isinstance(value, str) and _SHAPES[name].fullmatch(value) else UNFIT


class LibraryHandler(logging.Handler):
    """Logs that a library said something, and where; never what: headers, addresses and parameters stand in it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on logger, level, class of the error, and place."""
        try:
            error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
            fields = {"logger": record.name, "where": f"{record.module}:{record.lineno}"}
            if error is not None:
                fields |= {"kind": type(error).__name__, "where": describe_place(error)}
            structlog.get_logger("library").log(record.levelno // 10 * 10, "library_said", **fields)
        except Exception:  # noqa: BLE001, S110 - logging's own answer would print the record, text and all
            pass


def say_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the signature of warnings.showwarning
    line: str | None = None,  # noqa: ARG001 - as above
) -> None:
    """Stand in for `warnings.showwarning`: class and place, not the text."""
    del message
    module = re.sub(r"\W", "_", filename.replace("\\", "/").rpartition("/")[2].removesuffix(".py"))
    structlog.get_logger("warnings").warning("library_warned", kind=category.__name__, where=f"{module}:{lineno}")


def quieten_warnings() -> None:
    """Let warnings of libraries go through the log of this process."""
    warnings.showwarning = say_warning


class Metrics:
    """The counters of one process, in the text format that Prometheus reads. Labels come from fixed lists."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.egress_refused = Counter(
            "moorage_egress_refused", "Refused by URL rules or address policy", ["reason"], registry=registry
        )
        self.egress_connections = Counter(
            "moorage_egress_connections", "TCP connections begun through the door", registry=registry
        )
        self.error_reports = Counter(
            "moorage_error_reports", "Error reports by what became of them", ["outcome"], registry=registry
        )
        self.rate_limited = Counter(
            "moorage_rate_limited", "Requests refused because there were too many", ["limit"], registry=registry
        )

    def render(self) -> bytes:
        """Give all of them."""
        return generate_latest(self._registry)


def describe_place(error: BaseException) -> str:
    """Tell where an error arose as "module:line", without its message."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
