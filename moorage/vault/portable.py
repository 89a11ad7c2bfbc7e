"""A key ring under a passphrase, to travel beside what it opens. Who has the file guesses at a second a guess.

Argon2id (RFC 9106) makes the key, AES-256-GCM seals; the costs stand in the header and are bound. Nothing that a file
states may cost more than `_MAX`: a made-up one does not take the machine's memory.
"""

import os
import struct
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from moorage.errors import Invalid
from moorage.vault.keyring import KeyRing
from moorage.vault.seal import KEY_BYTES, NONCE_BYTES
from moorage.vault.secret import Secret

MIN_PASSPHRASE_CHARS: Final = 15
_MAGIC: Final = b"moorage-keys/1\n"
_COSTS: Final = struct.Struct(">III")
_SALT_BYTES: Final = 16
# 256 MiB, three passes, four lanes: about a second. The memory is what makes guessing dear.
_MEMORY_KIB, _PASSES, _LANES = 256 * 1024, 3, 4
_MAX: Final = (1024 * 1024, 16, 16)


def seal_ring(ring: KeyRing, passphrase: Secret) -> bytes:
    """Seal a whole ring. Raises Invalid("passphrase_short")."""
    secret = _same_everywhere(passphrase)
    if len(secret.decode()) < MIN_PASSPHRASE_CHARS:
        raise Invalid("passphrase_short", field="passphrase", least=MIN_PASSPHRASE_CHARS)
    header = _MAGIC + _COSTS.pack(_MEMORY_KIB, _PASSES, _LANES) + os.urandom(_SALT_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + _cipher(header, secret).encrypt(nonce, ring.to_secret().reveal().encode(), header)


def open_ring(sealed: bytes, passphrase: Secret) -> KeyRing:
    """Open a sealed ring. Raises Invalid: passphrase_wrong, sealed_ring_garbled."""
    header_bytes = len(_MAGIC) + _COSTS.size + _SALT_BYTES
    header, rest = sealed[:header_bytes], sealed[header_bytes:]
    if not header.startswith(_MAGIC) or len(rest) <= NONCE_BYTES:
        raise Invalid("sealed_ring_garbled")
    costs = _COSTS.unpack_from(header, len(_MAGIC))
    if not all(1 <= cost <= most for cost, most in zip(costs, _MAX, strict=True)) or costs[0] < 8 * costs[2]:
        raise Invalid("sealed_ring_garbled")
    try:
        text = _cipher(header, _same_everywhere(passphrase)).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header)
    except InvalidTag:
        raise Invalid("passphrase_wrong", field="passphrase") from None
    return KeyRing.from_text(text.decode())


def _cipher(header: bytes, secret: bytes) -> AESGCM:
    memory_kib, passes, lanes = _COSTS.unpack_from(header, len(_MAGIC))
    salt = header[-_SALT_BYTES:]
    derived = Argon2id(salt=salt, length=KEY_BYTES, iterations=passes, lanes=lanes, memory_cost=memory_kib)
    return AESGCM(derived.derive(secret))


def _same_everywhere(passphrase: Secret) -> bytes:
    """Keyboards send "ü" in two ways; both are the same passphrase."""
    return unicodedata.normalize("NFKC", passphrase.reveal()).encode("utf-8", "replace")
