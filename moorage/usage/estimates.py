"""Token counts where the endpoint reports none: always marked as estimates, never passed off as facts (P16)."""

from dataclasses import dataclass
from typing import Final, Literal

CountSource = Literal["reported", "estimated", "missing", "orphan"]

# One token per three UTF-8 bytes errs on the high side for English and is close for German.
_BYTES_PER_TOKEN: Final = 3
# What a chat template adds around each turn, in tokens.
_TOKENS_PER_TURN: Final = 4
# Makers count between a flat few hundred and one token for 750 pixels of what they scale a picture to; the most.
_PIXELS_PER_TOKEN: Final = 750
_MOST_PER_IMAGE: Final = 4800
# A page of a document is read as text and looked at as a picture.
_TOKENS_PER_PAGE: Final = 1500


@dataclass(frozen=True, slots=True)
class Count:
    """Tokens of one call and where the figures come from. None means that nothing is known."""

    tokens_in: int | None
    tokens_out: int | None
    source: CountSource


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text from its length in UTF-8."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


def estimate_prompt_tokens(texts: list[str]) -> int:
    """Estimate the tokens of a whole prompt, one text per turn."""
    return sum(map(estimate_turn_tokens, texts))


def estimate_turn_tokens(text: str) -> int:
    """Estimate the tokens of one turn, with what a chat template adds around it."""
    return estimate_tokens(text) + _TOKENS_PER_TURN


def estimate_text_tokens(text_bytes: int) -> int:
    """Estimate the tokens of a text of so many bytes in UTF-8."""
    return -(-text_bytes // _BYTES_PER_TOKEN)


def estimate_image_tokens(width: int, height: int) -> int:
    """Estimate the tokens of a picture of so many pixels."""
    return min(-(-width * height // _PIXELS_PER_TOKEN), _MOST_PER_IMAGE)


def estimate_document_tokens(pages: int, text_bytes: int) -> int:
    """Estimate the tokens of a document that a model reads and looks at itself."""
    return pages * _TOKENS_PER_PAGE + estimate_text_tokens(text_bytes)


def believable(reported: int | None, estimate: int) -> int | None:
    """Give a reported figure, or None where it says that there was nothing although there was something."""
    return None if reported == 0 and estimate > 0 else reported


def count_call(
    reported_in: int | None, reported_out: int | None, *, prompt_estimate: int, written_estimate: int, begun: bool
) -> Count:
    """Decide the count of a finished call, from what was reported of it and what it is estimated to have.

    A report of nothing, where something was sent or came back, is none: a zero must never make a call free (P16).
    Both figures reported → reported. Otherwise, if the endpoint wrote anything → estimated (a reported half is kept).
    Nothing written and nothing reported → missing: the call may or may not have cost something, and we say so.
    """
    reported_in = believable(reported_in, prompt_estimate)
    reported_out = believable(reported_out, written_estimate)
    if reported_in is not None and reported_out is not None:
        return Count(reported_in, reported_out, "reported")
    if not begun and reported_in is None and reported_out is None:
        return Count(None, None, "missing")
    tokens_in = prompt_estimate if reported_in is None else reported_in
    tokens_out = written_estimate if reported_out is None else reported_out
    return Count(tokens_in, tokens_out, "estimated")
