"""Why an answer ended, in one plain vocabulary for every dialect; what a word means is in one table."""

from collections.abc import Mapping
from typing import Final, Literal

Finish = Literal["stop", "length", "pause", "refusal", "content_filter", "tool_calls", "error", "other"]

# Gateways pass on the words of the makers behind them, so any word may come in any dialect.
_STATED: Final[Mapping[Finish, tuple[str, ...]]] = {
    "stop": ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed"),
    "length": ("length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded",
               "continuation"),
    "pause": ("pause_turn",),
    "refusal": ("refusal",),
    "content_filter": (
        "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "image_safety", "image_prohibited_content", "image_recitation", "escalation", "pup_limited_disabled",
        "model_armor", "guardrail_intervened", "sensitive", "error_toxic",
    ),
    "tool_calls": ("tool_calls", "function_call", "tool_use", "tool_call"),
    "error": ("error", "insufficient_system_resource", "network_error", "abort"),
}  # fmt: skip
_PLAIN: Final[Mapping[str, Finish]] = {word: plain for plain, words in _STATED.items() for word in words}


def plain_finish(stated: str) -> Finish:
    """Give the plain word for what an endpoint stated; "other" for a word that nobody here has heard of."""
    return _PLAIN.get(stated.casefold(), "other")
