"""Mail to the operator's own SMTP server, under TLS only: one lookup, every address judged, the socket handed over.

The library never resolves, never dials, and never falls back to plain text.
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, NoReturn
from urllib.parse import unquote, urlsplit

import aiosmtplib

from moorage.egress.dial import Dialler
from moorage.egress.failures import connect_failure, translate
from moorage.egress.operators import parse_service_url
from moorage.egress.scope import Scope
from moorage.egress.urls import Endpoint
from moorage.errors import AddressRefused, EndpointFailure, Unavailable
from moorage.vault.secret import Secret

DEFAULT_PORTS: Final = {"smtps": 465, "smtp+starttls": 587}
TOTAL_TIMEOUT_S: Final = 60.0
_SCOPE: Final = Scope("operator", "mail")
_REFUSED_FOR_GOOD: Final = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `user` is empty where the server asks for no sign-in."""

    endpoint: Endpoint
    starts_plain: bool
    user: str = field(default="", repr=False)
    password: Secret = field(default_factory=lambda: Secret(""), repr=False)


class MailRefused(EndpointFailure):
    """The mail server will not take this mail however often it is tried."""

    retryable = False


def parse_mail_url(text: str, password: str = "") -> MailServer:
    """Read smtps://user:password@host:465 or smtp+starttls://user:password@host:587; user and password may be absent.

    `password` is used where the URL holds none. Raises Unavailable("mail_url_invalid"), for smtp:// too: it is plain.
    """
    if not text.isprintable() or " " in text:
        _refuse()  # urlsplit would drop line ends and read the rest
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        _refuse()
    if parts.scheme not in DEFAULT_PORTS or parts.path not in {"", "/"} or parts.query or parts.fragment:
        _refuse()
    host = parts.netloc.rpartition("@")[2]
    authority = host if port is not None else f"{host.rstrip(':')}:{DEFAULT_PORTS[parts.scheme]}"
    try:
        # The strict parser of endpoints: what it returns is what is dialled.
        endpoint = parse_service_url(f"https://{authority}")
    except AddressRefused:
        _refuse()
    secret = Secret(unquote(parts.password or "") or password)
    return MailServer(endpoint, parts.scheme == "smtp+starttls", unquote(parts.username or ""), secret)


def _refuse() -> NoReturn:
    raise Unavailable("mail_url_invalid") from None


class MailLine:
    """The way to the mail server. A connection per mail: few are sent, and none is kept open for them."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext, server: MailServer) -> None:
        self._dialler = dialler
        self._tls = tls
        self._server = server

    async def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Hand a mail in. Raises MailRefused when trying again is of no use, else EndpointFailure."""
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT_S):
                await self._send(message, sender, recipient)
        except aiosmtplib.SMTPException as error:
            raise _translate(error) from None
        except ssl.SSLError as error:
            raise translate(error, port=self._server.endpoint.port, connect_timeout_s=0) from None
        except TimeoutError:
            raise EndpointFailure("took_too_long", timeout_s=TOTAL_TIMEOUT_S) from None
        except (OSError, ValueError):
            # ValueError: an answer that is no SMTP, or an address that can't be written.
            raise EndpointFailure("connection_lost") from None

    async def _send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        endpoint, server = self._server.endpoint, self._server
        addresses = await self._dialler.judged_addresses(_SCOPE, endpoint)
        try:
            sock = await self._dialler.connect(endpoint, addresses)
        except OSError as error:
            raise connect_failure(error, port=endpoint.port) from None
        client = aiosmtplib.SMTP(
            sock=sock,
            hostname=endpoint.host,
            use_tls=not server.starts_plain,
            start_tls=server.starts_plain,
            tls_context=self._tls,
            # Without it the library asks the DNS for this machine's name.
            local_hostname=sender.rpartition("@")[2],
            username=server.user or None,
            password=server.password.reveal() if server.user else None,
            timeout=TOTAL_TIMEOUT_S,
        )
        try:
            await client.connect()
            await client.send_message(message, sender=sender, recipients=[recipient])
            await client.quit()
        finally:
            # The socket is the transport's since `connect`; whoever closes it, too, may close somebody else's.
            client.close()


def _translate(error: aiosmtplib.SMTPException) -> EndpointFailure:
    """Name the class of a refusal; what the server said is repeated nowhere."""
    if isinstance(error.__cause__, ssl.SSLError):
        return translate(error.__cause__, port=0, connect_timeout_s=0)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailRefused("mail_sign_in_refused")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _by_code(max(one.code for one in error.recipients))
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_code(error.code)
    if isinstance(error, aiosmtplib.SMTPServerDisconnected | aiosmtplib.SMTPConnectError | aiosmtplib.SMTPTimeoutError):
        return EndpointFailure("connection_lost")
    # What is left: the server lacks STARTTLS, a way to sign in that we speak, or addresses in other scripts.
    return MailRefused("mail_not_supported")


def _by_code(code: int) -> EndpointFailure:
    return MailRefused("mail_refused") if code >= _REFUSED_FOR_GOOD else EndpointFailure("mail_deferred")
