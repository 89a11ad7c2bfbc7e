"""Random tokens for cookies and links: 256 bits, stored only as SHA-256, compared in constant time."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

_TOKEN_BYTES: Final = 32
_CSRF_PURPOSE: Final = b"moorage/csrf/v1"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token at the moment it is handed out: `text` goes to its holder once, `digest` is what is stored."""

    text: str = field(repr=False)
    digest: bytes = field(repr=False)


def new_token() -> NewToken:
    """Make a token of 43 characters that need no quoting in a cookie or a path."""
    text = secrets.token_urlsafe(_TOKEN_BYTES)
    return NewToken(text, hash_token(text))


def hash_token(text: str) -> bytes:
    """Give the 32 bytes that are stored. No salt is needed: nobody guesses 256 random bits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare without telling by the time taken how much was right."""
    return hmac.compare_digest(_as_bytes(one), _as_bytes(other))


def derive_csrf(token_text: str) -> str:
    """Give the value that proves a page may read what the cookie's holder reads. Tells nothing about the token."""
    digest = hmac.digest(token_text.encode("utf-8", "surrogatepass"), _CSRF_PURPOSE, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def derive(token_text: str, purpose: str) -> str:
    """Give 43 characters that only the token's holder can make, and that tell nothing about it or each other."""
    digest = hmac.digest(token_text.encode("utf-8", "surrogatepass"), f"moorage/{purpose}/v1".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
