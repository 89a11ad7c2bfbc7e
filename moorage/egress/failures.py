"""What the network threw, translated into our codes in one place; the thrown text never travels further."""

import ssl
from typing import Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from moorage.egress.trust import PinMismatchError
from moorage.errors import EndpointFailure

# RuntimeError: a session or a stream that was closed while it was in use (the pool was hung up).
# UnicodeDecodeError: a name in the server's certificate that Python's own TLS can't read.
NETWORK_ERRORS: Final = (aiohttp.ClientError, HttpProcessingError, OSError, RuntimeError, UnicodeDecodeError)

# Verify codes of OpenSSL's x509_vfy.h.
_EXPIRED: Final = 10
_OTHER_NAME: Final = frozenset({62, 64})
# Ends of the alerts with which a server refuses a client's certificate, or the lack of one (RFC 8446 section 6.2).
_ABOUT_OURS: Final = (
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNKNOWN_CA",
)


def translate(  # noqa: PLR0911 - one line per class of error
    error: BaseException, *, port: int, connect_timeout_s: float
) -> EndpointFailure:
    """Name the class of a network error. `port` and `connect_timeout_s` fill the sentence."""
    if isinstance(error, EndpointFailure):
        return error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _certificate_failure(error.certificate_error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_failure(error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        error = error.os_error
    if isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, ssl.SSLError):
        # Under TLS 1.3 the server judges our certificate after the handshake, in place of its answer.
        return _alert_failure(error.__cause__, otherwise="connection_lost")
    if isinstance(error, ssl.SSLError):
        return _alert_failure(error, otherwise="tls_failed")
    if isinstance(error, aiohttp.ClientConnectorError):
        return _connect_failure(error.os_error, port)
    if isinstance(error, TimeoutError):
        return EndpointFailure("connect_timeout", timeout_s=connect_timeout_s)
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError, RuntimeError)):
        return EndpointFailure("connection_lost")
    return EndpointFailure("bad_http")


def connect_failure(error: OSError, *, port: int) -> EndpointFailure:
    """Name what stopped a bare TCP connect."""
    if isinstance(error, ConnectionRefusedError):
        return EndpointFailure("connect_refused", port=port)
    return EndpointFailure("connect_failed")


def _connect_failure(error: OSError, port: int) -> EndpointFailure:
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        # TCP stood already: a peer that hangs up during the handshake does not speak TLS.
        return EndpointFailure("tls_failed")
    return connect_failure(error, port=port)


def _alert_failure(error: ssl.SSLError, *, otherwise: str) -> EndpointFailure:
    return EndpointFailure("tls_client_certificate" if str(error.reason).endswith(_ABOUT_OURS) else otherwise)


def _certificate_failure(error: Exception) -> EndpointFailure:
    if isinstance(error, PinMismatchError):
        return EndpointFailure("tls_pin")
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    if code == _EXPIRED:
        return EndpointFailure("tls_expired")
    if code in _OTHER_NAME:
        return EndpointFailure("tls_name")
    return EndpointFailure("tls_untrusted")
