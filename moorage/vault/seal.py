"""Seals secrets at rest and opens them for the moment of use. What was sealed for one place opens in no other (P12).

Envelope: version (1 byte) · length of the key id (1) · key id · nonce (12) · AES-256-GCM ciphertext with its tag.
The place and the header are associated data: see docs/adr/0005.
"""

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from moorage.errors import Unavailable
from moorage.vault.keyring import KEY_BYTES, KeyRing
from moorage.vault.secret import HIDDEN, Secret

_VERSION: Final = 1
_NONCE_BYTES: Final = 12
_SEAL_PURPOSE: Final = b"moorage/seal/v1"
_FINGERPRINT_PURPOSE: Final = b"moorage/fingerprint/v1"


class Sealed(bytes):
    """An envelope. It is stored like any bytes, and prints nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs. `origin` ties a key to its endpoint, so that it can't be carried to another address."""

    team_id: str
    table: str
    row_id: str
    column: str
    origin: str = ""


class Vault:
    """Turns `Secret` into sealed bytes and back, under the keys of one ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._current_id = ring.current_id
        # One key of the ring, two uses: each use gets a key of its own.
        self._ciphers = {key_id: AESGCM(_derive(ring, key_id, _SEAL_PURPOSE)) for key_id in ring.ids}
        self._fingerprint_key = _derive(ring, ring.current_id, _FINGERPRINT_PURPOSE)

    @property
    def current_key_id(self) -> str:
        """The id of the key that seals."""
        return self._current_id

    def seal(self, secret: Secret, place: Place) -> Sealed:
        """Seal under the current key."""
        header = _header(self._current_id)
        nonce = os.urandom(_NONCE_BYTES)
        text = secret.reveal().encode("utf-8", "surrogatepass")
        return Sealed(header + nonce + self._ciphers[self._current_id].encrypt(nonce, text, _bind(header, place)))

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Open what was sealed for exactly this place. Raises Unavailable("key_unreadable") for every other case."""
        header, nonce, ciphertext = _split(sealed)
        cipher = self._ciphers.get(header[2:].decode("ascii", "replace"))
        if cipher is None:
            raise Unavailable("key_unreadable")
        try:
            text = cipher.decrypt(nonce, ciphertext, _bind(header, place))
        except InvalidTag:
            raise Unavailable("key_unreadable") from None
        return Secret(text.decode("utf-8", "surrogatepass"))

    def fingerprint(self, *parts: str | Secret) -> bytes:
        """Give 32 bytes that are equal for equal parts and tell nothing about them without the ring."""
        plain = (part.reveal() if isinstance(part, Secret) else part for part in parts)
        joined = _prefix_lengths(text.encode("utf-8", "surrogatepass") for text in plain)
        return hmac.digest(self._fingerprint_key, joined, "sha256")

    def __repr__(self) -> str:
        return "Vault()"


def _derive(ring: KeyRing, key_id: str, purpose: bytes) -> bytes:
    key = ring.key(key_id)
    if key is None:
        raise Unavailable("key_unreadable")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def _header(key_id: str) -> bytes:
    encoded = key_id.encode("ascii")
    return bytes((_VERSION, len(encoded))) + encoded


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    """Give header, nonce and ciphertext."""
    data = bytes(sealed)
    if len(data) < 2 or data[0] != _VERSION:  # noqa: PLR2004 - version and length
        raise Unavailable("key_unreadable")
    end_of_header = 2 + data[1]
    end_of_nonce = end_of_header + _NONCE_BYTES
    if len(data) <= end_of_nonce:
        raise Unavailable("key_unreadable")
    return data[:end_of_header], data[end_of_header:end_of_nonce], data[end_of_nonce:]


def _bind(header: bytes, place: Place) -> bytes:
    texts = (place.team_id, place.table, place.row_id, place.column, place.origin)
    return _prefix_lengths((_SEAL_PURPOSE, header, *(text.encode() for text in texts)))


def _prefix_lengths(parts: Iterable[bytes]) -> bytes:
    """Join so that no two different lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
