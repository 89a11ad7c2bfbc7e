"""Messages of another program, signed with a key that both hold: HMAC-SHA-256 over the moment and the bytes."""

import hmac
from collections.abc import Sequence
from typing import Final

from moorage.vault.secret import Secret
from moorage.vault.tokens import same

LEAST_KEY_CHARS: Final = 32
_SCHEME: Final = "v1="
_MOST_SIGNATURES: Final = 4


class SharedKeys:
    """The keys that are good now: one, or two while it is replaced."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        self._keys = [key.reveal().encode("utf-8") for key in keys]

    def have_signed(self, moment: str, body: bytes, header: str) -> bool:
        """Tell whether one of the keys signed this body for this moment.

        `header`: "v1=" and 64 hexadecimal digits, or up to four such, comma separated: a sender that is changing its
        key signs with both. Each is compared with each, however early one fits, so that the time tells nothing.
        """
        signed = moment.encode("utf-8", "surrogatepass") + b"." + body
        found = False
        given = [part.strip().removeprefix(_SCHEME) for part in header.split(",") if part.strip().startswith(_SCHEME)]
        for signature in given[:_MOST_SIGNATURES]:
            for key in self._keys:
                right = hmac.digest(key, signed, "sha256").hex()
                # Not `or`: that would stop at the first that fits.
                found |= same(right, signature)
        return found
