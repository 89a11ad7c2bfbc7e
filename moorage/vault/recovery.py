"""Recovery codes: 125 random bits each, in groups that people can copy by hand; only their SHA-256 is stored."""

import secrets
from typing import Final

from moorage.vault.tokens import NewToken, hash_token

HOW_MANY: Final = 10
# Crockford's base32: what looks like another character is not in it.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_CHARS: Final = 25  # codes of 20, made before, are hashed the same way and go on working
_GROUP: Final = 5
_READ_AS: Final = str.maketrans("oil", "011", "- \t\u00a0\u2010\u2011\u2012\u2013\u2014")


def new_recovery_codes() -> list[NewToken]:
    """Make ten codes like `4f7kq-8m2xc-0wz5r-pn3ta-9ce6d`."""
    return [_new_code() for _ in range(HOW_MANY)]


def hash_recovery_code(typed: str) -> bytes:
    """Give the 32 bytes that are stored, however the code was typed: capitals, spaces, O for 0, I or L for 1.

    No salt and no slow hash: nobody guesses 125 random bits.
    """
    return hash_token(typed.lower().translate(_READ_AS))


def _new_code() -> NewToken:
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARS))
    shown = "-".join(code[start : start + _GROUP] for start in range(0, _CHARS, _GROUP))
    return NewToken(shown, hash_recovery_code(shown))
