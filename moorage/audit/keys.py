"""The deployment's signing keys at rest, sealed. The only place of the room that seals and opens.

Which public keys are ours is the vault's word: a key that somebody else wrote into the table opens under no seal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.tables import AuditKeyRow
from moorage.errors import MoorageError
from moorage.storage.types import DEPLOYMENT, db_now
from moorage.vault.keys import Vault
from moorage.vault.seal import Place, Sealed
from moorage.vault.secret import Secret
from moorage.vault.signing import SigningKey, is_public_half, is_signed, public_as_secret


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public halves that count, by number; the highest is the one that signs now."""

    by_number: Mapping[int, bytes]

    @property
    def newest(self) -> int:
        """The number of the key that signs now; 0 where there is none."""
        return max(self.by_number, default=0)

    def prove(self, number: int | None, statement: bytes, signature: bytes | None) -> bool:
        """True when the key of this number signed the statement."""
        public = None if number is None else self.by_number.get(number)
        return public is not None and is_signed(public, statement, signature)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A row of the table. `private` is None where it was replaced, or does not open.

    `is_unread`: sealed under a data key that this process has not met, so nobody can say yet whether it is ours.
    """

    number: int
    public: bytes
    is_ours: bool
    private: SigningKey | None
    is_unread: bool = False


class Seals(Protocol):
    """What seals and opens: the vault's `OwnerKeys` of the deployment."""

    def seal(self, secret: Secret, place: Place) -> Sealed:
        """Seal for a place."""

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Open what was sealed for exactly this place. Raises Unavailable("key_unreadable")."""

    def knows(self, sealed: bytes) -> bool:
        """True when the data key that an envelope names is among these."""


Fetch = Callable[[Sequence[bytes]], Awaitable[Seals]]


class KeyChest:
    """Seals, opens and stores signing keys, with the deployment's own keys of the vault.

    Held as long as the process. A signing key that another process made is met inside a transaction, where nothing may
    wait; if its data key is new as well, `renew` fetches that, outside of transactions.
    """

    def __init__(self, keys: Seals, fetch: Fetch | None = None) -> None:
        self._keys = keys
        self._fetch = fetch
        self._looked_for: set[bytes] = set()

    @classmethod
    async def over(cls, vault: Vault) -> "KeyChest":
        """Make one for the deployment, outside of transactions."""

        async def fetch(envelopes: Sequence[bytes]) -> Seals:
            return await vault.of(DEPLOYMENT, *envelopes)

        return cls(await fetch(()), fetch)

    async def renew(self, envelopes: Sequence[bytes]) -> None:
        """Fetch the data keys of envelopes. What is still unknown after that is nobody's of ours."""
        if self._fetch is not None:
            self._keys = await self._fetch(envelopes)
        self._looked_for.update(bytes(one) for one in envelopes)

    async def read(self, tx: AsyncConnection, after: int = 0) -> list[StoredKey]:
        """Give the keys with a number above `after`, oldest first."""
        rows = await tx.execute(select(AuditKeyRow).where(AuditKeyRow.number > after).order_by(AuditKeyRow.number))
        return [
            StoredKey(
                row.number,
                row.public,
                self._is_ours(row.number, row.sealed_public, row.public),
                self._open_private(row.number, row.sealed_private, row.public),
                self._is_unread(row.sealed_public),
            )
            for row in rows
        ]

    async def unread(self, tx: AsyncConnection) -> list[bytes]:
        """Give the envelopes of keys whose data key is not known yet."""
        rows = await tx.execute(select(AuditKeyRow.sealed_public, AuditKeyRow.sealed_private))
        return [one for row in rows if self._is_unread(row.sealed_public) for one in row if one]

    async def add(self, tx: AsyncConnection, number: int, key: SigningKey) -> None:
        """Store a key and wipe the private halves of those before: what they signed stays signed."""
        await tx.execute(
            insert(AuditKeyRow).values(
                number=number,
                public=key.public,
                sealed_public=self._keys.seal(public_as_secret(key.public), _place(number, "public")),
                sealed_private=self._keys.seal(key.to_secret(), _place(number, "private")),
                made_at=db_now(),
            )
        )
        await tx.execute(update(AuditKeyRow).where(AuditKeyRow.number < number).values(sealed_private=None))

    async def vouch_again(self, tx: AsyncConnection, stored: StoredKey) -> None:
        """Seal a public half anew, on the operator's word: what it was sealed under is lost."""
        sealed = self._keys.seal(public_as_secret(stored.public), _place(stored.number, "public"))
        await tx.execute(
            update(AuditKeyRow)
            .where(AuditKeyRow.number == stored.number)
            .values(sealed_public=sealed, sealed_private=None)
        )

    def _is_unread(self, sealed: bytes) -> bool:
        return not self._keys.knows(sealed) and bytes(sealed) not in self._looked_for

    def _is_ours(self, number: int, sealed: bytes, public: bytes) -> bool:
        try:
            return is_public_half(self._keys.open(sealed, _place(number, "public")), public)
        except MoorageError:
            return False

    def _open_private(self, number: int, sealed: bytes | None, public: bytes) -> SigningKey | None:
        if sealed is None:
            return None
        try:
            key = SigningKey.from_secret(self._keys.open(sealed, _place(number, "private")))
        except MoorageError:
            return None
        return key if key.public == public else None


async def lock_keys(tx: AsyncConnection) -> None:
    """Let nobody else make a key or begin a chain until this transaction ends."""
    if tx.dialect.name == "postgresql":
        await tx.execute(text("LOCK TABLE audit_key IN EXCLUSIVE MODE"))


def _place(number: int, column: str) -> Place:
    return Place(table=AuditKeyRow.__tablename__, row_id=str(number), column=column)
