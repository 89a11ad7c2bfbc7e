"""A certificate authority for tests: real TLS on loopback with names of our choosing, trusted by nobody else."""

import datetime as dt
import ssl
from pathlib import Path
from typing import ClassVar

import trustme


class TestAuthority:
    """One root whose PEM file lies in `directory` (`ca_pem`); two instances do not trust each other."""

    __test__: ClassVar[bool] = False

    def __init__(self, directory: Path) -> None:
        self._root = trustme.CA()
        directory.mkdir(parents=True, exist_ok=True)
        self.ca_pem: Path = directory / "test-authority.pem"
        self._root.cert_pem.write_to_path(str(self.ca_pem))

    def server_context(self, *names_or_ips: str, expired: bool = False) -> ssl.SSLContext:
        """Build a server-side TLS context with a fresh certificate for these names or IP addresses.

        `expired=True`: issued correctly, but its last day was yesterday.
        """
        yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        certificate = self._root.issue_cert(*names_or_ips, not_after=yesterday if expired else None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def write_pair(self, directory: Path, *names_or_ips: str) -> tuple[Path, Path]:
        """Write a fresh certificate and its key for another process; gives both files."""
        certificate = self._root.issue_cert(*names_or_ips)
        chain, key = directory / "server.pem", directory / "server.key"
        certificate.cert_chain_pems[0].write_to_path(str(chain))
        certificate.private_key_pem.write_to_path(str(key))
        return chain, key

    def root_pems(self) -> tuple[bytes, bytes]:
        """Give the root's certificate and private key, to issue what trustme would not."""
        return self._root.cert_pem.bytes(), self._root.private_key_pem.bytes()
