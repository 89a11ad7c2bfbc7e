"""What a connection believes and shows beside the system's rules: read from what was typed, told without secrets."""

from collections.abc import Mapping
from typing import Any, Final

from moorage.egress.trust import Trust
from moorage.errors import Invalid
from moorage.vault.certificates import (
    MAX_PEM_CHARS,
    CertificateFacts,
    read_authorities,
    read_client_certificate,
    read_pin,
)
from moorage.vault.secret import Secret

NO_TRUST_FACTS: Final[Mapping[str, Any]] = {"private_ca": None, "client_certificate": None, "pinned": False}


def read_trust(ca_pem: str, client_pem: Secret | None, pin: str) -> Trust:
    """Check what was typed, "" for what is not wanted.

    Raises Invalid, field "tls.ca_pem", "tls.client_pem" or "tls.pin", as `vault.certificates` says.
    """
    ca_pem = ca_pem.strip()
    if len(ca_pem) > MAX_PEM_CHARS:
        raise Invalid("ca_invalid", field="tls.ca_pem")
    if ca_pem:
        read_authorities(ca_pem)
    if client_pem is not None:
        read_client_certificate(client_pem)
    return Trust(ca_pem=ca_pem, client_pem=client_pem, pin=read_pin(pin))


def read_client_pem(text: str) -> Secret | None:
    """Take a typed certificate with its private key; "" means that there is none."""
    return Secret(text.strip()) if text.strip() else None


def tell_trust(trust: Trust) -> dict[str, Any]:
    """Give what may be shown of it: names and last days; of a pinned key only that there is one."""
    return {
        "private_ca": _tell(read_authorities(trust.ca_pem)) if trust.ca_pem else None,
        "client_certificate": None if trust.client_pem is None else _tell(read_client_certificate(trust.client_pem)),
        "pinned": bool(trust.pin),
    }


def _tell(facts: CertificateFacts) -> dict[str, str]:
    return {"name": facts.name, "expires_on": facts.expires_on.isoformat()}
