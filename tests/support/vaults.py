"""Rings, and values sealed as they were before there were data keys."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from moorage.vault.keyring import KeyRing
from moorage.vault.seal import derive, prefix_lengths
from moorage.vault.sources import LocalSource, Sources

_PURPOSE = b"moorage/seal/v1"


def ring_of(*ids: str, fill: str = "") -> Sources:
    """Give a ring with keys that follow from their ids."""
    keys = {key_id: (key_id + fill).encode().ljust(32, b"\0") for key_id in ids}
    return Sources(LocalSource(KeyRing(keys, ids[0])))


def ring_in(file: Path) -> Sources:
    """Give the ring of a file, which is read again when keys were added."""
    return Sources(LocalSource(KeyRing.from_file(file), lambda: KeyRing.from_file(file)))


def seal_as_before(ring: KeyRing, text: str, *, team: str, table: str, row_id: str, column: str, origin: str) -> bytes:
    """Seal as the first version did; written a second time here, so that its reader is held to it."""
    key = ring.key(ring.current_id)
    assert key is not None
    header = bytes((1, len(ring.current_id))) + ring.current_id.encode()
    bound = prefix_lengths((_PURPOSE, header, *(part.encode() for part in (team, table, row_id, column, origin))))
    nonce = os.urandom(12)
    return header + nonce + AESGCM(derive(key, _PURPOSE)).encrypt(nonce, text.encode(), bound)
