"""What the machine gives the door (authorities, a resolver), and what the door does not take from it: variables."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moorage.egress.resolver import SystemResolver
from moorage.egress.trust import build_tls_context
from moorage.errors import AddressRefused

# Read in either case by those who read them.
_PROXIES: Final = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_TLS: Final = frozenset({"SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})


def ignored_variables(environment: Mapping[str, str]) -> list[str]:
    """Name the variables that are set, that other programs obey, and that this door ignores. Never their values."""
    return sorted(name for name, value in environment.items() if value and (name in _TLS or name.upper() in _PROXIES))


def tls_library() -> str:
    """Name the TLS library and its version."""
    return ssl.OPENSSL_VERSION


def count_authorities(extra_ca_file: Path | None = None) -> int:
    """Count whom a line without a trust of its own believes. Raises Unavailable, as `build_tls_context`."""
    return build_tls_context(extra_ca_file).cert_store_stats()["x509_ca"]


async def knows_localhost(resolver: SystemResolver) -> bool:
    """Tell whether the system's resolver answers in time for the one name that leads nowhere else."""
    try:
        addresses = await resolver.resolve("localhost", 0, "")
    except AddressRefused:
        return False
    return bool(addresses) and all(address.is_loopback for address in addresses)
