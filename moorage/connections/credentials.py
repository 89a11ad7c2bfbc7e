"""Addresses, keys and certificates, sealed to where they belong: a key opens only beside what it was entered for.

The key's seal names the kind of provider, the endpoint's origin and path, and whom the connection believes. Whoever
changes one of them without the key again, by a form or in the database, is left with a key that does not open (P12,
ADR 0013).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict
from uuid import UUID

from sqlalchemy import Row as ResultRow

from moorage.connections.adapters import FIXED_ADDRESSES
from moorage.connections.trusting import tell_trust
from moorage.connections.uses import KeyUse
from moorage.egress.operators import read_as_stored
from moorage.egress.policy import Exceptions
from moorage.egress.refusals import Refusals
from moorage.egress.trust import Trust
from moorage.egress.urls import DEFAULT_PORTS, Endpoint, parse_base_url, read_stored_url
from moorage.errors import AddressRefused, Invalid
from moorage.vault.keys import OwnerKeys, Vault
from moorage.vault.seal import Place, is_first_version
from moorage.vault.secret import Secret

MAX_KEY_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the operator lets a base URL say: the ports, and exact targets besides the public internet.

    `fixed`: the address of each kind of endpoint that has only one.
    """

    refusals: Refusals
    allowed_ports: frozenset[int] = DEFAULT_PORTS
    exceptions: Exceptions = field(default_factory=Exceptions)
    fixed: Mapping[str, str] = field(default_factory=lambda: FIXED_ADDRESSES)

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


@dataclass(frozen=True, slots=True)
class StoredReach:
    """What a connection's row says of its endpoint, still sealed. `provider` is the kind of the endpoint's API."""

    connection_id: UUID
    provider: str
    sealed_base_url: bytes = field(repr=False)
    sealed_key: bytes | None = field(repr=False)
    sealed_trust: bytes | None = field(repr=False)

    @classmethod
    def of_row(cls, row: ResultRow[Any]) -> "StoredReach":
        """Take it out of a whole row."""
        return cls(row.id, row.provider, row.sealed_base_url, row.sealed_key, row.sealed_trust)

    @property
    def envelopes(self) -> tuple[bytes | None, ...]:
        """All that is sealed in it."""
        return self.sealed_base_url, self.sealed_key, self.sealed_trust


class Credentials:
    """Fetches a team's keys for sealing and opening what belongs to its connections."""

    def __init__(self, vault: Vault, rules: AddressRules) -> None:
        self._vault = vault
        self._rules = rules

    async def of(self, team_id: UUID, *envelopes: bytes | None) -> "TeamCredentials":
        """Fetch the keys for `envelopes` and for sealing. Outside of transactions, as `Vault.of`; raises as it does."""
        return TeamCredentials(team_id, await self._vault.of(team_id, *envelopes), self._rules.read_stored)


class TeamCredentials:
    """Seals and opens with one team's keys; the only class here that knows the places."""

    def __init__(self, team_id: UUID, keys: OwnerKeys, read: Callable[[Secret], Endpoint]) -> None:
        self._team_id = team_id
        self._keys = keys
        self._read = read

    def seal(self, connection_id: UUID, provider: str, reach: Reach) -> SealedReach:
        """Seal to the connection's row and the provider; certificates also to the address, the key to both."""
        endpoint, key, trust = reach.endpoint, reach.key, reach.trust
        place = _Places(connection_id, provider)
        return SealedReach(
            sealed_base_url=self._keys.seal(Secret(endpoint.url), place.of_address()),
            sealed_key=None if key is None else self._keys.seal(key, place.of_key(endpoint, trust)),
            sealed_trust=self._keys.seal(trust.to_secret(), place.of_trust(endpoint)) if trust.digest else None,
            trust_facts=tell_trust(trust),
        )

    def open(self, use: KeyUse, stored: StoredReach) -> Reach:
        """Open what a connection's row holds, for one counted use.

        A key opens beside no other address, provider, row or trust. Raises Unavailable("key_unreadable");
        AddressRefused if the operator's rules got tighter.
        """
        use.spend(self._team_id, str(stored.connection_id))
        return self._open(stored)

    def seal_anew(self, stored: StoredReach) -> SealedReach:
        """Seal under today's keys what a row holds; nothing is handed out, so it is no use. Raises as `open`."""
        return self.seal(stored.connection_id, stored.provider, self._open(stored))

    def open_address(self, stored: StoredReach) -> tuple[Endpoint, Trust]:
        """Open address and trust without the key. Raises as `open`."""
        address, trust = stored.sealed_base_url, stored.sealed_trust
        endpoint = self._read(self._keys.open(address, _places(stored, address).of_address()))
        if trust is None:
            return endpoint, Trust()
        return endpoint, Trust.from_secret(self._keys.open(trust, _places(stored, trust).of_trust(endpoint)))

    def _open(self, stored: StoredReach) -> Reach:
        endpoint, trust = self.open_address(stored)
        sealed = stored.sealed_key
        if sealed is None:
            return Reach(endpoint, None, trust)
        return Reach(endpoint, self._keys.open(sealed, _places(stored, sealed).of_key(endpoint, trust)), trust)

    def seal_tested(self, test_id: UUID, endpoint: Endpoint) -> bytes:
        """Seal the address that a test ended up with to the test's row."""
        return self._keys.seal(Secret(endpoint.url), _tested_place(test_id))

    def open_tested(self, test_id: UUID, sealed: bytes) -> Endpoint:
        """Open the address of a test."""
        return self._read(self._keys.open(sealed, _tested_place(test_id)))

    def fingerprint(self, pasted: str, key: Secret | None, trust: Trust, auth_style: str) -> bytes:
        """Tell "the same address, key and trust" later without telling any: 32 bytes, keyed."""
        typed = (str(self._team_id), pasted.strip(), auth_style, key if key is not None else "", trust.digest.hex())
        return self._keys.fingerprint(*typed)


def reseal_connection(keys: OwnerKeys, row: ResultRow[Any]) -> Mapping[str, bytes | None]:
    """Seal what a connection's row holds anew, whatever the rules for addresses are by now. Raises as `open`."""
    sealed = TeamCredentials(row.team_id, keys, read_as_stored).seal_anew(StoredReach.of_row(row))
    return {
        "sealed_base_url": sealed["sealed_base_url"],
        "sealed_key": sealed["sealed_key"],
        "sealed_trust": sealed["sealed_trust"],
    }


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of a connection's secrets. `provider` is "" for what was sealed before it was bound."""

    connection_id: UUID
    provider: str

    def of_address(self) -> Place:
        return self._place("base_url", self.provider)

    def of_trust(self, endpoint: Endpoint) -> Place:
        return self._place("trust", self._origin(endpoint.url))

    def of_key(self, endpoint: Endpoint, trust: Trust) -> Place:
        # With the trust: who swaps the authorities decides who may pose as the endpoint, so that asks for the key, too.
        origin = f"{endpoint.url} {trust.digest.hex()}" if trust.digest else endpoint.url
        return self._place("key", self._origin(origin))

    def _origin(self, origin: str) -> str:
        return f"{self.provider} {origin}" if self.provider else origin

    def _place(self, column: str, origin: str) -> Place:
        return Place("connection", str(self.connection_id), column, origin)


def _places(stored: StoredReach, sealed: bytes) -> _Places:
    return _Places(stored.connection_id, "" if is_first_version(sealed) else stored.provider)


def _tested_place(test_id: UUID) -> Place:
    return Place("connection_test", str(test_id), "base_url")
