"""Making signing keys: the first at the first start, another when an operator wants one or has lost the vault's key.

Every head is signed again under the new key at once, so that a key which is stolen later can end no chain.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from moorage.audit.deployment import OPERATOR, begin_if_needed
from moorage.audit.heads import Head, put_head
from moorage.audit.keys import KeyChest, PublicKeys, StoredKey, lock_keys
from moorage.audit.pen import PEN, Pen
from moorage.audit.tables import AuditHeadRow
from moorage.audit.trail import Act, Detail, record
from moorage.errors import Unavailable
from moorage.storage.database import Database
from moorage.storage.types import DEPLOYMENT
from moorage.vault.signing import SigningKey

_FIRST: Final = 1


async def open_pen(database: Database, chest: KeyChest, *, accepts_loss: bool = False) -> Pen:
    """Read the signing keys and give the database its pen; the first key is made where there is none.

    The first key signs the heads that are there: chains of a version that signed nothing. Raises
    Unavailable("audit_key_unreadable") when the newest key does not open, unless `accepts_loss`: then another is made,
    and the deployment's chain says so.
    """
    pen = Pen(chest)
    database.carry(PEN, pen)
    async with database.write() as tx:
        await lock_keys(tx)
        stored = await chest.read(tx)
        if not stored:
            await _make(tx, pen, _FIRST, PublicKeys({}))
            await _tell(tx, pen, "audit.key_made")
            return pen
        await pen.catch_up(tx)
        if pen.number == stored[-1].number and pen.can_sign:
            return pen
        if not accepts_loss:
            raise Unavailable("audit_key_unreadable")
        await _replace_lost(tx, pen, stored)
    return pen


async def rotate(database: Database, pen: Pen) -> None:
    """Make another key and sign every head with it; the private half before is wiped."""
    async with database.write() as tx:
        await lock_keys(tx)
        await pen.catch_up(tx)
        await _make(tx, pen, pen.number + 1, pen.keys)
        await _tell(tx, pen, "audit.key_replaced", lost=False)


def print_key(public: bytes) -> str:
    """Give a public key as people copy it: base64 of its 32 bytes."""
    return b64encode(public).decode("ascii")


async def _replace_lost(tx: AsyncConnection, pen: Pen, stored: Sequence[StoredKey]) -> None:
    # Nobody vouches for the public halves any more but the operator, who says: these rows are what I had.
    for key in stored:
        await pen.chest.vouch_again(tx, key)
        pen.adopt(key.number, key.public, None)
    await _make(tx, pen, stored[-1].number + 1, pen.keys)
    await _tell(tx, pen, "audit.key_replaced", lost=True)


async def _make(tx: AsyncConnection, pen: Pen, number: int, before: PublicKeys) -> None:
    key = SigningKey.new()
    await pen.chest.add(tx, number, key)
    heads = [Head(*row) for row in await tx.execute(_HEADS)]
    ours = [head for head in heads if not before.by_number or _is_signed_by(before, head)]
    pen.adopt(number, key.public, key)
    for head in ours:
        await put_head(tx, pen, head)


def _is_signed_by(keys: PublicKeys, head: Head) -> bool:
    """A head that is not ours is left as it is: the next entry of its chain will say so."""
    return head.key_number == keys.newest and keys.prove(head.key_number, head.statement, head.signature)


async def _tell(tx: AsyncConnection, pen: Pen, action: str, *, lost: bool | None = None) -> None:
    await begin_if_needed(tx)
    details: dict[str, Detail] = {"number": pen.number, "key": print_key(pen.keys.by_number[pen.number])}
    if lost is not None:
        details["lost"] = lost
    await record(tx, DEPLOYMENT, OPERATOR, Act(action, "key", str(pen.number), "", details=details))


_HEADS: Final = select(AuditHeadRow.__table__).order_by(AuditHeadRow.team_id).with_for_update()
