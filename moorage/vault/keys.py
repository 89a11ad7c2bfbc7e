"""A data key for every team: made at its first use, wrapped in the database, unwrapped here for a bounded time.

`keys = await vault.of(owner)`, outside of any transaction; sealing and opening then wait for nothing.
"""

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Row as ResultRow
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from moorage.errors import Unavailable
from moorage.storage.database import Database, require_no_transaction
from moorage.storage.types import DEPLOYMENT, db_now, new_id
from moorage.vault.seal import (
    KEY_BYTES,
    DataKey,
    Place,
    Sealed,
    data_key_of,
    is_first_version,
    prefix_lengths,
    ring_key_of,
)
from moorage.vault.secret import Secret
from moorage.vault.sources import Sources, Wrapped
from moorage.vault.tables import TeamKeyRow

# NIST SP 800-38D allows 2**32 seals with random nonces under one key; a chance of 2**-57 for a nonce twice is ours.
SEALS_PER_KEY: Final = 2**20
KEPT_S: Final = 600.0
_BLOCK: Final = 64
_LOW_WATER: Final = 16
_RETRY_S: Final = 15.0
_MAX_KEPT: Final = 4096
_DATA_KEY_PURPOSE: Final = b"moorage/data-key/v1"

_TOLD_AS_THEY_ARE: Final = frozenset({"database_gone", "database_crowded", "database_full", "database_disk_failed"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a data key has done its share, and what a process may hold.

    `seals_per_key`: then the next data key begins. `kept_s`: how long an unwrapped one stays in the process; from half
    of it on, it is fetched anew. `block`: seals that are counted at once, when fewer than `low_water` are left.
    `max_kept`: owners whose keys stay in the process.
    """

    seals_per_key: int = SEALS_PER_KEY
    kept_s: float = KEPT_S
    block: int = _BLOCK
    low_water: int = _LOW_WATER
    max_kept: int = _MAX_KEPT


@dataclass(slots=True)
class _Kept:
    """What the process holds of one owner."""

    by_id: Mapping[UUID, DataKey]
    current: DataKey
    left: int  # seals that the database has counted already; below zero: still to be counted
    since_s: float
    retry_at_s: float = float("-inf")
    is_outdated: bool = False


class OwnerKeys:
    """The keys of one owner, open for a piece of work. Nothing here waits."""

    __slots__ = ("_kept", "_owner_id", "_sources")

    def __init__(self, owner_id: UUID, kept: _Kept, sources: Sources) -> None:
        self._owner_id = owner_id
        self._kept = kept
        self._sources = sources

    def seal(self, secret: Secret, place: Place) -> Sealed:
        """Seal under the owner's current data key."""
        self._kept.left -= 1
        return self._kept.current.seal(secret, self._owner_id, place)

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Open what was sealed for exactly this owner and place. Raises Unavailable("key_unreadable") otherwise."""
        data = bytes(sealed)
        key_id = data_key_of(data)
        if key_id is not None:
            key = self._kept.by_id.get(key_id)
            if key is not None:
                return key.open(data, self._owner_id, place)
            # Perhaps begun by another process a moment ago: the next `of` looks.
            self._kept.is_outdated = True
        elif is_first_version(data) and self._sources.local is not None:
            team = "" if self._owner_id == DEPLOYMENT else str(self._owner_id)
            return self._sources.local.open_first_version(data, team, place)
        raise Unavailable("key_unreadable")

    @property
    def current_id(self) -> UUID:
        """The id of the data key that seals."""
        return self._kept.current.id

    def knows(self, sealed: bytes) -> bool:
        """True when the data key that an envelope names is among these; also for one that names none."""
        key_id = data_key_of(bytes(sealed))
        return key_id is None or key_id in self._kept.by_id

    def fingerprint(self, *parts: str | Secret) -> bytes:
        """Give 32 bytes that are equal for equal parts and tell nothing about them without the owner's keys.

        Under the owner's oldest data key, so that it does not change when a new one begins.
        """
        oldest = min(self._kept.by_id.values(), key=lambda key: key.number)
        return oldest.fingerprint(*parts)

    def __repr__(self) -> str:
        return "OwnerKeys()"


@dataclass(slots=True)
class Vault:
    """Hands out the keys of owners. One per process."""

    database: Database = field(repr=False)
    sources: Sources = field(repr=False)
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    _kept: OrderedDict[UUID, _Kept] = field(default_factory=OrderedDict, init=False, repr=False)
    _turns: WeakValueDictionary[UUID, asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False, repr=False)

    async def of(self, owner_id: UUID, *envelopes: bytes | None) -> OwnerKeys:
        """Give the keys of a team, or of the deployment (`DEPLOYMENT`); makes the first one where there is none.

        `envelopes` are what will be opened: a data key that this process has not met is then fetched. Asks the database
        or the key store only when something is missing or old. Call it outside of transactions: it may begin its own,
        and may wait for a key store. Raises Unavailable: database_gone, database_crowded, or
        keys_unavailable (the log says why).
        """
        require_no_transaction()
        kept = self._kept.get(owner_id)
        if kept is None or not self._is_fresh(kept, envelopes):
            turn = self._turns.setdefault(owner_id, asyncio.Lock())
            async with turn:
                kept = self._kept.get(owner_id)
                if kept is None or not self._is_fresh(kept, envelopes):
                    kept = await self._renew(owner_id, kept, envelopes)
        self._kept.move_to_end(owner_id)
        return OwnerKeys(owner_id, kept, self.sources)

    def forget(self, owner_id: UUID) -> None:
        """Drop an owner's keys from the process; the next `of` fetches them anew."""
        self._kept.pop(owner_id, None)

    def _is_fresh(self, kept: _Kept, envelopes: Sequence[bytes | None]) -> bool:
        is_young = self._is_young(kept) or self.clock() < kept.retry_at_s
        return is_young and kept.left >= self.limits.low_water and self._knows(kept, envelopes)

    def _is_young(self, kept: _Kept) -> bool:
        return not kept.is_outdated and self.clock() - kept.since_s < self.limits.kept_s / 2

    def _knows(self, kept: _Kept, envelopes: Sequence[bytes | None]) -> bool:
        local = self.sources.local
        for sealed in envelopes:
            if not sealed:
                continue
            key_id = data_key_of(sealed)
            if key_id is not None and key_id not in kept.by_id:
                return False
            if is_first_version(sealed) and local is not None and ring_key_of(sealed) not in local.ids:
                return False
        return True

    async def _renew(self, owner_id: UUID, kept: _Kept | None, envelopes: Sequence[bytes | None]) -> _Kept:
        try:
            fresh = await self._load(owner_id, kept, envelopes)
        except Unavailable as error:
            now_s = self.clock()
            if kept is None or now_s - kept.since_s >= self.limits.kept_s or not self._knows(kept, envelopes):
                self._kept.pop(owner_id, None)
                if error.code in _TOLD_AS_THEY_ARE:
                    raise
                # What is wrong with a key store is the operator's to know.
                log.error("keys_unavailable", code=error.code)
                raise Unavailable("keys_unavailable") from None
            # The second half of a key's time is there to outlast a short outage of database or key store.
            log.warning("keys_not_renewed", code=error.code)
            kept.retry_at_s = min(now_s + _RETRY_S, kept.since_s + self.limits.kept_s)
            return kept
        self._kept[owner_id] = fresh
        while len(self._kept) > self.limits.max_kept:
            self._kept.popitem(last=False)
        return fresh

    async def _load(self, owner_id: UUID, kept: _Kept | None, envelopes: Sequence[bytes | None]) -> _Kept:
        local = self.sources.local
        if local is not None and any(one and is_first_version(one) for one in envelopes):
            with contextlib.suppress(Unavailable):
                await local.refresh()
        is_young = kept is not None and self._is_young(kept)
        known = kept.by_id if kept is not None and is_young else {}
        since_s = kept.since_s if kept is not None and is_young else self.clock()
        while True:
            rows = await self._read(owner_id)
            by_id = {row.id: known.get(row.id) or await self._unwrap(row) for row in rows if row.lost_at is None}
            newest = rows[-1] if rows else None
            if newest is not None and newest.lost_at is None:
                if kept is None:
                    kept = _Kept(by_id, by_id[newest.id], 0, since_s)
                if await self._count(kept, by_id[newest.id]):
                    kept.by_id, kept.since_s, kept.is_outdated = by_id, since_s, False
                    return kept
            number = 1 if newest is None else newest.number + 1
            with contextlib.suppress(IntegrityError):  # another process was first: its key is as good
                await begin_data_key(self.database, self.sources, owner_id, number)

    async def _read(self, owner_id: UUID) -> Sequence[ResultRow[Any]]:
        async with self.database.read() as tx:
            found = await tx.execute(
                select(TeamKeyRow.__table__).where(TeamKeyRow.owner_id == owner_id).order_by(TeamKeyRow.number)
            )
            return found.all()

    async def _unwrap(self, row: ResultRow[Any]) -> DataKey:
        plain = await self.sources.unwrap(
            Wrapped(row.key_id, bytes(row.wrapped)), bind_data_key(row.id, row.owner_id, row.number)
        )
        return DataKey(row.id, row.number, plain)

    async def _count(self, kept: _Kept, current: DataKey) -> bool:
        """Count a block of seals before they happen, and those beyond the last block. False: the key is full."""
        if kept.current.id == current.id and kept.left >= self.limits.low_water:
            return True
        debt = max(0, -kept.left)
        is_same = kept.current.id == current.id
        async with self.database.write() as tx:
            if debt:
                await tx.execute(_ADD_USES, {"its_id": kept.current.id, "more": debt})
            done = await tx.execute(
                _ADD_USES.where(TeamKeyRow.uses + self.limits.block <= self.limits.seals_per_key),
                {"its_id": current.id, "more": self.limits.block},
            )
        kept.left += debt
        if done.rowcount != 1:
            return False
        kept.left = self.limits.block + (kept.left if is_same else 0)
        kept.current = current
        return True


async def begin_data_key(database: Database, sources: Sources, owner_id: UUID, number: int) -> None:
    """Begin a data key of an owner. Raises IntegrityError where somebody else has begun this number."""
    key_id = new_id()
    wrapped = await sources.wrap(os.urandom(KEY_BYTES), bind_data_key(key_id, owner_id, number))
    async with database.write() as tx:
        await tx.execute(
            insert(TeamKeyRow).values(
                id=key_id,
                owner_id=owner_id,
                number=number,
                key_id=wrapped.key_id,
                wrapped=wrapped.data,
                uses=0,
                created_at=db_now(),
                lost_at=None,
            )
        )


_ADD_USES: Final = (
    update(TeamKeyRow).where(TeamKeyRow.id == bindparam("its_id")).values(uses=TeamKeyRow.uses + bindparam("more"))
)


def bind_data_key(key_id: UUID, owner_id: UUID, number: int) -> bytes:
    """Give the associated data that a wrapped data key is bound to."""
    return prefix_lengths((_DATA_KEY_PURPOSE, key_id.bytes, owner_id.bytes, str(number).encode()))
