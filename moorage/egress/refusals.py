"""Tells operators about every refusal: a log line under the request's id, a count by reason; never an address."""

import structlog

from moorage.errors import AddressRefused
from moorage.telemetry import Metrics

log = structlog.get_logger(__name__)


class Refusals:
    """Where the parts of the door, and whoever reads base URLs, report what they refused."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def note(self, refused: AddressRefused, *, team: str = "", connection: str = "") -> None:
        """Report one. Team and connection are ids; the request's id is added by the log."""
        self._metrics.egress_refused.labels(refused.reason).inc()
        log.warning("egress_refused", reason=str(refused.reason), team=team, connection=connection)
