"""Where data keys get wrapped: a ring of this machine, or a key store. What was wrapped opens with its binding only.

A source has a current key, which wraps; the others only unwrap. Several sources stand side by side while data keys move
from one to the other.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from moorage.errors import Unavailable
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import NONCE_BYTES, Place, derive, open_first_version, prefix_lengths, ring_key_of
from moorage.vault.secret import Secret

_WRAPPED: Final = 3  # first byte; 1 and 2 are envelopes, and a key store's ciphertext is text
_WRAP_PURPOSE: Final = b"moorage/wrap/v1"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key under the key `key_id` of a source."""

    key_id: str
    data: bytes = field(repr=False)


class KeySource(Protocol):
    """Wraps and unwraps data keys. `bound` is associated data: without exactly the same nothing opens."""

    @property
    def current_id(self) -> str:
        """The id of the key that wraps."""
        ...

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys that are known here, the current one first."""
        ...

    def owns(self, key_id: str) -> bool:
        """Tell whether an id has the form of this source's ids, whether or not it has the key."""
        ...

    async def refresh(self) -> None:
        """Learn the keys anew. Raises Unavailable with the cause."""
        ...

    async def wrap(self, plain: bytes, bound: bytes) -> Wrapped:
        """Wrap under the current key. Raises Unavailable with the cause."""
        ...

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap.

        Raises Unavailable: key_absent (`key_id` is not here), key_wrong (it is here, and does not open this), or the
        cause why the source can't say.
        """
        ...

    async def rewrap(self, wrapped: Wrapped, bound: bytes) -> Wrapped:
        """Wrap one of its own anew, under the current key. Raises as `unwrap` and `wrap`."""
        ...


class LocalSource:
    """A key ring as a source. `read_again` gives the ring anew, for keys that were added to its file meanwhile."""

    def __init__(self, ring: KeyRing, read_again: Callable[[], KeyRing] | None = None) -> None:
        self._ring = ring
        self._read_again = read_again

    @property
    def current_id(self) -> str:
        """The ring's first key."""
        return self._ring.current_id

    @property
    def ids(self) -> tuple[str, ...]:
        """All keys of the ring."""
        return self._ring.ids

    def owns(self, key_id: str) -> bool:
        """Ids of a ring hold no colon."""
        return ":" not in key_id

    async def refresh(self) -> None:
        """Read the ring's file again. Raises as `KeyRing.from_file`."""
        if self._read_again is not None:
            self._ring = self._read_again()

    async def wrap(self, plain: bytes, bound: bytes) -> Wrapped:
        """Wrap under the ring's first key, which may have come to it since the last time."""
        await self.refresh()
        key_id = self._ring.current_id
        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(derive(self._key(key_id), _WRAP_PURPOSE))
        return Wrapped(key_id, bytes((_WRAPPED,)) + nonce + cipher.encrypt(nonce, plain, _bind(key_id, bound)))

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap. Raises as the protocol says."""
        if self._ring.key(wrapped.key_id) is None:
            await self.refresh()
        cipher = AESGCM(derive(self._key(wrapped.key_id), _WRAP_PURPOSE))
        data = wrapped.data
        try:
            return cipher.decrypt(data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :], _bind(wrapped.key_id, bound))
        except (InvalidTag, ValueError):
            raise Unavailable("key_wrong", key_id=wrapped.key_id) from None

    async def rewrap(self, wrapped: Wrapped, bound: bytes) -> Wrapped:
        """Unwrap and wrap."""
        return await self.wrap(await self.unwrap(wrapped, bound), bound)

    def open_first_version(self, sealed: bytes, team: str, place: Place) -> Secret:
        """Open what was sealed under the ring itself. Raises Unavailable("key_unreadable")."""
        key = self._ring.key(ring_key_of(sealed))
        if key is None:
            raise Unavailable("key_unreadable")
        return open_first_version(sealed, key, team, place)

    def _key(self, key_id: str) -> bytes:
        key = self._ring.key(key_id)
        if key is None:
            raise Unavailable("key_absent", key_id=key_id)
        return key


class Sources:
    """All sources of a deployment: the first one wraps, each unwraps what is its own."""

    def __init__(self, current: KeySource, *earlier: KeySource) -> None:
        self.current = current
        self._all: Sequence[KeySource] = (current, *earlier)
        self.local = next((source for source in self._all if isinstance(source, LocalSource)), None)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys of all sources."""
        return tuple(key_id for source in self._all for key_id in source.ids)

    async def refresh(self) -> None:
        """Learn the keys of all sources anew. Raises Unavailable with the cause."""
        for source in self._all:
            await source.refresh()

    async def wrap(self, plain: bytes, bound: bytes) -> Wrapped:
        """Wrap under the current key."""
        return await self.current.wrap(plain, bound)

    async def unwrap(self, wrapped: Wrapped, bound: bytes) -> bytes:
        """Unwrap with the source whose key it is. Raises Unavailable: key_absent, or as that source."""
        return await self._owner_of(wrapped.key_id).unwrap(wrapped, bound)

    async def rewrap(self, wrapped: Wrapped, bound: bytes) -> Wrapped:
        """Wrap anew under the current key, from whichever source. Raises as `unwrap` and `wrap`."""
        source = self._owner_of(wrapped.key_id)
        if source is self.current:
            return await source.rewrap(wrapped, bound)
        return await self.current.wrap(await source.unwrap(wrapped, bound), bound)

    def _owner_of(self, key_id: str) -> KeySource:
        for source in self._all:
            if source.owns(key_id):
                return source
        raise Unavailable("key_absent", key_id=key_id)


def _bind(key_id: str, bound: bytes) -> bytes:
    return prefix_lengths((_WRAP_PURPOSE, key_id.encode(), bound))
