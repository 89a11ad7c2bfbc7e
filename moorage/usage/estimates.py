"""Token counts where the endpoint reports none: always marked as estimates, never passed off as facts (P16)."""

from dataclasses import dataclass
from typing import Final, Literal

CountSource = Literal["reported", "estimated", "missing", "orphan"]

# One token per three UTF-8 bytes errs on the high side for English and is close for German.
_BYTES_PER_TOKEN: Final = 3
# What a chat template adds around each turn, in tokens.
_TOKENS_PER_TURN: Final = 4


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
    return sum(estimate_tokens(text) + _TOKENS_PER_TURN for text in texts)


def count_call(
    reported_in: int | None, reported_out: int | None, *, prompt_estimate: int, written: str, begun: bool
) -> Count:
    """Decide the count of a finished call.

    Both figures reported → reported. Otherwise, if the endpoint wrote anything → estimated (a reported half is kept).
    Nothing written and nothing reported → missing: the call may or may not have cost something, and we say so.
    """
    if reported_in is not None and reported_out is not None:
        return Count(reported_in, reported_out, "reported")
    if not begun and reported_in is None and reported_out is None:
        return Count(None, None, "missing")
    tokens_in = prompt_estimate if reported_in is None else reported_in
    tokens_out = estimate_tokens(written) if reported_out is None else reported_out
    return Count(tokens_in, tokens_out, "estimated")
