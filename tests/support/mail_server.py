"""A real SMTP server on loopback, with TLS, sign-in, and moods: it keeps what it takes, or refuses as it is told."""

import asyncio
import ssl
import warnings
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "moorage", "mail-p@ss:word"


@dataclass(frozen=True)
class Taken:
    """One mail as it arrived."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    was_encrypted: bool
    signed_in: bool


class MailServerForTests:
    """Takes mail at `port`. `refusals`: answers to give, one a mail, before it takes any."""

    def __init__(self, context: ssl.SSLContext, *, starts_plain: bool = False, offers_tls: bool = True) -> None:
        self._context = context
        self._starts_plain = starts_plain
        self._offers_tls = offers_tls
        self._server: asyncio.Server | None = None
        self.taken: list[Taken] = []
        self.refusals: list[str] = []
        self.sign_ins: list[bytes] = []
        self.port = 0
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._speak, "127.0.0.1", 0, ssl=None if self._starts_plain else self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep a mail, or refuse it."""
        if self.refusals:
            return self.refusals.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=default)
        assert isinstance(message, EmailMessage)
        encrypted = session.ssl is not None or not self._starts_plain
        sender = str(envelope.mail_from)
        self._arrived.set()
        self.taken.append(Taken(sender, list(envelope.rcpt_tos), message, encrypted, session.authenticated or False))
        return "250 taken"

    async def wait_for(self, count: int) -> list[Taken]:
        """Wait until so many mails have come."""
        async with asyncio.timeout(20):
            while len(self.taken) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.taken

    def _judge(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.sign_ins.append(data.password)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    def _speak(self) -> SMTP:
        starts_tls = self._starts_plain and self._offers_tls
        with warnings.catch_warnings():
            # aiosmtpd knows nothing of the TLS that it was started under, and warns of passwords without any.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                self,
                hostname="mail.test",
                tls_context=self._context if starts_tls else None,
                require_starttls=starts_tls,
                authenticator=self._judge,
                auth_required=True,
                auth_require_tls=starts_tls,
                enable_SMTPUTF8=True,
            )
