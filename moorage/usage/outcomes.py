"""How calls end, and what an end takes of a budget: never nothing because nothing is known (P15, P16)."""

from dataclasses import dataclass
from typing import Literal

from moorage.usage.estimates import Count

Ended = Literal["ok", "stopped", "upstream_error", "timeout", "crashed", "shutdown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. Times in milliseconds; None where the call never got that far."""

    count: Count
    ended: Ended
    ttft_ms: float | None = None
    duration_ms: float | None = None


def charge(count: Count, ended: Ended, prompt_estimate: int, held: int | None) -> int:
    """Give the tokens that a standard call takes of its budget.

    What was counted, by whomever. Of a call whose process died: all that was held, if not a word of it is known.
    Nothing known of one that its provider refused: nothing. Nothing known otherwise: the words had gone out.
    """
    if count.source == "orphan" and count.tokens_out is None and held is not None:
        return held
    if count.source == "missing":
        return 0 if ended == "upstream_error" else prompt_estimate
    return (count.tokens_in or 0) + (count.tokens_out or 0)
