"""Addresses and keys, sealed to where they belong: a key opens only beside the address that it was entered for.

The key's seal names the endpoint's origin and path. Whoever changes an address without the key again, by a form or in
the database, is left with a key that does not open (P12, ADR 0005).
"""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from moorage.egress.policy import Exceptions
from moorage.egress.urls import DEFAULT_PORTS, Endpoint, parse_base_url, read_stored_url
from moorage.errors import Invalid
from moorage.vault.seal import Place, Vault
from moorage.vault.secret import Secret

MAX_KEY_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the operator lets a base URL say: the ports, and exact targets besides the public internet."""

    allowed_ports: frozenset[int] = DEFAULT_PORTS
    exceptions: Exceptions = field(default_factory=Exceptions)

    def read(self, text: str) -> Endpoint:
        """Parse a base URL strictly. Raises AddressRefused, field "base_url"."""
        return parse_base_url(text, allowed_ports=self.allowed_ports, exceptions=self.exceptions)


def read_key(text: str) -> Secret | None:
    """Take a typed key; "" means that there is none. Raises Invalid("key_not_sendable", field="api_key")."""
    text = text.strip()
    if not text:
        return None
    if len(text) > MAX_KEY_CHARS or any(not "!" <= char <= "~" for char in text):
        raise Invalid("key_not_sendable", field="api_key")
    return Secret(text)


class Credentials:
    """Seals and opens what belongs to connections; the only module here that knows the places."""

    def __init__(self, vault: Vault, rules: AddressRules) -> None:
        self._vault = vault
        self._rules = rules

    def seal_address(self, team_id: UUID, connection_id: UUID, endpoint: Endpoint) -> bytes:
        """Seal an address to its connection's row."""
        return self._vault.seal(Secret(endpoint.url), _address_place(team_id, "connection", connection_id))

    def open_address(self, team_id: UUID, connection_id: UUID, sealed: bytes) -> Endpoint:
        """Open an address. Raises Unavailable("key_unreadable"); AddressRefused if the operator's rules got tighter."""
        return self._read(self._vault.open(sealed, _address_place(team_id, "connection", connection_id)))

    def seal_key(self, team_id: UUID, connection_id: UUID, endpoint: Endpoint, key: Secret | None) -> bytes | None:
        """Seal a key to its row and to the endpoint it was entered for."""
        return None if key is None else self._vault.seal(key, _key_place(team_id, connection_id, endpoint))

    def open(
        self, team_id: UUID, connection_id: UUID, sealed_base_url: bytes, sealed_key: bytes | None
    ) -> tuple[Endpoint, Secret | None]:
        """Open a connection's address and its key, which opens beside no other address or row.

        Raises Unavailable("key_unreadable"), and as `open_address`.
        """
        endpoint = self.open_address(team_id, connection_id, sealed_base_url)
        if sealed_key is None:
            return endpoint, None
        return endpoint, self._vault.open(sealed_key, _key_place(team_id, connection_id, endpoint))

    def seal_tested(self, team_id: UUID, test_id: UUID, endpoint: Endpoint) -> bytes:
        """Seal the address that a test ended up with to the test's row."""
        return self._vault.seal(Secret(endpoint.url), _address_place(team_id, "connection_test", test_id))

    def open_tested(self, team_id: UUID, test_id: UUID, sealed: bytes) -> Endpoint:
        """Open the address of a test."""
        return self._read(self._vault.open(sealed, _address_place(team_id, "connection_test", test_id)))

    def fingerprint(self, team_id: UUID, pasted: str, key: Secret | None, auth_style: str) -> bytes:
        """Tell "the same address and key" later without telling either: 32 bytes, keyed."""
        return self._vault.fingerprint(str(team_id), pasted.strip(), auth_style, key if key is not None else "")

    def _read(self, address: Secret) -> Endpoint:
        return read_stored_url(address, allowed_ports=self._rules.allowed_ports, exceptions=self._rules.exceptions)


def _address_place(team_id: UUID, table: str, row_id: UUID) -> Place:
    return Place(team_id=str(team_id), table=table, row_id=str(row_id), column="base_url")


def _key_place(team_id: UUID, connection_id: UUID, endpoint: Endpoint) -> Place:
    return Place(team_id=str(team_id), table="connection", row_id=str(connection_id), column="key", origin=endpoint.url)
