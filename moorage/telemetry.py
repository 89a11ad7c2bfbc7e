"""Log lines with allow-listed fields, and counters; never a text, a name, an address or a key in either."""

import logging
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest

# What may stand in a log line. A field that is not listed here is dropped: forgetting to redact can't leak.
ALLOWED_FIELDS: Final = frozenset(
    {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "ms", "kind", "where", "attempt",
        "reply_id", "count", "schema", "reason", "team", "connection",
    }
)  # fmt: skip


def configure_logging(*, style: str, level: str) -> None:
    """Set up structlog for this process: one line per event, `console` for people or `json` for machines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed_fields,
            structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=False,
    )
    # Libraries log what they like, headers included; only their warnings are let through.
    logging.basicConfig(level=logging.WARNING)


def keep_allowed_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    return {name: value for name, value in event.items() if name in ALLOWED_FIELDS}


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

    def render(self) -> bytes:
        """Give all of them."""
        return generate_latest(self._registry)


def describe_place(error: BaseException) -> str:
    """Tell where an error arose as "module:line", without its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
