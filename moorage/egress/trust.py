"""Whom a line believes: the system's authorities, or one connection's own; TLS 1.2 or newer, names always verified.

Writes no key log and ignores the environment. A pinned key is compared inside the handshake, before a byte is sent.
"""

import asyncio
import hashlib
import json
import os
import ssl
import sys
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from moorage.errors import Invalid, Unavailable
from moorage.vault.certificates import public_key_pin
from moorage.vault.secret import Secret

_KNOWN_BUNDLES: Final = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/ca-bundle.pem"),
    Path("/etc/ssl/cert.pem"),
)
_CONTEXTS_KEPT: Final = 64


@dataclass(frozen=True)
class Trust:
    """What a connection wants besides the system's rules; all empty means nothing.

    `ca_pem`: the only authorities to believe. `client_pem`: a certificate chain and its private key, to show the
    server. `pin`: SHA-256 of the server's public key in base64; another key is refused, whoever vouches for it.
    """

    ca_pem: str = field(default="", repr=False)
    client_pem: Secret | None = None
    pin: str = ""

    def to_secret(self) -> Secret:
        """Give it as one text, for sealing."""
        client = None if self.client_pem is None else self.client_pem.reveal()
        return Secret(json.dumps({"ca_pem": self.ca_pem, "client_pem": client, "pin": self.pin}))

    @classmethod
    def from_secret(cls, secret: Secret) -> "Trust":
        """Read what `to_secret` gave."""
        stored = json.loads(secret.reveal())
        client = stored["client_pem"]
        return cls(stored["ca_pem"], None if client is None else Secret(client), stored["pin"])

    @cached_property
    def digest(self) -> bytes:
        """Identify this trust: 32 bytes, empty bytes for the system's rules alone."""
        client = "" if self.client_pem is None else self.client_pem.reveal()
        if not (self.ca_pem or client or self.pin):
            return b""
        parts = (part.encode() for part in (self.ca_pem, client, self.pin))
        return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()


class PinMismatchError(ssl.SSLCertVerificationError):
    """The server showed another public key than the pinned one."""


class Contexts:
    """TLS contexts by trust, built on a thread when first needed; that there is something to trust is seen at once.

    Raises Unavailable, as `build_tls_context`.
    """

    def __init__(self, extra_ca_file: Path | None = None) -> None:
        self._extra_ca_file = extra_ca_file
        if not _load_extra(_bare_context(), extra_ca_file) and not (sys.platform == "win32" or _system_store()):
            raise Unavailable("no_trust_store")
        self._plain: ssl.SSLContext | None = None
        self._building = asyncio.Lock()
        self._built: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    async def give(self, trust: Trust) -> ssl.SSLContext:
        """Give the context of a trust. Raises Invalid("ca_unusable"|"client_certificate_unusable")."""
        if not trust.digest:
            async with self._building:
                if self._plain is None:
                    self._plain = await asyncio.to_thread(build_tls_context, self._extra_ca_file)
            return self._plain
        context = self._built.get(trust.digest)
        if context is None:
            context = await asyncio.to_thread(self._build, trust)
            self._built[trust.digest] = context
            while len(self._built) > _CONTEXTS_KEPT:
                self._built.popitem(last=False)
        self._built.move_to_end(trust.digest)
        return context

    def _build(self, trust: Trust) -> ssl.SSLContext:
        context = build_private_context(trust.ca_pem) if trust.ca_pem else build_tls_context(self._extra_ca_file)
        if trust.client_pem is not None:
            show_client_certificate(context, trust.client_pem)
        if trust.pin:
            require_public_key(context, trust.pin)
        if trust.pin and trust.client_pem is not None:
            # Under TLS 1.2 our certificate would travel before the server's key has been compared.
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        return context


def build_tls_context(extra_ca_file: Path | None = None, *, speaks_http: bool = True) -> ssl.SSLContext:
    """Trust the system's store, and the operator's file in addition. Takes about 20 ms.

    Raises Unavailable: "no_trust_store" when the system has none and no file is given, "ca_file_unreadable".
    """
    context = _bare_context(speaks_http=speaks_http)
    found = _load_system_store(context)
    if not _load_extra(context, extra_ca_file) and not found:
        raise Unavailable("no_trust_store")
    return context


def _load_extra(context: ssl.SSLContext, extra_ca_file: Path | None) -> bool:
    if extra_ca_file is None:
        return False
    try:
        context.load_verify_locations(cafile=extra_ca_file)
    except (OSError, ValueError):
        raise Unavailable("ca_file_unreadable") from None
    return True


def build_private_context(ca_pem: str) -> ssl.SSLContext:
    """Trust these authorities and no others; a server's own certificate will do. Raises Invalid("ca_unusable")."""
    context = _bare_context()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=ca_pem)
    except (OSError, ValueError, TypeError):
        raise Invalid("ca_unusable", field="tls.ca_pem") from None
    return context


def show_client_certificate(context: ssl.SSLContext, client_pem: Secret) -> None:
    """Let the context show a certificate to servers that ask. Raises Invalid("client_certificate_unusable")."""
    with _as_file(client_pem) as path:
        try:
            # An encrypted key would make OpenSSL ask at the terminal; an empty answer fails instead.
            context.load_cert_chain(path, password="")
        except (OSError, ValueError):
            raise Invalid("client_certificate_unusable", field="tls.client_pem") from None


def require_public_key(context: ssl.SSLContext, pin: str) -> None:
    """Make every handshake of the context fail whose server shows another public key than the pinned one."""

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()  # raises until the handshake is complete
            certificate = self.getpeercert(binary_form=True)
            try:
                shown = "" if certificate is None else public_key_pin(certificate)
            except Invalid:
                shown = ""
            if shown != pin:
                raise PinMismatchError("another public key")

    context.sslobject_class = Pinned


@contextmanager
def _as_file(secret: Secret) -> Iterator[str]:
    """Lay a secret where OpenSSL can read it, for it reads files only: in memory, else in a file for us alone."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
        path = f"/proc/self/fd/{descriptor}"
    else:
        descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(secret.reveal().encode())
        yield path
    finally:
        os.close(descriptor)
        if sys.platform != "linux":
            Path(path).unlink()


def _bare_context(*, speaks_http: bool = True) -> ssl.SSLContext:
    # Not `create_default_context`: that one writes session keys to the file that SSLKEYLOGFILE names.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if speaks_http:
        context.set_alpn_protocols(["http/1.1"])
    return context


def _system_store() -> Path | None:
    """Give the file of the system's store."""
    compiled_in = Path(ssl.get_default_verify_paths().openssl_cafile)
    return next((bundle for bundle in (compiled_in, *_KNOWN_BUNDLES) if bundle.is_file()), None)


def _load_system_store(context: ssl.SSLContext) -> bool:
    """Load the store from fixed places; `load_default_certs` would let SSL_CERT_FILE replace it."""
    if sys.platform == "win32":
        context.load_default_certs()
        return True
    bundle = _system_store()
    if bundle is not None:
        context.load_verify_locations(cafile=bundle)
    return bundle is not None
