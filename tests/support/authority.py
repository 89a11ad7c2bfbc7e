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

    def server_context(
        self, *names_or_ips: str, expired: bool = False, clients: "TestAuthority | None" = None
    ) -> ssl.SSLContext:
        """Build a server-side TLS context with a fresh certificate for these names or IP addresses.

        `expired=True`: issued correctly, but its last day was yesterday. `clients`: who has to vouch for whoever
        connects.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.renew(context, *names_or_ips, days=-1 if expired else None)
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.ca_pem)
        return context

    def renew(self, context: ssl.SSLContext, *names_or_ips: str, days: int | None = None) -> None:
        """Give a server another certificate, with another key, from its next handshake on; it lasts so many days."""
        end = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        self._root.issue_cert(*names_or_ips, not_after=end).configure_cert(context)

    def client_pem(self, name: str, *, days: int | None = None) -> str:
        """Give a client certificate for a person or a machine, with its private key."""
        end = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        return self._root.issue_cert(name, not_after=end).private_key_and_cert_chain_pem.bytes().decode()

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
