"""Addresses, keys and certificates, sealed to where they belong: a key opens only beside what it was entered for.

The key's seal names the endpoint's origin and path, and whom the connection believes. Whoever changes either without
the key again, by a form or in the database, is left with a key that does not open (P12, ADR 0005).
"""

from dataclasses import dataclass, field
from typing import Any, Final, TypedDict
from uuid import UUID

from moorage.connections.trusting import tell_trust
from moorage.egress.policy import Exceptions
from moorage.egress.refusals import Refusals
from moorage.egress.trust import Trust
from moorage.egress.urls import DEFAULT_PORTS, Endpoint, parse_base_url, read_stored_url
from moorage.errors import AddressRefused, Invalid
from moorage.vault.seal import Place, Vault
from moorage.vault.secret import Secret

MAX_KEY_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the operator lets a base URL say: the ports, and exact targets besides the public internet."""

    refusals: Refusals
    allowed_ports: frozenset[int] = DEFAULT_PORTS
    exceptions: Exceptions = field(default_factory=Exceptions)

    def read(self, text: str) -> Endpoint:
        """Parse a base URL strictly; what is refused is counted. Raises AddressRefused, field "base_url"."""
        try:
            return parse_base_url(text, allowed_ports=self.allowed_ports, exceptions=self.exceptions)
        except AddressRefused as refused:
            self.refusals.note(refused)
            raise

    def read_stored(self, stored: Secret) -> Endpoint:
        """Read an address that came out of the vault: the rules may have got tighter since. Raises as `read`."""
        try:
            return read_stored_url(stored, allowed_ports=self.allowed_ports, exceptions=self.exceptions)
        except AddressRefused as refused:
            self.refusals.note(refused)
            raise


def read_key(text: str) -> Secret | None:
    """Take a typed key; "" means that there is none. Raises Invalid("key_not_sendable", field="api_key")."""
    text = text.strip()
    if not text:
        return None
    if len(text) > MAX_KEY_CHARS or any(not "!" <= char <= "~" for char in text):
        raise Invalid("key_not_sendable", field="api_key")
    return Secret(text)


@dataclass(frozen=True, slots=True)
class Reach:
    """What it takes to reach an endpoint: where it is, what it wants, whom to believe."""

    endpoint: Endpoint
    key: Secret | None
    trust: Trust


class SealedReach(TypedDict):
    """The same as a connection's row holds it: the first three sealed, the last for showing."""

    sealed_base_url: bytes
    sealed_key: bytes | None
    sealed_trust: bytes | None
    trust_facts: dict[str, Any]


class Credentials:
    """Seals and opens what belongs to connections; the only module here that knows the places."""

    def __init__(self, vault: Vault, rules: AddressRules) -> None:
        self._vault = vault
        self._rules = rules

    def seal(self, team_id: UUID, connection_id: UUID, reach: Reach) -> SealedReach:
        """Seal to the connection's row; certificates also to the address, the key to both."""
        endpoint, key, trust = reach.endpoint, reach.key, reach.trust
        trust_place = _trust_place(team_id, connection_id, endpoint)
        key_place = _key_place(team_id, connection_id, endpoint, trust)
        return SealedReach(
            sealed_base_url=self._vault.seal(
                Secret(endpoint.url), _address_place(team_id, "connection", connection_id)
            ),
            sealed_key=None if key is None else self._vault.seal(key, key_place),
            sealed_trust=self._vault.seal(trust.to_secret(), trust_place) if trust.digest else None,
            trust_facts=tell_trust(trust),
        )

    def open(
        self,
        team_id: UUID,
        connection_id: UUID,
        sealed_base_url: bytes,
        sealed_key: bytes | None,
        sealed_trust: bytes | None,
    ) -> Reach:
        """Open what a connection's row holds. A key opens beside no other address, row or trust.

        Raises Unavailable("key_unreadable"); AddressRefused if the operator's rules got tighter.
        """
        endpoint, trust = self.open_address(team_id, connection_id, sealed_base_url, sealed_trust)
        if sealed_key is None:
            return Reach(endpoint, None, trust)
        key = self._vault.open(sealed_key, _key_place(team_id, connection_id, endpoint, trust))
        return Reach(endpoint, key, trust)

    def open_address(
        self, team_id: UUID, connection_id: UUID, sealed_base_url: bytes, sealed_trust: bytes | None
    ) -> tuple[Endpoint, Trust]:
        """Open address and trust without the key. Raises as `open`."""
        endpoint = self._rules.read_stored(
            self._vault.open(sealed_base_url, _address_place(team_id, "connection", connection_id))
        )
        if sealed_trust is None:
            return endpoint, Trust()
        opened = self._vault.open(sealed_trust, _trust_place(team_id, connection_id, endpoint))
        return endpoint, Trust.from_secret(opened)

    def seal_tested(self, team_id: UUID, test_id: UUID, endpoint: Endpoint) -> bytes:
        """Seal the address that a test ended up with to the test's row."""
        return self._vault.seal(Secret(endpoint.url), _address_place(team_id, "connection_test", test_id))

    def open_tested(self, team_id: UUID, test_id: UUID, sealed: bytes) -> Endpoint:
        """Open the address of a test."""
        return self._rules.read_stored(self._vault.open(sealed, _address_place(team_id, "connection_test", test_id)))

    def fingerprint(self, team_id: UUID, pasted: str, key: Secret | None, trust: Trust, auth_style: str) -> bytes:
        """Tell "the same address, key and trust" later without telling any: 32 bytes, keyed."""
        typed = (str(team_id), pasted.strip(), auth_style, key if key is not None else "", trust.digest.hex())
        return self._vault.fingerprint(*typed)


def _address_place(team_id: UUID, table: str, row_id: UUID) -> Place:
    return Place(team_id=str(team_id), table=table, row_id=str(row_id), column="base_url")


def _trust_place(team_id: UUID, connection_id: UUID, endpoint: Endpoint) -> Place:
    return Place(
        team_id=str(team_id), table="connection", row_id=str(connection_id), column="trust", origin=endpoint.url
    )


def _key_place(team_id: UUID, connection_id: UUID, endpoint: Endpoint, trust: Trust) -> Place:
    # With the trust: who swaps the authorities decides who may pose as the endpoint, so that asks for the key, too.
    origin = f"{endpoint.url} {trust.digest.hex()}" if trust.digest else endpoint.url
    return Place(team_id=str(team_id), table="connection", row_id=str(connection_id), column="key", origin=origin)
