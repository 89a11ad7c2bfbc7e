"""The pen signs the trail. Every transaction carries it; one without can't record, so what it does can't happen.

`app` opens it over the vault and hands it to the database (docs/adr/0014).
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.canonical import head_statement
from moorage.audit.keys import KeyChest, PublicKeys
from moorage.errors import Unavailable
from moorage.storage.database import Database, carried
from moorage.vault.signing import SigningKey

PEN: Final = "audit_pen"
_REMEMBERED_HEADS: Final = 4096


class Pen:
    """Signs under the newest key. One per process; learns of keys that another process made."""

    def __init__(self, chest: KeyChest) -> None:
        self.chest = chest
        self._publics: dict[int, bytes] = {}
        self._private: SigningKey | None = None
        self._own: dict[UUID, tuple[bytes, bytes]] = {}
        self.lacks_keys = False

    @property
    def keys(self) -> PublicKeys:
        """The public halves that the vault vouches for."""
        return PublicKeys(dict(self._publics))

    @property
    def number(self) -> int:
        """The number of the key that signs; 0 where there is none."""
        return max(self._publics, default=0)

    @property
    def can_sign(self) -> bool:
        """False without the private half of the newest key."""
        return self._private is not None

    def sign(self, statement: bytes) -> bytes:
        """Sign under the newest key. Raises Unavailable("audit_key_unreadable") without its private half."""
        if self._private is None:
            raise Unavailable("audit_key_unreadable")
        return self._private.sign(statement)

    def sign_head(self, head: Any) -> bytes:
        """Sign a head, and remember that it is ours."""
        statement = head_statement(head)
        signature = self.sign(statement)
        if len(self._own) >= _REMEMBERED_HEADS:
            self._own.clear()
        self._own[head.team_id] = (statement, signature)
        return signature

    def knows_head(self, head: Any) -> bool:
        """True when a head was signed under the newest key. What this process signed itself is only compared."""
        statement, signature = head_statement(head), head.signature
        if self._own.get(head.team_id) == (statement, signature):
            return True
        return bool(head.key_number == self.number and self.keys.prove(self.number, statement, signature))

    async def catch_up(self, tx: AsyncConnection) -> None:
        """Learn of keys made since. One that the vault does not vouch for is not learned: it is not ours.

        `lacks_keys` says afterwards that the vault has not been asked yet about one of them: `renew` does.
        """
        self.lacks_keys = False
        for stored in await self.chest.read(tx, after=self.number):
            self.lacks_keys = self.lacks_keys or stored.is_unread
            if stored.is_ours:
                self.adopt(stored.number, stored.public, stored.private)

    async def renew(self, database: Database) -> None:
        """Ask the vault about keys that were made elsewhere, and learn of them. Begins transactions of its own."""
        async with database.read() as tx:
            unread = await self.chest.unread(tx)
        if unread:
            await self.chest.renew(unread)
        async with database.read() as tx:
            await self.catch_up(tx)

    def adopt(self, number: int, public: bytes, private: SigningKey | None) -> None:
        """Take a key as the newest."""
        self._publics[number] = public
        self._private = private
        self._own.clear()

    def __repr__(self) -> str:
        return f"Pen(number={self.number})"


def pen_of(tx: AsyncConnection) -> Pen:
    """Give the pen that a transaction carries. Raises Unavailable("audit_pen_missing")."""
    pen = carried(tx, PEN)
    if not isinstance(pen, Pen):
        raise Unavailable("audit_pen_missing")
    return pen
