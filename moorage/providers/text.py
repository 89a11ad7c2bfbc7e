"""Text from an endpoint is untrusted: surrogates get repaired, control characters go, thinking is told from answer."""

import re
from typing import Final, Literal

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_MAX_HELD_CHARS: Final = 256
_MAX_LATE_CHARS: Final = 262_144


def clean_label(value: object, *, max_chars: int) -> str | None:
    """One line without control or direction characters, or None if nothing is left of it."""
    if not isinstance(value, str):
        return None
    return _CONTROLS.sub("", value[: max_chars * 4]).strip()[:max_chars] or None


def repair_surrogates(text: str) -> str:
    """Join surrogate pairs; lone halves become U+FFFD, so that the text can be stored and sent as UTF-8."""
    if _SURROGATES.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class SurrogateJoiner:
    """Joins a high surrogate at the end of one piece with the low one at the start of the next."""

    def __init__(self) -> None:
        self._high = ""

    def join(self, piece: str) -> str:
        """Give the piece with pairs joined; a high half at its end waits for the next piece."""
        if not piece:
            return ""
        piece = self._high + piece
        self._high = piece[-1] if "\ud800" <= piece[-1] <= "\udbff" else ""
        return repair_surrogates(piece[:-1] if self._high else piece)

    def finish(self) -> str:
        """Give U+FFFD for a half that never got its other one."""
        rest, self._high = ("\ufffd" if self._high else ""), ""
        return rest


class ThinkSplitter:
    """Takes a leading `<think>…</think>` out of the answer, however its tags are cut.

    Only at the very start: later the tag is text about tags. `is_open` is true as long as pieces must pass through.
    """

    def __init__(self) -> None:
        self._state: Literal["start", "inside", "after", "plain"] = "start"
        self._held = ""
        self.has_opened = False

    @property
    def is_open(self) -> bool:
        """Whether the question 'thinking or answer' is still open."""
        return self._state != "plain"

    def split(self, piece: str) -> tuple[str, str]:
        """Give (answer, thinking) of what is certain by now."""
        if self._state == "plain":
            return piece, ""
        self._held += piece
        thinking = ""
        if self._state == "start":
            start = self._held.lstrip()
            if start.startswith(_OPEN):
                self._state, self._held = "inside", start[len(_OPEN) :]
                self.has_opened = True
            elif _OPEN.startswith(start) and len(self._held) <= _MAX_HELD_CHARS:
                return "", ""
            else:
                return self._give_plain(self._held), ""
        if self._state == "inside":
            thinking, closed, rest = self._held.partition(_CLOSE)
            if not closed:
                kept = _length_of_cut_tag(self._held)
                thinking, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
                return "", thinking
            self._state, self._held = "after", rest
        rest = self._held.lstrip()
        if not rest:
            self._held = ""
            return "", thinking
        return self._give_plain(rest), thinking

    def finish(self) -> tuple[str, str]:
        """Give (answer, thinking) of what was held back for a tag that never came."""
        held, self._held = self._held, ""
        return ("", held) if self._state == "inside" else (held, "")

    def _give_plain(self, text: str) -> str:
        self._state, self._held = "plain", ""
        return text


class LateThinkFinder:
    """Finds a `</think>` that nothing opened: some chat templates open it in the prompt, where nobody sees it.

    It must stand on a line of its own, outside of a block of code, and early; elsewhere it is text about tags.
    Whoever reads adds to `texts`, `reasonings` and `chars`, and asks when a `>` came, when `is_near`, and at the end.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reasonings: list[str] = []
        self.chars = 0
        self.is_near = False
        self.is_over = False

    def find(self, *, is_last: bool) -> tuple[str, str] | None:
        """Give all (answer, thinking) so far, told apart anew, once the tag has come; None as long as it has not."""
        self.is_over = self.chars > _MAX_LATE_CHARS
        # However short the pieces are, the tag lies within so many.
        if self.is_over or not (self.is_near or _CLOSE in "".join(self.texts[-len(_CLOSE) :])):
            return None
        self.is_near = True
        before, _, after = "".join(self.texts).partition(_CLOSE)
        is_own_line = before.rstrip(" \t")[-1:] in {"", "\n"} and after.lstrip(" \t\r")[:1] in {"", "\n"}
        if is_own_line and not after.strip() and not is_last:
            return None
        self.is_over = True
        if not is_own_line or _OPEN in before or before.count("```") % 2:
            return None
        return after.lstrip(), before.strip() + "".join(self.reasonings)


def _length_of_cut_tag(text: str) -> int:
    for length in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(_CLOSE[:length]):
            return length
    return 0
