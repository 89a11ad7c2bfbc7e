"""Seals secrets at rest and opens them for the moment of use. What was sealed for one place opens in no other (P12).

Envelope, version 2: version (1 byte) · id of the data key (16) · nonce (12) · AES-256-GCM ciphertext with its tag.
Version 1 was sealed under a key of the ring itself, and is only opened any more: version (1) · length of the ring key's
id (1) · that id · nonce · ciphertext. Place, owner and header are associated data: see docs/adr/0013.
"""

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from moorage.errors import Unavailable
from moorage.vault.secret import HIDDEN, Secret

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FIRST: Final = 1
_PRESENT: Final = 2
_ID_BYTES: Final = 16
_SEAL_V1: Final = b"moorage/seal/v1"
_SEAL_V2: Final = b"moorage/seal/v2"
_FINGERPRINT: Final = b"moorage/fingerprint/v1"


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

    table: str
    row_id: str
    column: str
    origin: str = ""


class DataKey:
    """One unwrapped data key of one owner. Two uses, two keys derived of it: sealing, and fingerprints."""

    __slots__ = ("_cipher", "_fingerprint_key", "id", "number")

    def __init__(self, key_id: UUID, number: int, plain: bytes) -> None:
        self.id = key_id
        self.number = number
        self._cipher = AESGCM(derive(plain, _SEAL_V2))
        self._fingerprint_key = derive(plain, _FINGERPRINT)

    def seal(self, secret: Secret, owner_id: UUID, place: Place) -> Sealed:
        """Seal for a place of an owner."""
        header = bytes((_PRESENT,)) + self.id.bytes
        nonce = os.urandom(NONCE_BYTES)
        text = secret.reveal().encode("utf-8", "surrogatepass")
        bound = _bind(_SEAL_V2, header, str(owner_id), place)
        return Sealed(header + nonce + self._cipher.encrypt(nonce, text, bound))

    def open(self, sealed: bytes, owner_id: UUID, place: Place) -> Secret:
        """Open an envelope that names this key. Raises Unavailable("key_unreadable")."""
        header = sealed[: 1 + _ID_BYTES]
        return decrypt(self._cipher, sealed[1 + _ID_BYTES :], _bind(_SEAL_V2, header, str(owner_id), place))

    def fingerprint(self, *parts: str | Secret) -> bytes:
        """Give 32 bytes that are equal for equal parts and tell nothing about them without the key."""
        plain = (part.reveal() if isinstance(part, Secret) else part for part in parts)
        joined = prefix_lengths(text.encode("utf-8", "surrogatepass") for text in plain)
        return hmac.digest(self._fingerprint_key, joined, "sha256")

    def __repr__(self) -> str:
        return f"DataKey(number={self.number})"


def open_first_version(sealed: bytes, ring_key: bytes, team: str, place: Place) -> Secret:
    """Open what was sealed under a key of the ring. Raises Unavailable("key_unreadable")."""
    end_of_header = 2 + sealed[1]
    bound = _bind(_SEAL_V1, sealed[:end_of_header], team, place)
    return decrypt(AESGCM(derive(ring_key, _SEAL_V1)), sealed[end_of_header:], bound)


def is_first_version(sealed: bytes) -> bool:
    """Tell whether an envelope was sealed under a key of the ring itself."""
    return sealed[:1] == bytes((_FIRST,))


def ring_key_of(sealed: bytes) -> str:
    """Give the id of the ring's key that a first version names; "" if it names none."""
    data = bytes(sealed)
    if not is_first_version(data) or len(data) < 2 or len(data) < 2 + data[1]:  # noqa: PLR2004 - version and length
        return ""
    return data[2 : 2 + data[1]].decode("ascii", "replace")


def data_key_of(sealed: bytes) -> UUID | None:
    """Give the id of the data key that an envelope names; None if it names none."""
    data = bytes(sealed[: 1 + _ID_BYTES])
    if len(data) != 1 + _ID_BYTES or data[0] != _PRESENT:
        return None
    return UUID(bytes=data[1:])


def derive(key: bytes, purpose: bytes) -> bytes:
    """Give the key for one purpose."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def decrypt(cipher: AESGCM, nonce_and_ciphertext: bytes, bound: bytes) -> Secret:
    """Open what follows a header. Raises Unavailable("key_unreadable") for everything that does not fit."""
    nonce, ciphertext = nonce_and_ciphertext[:NONCE_BYTES], nonce_and_ciphertext[NONCE_BYTES:]
    if len(nonce) < NONCE_BYTES:
        raise Unavailable("key_unreadable")
    try:
        text = cipher.decrypt(nonce, ciphertext, bound)
    except InvalidTag:
        raise Unavailable("key_unreadable") from None
    return Secret(text.decode("utf-8", "surrogatepass"))


def prefix_lengths(parts: Iterable[bytes]) -> bytes:
    """Join so that no two different lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def _bind(purpose: bytes, header: bytes, owner: str, place: Place) -> bytes:
    texts = (owner, place.table, place.row_id, place.column, place.origin)
    return prefix_lengths((purpose, header, *(text.encode() for text in texts)))
