"""Where every part of the process hands in what it did not expect; each a log line, each a report if those are on."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Final

import sentry_sdk
import structlog
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport
from sentry_sdk.utils import event_from_exception

from moorage.reports.events import Rebuilder, Told
from moorage.reports.outbox import CLOSE_GRACE_S, Outbox
from moorage.telemetry import Metrics, describe_place

PER_MINUTE: Final = 30
SAME_AGAIN_S: Final = 60.0
_MAX_KINDS: Final = 1000

log = structlog.get_logger(__name__)


class OutboxTransport(Transport):
    """Stands where the SDK would open a socket: an error is built anew once more and put into the outbox.

    Sessions, logs, metrics, spans, client reports and attachments end here.
    """

    def __init__(self, outbox: Outbox, rebuilder: Rebuilder) -> None:
        super().__init__()
        self._outbox = outbox
        self._rebuilder = rebuilder

    def capture_envelope(self, envelope: Envelope) -> None:
        """Take the error out of an envelope and send it in one of its own."""
        event = envelope.get_event()
        if event is None:
            return
        rebuilt: Any = self._rebuilder.rebuild(event)
        sealed = Envelope(headers={name: envelope.headers[name] for name in ("event_id", "sent_at")})
        sealed.add_event(rebuilt)
        self._outbox.put(sealed.serialize())


def make_client(outbox: Outbox, rebuilder: Rebuilder, told: Told) -> sentry_sdk.Client:
    """Make an SDK client that patches nothing, watches nothing and knows no address; see docs/adr/0015.

    Every option is said, because some defaults come from variables of the environment.
    """
    return sentry_sdk.Client(
        transport=OutboxTransport(outbox, rebuilder),
        release=told.release,
        environment=told.environment,
        server_name="",
        before_send=rebuilder.before_send,
        before_send_transaction=_drop,
        before_send_log=_drop,
        before_send_metric=_drop,
        # What send_default_pii=False means since 2.70, said for each kind; setting both is refused.
        data_collection={
            "user_info": False,
            "cookies": {"mode": "off"},
            "http_headers": {"request": {"mode": "off"}},
            "http_bodies": [],
            "url_query_params": {"mode": "off"},
            "graphql": {"document": False, "variables": False},
            "gen_ai": {"inputs": False, "outputs": False},
            "stack_frame_variables": False,
            "frame_context_lines": 0,
            "database_query_data": False,
            "queues": False,
        },
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        traces_sample_rate=None,
        profiles_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
        enable_logs=False,
        spotlight=False,
        keep_alive=False,
        debug=False,
    )


class Reports:
    """Notes errors. Without an outbox they are logged and nothing else happens. `clock` gives seconds."""

    def __init__(
        self,
        outbox: Outbox | None = None,
        told: Told | None = None,
        metrics: Metrics | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbox = outbox
        self._client: sentry_sdk.Client | None = None
        if outbox is not None and told is not None:
            self._rebuilder = Rebuilder(told)
            self._client = make_client(outbox, self._rebuilder, told)
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._lately: deque[float] = deque()
        self._seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    @property
    def client(self) -> sentry_sdk.Client | None:
        """The SDK's client, for whoever wants to try to get something past it."""
        return self._client

    def start(self) -> None:
        """Begin to send. Needs a running event loop."""
        if self._outbox is not None:
            self._outbox.start()

    async def aclose(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Send what waits, for at most `grace_s`, and end."""
        if self._outbox is not None:
            await self._outbox.aclose(grace_s)

    def note(self, event: str, error: BaseException, **fields: str | int) -> None:
        """Log and report an error: `event` and `fields` as telemetry's EVENTS lists them. Never raises, never waits."""
        kind, where = type(error).__name__, describe_place(error)
        log.error(event, kind=kind, where=where, **fields)
        if self._client is None:
            return
        if not self._is_admitted((event, kind, where)):
            self._metrics.error_reports.labels("paced").inc()
            return
        try:
            made, hint = event_from_exception(error, client_options=self._client.options)
            self._rebuilder.name_system_errors(made)
            request_id = fields.get("request_id") or structlog.contextvars.get_contextvars().get("request_id")
            made["tags"] = {"event": event, "request_id": str(request_id)}
            self._client.capture_event(made, hint)
        except Exception:  # noqa: BLE001 - the error itself is logged; its report must not be the next one
            self._metrics.error_reports.labels("failed").inc()

    def _is_admitted(self, what: tuple[str, str, str]) -> bool:
        """The same error once a minute, and so many in all: a loop that breaks must not become a flood."""
        now_s = self._clock()
        while self._lately and self._lately[0] <= now_s - 60:
            self._lately.popleft()
        if now_s - self._seen.get(what, -SAME_AGAIN_S) < SAME_AGAIN_S or len(self._lately) >= PER_MINUTE:
            return False
        self._lately.append(now_s)
        self._seen[what] = now_s
        self._seen.move_to_end(what)
        if len(self._seen) > _MAX_KINDS:
            self._seen.popitem(last=False)
        return True


def _drop(_given: Any, _hint: Any) -> None:
    """Logs, metrics and transactions are off; what a library makes of them all the same ends here."""
