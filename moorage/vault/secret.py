"""A secret for the moment of use: it can be sent, and can't be shown.

`Secret` prints as `•••` wherever it ends up: in a log line, a traceback, an f-string, a repr of its holder. Only
`reveal()` gives the text, and only `egress` (sending) and `vault` (sealing) call it; a house test holds that.
"""

from typing import Final, NoReturn, final

HIDDEN: Final = "•••"


@final
class Secret:
    """Holds one secret text. Not comparable, not hashable, not picklable, not printable."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text. For the moment of sending or sealing only."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("secrets are not compared")

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("secrets are not pickled")
