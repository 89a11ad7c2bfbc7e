"""Reads certificates that people paste: whose they are, until when, and the pin of a public key. Keeps no secret."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from moorage.errors import Invalid
from moorage.vault.secret import Secret

MAX_PEM_CHARS: Final = 65_536
MAX_CERTIFICATES: Final = 32
_PIN_BYTES: Final = 32
_MAX_KEY_CHARS: Final = 16_384  # RSA with 8192 bits takes 6,400
_MAX_NAME_CHARS: Final = 80
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN (?P<kind>(?:[A-Z]+ )?PRIVATE KEY)-----[A-Za-z0-9+/=\s]+-----END (?P=kind)-----"
)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What may be shown of a certificate: a short name and its last day."""

    name: str
    expires_on: date


def public_key_pin(certificate_der: bytes) -> str:
    """Give the SHA-256 of a certificate's public key (SubjectPublicKeyInfo, RFC 7469) in base64: 44 characters.

    Raises Invalid("pin_invalid") for a certificate that can't be read.
    """
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # noqa: BLE001 - a hostile certificate's bytes; the parser has a dozen ways to say no
        raise Invalid("pin_invalid", field="tls.pin") from None
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def read_pin(text: str) -> str:
    """Take a pin as people write it: base64, with or without `sha256//` as curl has it, or 64 hexadecimal digits.

    Gives it in base64, "" for nothing. Raises Invalid("pin_invalid", field="tls.pin").
    """
    text = text.strip().removeprefix("sha256//").removeprefix("sha256/")
    if not text:
        return ""
    digits = text.replace(":", "")
    try:
        is_hex = len(digits) == 2 * _PIN_BYTES
        raw = bytes.fromhex(digits) if is_hex else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Invalid("pin_invalid", field="tls.pin") from None
    if len(raw) != _PIN_BYTES:
        raise Invalid("pin_invalid", field="tls.pin")
    return base64.b64encode(raw).decode()


def read_authorities(pem: str) -> CertificateFacts:
    """Check pasted authorities; give the facts of the one that ends first. Raises Invalid("ca_invalid").

    Text that holds a private key is refused: it does not belong here, and would not be kept as a secret.
    """
    if _PRIVATE_KEY.search(pem) is not None:
        raise Invalid("ca_has_private_key", field="tls.ca_pem")
    return min(_read_certificates(pem, "ca_invalid", "tls.ca_pem"), key=lambda facts: facts.expires_on)


def read_bundle(pem: str) -> tuple[int, CertificateFacts]:
    """Count the authorities of an operator's file, however many; give the facts of the one that ends first.

    Raises Invalid("ca_invalid").
    """
    certificates = _read_certificates(pem, "ca_invalid", "tls.ca_pem", at_most=None)
    return len(certificates), min(certificates, key=lambda facts: facts.expires_on)


def read_client_certificate(pem: Secret) -> CertificateFacts:
    """Check a pasted client certificate with its private key; give the facts of the first certificate.

    Raises Invalid, field "tls.client_pem": client_certificate_invalid, client_key_missing, client_key_encrypted,
    client_key_other (the key belongs to another certificate).
    """
    field = "tls.client_pem"
    text = pem.reveal()
    facts = _read_certificates(text, "client_certificate_invalid", field)
    if "ENCRYPTED" in text:
        raise Invalid("client_key_encrypted", field=field)
    found = _PRIVATE_KEY.search(text)
    if found is None:
        raise Invalid("client_key_missing", field=field)
    if len(found[0]) > _MAX_KEY_CHARS:
        raise Invalid("client_certificate_invalid", field=field)
    try:
        # Unvalidated: whether chosen numbers are prime takes minutes, and holds every thread of the process. What is
        # wrong with a key of one's own is found when it does not fit the certificate, or at the handshake.
        key = load_pem_private_key(found[0].encode(), password=None, unsafe_skip_rsa_key_validation=True)
        is_same = key.public_key() == x509.load_pem_x509_certificates(text.encode())[0].public_key()
    except Exception:  # noqa: BLE001 - as above
        raise Invalid("client_certificate_invalid", field=field) from None
    if not is_same:
        raise Invalid("client_key_other", field=field)
    return facts[0]


def _read_certificates(
    pem: str, code: str, field: str, *, at_most: int | None = MAX_CERTIFICATES
) -> list[CertificateFacts]:
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode("ascii"))
        facts = [CertificateFacts(_name(one.subject), one.not_valid_after_utc.date()) for one in certificates]
    except Exception:  # noqa: BLE001 - as above; names and dates are only read when they are asked for
        raise Invalid(code, field=field) from None
    if not facts or (at_most is not None and len(facts) > at_most):
        raise Invalid(code, field=field)
    return facts


def shown_name(organisations: Iterable[str], common_names: Iterable[str]) -> str:
    """Choose what a certificate is called on a page: its organisation, else its common name, "?" for neither.

    Printable, short, and never what may be a host's name: base URLs do not come back (P12), not in this way either.
    """
    for text in (*organisations, *common_names):
        shown = "".join(char for char in text if char.isprintable())[:_MAX_NAME_CHARS].strip()
        if shown and ("." not in shown or " " in shown) and ":" not in shown:
            return shown
    return "?"


def _name(subject: x509.Name) -> str:
    named = (
        [str(attribute.value) for attribute in subject.get_attributes_for_oid(oid)]
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    )
    return shown_name(*named)
