"""Posts error reports to the operator's collector (Sentry or what speaks like it), through the operator's own door."""

import re
from typing import Final

from moorage import __version__
from moorage.egress.door import Door, Outbound, Scope
from moorage.egress.operators import parse_service_url
from moorage.errors import AddressRefused, Invalid
from moorage.reports.outbox import TurnedAwayError
from moorage.vault.secret import Secret

# https://<public key>@host[:port][/prefix]/<project>; the secret half of old DSNs is not needed any more.
_DSN: Final = re.compile(r"https://([0-9A-Za-z]{1,64})(?::[0-9A-Za-z]{0,64})?@([^@?#\s]+?)/([0-9]{1,20})/?")
_TOO_MANY: Final = 429
_BUSY: Final = 503
PAUSE_S: Final = 60
MAX_PAUSE_S: Final = 3600
_MAX_ANSWER_BYTES: Final = 64 * 1024


class ErrorCollector:
    """One collector and project. Raises Invalid("sentry_dsn_invalid"), never with a word of the DSN."""

    def __init__(self, door: Door, dsn: Secret) -> None:
        match = _DSN.fullmatch(dsn.reveal())
        if match is None:
            raise Invalid("sentry_dsn_invalid")
        key, base, project = match.groups()
        try:
            endpoint = parse_service_url(f"https://{base}")
        except AddressRefused:
            raise Invalid("sentry_dsn_invalid") from None
        self._line = door.line(Scope("operator", "collector"), endpoint)
        self._path = f"{endpoint.path.rstrip('/')}/api/{project}/envelope/"
        self._auth = Secret(f"Sentry sentry_version=7,sentry_client=moorage/{__version__},sentry_key={key}")

    async def post(self, envelope: bytes) -> None:
        """Send one envelope. Raises EndpointFailure, TurnedAwayError."""
        answer = await self._line.fetch(
            Outbound(
                "POST",
                self._path,
                headers={"x-sentry-auth": self._auth, "content-type": "application/x-sentry-envelope"},
                body=envelope,
                first_byte_timeout_s=5,
                idle_timeout_s=5,
                total_timeout_s=10,
                max_body_bytes=_MAX_ANSWER_BYTES,
            )
        )
        if answer.status in {_TOO_MANY, _BUSY}:
            raise TurnedAwayError(f"http_{answer.status}", _pause_s(answer.headers.get("retry-after", "")))
        if answer.status // 100 != 2:  # noqa: PLR2004 - the class of success
            raise TurnedAwayError(f"http_{answer.status}")


def _pause_s(retry_after: str) -> float:
    is_number = retry_after.isascii() and retry_after.isdigit() and len(retry_after) < len(str(MAX_PAUSE_S)) + 1
    return min(int(retry_after), MAX_PAUSE_S) if is_number else PAUSE_S
