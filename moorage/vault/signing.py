"""Signatures that somebody without the key can check and can't make: Ed25519 (RFC 8032).

The private half leaves this module only as a `Secret`, to be sealed; the public half is 32 bytes for everybody.
"""

import base64
import binascii
from typing import final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from moorage.errors import Unavailable
from moorage.vault.secret import HIDDEN, Secret
from moorage.vault.tokens import same


@final
class SigningKey:
    """The private half. Prints nothing of itself."""

    __slots__ = ("_key", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes_raw()

    @classmethod
    def new(cls) -> "SigningKey":
        """Make one from 32 random bytes."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: Secret) -> "SigningKey":
        """Read what `to_secret` gave. Raises Unavailable("key_unreadable")."""
        try:
            raw = base64.b64decode(secret.reveal(), validate=True)
            return cls(Ed25519PrivateKey.from_private_bytes(raw))
        except (binascii.Error, ValueError):
            raise Unavailable("key_unreadable") from None

    def to_secret(self) -> Secret:
        """Give the private half for sealing."""
        return Secret(base64.b64encode(self._key.private_bytes_raw()).decode("ascii"))

    def sign(self, message: bytes) -> bytes:
        """Give 64 bytes; the same for the same message."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({HIDDEN})"


def is_signed(public: bytes, message: bytes, signature: bytes | None) -> bool:
    """True when the holder of this public key's other half signed exactly this message."""
    if signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_public_half(opened: Secret, public: bytes) -> bool:
    """True when a public half is the one that was sealed: whoever can't seal can't smuggle in another."""
    return same(opened.reveal(), public.hex())


def public_as_secret(public: bytes) -> Secret:
    """Give a public half for sealing, so that the vault vouches for it."""
    return Secret(public.hex())
