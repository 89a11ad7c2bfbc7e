"""Notices when a label that somebody else wrote tells a secret: a key that an endpoint names as a model of its own.

Against accidents and plain malice. Whoever holds a key can always say it in a form that nobody recognises.
"""

import base64
from collections.abc import Iterable
from typing import Final

from moorage.vault.secret import HIDDEN, Secret

# Shorter keys are words ("ollama", "none") that a model may well be called by.
MIN_CHARS: Final = 12
_STRIDE: Final = 4


class Veil:
    """Knows a key, and words that are not to be told either. Prints neither."""

    __slots__ = ("_pieces", "_words")

    def __init__(self, key: Secret | None, words: Iterable[str] = ()) -> None:
        self._words = tuple(word.casefold() for word in words)
        self._pieces = () if key is None else _pieces_of(key.reveal())

    def hides(self, label: object) -> bool:
        """True when fifteen characters in a row of the key stand in the label, plainly, in base64 or in hex, or a word.

        In any case of letters, and also when the label was cut. Anything but a text hides nothing.
        """
        if not isinstance(label, str):
            return False
        folded = label.casefold()
        return any(word in folded for word in self._words) or any(piece in folded for piece in self._pieces)

    def __repr__(self) -> str:
        return f"Veil({HIDDEN})"


def _pieces_of(text: str) -> tuple[str, ...]:
    """Give so many pieces that fifteen characters in a row hold at least one of them."""
    if len(text) < MIN_CHARS:
        return ()
    raw = text.encode()
    forms = [text, raw.hex()]
    forms += [base64.b64encode(b"\0" * offset + raw).decode()[offset * 2 : -4] for offset in range(3)]
    forms += [form.replace("+", "-").replace("/", "_") for form in forms[2:]]
    last = [form[-MIN_CHARS:] for form in forms]
    steps = [form[at : at + MIN_CHARS] for form in forms for at in range(0, len(form) - MIN_CHARS + 1, _STRIDE)]
    return tuple({piece.casefold() for piece in (*steps, *last) if len(piece) == MIN_CHARS})
